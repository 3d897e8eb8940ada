"""Where an answer is right: parts of a value, and cases that have something in common."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import entries_close
from gmm_tutorial.learn.patterns import name_of
from gmm_tutorial.learn.scales import ENOUGH, Compared


def region_sentences(compared: Sequence[Compared]) -> Iterator[str]:
    """Parts of the last two axes, or of one in front, outside of which everything is right."""
    wrong = [each for each in compared if not each.right]
    if not all(each.ours.shape == each.theirs.shape for each in wrong):
        return
    for name, inside in regions():
        for only, flip in (("wrong", False), ("right", True)):
            outside_right, inside_wrong, inside_all = 0, 0, 0
            for each in wrong:
                mask = inside(each.theirs.shape)
                if mask is None:
                    break
                mask = (~mask if flip else mask).expand(each.theirs.shape)
                bad = ~entries_close(each.ours, each.theirs)
                if (bad & ~mask).any():
                    break
                outside_right += int((~mask).sum())
                inside_wrong, inside_all = inside_wrong + int(bad.sum()), inside_all + int(mask.sum())
            else:
                if outside_right >= ENOUGH and inside_wrong >= max(2, 0.7 * inside_all):
                    yield f"Only {name} {'are' if 'entries' in name else 'is'} {only}."


def regions() -> Iterator[tuple[str, Callable[[Sequence[int]], Tensor | None]]]:
    """Parts of a tensor, by name: for a shape, where they are; None if it has no such part."""

    def matrix(function: Callable[[Tensor], Tensor]) -> Callable[[Sequence[int]], Tensor | None]:
        return lambda shape: (
            function(torch.ones(shape[-2:])).bool() if len(shape) >= 2 and shape[-1] == shape[-2] else None
        )

    def edge(shape: Sequence[int]) -> Tensor | None:
        if len(shape) < 2 or min(shape[-2:]) < 3:
            return None
        mask = torch.ones(shape[-2:], dtype=torch.bool)
        mask[1:-1, 1:-1] = False
        return mask

    def end(axis: int, index: int) -> Callable[[Sequence[int]], Tensor | None]:
        def mask(shape: Sequence[int]) -> Tensor | None:
            if len(shape) < -axis or shape[axis] < 2:
                return None
            one = torch.zeros(tuple(shape[axis:]), dtype=torch.bool)
            one[index] = True
            return one

        return mask

    yield "the diagonal", matrix(lambda x: x.tril().triu())
    yield "the part above the diagonal", matrix(lambda x: x.triu(1))
    yield "the part below the diagonal", matrix(lambda x: x.tril(-1))
    for axis, index in itertools.product((-1, -2, -3, -4), (0, -1)):
        yield f"the {'last' if index else 'first'} entry along {name_of(axis)}", end(axis, index)
    yield "the border (the first and last rows and columns)", edge


def condition_sentences(compared: Sequence[Compared]) -> Iterator[str]:
    """A property of the arguments that all right cases have and no wrong one, if there is only one such property."""
    right = tuple(each.right for each in compared)
    found: dict[str, list[bool]] = {}
    shapes = set()
    for name in compared[0].case:
        values = [each.case[name] for each in compared]
        if all(isinstance(value, tuple) and len(value) == 2 for value in values):
            found[f"the two numbers of `{name}` are equal"] = [value[0] == value[1] for value in values]
        elif all(isinstance(value, int) for value in values):
            found[f"`{name}` is 1"] = [value == 1 for value in values]
        elif all(isinstance(value, Tensor) for value in values):
            if (sizes := tuple(value.shape for value in values)) not in shapes:  # q, k and v are alike
                for axis in range(-3, -1 - min(map(len, sizes)), -1):
                    found[f"axis {axis} of `{name}` has length 1"] = [size[axis] == 1 for size in sizes]
            shapes.add(sizes)
    fitting = [sentence for sentence, having in found.items() if tuple(having) == right]
    # two right ones of different sizes, and two wrong ones: less may be chance
    sizes_of = [{each.theirs.shape for each in compared if each.right == side} for side in (True, False)]
    if len(fitting) == 1 and min(map(len, sizes_of)) >= 2:
        yield f"Your result is right where {fitting[0]}, and wrong in all other cases."
