"""What went wrong when no usual mistake fits: equalities that hold in every case, and cannot hold by chance.

Each diagnosis states what was found, as "each value is twice the expected one". It is made only if it is true of all
cases, the right ones too, and if the wrong ones together show it in at least `ENOUGH` different numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Case, Outcome, close, entries_close
from gmm_tutorial.learn.explain import ordinal
from gmm_tutorial.learn.order import order_patterns
from gmm_tutorial.learn.patterns import Pattern, name_of, output_patterns
from gmm_tutorial.learn.regions import condition_sentences, region_sentences
from gmm_tutorial.learn.sandbox import TookTooLong
from gmm_tutorial.learn.scales import ENOUGH, Compared, line_sentences, scale_sentence
from gmm_tutorial.learn.variants import shuffled, variants

Values = Sequence[Tensor]
Runner = Callable[[Case], Outcome]


class Trial(NamedTuple):
    """One case: what the learner's function gave, and what was expected."""

    case: Case
    got: Outcome
    expected: Outcome


def with_shuffled(
    cases: Sequence[Case], got: Sequence[Outcome], expected: Sequence[Outcome], reference: Runner, answer: Runner
) -> list[Trial]:
    """The cases, and each again with its numbers shuffled: in the tidy ones, too much is true by chance.

    Args:
        cases: The arguments of each case.
        got: What the learner's function gave in each.
        expected: What the reference gives in each.
        reference: Runs the reference on other arguments.
        answer: Runs the learner's function on other arguments.

    Returns:
        The cases in their order, then those of the shuffled ones that both functions can take.
    """
    trials = [Trial(*each) for each in zip(cases, got, expected, strict=True)]
    for case in cases:
        other = shuffled(case)
        try:
            trial = Trial(other, answer(other), reference(other))
        except TookTooLong:
            break
        except Exception:  # numbers in an order that one of the two cannot take
            continue
        values = (*trial.got.values, *trial.expected.values)
        if trial.got.like(trial.expected) and all(value.isfinite().all() for value in values):
            trials.append(trial)
    return trials


def diagnose(trials: Sequence[Trial], reference: Runner, answer: Runner) -> str | None:
    """Say what the wrong values have to do with the expected ones.

    Args:
        trials: The cases, with what came out and what was expected.
        reference: Runs the reference on other arguments.
        answer: Runs the learner's function on other arguments.

    Returns:
        A sentence, or two; None if nothing is found, or if the values are of another kind than expected.

    Example:
        >>> from functools import partial
        >>> from gmm_tutorial.learn.compare import outcome
        >>> cases = [{"x": torch.tensor([1.0, 2, 4])}, {"x": torch.tensor([3.0, -1])}]
        >>> reference, answer = partial(outcome, lambda x: x), partial(outcome, lambda x: 2 * x)
        >>> diagnose([Trial(case, answer(case), reference(case)) for case in cases], reference, answer)
        'Each value is twice the expected one.'
    """
    if not all(trial.got.like(trial.expected) for trial in trials):
        return None
    count = len(trials[0].expected.values)
    if count == 2 and all(all(map(close, t.got.values[::-1], t.expected.values)) for t in trials):
        return "Both results are right, but in the other order."
    for place in range(count):
        compared = [Compared(t.case, t.expected.values[place], t.got.values[place]) for t in trials]
        if all(each.right for each in compared):
            continue
        if not all(each.ours.isfinite().all() for each in compared):
            return None
        found = first_sentence(compared, place, reference, answer)
        if found and count > 1:
            return f"The {ordinal(place)} of the {count} results is wrong: {found[0].lower()}{found[1:]}"
        return found
    return None


def first_sentence(compared: Sequence[Compared], place: int, reference: Runner, answer: Runner) -> str | None:
    """The first sentence that holds, from the most telling to the least."""
    real = not any(each.ours.is_complex() or each.theirs.is_complex() for each in compared)
    return (
        (next(pattern_sentences(output_patterns(), compared), None) if real else None)
        or (scale_sentence(compared) if real else None)
        or (next(pattern_sentences(order_patterns(compared[0].case), compared), None) if real else None)
        or next(argument_sentences(compared, place, reference), None)
        or (next(line_sentences(compared), None) if real else None)
        or next(sums_sentences(compared), None)
        or next(unused_sentences(compared, place, reference, answer), None)
        or next(moved_sentences(compared), None)
        or next(region_sentences(compared), None)
        or next(condition_sentences(compared), None)
    )


def pattern_sentences(patterns: Iterator[Pattern], compared: Sequence[Compared]) -> Iterator[str]:
    """The patterns that hold."""
    return (pattern.sentence for pattern in patterns if holds(pattern, compared))


def holds(pattern: Pattern, compared: Sequence[Compared]) -> bool:
    """Whether a pattern is true of every case, and shown by enough numbers of the wrong ones."""
    shown = 0
    for each in compared:
        try:
            pair = pattern.pair(each.theirs, each.ours, each.case)
            plain = pattern.pair(each.theirs, each.theirs, each.case)
        except (RuntimeError, IndexError):  # an axis that is not there
            return False
        if pair is None or not pair[0].isfinite().all() or not close(pair[1], pair[0]):
            return False
        if not each.right:
            shown += told_apart(pair[0], (each.ours, each.theirs) if pair[0].shape == each.ours.shape else plain)
    return shown >= ENOUGH


def told_apart(wanted: Tensor, pair: tuple[Tensor, Tensor] | None) -> int:
    """In how many different numbers a value shows what is claimed: those where two tensors differ, or all of it."""
    if pair is None or pair[0].shape != pair[1].shape or pair[0].shape != wanted.shape:
        return wanted.unique().numel()
    return wanted[~entries_close(*pair)].unique().numel()


def argument_sentences(compared: Sequence[Compared], place: int, reference: Runner) -> Iterator[str]:
    """What the reference gives when arguments are read in another way."""
    for variant in variants([each.case for each in compared]):
        shown = 0
        for number, each in enumerate(compared):
            try:
                other = reference(variant.change(each.case, number))
            except Exception:  # this change does not fit the case
                break
            if len(other.values) <= place or not close(each.ours, other.values[place]):
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
            other = shuffled(each.case, [name])
            try:
                theirs, ours = reference(other), answer(other)
            except Exception:  # the learner's function cannot take this
                break
            if not ours.like(theirs) or not torch.equal(ours.values[place], each.ours):
                break
            shown += not close(theirs.values[place], each.theirs)
        else:
            if shown >= min(2, len(compared)):
                yield f"The result does not change when `{name}` changes: is it used?"


def moved_sentences(compared: Sequence[Compared]) -> Iterator[str]:
    """The right numbers in some other order."""
    shown = 0
    for each in compared:
        if each.ours.numel() != each.theirs.numel() or each.ours.is_complex() or each.theirs.is_complex():
            return
        if not close(each.ours.flatten().sort().values, each.theirs.flatten().sort().values):
            return
        shown += each.theirs.unique().numel() * (not each.right)
    if shown > 2 * ENOUGH:
        yield "The numbers are the right ones, but in the wrong places: are the axes and their order right?"
