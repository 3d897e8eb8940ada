"""Exercise 09.power: how often an experiment finds a true difference."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def power(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """noise (E, n), standard normal -> the share of the E experiments whose interval excludes 0, shape ()."""
    values = difference + spread * noise
    half = quantile * values.std(-1) / noise.shape[-1] ** 0.5
    return (values.mean(-1).abs() > half).double().mean()


def power_cases() -> list[dict[str, Any]]:
    """Five experiments of two seeds, one found on the wrong side; then hundreds, with and without a difference."""
    five = torch.tensor([[0.0, 2.0], [-1, 3], [-3, -4], [-1, -1.5], [1, 1.5]])
    cases: list[dict[str, Any]] = [{"noise": five, "difference": 1.0, "spread": 1.0, "quantile": 1.5}]
    for seeds, difference, spread, quantile in ((3, 1.0, 0.5, 4.3027), (5, -0.5, 0.7, 2.7764), (2, 0.0, 2.0, 3.0)):
        noise = torch.randn(400, seeds)
        cases.append({"noise": noise, "difference": difference, "spread": spread, "quantile": quantile})
    return cases


exercise = Exercise(
    "09.power",
    power,
    power_cases,
    unit="simulations",
    hints=(
        "Each row is one experiment. Make its n values first: the true difference plus spread times noise.",
        "Compute the mean and the half-width of each row as in 09.interval, along the last axis. Both are (E,).",
        "An interval excludes 0 when the absolute value of its mean is larger than its half-width. That gives True or "
        "False per experiment. Converted to numbers, their mean is the share.",
    ),
)


def seen(values: Tensor, quantile: float) -> Tensor:
    """values (E, n) -> the share of rows whose interval excludes 0."""
    return power(values, 0.0, 1.0, quantile)


@exercise.mistake
def one_side(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count only intervals above 0. An interval that lies below 0 excludes 0, too."""
    values = difference + spread * noise
    return (values.mean(-1) > quantile * values.std(-1) / noise.shape[-1] ** 0.5).double().mean()


@exercise.mistake
def not_seen(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count the intervals that contain 0. Count those that exclude it."""
    return 1 - power(noise, difference, spread, quantile)


@exercise.mistake
def known_spread(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths use the true spread, which an experiment does not know. Estimate it from each row."""
    half = quantile * spread / noise.shape[-1] ** 0.5
    return ((difference + spread * noise).mean(-1).abs() > half).double().mean()


@exercise.mistake
def spread_of_n(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your spread divides by n instead of n - 1, so that too many intervals exclude 0."""
    return seen(difference + spread * noise, quantile * ((noise.shape[-1] - 1) / noise.shape[-1]) ** 0.5)


@exercise.mistake
def single(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths are those of single values: divide by the square root of n."""
    return seen(difference + spread * noise, quantile * noise.shape[-1] ** 0.5)


@exercise.mistake
def no_spread(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your result does not depend on `spread`. Multiply the noise by it, and only the noise."""
    return seen(difference + noise, quantile)


@exercise.mistake
def no_difference(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """The true difference is missing: this is how often an interval of pure noise excludes 0."""
    return seen(spread * noise, quantile)


@exercise.mistake
def along_experiments(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your means are over the experiments. Each row is one experiment: take means along the last axis."""
    return seen((difference + spread * noise).T, quantile)


@exercise.mistake
def spread_of_all(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You take one spread over all experiments. Each experiment estimates its own: take std along the last axis."""
    values = difference + spread * noise
    return (values.mean(-1).abs() > quantile * values.std() / noise.shape[-1] ** 0.5).double().mean()


@exercise.mistake
def root_of_experiments(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You divide by the square root of E, the number of experiments. Each mean is over n values: divide by root n."""
    return seen(difference + spread * noise, quantile * (noise.shape[-1] / len(noise)) ** 0.5)


@exercise.mistake
def variance_of_row(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You use the variance, which is in squared points. The spread is its square root."""
    values = difference + spread * noise
    return (values.mean(-1).abs() > quantile * values.var(-1) / noise.shape[-1] ** 0.5).double().mean()


@exercise.mistake
def normal_quantile(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You multiply by 1.96, which is right only if the spread is known. Multiply by `quantile`."""
    return seen(difference + spread * noise, 1.96)


@exercise.mistake
def single_values(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You compare single values with the half-width. Compare the mean of each experiment with it."""
    values = difference + spread * noise
    half = quantile * values.std(-1, keepdim=True) / noise.shape[-1] ** 0.5
    return (values.abs() > half).double().mean()


@exercise.mistake
def counted(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You return how many intervals exclude 0. Return their share, between 0 and 1."""
    return power(noise, difference, spread, quantile) * len(noise)


@exercise.mistake
def any_mean(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count means above 0. Count intervals that exclude 0."""
    return ((difference + spread * noise).mean(-1) > 0).double().mean()


@exercise.mistake
def divided_by_n(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths divide the spread by n. Divide it by the square root of n."""
    return seen(difference + spread * noise, quantile / noise.shape[-1] ** 0.5)


@exercise.mistake
def root_of_less(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths divide by the square root of n - 1. The n - 1 belongs inside the spread; here it is n."""
    return seen(difference + spread * noise, quantile * (noise.shape[-1] / (noise.shape[-1] - 1)) ** 0.5)


@exercise.mistake
def spread_of_noise(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths use the spread of `noise`. Use the spread of the measured values."""
    half = quantile * noise.std(-1) / noise.shape[-1] ** 0.5
    return ((difference + spread * noise).mean(-1).abs() > half).double().mean()
