"""Names of trainings, which list the differences from their recipe."""

import re

from gmm_tutorial.train import TrainConfig, configure

LONGEST = 120  # characters of the part that says the differences; a digest keeps names apart all the same


def run_name(config: TrainConfig) -> str:
    """A file's name, without suffix, that no other configuration has.

    cifar10-vit-gmm-kernels=5-init=paper-short-learn-seed0-1a2b3c4d: what is as the recipe has it at this scale goes
    unsaid, but of a prior everything is said.
    """
    values = [f"{name}={value}" for name, value in (config.prior_options | differences(config)).items()]
    parts = [config.dataset, config.model, *([config.prior] if config.prior else []), *values]
    text = "-".join(re.sub(r"[^\w.=+-]+", "_", part) for part in parts)[:LONGEST]
    return f"{text}-{config.recipe}-{config.profile}-seed{config.seed}-{config.digest}"


def differences(config: TrainConfig) -> dict[str, object]:
    """The fields and model options of a configuration that are not as its recipe has them at its scale."""
    plain = beside(config)
    if plain is None:
        return {}
    told = {"model", "model_options", "prior", "prior_options", "seed"}
    now = {name: value for name, value in config.model_dump().items() if name not in told}
    before = plain.model_dump()
    return {
        **{k: v for k, v in config.model_options.items() if plain.model_options.get(k) != v},
        **{k: v for k, v in now.items() if before.get(k) != v},
    }


def beside(config: TrainConfig) -> TrainConfig | None:
    """The recipe of a configuration at its scale, without choices; None for a scale of its own."""
    if config.profile == "custom":
        return None
    return configure(config.dataset, config.model, recipe=config.recipe, profile=config.profile)
