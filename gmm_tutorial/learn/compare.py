"""What a function gives on a case, forward and backward, as something that can be compared and shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Outcome:
    """Values that a function returned, and the gradients of a fixed mix of them; none where it gives no gradient."""

    values: tuple[Tensor, ...]
    gradients: tuple[Tensor, ...]

    def same_values(self, other: "Outcome") -> bool:
        """Whether shapes and values agree."""
        return all_close(self.values, other.values)

    def agrees(self, other: "Outcome") -> bool:
        """Whether shapes, values and gradients agree."""
        return self.same_values(other) and all_close(self.gradients, other.gradients)


def all_close(a: tuple[Tensor, ...], b: tuple[Tensor, ...]) -> bool:
    """Whether two tuples of tensors have the same shapes, and the same values to float32."""
    return len(a) == len(b) and all(
        x.shape == y.shape and torch.allclose(x, y, rtol=1e-4, atol=1e-5, equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )


def outcome(function: Callable[..., Any], case: dict[str, Any]) -> Outcome | None:
    """Run a function on copies of a case's arguments, forward and backward. None when it returns None."""
    arguments = {name: leaf(value) if isinstance(value, Tensor) else value for name, value in case.items()}
    result = function(*arguments.values())
    if result is None:
        return None
    results = result if isinstance(result, (tuple, list)) else (result,)
    values = tuple(torch.as_tensor(value) for value in results)
    leaves = [value for value in arguments.values() if isinstance(value, Tensor) and value.requires_grad]
    mixed = [mix(value) for value in values if value.requires_grad]
    gradients: tuple[Tensor, ...] = ()
    if leaves and mixed:
        total = torch.stack(mixed).sum()
        gradients = torch.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)
    return Outcome(tuple(value.detach().double() for value in values), tuple(g.double() for g in gradients))


def leaf(value: Tensor) -> Tensor:
    """A copy that collects a gradient, if its kind of number can."""
    copy = value.detach().clone()
    return copy.requires_grad_() if copy.is_floating_point() else copy


def mix(value: Tensor) -> Tensor:
    """A number that depends on every entry of a tensor, on each in another way."""
    generator = torch.Generator().manual_seed(0)
    return (value * torch.randn(value.shape, generator=generator).to(value)).sum()


def show(case: dict[str, Any], got: Outcome | None, expected: Outcome | None) -> str:
    """A case in a few lines: what went in, what was expected, what came out."""
    assert got is not None and expected is not None
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
    return int(value) if isinstance(value, float) and value.is_integer() else round(value, 4)
