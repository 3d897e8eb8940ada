"""What turns expected values into wrong ones, whatever the exercise: signs, axes, steps along them, functions, regions.

A pattern is a sentence and a function that takes the expected value of a case, the learner's, and the case, and returns
two tensors that are equal if the sentence is true of this case; None if it cannot be.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Case

Pair = tuple[Tensor, Tensor]
Function = Callable[[Tensor], Tensor]
Check = Callable[[Tensor, Tensor, Case], Pair | None]
MOST_AXES = 4


class Pattern(NamedTuple):
    """A sentence, and what must be equal for it to be true."""

    sentence: str
    pair: Check


FUNCTIONS: tuple[tuple[str, Function], ...] = (
    ("{} the absolute value of the expected one: the sign is lost.", torch.abs),
    ("{} right where it is positive, and 0 where a negative value is expected.", torch.relu),
    ("{} the expected one subtracted from 1.", lambda x: 1 - x),
    ("{} the reciprocal of the expected one, 1/x instead of x.", torch.reciprocal),
    ("{} the square of the expected one: is a square root missing?", torch.square),
    ("{} the square root of the expected one: is there a root too many, or a square missing?", torch.sqrt),
    ("{} the exponential of the expected one: is there an exp() too many, or a logarithm missing?", torch.exp),
    ("{} the logarithm of the expected one: is there a log() too many, or an exp() missing?", torch.log),
    ("{} the base-2 logarithm of the expected one.", torch.log2),
    ("{} the expected one, rounded to a whole number.", torch.round),
)


def name_of(axis: int) -> str:
    """An axis as a reader counts it, from the end: cases may have more axes in front."""
    return "the last axis" if axis == -1 else f"axis {axis}"


def output_patterns() -> Iterator[Pattern]:
    """Every pattern of a value, the simplest first."""
    yield Pattern("The sign is wrong: each value is the negative of the expected one.", of(torch.neg))
    yield from axes_patterns()
    yield from shape_patterns()
    for sentence, function in FUNCTIONS:
        yield Pattern(sentence.format("Each value is"), of(function))
    yield from softmax_patterns()
    yield from reshape_patterns()


def of(function: Function, least: int = 0) -> Check:
    """The learner's value is a function of the expected one, which must have at least so many axes."""
    return lambda theirs, ours, case: (function(theirs), ours) if theirs.ndim >= least else None


def inverse(function: Function, least: int = 0) -> Check:
    """The expected value is a function of the learner's."""
    return lambda theirs, ours, case: (theirs, function(ours)) if ours.ndim >= least else None


def axes_patterns() -> Iterator[Pattern]:
    """Axes that have changed places, values in reverse order, and steps along an axis."""
    for first, second in itertools.combinations(range(-1, -MOST_AXES - 1, -1), 2):
        what = "transposed: its last two axes have" if (first, second) == (-1, -2) else None
        sentence = (
            f"The result is {what} changed places." if what else f"Axes {second} and {first} have changed places."
        )
        yield Pattern(sentence, of(exchanged(first, second), -second))
    for count in (3, 4):
        for order in itertools.permutations(range(count)):
            if sum(place != axis for place, axis in enumerate(order)) > 2:
                names = tuple(axis - count for axis in order)
                sentence = f"Your result has the expected axes in another order, {names}."
                yield Pattern(sentence, of(partial(permuted, names=names), count))
    for axis in range(-1, -MOST_AXES - 1, -1):
        yield Pattern(f"The values are in reverse order along {name_of(axis)}.", flipped(axis))
    yield Pattern("The values are in reverse order along both of the last two axes.", flipped(-1, -2))
    for axis in range(-1, -MOST_AXES - 1, -1):
        for step in (1, -1):
            where = "late" if step > 0 else "early"
            sentence = f"The values are one step too {where} along {name_of(axis)}"
            rolled = of(partial(torch.roll, shifts=step, dims=axis), -axis)
            yield Pattern(f"{sentence}; those that leave at one end come back at the other.", rolled)
            yield Pattern(f"{sentence}.", shifted(axis, step))


def exchanged(first: int, second: int, reshape: bool = False) -> Function:
    """Two axes exchanged; and then, with reshape, the numbers poured into the old shape."""

    def exchange(value: Tensor) -> Tensor:
        other = value.transpose(first, second)
        return other.reshape(value.shape) if reshape else other

    return exchange


