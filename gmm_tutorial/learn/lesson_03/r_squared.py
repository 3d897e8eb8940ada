"""Exercise 03.r_squared: how much of a mask a fit explains."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def r_squared(target: Tensor, fit: Tensor) -> Tensor:
    """The share of a target's variance that a fit explains: 1 - |target - fit|^2 / |target - mean|^2, a tensor ()."""
    return 1 - (target - fit).square().sum() / (target - target.mean()).square().sum()


def r_squared_cases() -> list[dict[str, Any]]:
    """Numbers to check by hand, the second fit worse than the mean; then masks with an error. No mean is near 0."""
    target = torch.randn(6, 6) + 3
    return [
        {"target": torch.tensor([1.0, 2.0, 3.0]), "fit": torch.tensor([1.0, 2.0, 2.0])},
        {"target": torch.tensor([[2.0, 4.0], [6.0, 8.0]]), "fit": torch.tensor([[8.0, 6.0], [4.0, 2.0]])},
        {"target": target, "fit": 0.7 * target + 0.5 + 0.1 * torch.randn(6, 6)},
    ]


exercise = Exercise(
    "03.r_squared",
    r_squared,
    r_squared_cases,
    unit="fits",
    hints=(
        "Two sums of squares: how far the fit is from the target, and how far the target is from its own mean.",
        "A perfect fit leaves an error of 0 and has an R squared of 1. A fit that only knows the mean has 0.",
        "R squared is what is missing to 1 when you divide the first sum by the second. No square root anywhere.",
    ),
)


@exercise.mistake
def not_centred(target: Tensor, fit: Tensor) -> Tensor:
    """You compare with the target itself, not with its spread: subtract the mean below the fraction bar."""
    return 1 - (target - fit).square().sum() / target.square().sum()


@exercise.mistake
def unexplained(target: Tensor, fit: Tensor) -> Tensor:
    """That is the share that is *not* explained: a perfect fit would get 0."""
    return (target - fit).square().sum() / (target - target.mean()).square().sum()


@exercise.mistake
def correlation(target: Tensor, fit: Tensor) -> Tensor:
    """That is the squared correlation. It forgives a fit that has the wrong height, R squared does not."""
    a, b = target - target.mean(), fit - fit.mean()
    return (a * b).sum().square() / (a.square().sum() * b.square().sum())


@exercise.mistake
def roles_swapped(target: Tensor, fit: Tensor) -> Tensor:
    """You divide by the spread of the fit; it is the target's that is to be explained."""
    return r_squared(fit, target)


@exercise.mistake
def absolute(target: Tensor, fit: Tensor) -> Tensor:
    """You add up absolute values; both sums are of squares."""
    return 1 - (target - fit).abs().sum() / (target - target.mean()).abs().sum()


@exercise.mistake
def mixed_means(target: Tensor, fit: Tensor) -> Tensor:
    """Above the bar you divide by n, below it var() divides by n - 1: take sums, or tell var to do the same."""
    return 1 - (target - fit).square().mean() / target.var()


@exercise.mistake
def square_roots(target: Tensor, fit: Tensor) -> Tensor:
    """You take the root of the ratio: R squared compares squares with squares."""
    return 1 - (target - fit).norm() / (target - target.mean()).norm()
