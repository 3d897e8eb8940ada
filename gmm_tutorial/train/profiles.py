"""How much to compute, and on what: `ci` proves that everything runs, `learn` fits a laptop, `full` wants a GPU."""

import os
from dataclasses import dataclass

import torch

from gmm_tutorial._checks import check_one_of

VARIABLE = "GMM_TUTORIAL_PROFILE"


@dataclass(frozen=True)
class Profile:
    """The scale of a training: how many images, and how large a model (`models.SIZES`)."""

    name: str
    recipe: str  # of a lesson's trainings
    train_images: int | None  # None: all there are
    test_images: int | None
    epochs: int | None = None  # passes over the training images, whatever the recipe; None: as the recipe has it


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("ci", "lesson", train_images=320, test_images=200, epochs=1),
        Profile("learn", "lesson", train_images=5_000, test_images=2_000),
        Profile("full", "paper", train_images=None, test_images=None),
    )
}


def current() -> Profile:
    """The profile named by GMM_TUTORIAL_PROFILE, `learn` by default. Raises ValueError for an unknown name."""
    return find(os.environ.get(VARIABLE) or "learn", VARIABLE)


def find(name: str, argument: str = "profile") -> Profile:
    """The profile of that name. Raises ValueError, naming the argument, when there is none."""
    return PROFILES[check_one_of(argument, name, PROFILES)]


def device() -> torch.device:
    """Where trainings run: a CUDA GPU if there is one, else Apple's, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
