"""Exercise 05.half_distance: after how many steps half is gone."""

import math
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
        "Take the logarithm of both sides of gamma^d = 1/2. The logarithm of a power is a product.",
        "Now d times the logarithm of gamma equals the logarithm of one half. Both logarithms are negative.",
    ),
)


@exercise.mistake
def upside_down(gamma: Tensor) -> Tensor:
    """Your fraction is upside down: a gamma close to 1 reaches far, so its small logarithm must be the denominator."""
    return 1 / half_distance(gamma)


@exercise.mistake
def negative(gamma: Tensor) -> Tensor:
    """Your distances are negative: log(1/2) and log(gamma) are both negative, so their quotient is positive."""
    return -half_distance(gamma)


@exercise.mistake
def e_folding(gamma: Tensor) -> Tensor:
    """That is the distance after which 1/e, about 37 %, is left: divide log(1/2) by log(gamma), both to one base."""
    return -1 / gamma.log()


@exercise.mistake
def two_bases(gamma: Tensor) -> Tensor:
    """You mix logarithms to base 10 and base e: both must have the same base."""
    return half_distance(gamma) / math.log(10)


@exercise.mistake
def mean_reach(gamma: Tensor) -> Tensor:
    """That is 1 / (1 - gamma), the sum of all weights. It grows like the half-distance, but it is another number."""
    return 1 / (1 - gamma)


@exercise.mistake
def half_of_the_reach(gamma: Tensor) -> Tensor:
    """That is 0.5 / (1 - gamma): as many first steps as lose a half, but each later step loses less than the first."""
    return 0.5 / (1 - gamma)


@exercise.mistake
def power_of_half(gamma: Tensor) -> Tensor:
    """You computed what is left after half a step. Expected is the number of steps after which half is left."""
    return gamma**0.5


@exercise.mistake
def without_its_logarithm(gamma: Tensor) -> Tensor:
    """You divide a logarithm by gamma itself: solving gamma^d = 1/2 for d needs the logarithm of gamma."""
    return math.log(2) / gamma


@exercise.mistake
def as_a_product(gamma: Tensor) -> Tensor:
    """You solve gamma * d = 1/2, but d is the exponent: gamma^d = 1/2."""
    return 0.5 / gamma


@exercise.mistake
def whole_steps(gamma: Tensor) -> Tensor:
    """Your distances are rounded up to whole steps: d can be any positive number, such as half a step."""
    return half_distance(gamma).ceil()


@exercise.mistake
def difference(gamma: Tensor) -> Tensor:
    """You subtract the logarithms, but d * log(gamma) = log(1/2) is solved by dividing them."""
    return math.log(0.5) - gamma.log()
