"""Exercise 09.interval: what a few values say about their mean."""

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
        "There are four steps: the mean, the spread s around it, the standard error, and the quantile times that.",
        "s squared is the sum of the squared distances from the mean, over n - 1. values.std() gives s.",
        "The standard error is s divided by the square root of n. Return the mean and the half-width, in this order.",
    ),
)


@exercise.mistake
def population(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Your spread divides by n. The values are closer to their own mean than to the true one, so divide by n - 1."""
    return values.mean(), quantile * values.std(correction=0) / len(values) ** 0.5


@exercise.mistake
def of_one(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Your half-width is that of a single value. A mean of n values varies less: divide by the square root of n."""
    return values.mean(), quantile * values.std()


@exercise.mistake
def root_of_less(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You divide by the square root of n - 1. The n - 1 belongs inside s only; s is divided by the square root of n."""
    return values.mean(), quantile * values.std() / (len(values) - 1) ** 0.5


@exercise.mistake
def by_n(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You divide s by n. Divide it by the square root of n."""
    return values.mean(), quantile * values.std() / len(values)


@exercise.mistake
def variance(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You use the variance, which is in squared points. The spread is its square root."""
    return values.mean(), quantile * values.var() / len(values) ** 0.5


@exercise.mistake
def normal(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You multiply by 1.96, which is right only if the spread is known. Multiply by `quantile`."""
    return interval(values, 1.96)


@exercise.mistake
def no_quantile(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the standard error. The half-width is `quantile` times the standard error."""
    return interval(values, 1.0)


@exercise.mistake
def whole_width(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the whole width. The half-width reaches from the mean to one end."""
    return interval(values, 2 * quantile)


@exercise.mistake
def ends(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the two ends of the interval. Return the mean and the half-width."""
    mean, half = interval(values, quantile)
    return mean - half, mean + half


@exercise.mistake
def half_first(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the half-width first. Return the mean first."""
    return interval(values, quantile)[::-1]


@exercise.mistake
def median(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the median as the first result. Return the mean."""
    return values.median(), interval(values, quantile)[1]


@exercise.mistake
def range_of_values(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You use the range, largest minus smallest, as the spread. Use the standard deviation."""
    return values.mean(), quantile * (values.max() - values.min()) / len(values) ** 0.5


@exercise.mistake
def mean_distance(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You use the mean distance from the mean as the spread. Square the distances, and take the root at the end."""
    return values.mean(), quantile * (values - values.mean()).abs().mean() / len(values) ** 0.5