def normalized(value: Tensor, axis: int) -> Tensor:
    """Divided by its sum along an axis."""
    return value / value.sum(axis, keepdim=True)


def permuted(value: Tensor, names: tuple[int, ...]) -> Tensor:
    """The last axes in another order."""
    front = list(range(value.ndim - len(names)))
    return value.permute(*front, *(value.ndim + name for name in names))


def flipped(*axes: int) -> Check:
    """The expected value, reversed along some axes."""
    return of(lambda x: x.flip(axes), -min(axes))


def shifted(axis: int, step: int) -> Check:
    """The learner's values lie a step further along an axis; what enters at the end may be anything."""

    def pair(theirs: Tensor, ours: Tensor, case: Case) -> Pair | None:
        if theirs.ndim < -axis or theirs.shape != ours.shape:
            return None
        count = theirs.shape[axis] - 1
        if not count:
            return theirs, ours
        return theirs.narrow(axis, max(0, -step), count), ours.narrow(axis, max(0, step), count)

    return pair


def shape_patterns() -> Iterator[Pattern]:
    """The right numbers in another shape, an axis that was or was not reduced, and what is cut off."""
    yield Pattern(
        "The numbers are right and in the right order, but the shape is not.",
        lambda theirs, ours, case: (theirs.flatten(), ours.flatten()) if theirs.shape != ours.shape else None,
    )
    for axis in range(-1, -MOST_AXES - 1, -1):
        for verb, noun, reduce in (("Add up", "sum", torch.sum), ("Take the mean", "mean", torch.mean)):
            for keep in (False, True):
                over = f"{noun} over {name_of(axis)}"
                function = partial(reduce, dim=axis, keepdim=keep)
                where = f"over {name_of(axis)} of your result"
                yield Pattern(f"{verb} {where}: that gives what is expected.", inverse(function, -axis))
                yield Pattern(f"It is the {over} of what is expected: keep that axis.", of(function, -axis))
        first = of(partial(torch.select, dim=axis, index=0), -axis)
        yield Pattern(f"Only the first part along {name_of(axis)} is there, without the others.", first)
        for what, start in (("first", 1), ("last", 0)):
            yield Pattern(f"The {what} entry along {name_of(axis)} is missing.", cut(axis, start))
    yield Pattern("It is the mean of what is expected over all axes: keep them apart.", reduced(torch.mean))
    yield Pattern("It is the sum of what is expected over all axes: keep them apart.", reduced(torch.sum))
    yield Pattern("It is only the diagonal of what is expected.", of(lambda x: x.diagonal(dim1=-2, dim2=-1), least=2))


def cut(axis: int, start: int) -> Check:
    """The expected value without its first entry along an axis (start 1), or without its last (start 0)."""
    return of(lambda x: x.narrow(axis, start, x.shape[axis] - 1), -axis)


def reduced(reduce: Function) -> Check:
    """One number instead of a tensor."""
    return lambda theirs, ours, case: (reduce(theirs), ours) if not ours.ndim else None


def softmax_patterns() -> Iterator[Pattern]:
    """A softmax, or the division of each row by its sum, that is missing or should not be there."""
    for axis in (-1, -2):
        softmax = partial(torch.softmax, dim=axis)
        yield Pattern(f"A softmax of your result over {name_of(axis)} gives what is expected.", inverse(softmax, -axis))
        yield Pattern(f"It is what is expected, with one more softmax over {name_of(axis)}.", of(softmax, -axis))
    along = (("row", -1), ("column", -2))
    for what, axis in along:
        divided = partial(normalized, axis=axis)
        yield Pattern(f"Each {what} must still be divided by its sum.", inverse(divided, -axis))
        yield Pattern(f"Each {what} is divided by its sum, but it should not be.", of(divided, -axis))


def reshape_patterns() -> Iterator[Pattern]:
    """A reshape where an axis has to move."""
    for first, second in itertools.combinations(range(-1, -MOST_AXES - 1, -1), 2):
        sentence = (
            f"Read in order, your numbers are the expected ones with axes {second} and {first} exchanged: "
            "is there a reshape where an axis has to move? A reshape moves none."
        )
        swapped = exchanged(first, second, reshape=True)
        yield Pattern(sentence, of(swapped, -second))
        yield Pattern(
            sentence.replace("your numbers are the expected", "the expected numbers are your"),
            inverse(swapped, -second),
        )
