"""Checks of arguments that several modules share. Each returns what it was given, or says what was wrong with it.

A wrong type or dtype is a TypeError, a wrong size or value a ValueError; both name the argument. Values of tensors are
read only where there are any: not on the meta device, and not while a model is being compiled. Lists stand where `any`
and `all` could, because torch.compile cannot follow these in PyTorch 2.8.
"""

import math
from collections.abc import Iterable
from numbers import Real
from typing import Any, TypeVar

import torch
from torch import Tensor

Value = TypeVar("Value")
Axes = Iterable[int | str]


def check_type(name: str, value: Value, kind: type | tuple[type, ...], wanted: str) -> Value:
    """Return `value`. Raises TypeError unless it is an instance of `kind`, which `wanted` describes."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} is a {type(value).__name__}, but it must be {wanted}")
    return value


def check_count(name: str, count: int, least: int = 1) -> int:
    """Return `count`. Raises ValueError unless it is an integer of at least `least`."""
    if not isinstance(count, int) or isinstance(count, bool) or count < least:
        raise ValueError(f"{name} is {count!r}, but it must be an integer of at least {least}")
    return count


def check_number(name: str, value: float, least: float = -math.inf, most: float = math.inf) -> float:
    """Return `value`. Raises ValueError unless it is a number, not NaN, from `least` to `most`."""
    if not isinstance(value, Real) or isinstance(value, bool) or not least <= float(value) <= most:
        bounds = f" from {least:g} to {most:g}" if math.isfinite(least) or math.isfinite(most) else ""
        raise ValueError(f"{name} is {value!r}, but it must be a number{bounds}")
    return value


def check_finite(name: str, value: float) -> float:
    """Return `value`. Raises ValueError unless it is a number that is neither infinite nor NaN."""
    if not math.isfinite(check_number(name, value)):
        raise ValueError(f"{name} is {value!r}, but it must be a finite number")
    return value


def check_one_of(name: str, value: Value, known: Iterable[Any]) -> Value:
    """Return `value`. Raises ValueError unless it is one of those known."""
    choices = list(known)
    if not [each for each in choices if isinstance(value, type(each)) and value == each]:
        *rest, last = map(repr, choices)
        sentence = f"{', '.join(rest)} or {last}" if rest else last
        raise ValueError(f"{name} is {value!r}, but it must be {'one of ' if len(rest) > 2 else ''}{sentence}")
    return value


def check_divides(name: str, whole: int, by: str, parts: int, factor: int = 1) -> int:
    """Return `whole`. Raises ValueError unless it is a positive multiple of `factor * parts`."""
    if check_count(name, whole) % (factor * check_count(by, parts)):
        multiple = f"{by}, {parts}" if factor == 1 else f"twice {by}, {factor} * {parts}"
        raise ValueError(f"{name} is {whole}, but it must be a multiple of {multiple}")
    return whole


def check_floating(name: str, x: Tensor) -> Tensor:
    """Return `x`. Raises TypeError unless it is a tensor of floating-point numbers."""
    if not check_type(name, x, Tensor, "a tensor").is_floating_point():
        raise TypeError(f"{name} is {x.dtype}, but it must be of a floating-point dtype")
    return x


def check_axes(name: str, x: Tensor, axes: Axes, needs: str = "it must be") -> Tensor:
    """Return `x`. Raises ValueError unless its axes are these: a number is a length, a letter stands for any length.

    The letters h, w and D stand for at least 1.
    """
    axes = tuple(axes)
    if x.ndim != len(axes) or [n for n, axis in zip(x.shape, axes, strict=False) if not _fits(n, axis)]:
        wanted = ", ".join(map(str, axes)) + ("," if len(axes) == 1 else "")
        raise ValueError(f"{name} is {tuple(x.shape)}, but {needs} ({wanted})")
    return x


def _fits(length: int, axis: int | str) -> bool:
    """Whether an axis may have this length."""
    return length == axis if not isinstance(axis, str) else length > 0 or axis not in ("h", "w", "D")


def check_broadcast(name: str, x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return `x`. Raises ValueError unless it can be broadcast to `shape` without making that larger."""
    if x.ndim > len(shape) or any(a not in (1, b) for a, b in zip(x.shape, shape[len(shape) - x.ndim :], strict=True)):
        raise ValueError(f"{name} is {tuple(x.shape)}, but it must broadcast to {tuple(shape)}")
    return x


def check_device(name: str, x: Tensor, other: str, y: Tensor) -> Tensor:
    """Return `x`. Raises ValueError unless it is on the device of `y`."""
    if x.device != y.device:
        raise ValueError(f"{name} is on {x.device}, but {other} is on {y.device}, and {name} must be there too")
    return x


def check_like(name: str, x: Tensor, other: str, y: Tensor) -> Tensor:
    """Return `x`. Raises an error unless it is on the device and of the dtype of `y`; autocast converts the dtype."""
    check_device(name, x, other, y)
    if x.dtype != y.dtype and (x.is_meta or not torch.is_autocast_enabled(x.device.type)):
        raise TypeError(f"{name} is {x.dtype}, but {other} is {y.dtype}, and {name} must be the same")
    return x


def check_input(name: str, x: Tensor, axes: Axes, layer: torch.nn.Module, needs: str = "this layer needs") -> Tensor:
    """Return `x`. Raises an error unless a layer with the first projection `layer` can take it."""
    check_axes(name, check_floating(name, x), axes, needs)
    # quantized layers keep their weights in other ways and take care of dtypes themselves
    weight = getattr(layer, "weight", None)
    if isinstance(weight, Tensor) and weight.is_floating_point():
        check_like(name, x, "the layer's weight", weight)
    return x


def readable(x: Tensor) -> bool:
    """Whether a tensor has values that can be looked at now."""
    return not (x.is_meta or torch.compiler.is_compiling())


def check_rates(gamma: Tensor, because: str = "") -> Tensor:
    """Return `gamma`. Raises an error unless it is floating point with each entry above 0 and at most 1."""
    check_floating("gamma", gamma)
    if readable(gamma) and not bool(((gamma > 0) & (gamma <= 1)).all()):
        raise ValueError(f"{because}gamma is {gamma.tolist()}, but each must be above 0 and at most 1")
    return gamma


def check_gamma(gamma: Tensor, heads: int) -> Tensor:
    """Return `gamma`. Raises an error unless it is (H,), above 0 and at most 1."""
    check_axes("gamma", check_floating("gamma", gamma), (heads,), f"{heads} heads need")
    return check_rates(gamma)


def check_positive(prior: Tensor, combine: str) -> Tensor:
    """Return `prior`. Raises ValueError when an entry is not above 0: it has no logarithm, and may sum to 0."""
    if readable(prior) and not bool((prior > 0).all()):
        raise ValueError(
            f"prior has entries down to {prior.min().item():.4g}, but combine={combine!r} needs a positive prior; "
            "one that can be negative or zero, such as ELM or GMM, is applied with combine='scale'"
        )
    return prior
