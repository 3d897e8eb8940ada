"""Exercise 09.interval: what a few values say of their mean."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def interval(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """values (n,) -> their mean, and the half-width of its interval: quantile times the standard error."""
    return values.mean(), quantile * values.std() / len(values) ** 0.5


def interval_cases() -> list[dict[str, Any]]:
    """Two values whose half-width is the quantile, three, then any; no quantile is that of the normal distribution."""
    return [
        {"values": torch.tensor([46.0, 48.0]), "quantile": 3.0},
        {"values": torch.tensor([46.0, 47.0, 51.0]), "quantile": 4.3027},
        {"values": torch.randn(5), "quantile": 2.7764},
        {"values": 50 + torch.randn(10), "quantile": 2.2622},
    ]


exercise = Exercise(
    "09.interval",
    interval,
    interval_cases,
    unit="samples",
    hints=(
        "Four steps: the mean, the spread s around it, the standard error, and the quantile times that.",
        "s squared is the sum of squared distances from the mean, over n - 1: what values.std() has by default.",
        "The standard error is s over the square root of n. Return the mean and the half-width, in this order.",
    ),
)


@exercise.mistake
def population(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Your spread divides by n. The mean was taken from the same values, which costs one: divide by n - 1."""
    return values.mean(), quantile * values.std(correction=0) / len(values) ** 0.5


@exercise.mistake
def of_one(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Your half-width is that of a single value. A mean of n is steadier, by the square root of n."""
    return values.mean(), quantile * values.std()


@exercise.mistake
def root_of_less(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You divide by the square root of n - 1. The n - 1 is inside of s already; here it is n."""
    return values.mean(), quantile * values.std() / (len(values) - 1) ** 0.5


@exercise.mistake
def by_n(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You divide s by n. It is the square root of n."""
    return values.mean(), quantile * values.std() / len(values)


@exercise.mistake
def variance(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You took the variance, which is in squared points. Its square root is the spread."""
    return values.mean(), quantile * values.var() / len(values) ** 0.5


@exercise.mistake
def normal(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You multiply by 1.96, which is for a spread that is known. Take the quantile that is given."""
    return interval(values, 1.96)


@exercise.mistake
def no_quantile(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the standard error. The half-width is quantile times that."""
    return interval(values, 1.0)


@exercise.mistake
def whole_width(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the whole width. Half of it, from the mean to one end, is asked for."""
    return interval(values, 2 * quantile)


@exercise.mistake
def ends(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the two ends. The mean and the half-width are asked for."""
    mean, half = interval(values, quantile)
    return mean - half, mean + half


@exercise.mistake
def half_first(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the half-width first. The mean comes first."""
    return interval(values, quantile)[::-1]
