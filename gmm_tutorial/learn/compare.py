"""What a function gives on a case, forward and backward, as something that can be compared, described and shown."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Outcome:
    """What a function returned, and the gradients of a fixed mix of it.

    Args:
        kinds: The kind of each value that was returned, in words.
        values: The values in float64; empty if one is neither a number nor a tensor, or if an argument was changed.
        gradients: One for each argument that can have a gradient; empty if no value depends on them.
        changed: Names of the arguments that the function has written into.

    Example:
        >>> doubled = outcome(lambda x: 2 * x, {"x": torch.tensor([1.0, 2.0])})
        >>> doubled.kinds, doubled.gradients[0].shape
        (('a float32 tensor',), torch.Size([2]))
        >>> doubled.agrees(outcome(lambda x: x + x, {"x": torch.tensor([1.0, 2.0])}))
        True
    """

    kinds: tuple[str, ...]
    values: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]
    changed: tuple[str, ...] = ()

    @property
    def returns_none(self) -> bool:
        """Whether the function ended without returning anything."""
        return self.kinds == ("NoneType",)

    def agrees(self, expected: "Outcome") -> bool:
        """Whether kinds, shapes and values are as expected, and the gradients too if any are expected.

        Args:
            expected: What the reference gives on the same case.

        Returns:
            True if they agree to the precision of float32.
        """
        return (
            self.kinds == expected.kinds
            and all_close(self.values, expected.values)
            and (not expected.gradients or all_close(self.gradients, expected.gradients))
        )

    def difference(self, expected: "Outcome") -> str:
        """What is not as expected, in a sentence.

        Args:
            expected: What the reference gives on the same case; this outcome must not agree with it.

        Returns:
            The first difference in kinds, shapes, values or gradients, in this order.

        Example:
            >>> outcome(lambda n: n + 1, {"n": 1}).difference(outcome(lambda n: n + 3, {"n": 1}))
            'It differs by 2.'
        """
        if self.kinds != expected.kinds:
            return f"It returns {' and '.join(self.kinds)}, but {' and '.join(expected.kinds)} is asked for."
        for ours, theirs in zip(self.values, expected.values, strict=True):
            if ours.shape != theirs.shape:
                return f"It returns {tuple(ours.shape)}, but {tuple(theirs.shape)} is asked for."
        if any(value.isnan().any() for value in self.values):
            return "It contains NaN: is there a division by zero, or an overflow?"
        if not all_close(self.values, expected.values):
            gap = max(float((a - b).abs().max()) for a, b in zip(self.values, expected.values, strict=True))
            if all(value.ndim == 0 for value in self.values):
                return f"It differs by {gap:.4g}."
            return f"The shape is right, the values differ by up to {gap:.4g}."
        if not self.gradients:
            return (
                "The values are right, but no gradient comes back: is there a .item(), .detach() or numpy on the way?"
            )
        return "The values are right, but a gradient is not: is there a .detach(), or a step through Python numbers?"


def all_close(a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> bool:
    """Whether two tuples of tensors have the same shapes, and the same values to float32."""
    return len(a) == len(b) and all(
        x.shape == y.shape and torch.allclose(x, y, rtol=1e-4, atol=1e-5, equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


def outcome(function: Callable[..., Any], case: dict[str, Any]) -> Outcome:
    """Run a function on copies of a case's arguments, forward and backward.

    Args:
        function: The learner's function, the reference or a usual mistake.
        case: Argument -> value, in the order in which the function takes them.

    Returns:
        What came out.

    Raises:
        Exception: Whatever the function raises.

    Example:
        >>> outcome(lambda x: x.add_(1), {"x": torch.zeros(2)}).changed
        ('x',)
    """
    arguments = {name: leaf(value) if isinstance(value, Tensor) else value for name, value in case.items()}
    # times 1: torch forbids a function to work in place on leaves, and we would rather say what is wrong with it
    passed = {name: value * 1 if isinstance(value, Tensor) else value for name, value in arguments.items()}
    result = function(*passed.values())
    tensors = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
    changed = tuple(name for name, value in tensors.items() if not same(passed[name], value))
    results = tuple(result) if isinstance(result, (tuple, list)) else (result,)
    kinds = tuple(kind(value) for value in results)
    if changed or not all(isinstance(value, (Tensor, int, float)) for value in results):
        return Outcome(kinds, (), (), changed)
    values = tuple(torch.as_tensor(value) for value in results)
    leaves = [value for value in arguments.values() if isinstance(value, Tensor) and value.requires_grad]
    mixed = [mix(value) for value in values if value.requires_grad]
    gradients: tuple[Tensor, ...] = ()
    if leaves and mixed:
        total = torch.stack(mixed).sum()
        gradients = torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)
    return Outcome(kinds, tuple(precise(value) for value in values), tuple(map(precise, gradients)), changed)


def kind(value: Any) -> str:
    """What a thing is, in words: a 0-dimensional tensor counts as the number that it holds."""
    if isinstance(value, Tensor) and value.ndim:
        return f"a {str(value.dtype).removeprefix('torch.')} tensor"
    if isinstance(value, Tensor) and not value.dtype.is_complex:
        value = value.item()
    names = {float: "a number", int: "a whole number", bool: "a yes or no"}
    return names.get(type(value), type(value).__name__)


def leaf(value: Tensor) -> Tensor:
    """A copy that collects a gradient, if its kind of number can."""
    copy = value.detach().clone()
    return copy.requires_grad_() if copy.is_floating_point() else copy


def same(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same numbers, NaN being like NaN."""
    return a.shape == b.shape and torch.allclose(a.detach(), b.detach(), rtol=0, atol=0, equal_nan=True)


def precise(value: Tensor) -> Tensor:
    """A tensor in float64, or complex128."""
    return value.detach().to(torch.complex128 if value.is_complex() else torch.float64)


def mix(value: Tensor) -> Tensor:
    """A real number that depends on every entry of a tensor, on each in another way."""
    value = torch.view_as_real(value) if value.is_complex() else value
    generator = torch.Generator().manual_seed(0)
    return (value * torch.randn(value.shape, generator=generator).to(value)).sum()


def show(case: dict[str, Any], got: Outcome, expected: Outcome) -> str:
    """A case in a few lines: what went in, what was expected, what came out."""
    lines = ["  smallest failing case:", *(f"    {name} = {brief(value)}" for name, value in case.items())]
    lines += [f"    expected {brief(value)}" for value in expected.values]
    lines += [f"    got      {brief(value)}" for value in got.values]
    return "\n".join(lines)


def brief(value: Any) -> str:
    """A value on one line: small tensors whole, with at most 4 decimals, large ones by their shape."""
    if not isinstance(value, Tensor):
        return repr(value)
    shape = tuple(value.shape)
    if value.numel() > 36:
        return f"a tensor {shape}"
    return f"{rounded(value.tolist())}  {shape}" if shape else f"{rounded(value.item())}"


def rounded(value: Any) -> Any:
    """Nested lists of numbers, rounded to 4 decimals, whole numbers written as such."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, complex):
        return complex(round(value.real, 4), round(value.imag, 4))
    if not math.isfinite(value):
        return value
    nearest = round(value, 4)
    return int(nearest) if nearest == int(nearest) else nearest  # an int has no negative zero
