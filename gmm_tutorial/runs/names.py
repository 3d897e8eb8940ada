"""A recipe at a scale, and the name of a training, which says what it differs in from its recipe."""

import inspect
import json
import re
from dataclasses import fields, replace
from typing import Any

from gmm_tutorial import priors
from gmm_tutorial.models import MODELS
from gmm_tutorial.train import TrainConfig
from gmm_tutorial.train.profiles import PROFILES

GIVEN = {"grid", "heads", "image_size", "num_classes", "prior"}  # what a model is told by others than its options


def at_scale(profile: str, recipe: str, dataset: str, model: str = "vit", **choices: Any) -> TrainConfig:
    """A recipe with the numbers of images and the sizes of models that a profile affords, all else being the recipe's.

    "full" is everything as published: all images, and the model's own sizes. `choices` are fields of a TrainConfig and
    go before the others. Raises ValueError for an unknown profile, and as `TrainConfig.by_recipe`.
    """
    if profile not in PROFILES:
        raise ValueError(f"profile is {profile!r}, but it must be one of {', '.join(map(repr, PROFILES))}")
    small = None if profile == "full" else PROFILES[profile]
    images = {} if small is None else {"train_images": small.train_images, "test_images": small.test_images}
    choices = {**images, "profile": profile, **choices}
    config = TrainConfig.by_recipe(recipe, dataset, model, size=small, **choices)
    # an option that is what it would be anyway goes unsaid: the same training has one configuration, and one name
    return replace(
        config,
        model_options=_differences(model_defaults(model), config.model_options),
        prior_options=_differences(prior_defaults(config.prior), config.prior_options),
    )


def run_name(config: TrainConfig) -> str:
    """A file's name, without suffix, that no other choice of values gives: cifar10-vit-gmm-kernels=2-short-learn-seed0.

    What is as the recipe has it at this scale goes unsaid.
    """
    plain, defaults = beside(config), model_defaults(config.model)
    unlike = _differences({**defaults, **plain.model_options}, {**defaults, **config.model_options})
    unlike |= _differences(prior_defaults(config.prior), config.prior_options)
    told = {"model", "model_options", "prior", "prior_options", "seed"}
    others = {f.name: getattr(config, f.name) for f in fields(config) if f.name not in told}
    unlike |= {name: value for name, value in others.items() if value != getattr(plain, name)}
    values = [f"{name}={value}" for name, value in unlike.items()]
    parts = [config.dataset, config.model, *([config.prior] if config.prior else []), *values]
    parts += [config.recipe, config.profile, f"seed{config.seed}"]
    return "-".join(re.sub(r"[^\w.=+-]+", "_", part) for part in parts)


# what of a configuration says which model is trained; all else, but for the seed, is the scale of the training
KIND = ("model", "model_options", "prior", "prior_options", "decay_masks")


def kind_of(config: TrainConfig) -> str:
    """Model, prior and their options as one comparable text, those that were not given filled in."""
    values = {name: getattr(config, name) for name in KIND}
    values["model_options"] = {**model_defaults(config.model), **config.model_options}
    values["prior_options"] = {**prior_defaults(config.prior), **config.prior_options}
    return json.dumps(values, sort_keys=True, default=str)


def beside(config: TrainConfig) -> TrainConfig:
    """The recipe of a configuration at its scale, without a prior and without choices."""
    # a configuration written by hand has a scale of its own, which is told by its difference from the published one
    profile = config.profile if config.profile in PROFILES else "full"
    return at_scale(profile, config.recipe, config.dataset, config.model)


def model_defaults(model: str) -> dict[str, Any]:
    """The options that a model of this name takes, and what each is when nobody says."""
    kind, fixed = MODELS[model]
    return {**_defaults(kind), **fixed}


def prior_defaults(prior: str | None) -> dict[str, Any]:
    """The options that a prior of this name takes, and what each is when nobody says."""
    return priors.prior_defaults(prior) if prior else {}


def _defaults(kind: type) -> dict[str, Any]:
    parameters = inspect.signature(kind).parameters
    return {name: p.default for name, p in parameters.items() if name not in GIVEN}


def _differences(before: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What `now` has otherwise than `before`."""
    return {name: value for name, value in now.items() if name not in before or before[name] != value}
