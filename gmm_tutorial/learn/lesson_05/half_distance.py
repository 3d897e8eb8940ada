"""Exercise 05.half_distance: after how many steps half is gone."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import half_distance
from gmm_tutorial.learn.exercise import Exercise


def half_distance_cases() -> list[dict[str, Any]]:
    """Rates whose answers are known by heart, then others."""
    return [{"gamma": torch.tensor(gamma)} for gamma in ([0.5, 0.25], [0.75, 0.9], [0.99, 0.1, 0.6])]


exercise = Exercise(
    "05.half_distance",
    half_distance,
    half_distance_cases,
    unit="sets of rates",
    hints=(
        "Take the logarithm of both sides: a power becomes a product.",
        "d times the logarithm of gamma is the logarithm of one half. Both logarithms are negative.",
    ),
)


@exercise.mistake
def upside_down(gamma: Tensor) -> Tensor:
    """Your fraction is upside down: a gamma close to 1 must reach far, so its small logarithm stands below."""
    return 1 / half_distance(gamma)


@exercise.mistake
def negative(gamma: Tensor) -> Tensor:
    """Your distances are negative: the logarithm of 1/2 is, too, and one minus takes away the other."""
    return -half_distance(gamma)


@exercise.mistake
def e_folding(gamma: Tensor) -> Tensor:
    """That is the distance at which 1/e is left, about 37 %: the logarithm of 2 is missing."""
    return -1 / gamma.log()


@exercise.mistake
def mean_reach(gamma: Tensor) -> Tensor:
    """That is 1 / (1 - gamma), the sum of all weights: of the same size, but not where half is left."""
    return 1 / (1 - gamma)


@exercise.mistake
def power_of_half(gamma: Tensor) -> Tensor:
    """You computed what is left after half a step. Asked is for the number of steps after which a half is left."""
    return gamma**0.5
