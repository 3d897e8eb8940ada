"""Exercise 09.power: how often a true difference is seen."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def power(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """noise (E, n), standard normal -> the share of E experiments whose interval leaves 0 out, shape ()."""
    values = difference + spread * noise
    half = quantile * values.std(-1) / noise.shape[-1] ** 0.5
    return (values.mean(-1).abs() > half).double().mean()


def power_cases() -> list[dict[str, Any]]:
    """Five experiments of two seeds, one seen on the wrong side; then hundreds, with and without a difference."""
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
        "An experiment is a row. Make its n values first: the true difference, plus spread times noise.",
        "Mean and half-width of each row as in 09.interval, along the last axis: two tensors (E,).",
        "0 is outside when the mean, without its sign, is larger than the half-width. The mean of these yes and no, "
        "as numbers, is the share.",
    ),
)


def seen(values: Tensor, quantile: float) -> Tensor:
    """values (E, n) -> the share of rows whose interval leaves 0 out."""
    return power(values, 0.0, 1.0, quantile)


@exercise.mistake
def one_side(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count intervals above 0 only. One that lies below 0 leaves it out too, if on the wrong side."""
    values = difference + spread * noise
    return (values.mean(-1) > quantile * values.std(-1) / noise.shape[-1] ** 0.5).double().mean()


@exercise.mistake
def not_seen(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count the intervals that hold 0. Those that leave it out are asked for."""
    return 1 - power(noise, difference, spread, quantile)


@exercise.mistake
def known_spread(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths use the true spread, which no experiment knows. Each must estimate it from its own n values."""
    half = quantile * spread / noise.shape[-1] ** 0.5
    return ((difference + spread * noise).mean(-1).abs() > half).double().mean()


@exercise.mistake
def spread_of_n(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your spread divides by n instead of n - 1: then too many intervals leave 0 out."""
    return seen(difference + spread * noise, quantile * ((noise.shape[-1] - 1) / noise.shape[-1]) ** 0.5)


@exercise.mistake
def single(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths are those of single values: the square root of n is missing."""
    return seen(difference + spread * noise, quantile * noise.shape[-1] ** 0.5)


@exercise.mistake
def no_spread(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your spread changes nothing: the noise must be multiplied by it, and the noise alone."""
    return seen(difference + noise, quantile)


@exercise.mistake
def no_difference(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """The true difference is missing: this is how often pure noise leaves 0 out."""
    return seen(spread * noise, quantile)


@exercise.mistake
def along_experiments(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your means go down the columns, over all experiments. A row is one experiment: go along the last axis."""
    return seen((difference + spread * noise).T, quantile)


@exercise.mistake
def spread_of_all(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You take one spread over all experiments. Each knows only its own row: go along the last axis."""
    values = difference + spread * noise
    return (values.mean(-1).abs() > quantile * values.std() / noise.shape[-1] ** 0.5).double().mean()


@exercise.mistake
def root_of_experiments(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You divide by the square root of E, the number of experiments. Each has a mean of n values: the root of n."""
    return seen(difference + spread * noise, quantile * (noise.shape[-1] / len(noise)) ** 0.5)


@exercise.mistake
def variance_of_row(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You took the variance, which is in squared points. Its square root is the spread."""
    values = difference + spread * noise
    return (values.mean(-1).abs() > quantile * values.var(-1) / noise.shape[-1] ** 0.5).double().mean()


@exercise.mistake
def normal_quantile(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You multiply by 1.96, which is for a spread that is known. Take the quantile that is given."""
    return seen(difference + spread * noise, 1.96)


@exercise.mistake
def single_values(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You hold single values against the half-width. An experiment is judged once, by its mean."""
    values = difference + spread * noise
    half = quantile * values.std(-1, keepdim=True) / noise.shape[-1] ** 0.5
    return (values.abs() > half).double().mean()


@exercise.mistake
def counted(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You return how many they are. Their share is asked for, 0 to 1."""
    return power(noise, difference, spread, quantile) * len(noise)


@exercise.mistake
def any_mean(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count means above 0. A mean says nothing without its interval."""
    return ((difference + spread * noise).mean(-1) > 0).double().mean()
