"""Patterns that depend on the arguments: the order of tokens on a grid and of groups, and arguments in the result."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Case
from gmm_tutorial.learn.patterns import Check, Pair, Pattern, name_of

# on the axes (..., h, w)
ON_GRID: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("are in reverse order within each row of the grid", lambda x: x.flip(-1)),
    ("have the rows of the grid in reverse order", lambda x: x.flip(-2)),
    ("are one row too late on the grid", lambda x: x.roll(1, -2)),
    ("are one row too early on the grid", lambda x: x.roll(-1, -2)),
    ("are one column too late on the grid", lambda x: x.roll(1, -1)),
    ("are one column too early on the grid", lambda x: x.roll(-1, -1)),
    ("are one row and one column too late on the grid", lambda x: x.roll((1, 1), (-2, -1))),
    ("are one row and one column too early on the grid", lambda x: x.roll((-1, -1), (-2, -1))),
)
PLACES = ((-2,), (-1,), (-2, -1))


def order_patterns(case: Case) -> Iterator[Pattern]:
    """The patterns that the arguments of an exercise allow, read off one case."""
    grids = [name for name, value in case.items() if is_pair(value)]
    counts = [name for name, value in case.items() if isinstance(value, int) and not isinstance(value, bool)]
    for name, axes in itertools.product(grids, PLACES):
        where = " and ".join(map(name_of, axes))
        for back in (False, True):
            sentence = f"Along {where}, the tokens are counted column by column; raster order goes row by row."
            yield Pattern(sentence, along(axes, partial(by_columns, name=name, back=back)))
        for what, function in ON_GRID:
            sentence = f"Along {where}, the tokens {what}."
            yield Pattern(sentence, along(axes, partial(on_grid, name=name, function=function)))
    for name, axis in itertools.product(counts, (-1, -2, -3)):
        for back in (False, True):
            sentence = (
                f"Along {name_of(axis)}, the numbers are right but dealt out in turn: the two factors of this axis"
            )
            yield Pattern(
                f"{sentence}, `{name}` and the rest, are in the wrong order.",
                along((axis,), partial(dealt, name=name, back=back)),
            )
    for name in grids:
        for order in itertools.permutations(range(4)):
            if order != (0, 1, 2, 3):
                sentence = f"Unfolded to (h, h, w, w), your result has the expected axes in the order {order}."
                yield Pattern(sentence, partial(unfolded, name=name, order=order))
    for name, value in case.items():
        if isinstance(value, Tensor):
            yield Pattern(f"It is `{name}` itself.", partial(itself, name=name))
            for multiple, text in ((1, ""), (2, "twice ")):
                for sign, word in ((1, "large"), (-1, "small")):
                    sentence = f"Each value is too {word} by {text}the value of `{name}` at its place."
                    yield Pattern(sentence, partial(off_by, name=name, factor=sign * multiple))


def is_pair(value: object) -> bool:
    """Whether an argument is a grid or a place."""
    return isinstance(value, tuple) and len(value) == 2 and all(isinstance(one, int) for one in value)


def along(axes: tuple[int, ...], function: Callable[[Tensor, Case], Tensor | None]) -> Check:
    """A check that changes the order along some axes, each by itself: what a function of the last axis does."""

    def check(theirs: Tensor, ours: Tensor, case: Case) -> Pair | None:
        if theirs.ndim < -min(axes):
            return None
        for axis in axes:
            other = function(theirs.movedim(axis, -1), case)
            if other is None:
                return None
            theirs = other.movedim(-1, axis)
        return theirs, ours

    return check


def by_columns(value: Tensor, case: Case, name: str, back: bool) -> Tensor | None:
    """The last axis, N = h w, in the order of columns; back: the other way."""
    h, w = case[name]
    if h < 1 or value.shape[-1] != h * w:
        return None
    return value.unflatten(-1, (w, h) if back else (h, w)).transpose(-2, -1).flatten(-2)


def on_grid(value: Tensor, case: Case, name: str, function: Callable[[Tensor], Tensor]) -> Tensor | None:
    """The last axis, N = h w, changed as a grid."""
    h, w = case[name]
    if h < 1 or value.shape[-1] != h * w:
        return None
    return function(value.unflatten(-1, (h, w))).flatten(-2)


def dealt(value: Tensor, case: Case, name: str, back: bool) -> Tensor | None:
    """The last axis, H D, in the order D H; back: the other way."""
    count = case[name]
    if count < 1 or value.shape[-1] % count:
        return None
    sizes = (-1, count) if back else (count, -1)
    return value.unflatten(-1, sizes).transpose(-2, -1).flatten(-2)


def unfolded(theirs: Tensor, ours: Tensor, case: Case, name: str, order: tuple[int, ...]) -> Pair | None:
    """The last two axes, (h h, w w), unfolded into four in another order."""
    h, w = case[name]
    if theirs.shape[-2:] != torch.Size((h * h, w * w)) or ours.shape[-2:].numel() != theirs.shape[-2:].numel():
        return None
    four = theirs.unflatten(-1, (w, w)).unflatten(-3, (h, h))
    front = range(four.ndim - 4)
    return four.permute(*front, *(four.ndim - 4 + axis for axis in order)).reshape(ours.shape), ours


def itself(theirs: Tensor, ours: Tensor, case: Case, name: str) -> Pair | None:
    """An argument, unchanged."""
    return case[name].double(), ours


def off_by(theirs: Tensor, ours: Tensor, case: Case, name: str, factor: int) -> Pair | None:
    """An argument of the same shape, or one that broadcasts to it, added to what is expected."""
    moved = theirs + factor * case[name].double()
    return (moved, ours) if moved.shape == theirs.shape else None
