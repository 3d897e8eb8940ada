"""What a function gives on a case, forward and backward, as something that can be compared."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.kinds import Kind, as_tensor, kind

Case = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a function returned, and the gradients of a fixed mix of each value.

    Args:
        container: What holds the values: "tuple", "list", or nothing if there is only one.
        kinds: The kind of each value that was returned.
        values: The values in float64; empty if one cannot be compared.
        gradients: For each value that has a gradient, by its place and the name of an argument, that gradient.
        changed: Names of the arguments that the function has written into.

    Example:
        >>> doubled = outcome(lambda x: 2 * x, {"x": torch.tensor([1.0, 2.0])})
        >>> doubled.kinds[0].words, list(doubled.gradients)
        ('a float32 tensor', [(0, 'x')])
        >>> doubled.agrees(outcome(lambda x: x + x, {"x": torch.tensor([1.0, 2.0])}))
        True
    """

    container: str
    kinds: tuple[Kind, ...]
    values: tuple[Tensor, ...]
    gradients: dict[tuple[int, str], Tensor] = field(default_factory=dict)
    changed: tuple[str, ...] = ()

    @property
    def returns_none(self) -> bool:
        """Whether the function ended without returning anything."""
        return not self.container and self.kinds[0].words == "None"

    def like(self, expected: "Outcome") -> bool:
        """Whether a notebook can go on with these values: as many as expected, and numbers of the expected family.

        A pair may be a list, a number may be a tensor without axes, and a real number may be a whole one.
        """
        return (
            bool(self.container) == bool(expected.container)
            and len(self.kinds) == len(expected.kinds)
            and all(
                ours.family and (ours.family == theirs.family or (ours.family, theirs.family) == ("whole", "real"))
                for ours, theirs in zip(self.kinds, expected.kinds, strict=True)
            )
        )

    def same_values(self, expected: "Outcome") -> bool:
        """Whether kinds, shapes and values are as expected, whatever the gradients."""
        return self.like(expected) and all(map(close, self.values, expected.values))

    def wrong_gradient(self, expected: "Outcome") -> tuple[int, str] | None:
        """The first expected gradient that this outcome lacks or has differently: place of the value, and argument."""
        for place, name in expected.gradients:
            wanted = expected.gradients[place, name]
            if not close(self.gradients.get((place, name), torch.zeros_like(wanted)), wanted):
                return place, name
        return None

    def agrees(self, expected: "Outcome") -> bool:
        """Whether kinds, shapes and values are as expected, and the gradients too if any are expected.

        Args:
            expected: What the reference gives on the same case.

        Returns:
            True if they agree to the precision of float32.
        """
        return self.same_values(expected) and self.wrong_gradient(expected) is None


def close(ours: Tensor, theirs: Tensor) -> bool:
    """Whether two tensors have the same shape, and the same values to float32."""
    if ours.shape != theirs.shape:
        return False
    return bool(entries_close(ours, theirs).all())


def entries_close(ours: Tensor, theirs: Tensor) -> Tensor:
    """Which entries of two tensors of the same shape are equal to float32."""
    # where large numbers cancel, as in a Fourier transform, the error is as large as their last digit
    size = theirs[theirs.isfinite()].abs().max() if theirs.isfinite().any() else 0
    return torch.isclose(ours, theirs, rtol=1e-4, atol=max(1e-5, 1e-6 * float(size)), equal_nan=True)


def at_once(call: Callable[[], Any]) -> Any:
    """Run it here: what `outcome` does with functions of our own."""
    return call()


def outcome(
    function: Callable[..., Any],
    case: Case,
    run: Callable[[Callable[[], Outcome]], Outcome] = at_once,
    backward: bool = True,
) -> Outcome:
    """Run a function on copies of a case's arguments, forward and backward.

    Args:
        function: The learner's function, the reference or a usual mistake.
        case: Argument -> value, in the order in which the function takes them.
        run: What calls it: `sandbox.run` for a learner's function.
        backward: Whether the tensors among the arguments collect gradients.

    Returns:
        What came out.

    Raises:
        Exception: Whatever the function, or `run`, raises.

    Example:
        >>> outcome(lambda x: x.add_(1), {"x": torch.zeros(2)}).changed
        ('x',)
    """
    leaves = {name: leaf(value, backward) for name, value in case.items() if isinstance(value, Tensor)}
    # clones: torch forbids a function to work in place on leaves, and we would rather say what is wrong with it
    passed = {name: leaves[name].clone() if name in leaves else copied(value) for name, value in case.items()}

    def forward_and_backward() -> Outcome:
        result = function(*passed.values())
        container = "list" if isinstance(result, list) else "tuple" if isinstance(result, tuple) else ""
        results = tuple(result) if container else (result,)
        kinds = tuple(map(kind, results))
        changed = tuple(name for name, value in case.items() if not same(passed[name], value))
        if changed or not all(each.family for each in kinds):
            return Outcome(container, kinds, (), changed=changed)
        values = tuple(map(as_tensor, results))
        wanted = {name: value for name, value in leaves.items() if value.requires_grad}
        return Outcome(container, kinds, tuple(map(precise, values)), gradients(values, wanted))

    return run(forward_and_backward)


def gradients(values: tuple[Tensor, ...], leaves: dict[str, Tensor]) -> dict[tuple[int, str], Tensor]:
    """Of each value that has a gradient, that of a fixed mix of its entries with respect to each leaf."""
    found = {}
    with torch.enable_grad():  # a function may have turned it off
        for place, value in enumerate(values):
            if leaves and value.requires_grad:
                each = torch.autograd.grad(
                    mix(value), list(leaves.values()), retain_graph=True, allow_unused=True, materialize_grads=True
                )
                found.update({(place, name): precise(one) for name, one in zip(leaves, each, strict=True)})
    return found


def leaf(value: Tensor, backward: bool) -> Tensor:
    """A copy that collects a gradient, if it should and its kind of number can."""
    twin = value.detach().clone()
    return twin.requires_grad_() if backward and twin.is_floating_point() else twin


def copied(value: Any) -> Any:
    """A copy of something that is not a tensor; the thing itself if it cannot be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:  # a tensor inside that has a history, a lock, a generator
        return value


def same(a: Any, b: Any) -> bool:
    """Whether an argument is as it was: tensors and the usual containers are looked into, NaN being like NaN."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and torch.allclose(a.detach(), b.detach(), rtol=0, atol=0, equal_nan=True)
    if isinstance(a, (list, tuple)) and type(a) is type(b):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return a == b if isinstance(a, (int, float, str)) else type(a) is type(b)


def precise(value: Tensor) -> Tensor:
    """A tensor in float64, or complex128."""
    return value.detach().to(torch.complex128 if value.is_complex() else torch.float64)


def mix(value: Tensor) -> Tensor:
    """A real number that depends on every entry of a tensor, on each in another way."""
    value = torch.view_as_real(value) if value.is_complex() else value
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(value.shape, generator=generator, dtype=torch.float32, device="cpu")
    return (value * weights.to(value)).sum()
