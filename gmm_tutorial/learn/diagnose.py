"""What went wrong when no usual mistake fits: equalities that hold in every case, and cannot hold by chance.

Each diagnosis states what was found, as "each value is twice the expected one". It is made only if it is true of all
cases, the right ones too, and if the wrong ones together show it in at least `ENOUGH` different numbers.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Case, Outcome, close, entries_close
from gmm_tutorial.learn.patterns import Pattern, in_other_places, name_of, output_patterns
from gmm_tutorial.learn.scales import ENOUGH, Compared, scale_sentence
from gmm_tutorial.learn.variants import perturbed, variants

Values = Sequence[Tensor]
Runner = Callable[[Case], Outcome | None]


def diagnose(
    cases: Sequence[Case], got: Sequence[Outcome], expected: Sequence[Outcome], reference: Runner, answer: Runner
) -> str | None:
    """Say what the wrong values have to do with the expected ones.

    Args:
        cases: The arguments of each case.
        got: What the learner's function gave in each.
        expected: What the reference gives in each.
        reference: Runs the reference on other arguments; None if it cannot take them.
        answer: Runs the learner's function on other arguments; None if it does not come back with a value.

    Returns:
        A sentence, or two; None if nothing is found, or if the values are of another kind than expected.

    Example:
        >>> from gmm_tutorial.learn.compare import outcome
        >>> cases = [{"x": torch.tensor([1.0, 2, 4])}, {"x": torch.tensor([3.0, -1])}]
        >>> got, expected = ([outcome(f, case) for case in cases] for f in (lambda x: 2 * x, lambda x: x))
        >>> diagnose(cases, got, expected, lambda case: None, lambda case: None)
        'Each value is twice the expected one.'
    """
    if not all(ours.like(theirs) for ours, theirs in zip(got, expected, strict=True)):
        return None
    count = len(expected[0].values)
    if count == 2 and all(all(map(close, o.values[::-1], t.values)) for o, t in zip(got, expected, strict=True)):
        return "Both results are right, but in the other order."
    for place in range(count):
        compared = [
            Compared(case, theirs.values[place], ours.values[place])
            for case, ours, theirs in zip(cases, got, expected, strict=True)
        ]
        if all(each.right for each in compared):
            continue
        if not all(each.ours.isfinite().all() for each in compared):
            return None
        found = first_sentence(compared, place, reference, answer)
        which = ("The first", "The second", "The third", "The fourth")[min(place, 3)]
        return found and (f"{which} of the {count} results: {found[0].lower()}{found[1:]}" if count > 1 else found)
    return None


def first_sentence(compared: Sequence[Compared], place: int, reference: Runner, answer: Runner) -> str | None:
    """The first sentence that holds, from the most telling to the least."""
    real = not any(each.ours.is_complex() or each.theirs.is_complex() for each in compared)
    for pattern in output_patterns() if real else ():
        if holds(pattern, compared):
            return pattern.sentence
    return (
        (scale_sentence(compared) if real else None)
        or next(argument_sentences(compared, place, reference), None)
        or next(sums_sentences(compared), None)
        or next(unused_sentences(compared, place, reference, answer), None)
        or (in_other_places().sentence if real and holds(in_other_places(), compared) else None)
        or next(region_sentences(compared), None)
        or next(condition_sentences(compared), None)
    )


def holds(pattern: Pattern, compared: Sequence[Compared]) -> bool:
    """Whether a pattern is true of every case, and shown by enough numbers of the wrong ones."""
    shown = 0
    for each in compared:
        try:
            pair = pattern.pair(each.theirs, each.ours)
            plain = pattern.pair(each.theirs, each.theirs)
        except (RuntimeError, IndexError):  # an axis that is not there
            return False
        if pair is None or not pair[0].isfinite().all() or not close(pair[1], pair[0]):
            return False
        if not each.right:
            shown += told_apart(pair[0], plain)
    return shown >= ENOUGH


def told_apart(wanted: Tensor, plain: tuple[Tensor, Tensor] | None) -> int:
    """In how many different numbers the pattern would not be true of a right answer."""
    if plain is None or plain[0].shape != plain[1].shape:
        return wanted.unique().numel()
    return wanted[~entries_close(plain[1], plain[0])].unique().numel()


def argument_sentences(compared: Sequence[Compared], place: int, reference: Runner) -> Iterator[str]:
    """What the reference gives when arguments are read in another way."""
    for variant in variants([each.case for each in compared]):
        shown = 0
        for each in compared:
            try:
                other = reference(variant.change(each.case))
            except Exception:  # this change does not fit the case
                break
            if other is None or len(other.values) <= place or not close(each.ours, other.values[place]):
                break
            if not each.right:
                value = other.values[place]
                shown += told_apart(value, (value, each.theirs))
        else:
            if shown >= ENOUGH:
                yield f"This is what comes out when {variant.sentence}."


def sums_sentences(compared: Sequence[Compared]) -> Iterator[str]:
    """Weights that sum to 1 along a wrong axis."""
    if not all(each.theirs.ndim >= 2 and each.ours.shape == each.theirs.shape for each in compared):
        return
    if not all(sums_to_one(each.theirs, -1) for each in compared) or all(
        sums_to_one(each.ours, -1) for each in compared
    ):
        return
    for axis in (-2, -3):
        if all(each.ours.ndim >= -axis and sums_to_one(each.ours, axis) for each in compared):
            yield f"Your weights sum to 1 along {name_of(axis)}; they must sum to 1 along the last axis."
    if all(close(each.ours.sum((-2, -1)), torch.ones_like(each.ours.sum((-2, -1)))) for each in compared):
        yield "Your weights sum to 1 over the last two axes together; they must sum to 1 along the last axis."


def sums_to_one(value: Tensor, axis: int) -> bool:
    """Whether a value sums to 1 along an axis, everywhere."""
    total = value.sum(axis)
    return value.shape[axis] > 1 and close(total, torch.ones_like(total))


def unused_sentences(compared: Sequence[Compared], place: int, reference: Runner, answer: Runner) -> Iterator[str]:
    """Arguments that change nothing, though they should."""
    for name, value in compared[0].case.items():
        if not isinstance(value, Tensor):
            continue
        shown = 0
        for each in compared:
            other = perturbed(each.case[name])
            if other is None:
                continue
            try:
                theirs, ours = reference({**each.case, name: other}), answer({**each.case, name: other})
            except Exception:  # the learner's function cannot take this
                break
            if theirs is None or ours is None or len(ours.values) <= place:
                break
            if not torch.equal(ours.values[place], each.ours):
                break
            shown += not close(theirs.values[place], each.theirs)
        else:
            if shown >= min(2, len(compared)):
                yield f"The result does not change when `{name}` changes: is it used?"


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
    if not any(right) or len(right) <= ENOUGH:
        return
    found: dict[str, tuple[bool, ...]] = {}
    shapes = set()
    for name in compared[0].case:
        values = [each.case[name] for each in compared]
        if all(isinstance(value, tuple) and len(value) == 2 for value in values):
            found[f"the two numbers of `{name}` are equal"] = tuple(value[0] == value[1] for value in values)
        elif all(isinstance(value, int) for value in values):
            found[f"`{name}` is 1"] = tuple(value == 1 for value in values)
        elif all(isinstance(value, Tensor) for value in values):
            if (sizes := tuple(value.shape for value in values)) not in shapes:  # q, k and v are alike
                for axis in range(-3, -1 - min(map(len, sizes)), -1):
                    found[f"{name_of(axis)} of `{name}` has length 1"] = tuple(size[axis] == 1 for size in sizes)
            shapes.add(sizes)
    fitting = [sentence for sentence, having in found.items() if having == right]
    if len(fitting) == 1:
        yield f"Your result is right where {fitting[0]}, and wrong in all other cases."
