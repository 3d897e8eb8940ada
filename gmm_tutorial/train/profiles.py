"""How much to compute, and on what: `ci` proves that everything runs, `learn` fits a laptop, `full` wants a GPU."""

import os
from dataclasses import dataclass, field
from typing import Any

import torch

VARIABLE = "GMM_TUTORIAL_PROFILE"


@dataclass(frozen=True)
class Profile:
    """The scale of a lesson's trainings: how many images, how often, and how large a model."""

    name: str
    train_images: int
    test_images: int
    epochs: int  # passes over the training images; the published code calls three passes one epoch
    lr: float
    model_options: dict[str, dict[str, Any]] = field(default_factory=dict)  # by the model's name


# the sizes that a profile affords; in `learn` and `full`, models have about as many parameters as each other
SMALLEST: dict[str, dict[str, Any]] = {
    "vit": {"dim": 32, "depth": 2, "num_heads": 2},
    "convnet": {"dim": 32},
    "rmt-cifar": {"dims": (16, 32), "depths": (1, 1), "num_heads": (2, 2)},
}
SMALL: dict[str, dict[str, Any]] = {
    "vit": {"dim": 96, "depth": 4, "num_heads": 4},
    "convnet": {"dim": 120},
    "rmt-cifar": {"dims": (32, 96), "depths": (1, 2), "num_heads": (2, 4)},
}

PUBLISHED: dict[str, dict[str, Any]] = {"vit": {"drop_path": 0.1}, "convnet": {}, "rmt-cifar": {"drop_path": 0.1}}

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("ci", 320, 200, 1, 2e-3, SMALLEST),
        Profile("learn", 5_000, 2_000, 8, 2e-3, SMALL),
        Profile("full", 50_000, 10_000, 300, 1e-3, PUBLISHED),
    )
}


def current() -> Profile:
    """The profile named by GMM_TUTORIAL_PROFILE, `learn` by default. Raises ValueError for an unknown name."""
    name = os.environ.get(VARIABLE) or "learn"
    if name not in PROFILES:
        raise ValueError(f"{VARIABLE} is {name!r}, but it must be one of {', '.join(map(repr, PROFILES))}")
    return PROFILES[name]


def device() -> torch.device:
    """Where trainings run: a CUDA GPU if there is one, else Apple's, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
