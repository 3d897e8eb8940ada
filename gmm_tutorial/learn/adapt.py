"""A right answer whose values are of a slightly other kind gives the notebook what the reference would give."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Outcome
from gmm_tutorial.learn.kinds import Kind

NUMBERS: dict[str, Callable[[Any], Any]] = {"real": float, "whole": int, "truth": bool, "complex": complex}


def adapted(
    function: Callable[..., Any], name: str, got: Sequence[Outcome], expected: Sequence[Outcome]
) -> Callable[..., Any]:
    """The same function, whose results have the reference's kinds.

    Args:
        function: A learner's function that is right.
        name: What to call it, if it has no name.
        got: What it returned in each case.
        expected: What the reference returns in each case.

    Returns:
        The function itself if its results were of the reference's kinds in every case. Otherwise one that calls it,
        under its name and with its docstring: it makes tensors of numbers, numbers of tensors, and tuples of lists,
        and turns float64 into float32 unless an argument is float64.

    Example:
        >>> from gmm_tutorial.learn.compare import outcome
        >>> case = {"x": torch.tensor([1.0, 3.0])}
        >>> mean = lambda x: x.mean().item()
        >>> adapted(mean, "mean", [outcome(mean, case)], [outcome(torch.mean, case)])(torch.tensor([1.0, 3.0]))
        tensor(2.)
    """
    if all((o.container, o.kinds) == (t.container, t.kinds) for o, t in zip(got, expected, strict=True)):
        return function
    kinds, single = expected[0].kinds, not expected[0].container

    @wraps(function)
    def converted(*arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        values = (result,) if single else result
        if not isinstance(values, (tuple, list)) or len(values) != len(kinds):
            return result
        inputs = [one.dtype for one in (*arguments, *named.values()) if isinstance(one, Tensor)]
        values = tuple(convert(value, kind, inputs) for value, kind in zip(values, kinds, strict=True))
        return values[0] if single else values

    converted.__name__ = getattr(function, "__name__", name)
    return converted


def convert(value: Any, kind: Kind, inputs: Sequence[torch.dtype]) -> Any:
    """A value as one of a kind; what cannot be converted is left alone."""
    if kind.dtype is None:
        plain = value.item() if isinstance(value, (Tensor, np.ndarray, np.generic)) else value
        return NUMBERS[kind.family](plain)
    dtype = kind.dtype
    for each in inputs if dtype.is_floating_point else ():
        dtype = torch.promote_types(dtype, each) if each.is_floating_point else dtype
    return value.to(dtype) if isinstance(value, Tensor) else torch.tensor(value, dtype=dtype)
