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
        "You need two sums of squares: the error of the fit, and the distance of the target from its own mean.",
        "A perfect fit has an error of 0 and an R squared of 1. A fit that knows only the mean has an R squared of 0.",
        "Divide the first sum by the second and subtract the result from 1. No square root is needed.",
    ),
)


@exercise.mistake
def not_centered(target: Tensor, fit: Tensor) -> Tensor:
    """You divide by the squares of the target itself: subtract the target's mean in the denominator."""
    return 1 - (target - fit).square().sum() / target.square().sum()


@exercise.mistake
def unexplained(target: Tensor, fit: Tensor) -> Tensor:
    """That is the share that is *not* explained: a perfect fit would get 0. Subtract it from 1."""
    return (target - fit).square().sum() / (target - target.mean()).square().sum()


@exercise.mistake
def correlation(target: Tensor, fit: Tensor) -> Tensor:
    """That is the squared correlation, which ignores the scale and the mean of the fit. R squared does not."""
    a, b = target - target.mean(), fit - fit.mean()
    return (a * b).sum().square() / (a.square().sum() * b.square().sum())


@exercise.mistake
def roles_swapped(target: Tensor, fit: Tensor) -> Tensor:
    """You divide by the variance of the fit, but it is the variance of the target that is to be explained."""
    return r_squared(fit, target)


@exercise.mistake
def mean_of_fit(target: Tensor, fit: Tensor) -> Tensor:
    """In the denominator you subtract the mean of the fit: subtract the mean of the target."""
    return 1 - (target - fit).square().sum() / (target - fit.mean()).square().sum()


@exercise.mistake
def absolute(target: Tensor, fit: Tensor) -> Tensor:
    """You add up absolute values, but both sums are sums of squares."""
    return 1 - (target - fit).abs().sum() / (target - target.mean()).abs().sum()


@exercise.mistake
def not_squared(target: Tensor, fit: Tensor) -> Tensor:
    """You add up differences without squaring them, so that positive and negative ones cancel."""
    return 1 - (target - fit).sum() / (target - target.mean()).sum()


@exercise.mistake
def squared_after_the_sum(target: Tensor, fit: Tensor) -> Tensor:
    """You square the sums: square each difference first, then add up."""
    return 1 - (target - fit).sum().square() / (target - target.mean()).sum().square()


@exercise.mistake
def mixed_means(target: Tensor, fit: Tensor) -> Tensor:
    """The numerator is divided by n, but var() divides by n - 1: use sums, or tell var to use correction=0."""
    return 1 - (target - fit).square().mean() / target.var()


@exercise.mistake
def sum_over_mean(target: Tensor, fit: Tensor) -> Tensor:
    """You divide a sum by a mean: use sums in both places, or means in both."""
    return 1 - (target - fit).square().sum() / (target - target.mean()).square().mean()


@exercise.mistake
def square_roots(target: Tensor, fit: Tensor) -> Tensor:
    """You take the square root of the ratio: R squared compares sums of squares directly."""
    return 1 - (target - fit).norm() / (target - target.mean()).norm()


@exercise.mistake
def mean_per_row(target: Tensor, fit: Tensor) -> Tensor:
    """You subtract the mean of each row: subtract the one mean of all entries."""
    return 1 - (target - fit).square().sum() / (target - target.mean(-1, keepdim=True)).square().sum()


@exercise.mistake
def variance_of_fit_in_numerator(target: Tensor, fit: Tensor) -> Tensor:
    """You divide the spread of the fit by that of the target, and never compare the fit with the target."""
    return (fit - target.mean()).square().sum() / (target - target.mean()).square().sum()


@exercise.mistake
def error_centered(target: Tensor, fit: Tensor) -> Tensor:
    """You subtract the mean of the error, which forgives a fit that is too high or too low everywhere."""
    error = target - fit
    return 1 - (error - error.mean()).square().sum() / (target - target.mean()).square().sum()


@exercise.mistake
def upside_down(target: Tensor, fit: Tensor) -> Tensor:
    """Your fraction is upside down: the error of the fit belongs above, the spread of the target below."""
    return 1 - (target - target.mean()).square().sum() / (target - fit).square().sum()


@exercise.mistake
def brackets_misplaced(target: Tensor, fit: Tensor) -> Tensor:
    """You subtract the error from 1 before dividing: divide first, then subtract from 1."""
    return (1 - (target - fit).square().sum()) / (target - target.mean()).square().sum()
