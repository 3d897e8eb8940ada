"""Recipes by name, and the one way to make a configuration: a recipe at the scale of a profile."""

import math
from typing import Any

from gmm_tutorial._checks import check_one_of
from gmm_tutorial.models import MODELS, SIZES, model_defaults
from gmm_tutorial.train import profiles
from gmm_tutorial.train.config import TrainConfig

# AutoAugment's policy for each data set, as published; for `shapes`, nobody has published one
POLICY_OF = {"svhn": "svhn", "tiny-imagenet": "imagenet"}  # and "cifar10" for all others

# `auto_augment` here says whether to, and the data set which; drop_path goes to models that have it
RECIPES: dict[str, dict[str, Any]] = {
    # of the lessons: crops and mirror images, for trainings of a few minutes
    "lesson": {"epochs": 8, "drop_path": 0.0},
    # as published beside arXiv 2309.05375, whose 100 epochs are of three passes each; one of them between evaluations
    "paper": {
        "epochs": 300,
        "drop_path": 0.1,
        "lr": 1e-3,
        "auto_augment": True,
        "erase": 0.25,
        "mix": 0.5,
        "eval_every": 3,
    },
    # for a tenth of that: a higher rate, nothing that makes images harder than crops and mirrors do, half the bits;
    # chosen by benchmarks/short_recipe.py, at the size of `learn`
    "short": {
        "epochs": 30,
        "drop_path": 0.0,
        "lr": 2e-3,
        "decay_masks": False,
        "precision": "bfloat16",
        "eval_every": 3,
    },
}


def configure(
    dataset: str,
    model: str = "vit",
    *,
    recipe: str | None = None,
    profile: str | None = None,
    model_options: dict[str, Any] | None = None,
    **choices: Any,
) -> TrainConfig:
    """A recipe at the scale of a profile.

    recipe: of RECIPES, the profile's own unless given; profile: of `profiles.PROFILES`, the one in force unless given;
    choices: fields of TrainConfig, which go before the recipe's; so do model_options.
    Raises ValueError for unknown names, for a model to which the profile gives no size, and as `TrainConfig` does.
    """
    scale = profiles.current() if profile is None else profiles.find(profile)
    recipe = scale.recipe if recipe is None else recipe
    check_one_of("recipe", recipe, RECIPES)
    check_one_of("model", model, MODELS)
    values = {"train_images": scale.train_images, "test_images": scale.test_images, **RECIPES[recipe]}
    if scale.epochs is not None:
        values["epochs"] = scale.epochs
    if values.pop("auto_augment", False):
        values["auto_augment"] = POLICY_OF.get(dataset, "cifar10")
    drop_path = values.pop("drop_path")
    options = _sizes(model, scale.name) | ({"drop_path": drop_path} if "drop_path" in model_defaults(model) else {})
    own = {"dataset": dataset, "model": model, "recipe": recipe, "profile": scale.name}
    return TrainConfig(**{**values, **own, "model_options": options | (model_options or {}), **choices})


def _sizes(model: str, profile: str) -> dict[str, Any]:
    if profile == "full" and model not in SIZES:  # one that was published for larger images
        return {}
    if model not in SIZES:
        raise ValueError(f"model is {model!r}, but profile {profile!r} can size only {', '.join(SIZES)}")
    return SIZES[model][profile]


def learning_rate(step: int, steps: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine down to min_lr, by step. step: 0 to steps - 1."""
    warmup = max(1, round(config.warmup * steps))
    if step < warmup:
        return config.min_lr + (config.lr - config.min_lr) * (step + 1) / warmup
    progress = (step - warmup + 1) / max(1, steps - warmup)
    return config.min_lr + (config.lr - config.min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
