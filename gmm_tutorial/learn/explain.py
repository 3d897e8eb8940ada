"""What is not as expected, in a sentence and with the numbers: at most 12 lines, however large the values are."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn import sandbox
from gmm_tutorial.learn.compare import Case, Outcome, close, entries_close

MOST_LINES = 12
MOST_ARGUMENTS = 6
WIDTH = 200
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
BROKEN = "is there a .detach(), .item() or NumPy on the way?"


@dataclass(frozen=True)
class Difference:
    """A difference in a sentence, what was expected there, and what came out instead.

    Args:
        sentence: What differs, and where.
        expected: The expected value, or the part of it that tells most.
        got: What the learner's function gave in its place.
    """

    sentence: str
    expected: str
    got: str


def difference(got: Outcome, expected: Outcome) -> Difference:
    """The first difference in kinds, shapes, values or gradients, in this order.

    Args:
        got: What the learner's function gives on a case.
        expected: What the reference gives on the same case; the two must not agree.

    Returns:
        The difference, with the place where it begins.

    Example:
        >>> from gmm_tutorial.learn.compare import outcome
        >>> difference(outcome(lambda n: n + 1, {"n": 1}), outcome(lambda n: n + 3, {"n": 1})).sentence
        'It is too small by 2.'
    """
    if not got.like(expected):
        sentence = f"It returns {described(got)}, but {described(expected)} is expected.{tip(got, expected)}"
        return Difference(sentence, listed(expected), listed(got))
    for place, (ours, theirs) in enumerate(zip(got.values, expected.values, strict=True)):
        if not close(ours, theirs):
            return difference_of_values(ours, theirs, subject(place, len(got.values)))
    place, name = got.wrong_gradient(expected) or (0, "")
    theirs = expected.gradients[place, name]
    ours = got.gradients.get((place, name), torch.zeros_like(theirs))
    of = f" of the {ordinal(place)} result" if len(got.values) > 1 else ""
    if not any(gradient.any() for gradient in got.gradients.values()):
        sentence = f"The values are right, but no gradient comes back: {BROKEN}"
    elif not ours.any():
        sentence = f"The values are right, but no gradient{of} reaches {name}: {BROKEN}"
    else:
        why = "is there a .detach(), or a step through Python numbers?"
        if ours.isnan().any():
            why = "it is NaN. Does something overflow, or is there a root of 0?"
        where = f", first at {index_of(ours, theirs)}" if ours.ndim else ""
        sentence = f"The values are right, but the gradient{of} with respect to {name} is wrong{where}: {why}"
    what = f"  (gradient of a weighted sum of the result with respect to {name})"
    return Difference(sentence, *(text + what for text in at_first_difference(ours, theirs)))


def difference_of_values(ours: Tensor, theirs: Tensor, who: str) -> Difference:
    """How two values differ that should be the same."""
    pair = at_first_difference(ours, theirs)
    if ours.shape != theirs.shape:
        needed = f"{tuple(theirs.shape)} is expected"
        return Difference(f"{who} has the shape {tuple(ours.shape)}, but {needed}.", *pair)
    if ours.isnan().any() and not theirs.isnan().any():
        return Difference(f"{who} contains NaN: is there a division by zero, or an overflow?", *pair)
    if not ours.ndim:
        if ours.is_complex() or not (ours - theirs).isfinite():
            return Difference(f"{who} has the wrong value.", *pair)
        gap = float(ours - theirs)
        return Difference(f"{who} is too {'large' if gap > 0 else 'small'} by {abs(gap):.4g}.", *pair)
    wrong = ~entries_close(ours, theirs)
    count = f"{int(wrong.sum())} of {wrong.numel()} values differ" if not wrong.all() else "all values differ"
    begin = "The shape is right, but" if who == "It" else f"{who} has the right shape, but"
    return Difference(f"{begin} {count}, first at {index_of(ours, theirs)}.", *pair)


def subject(place: int, count: int) -> str:
    """What a sentence is about: "It" if only one value is returned."""
    return "It" if count == 1 else f"The {ordinal(place)} result"


def ordinal(place: int) -> str:
    """0 -> "first"."""
    return ORDINALS[place] if place < len(ORDINALS) else f"{place + 1}th"


def described(outcome: Outcome) -> str:
    """What was returned, in words."""
    words = [each.words for each in outcome.kinds]
    if not outcome.container:
        return words[0]
    if not words:
        return f"an empty {outcome.container}"
    if len(words) == 1:
        return f"a {outcome.container} that holds only {words[0]}"
    held = ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) <= 4 else "..."
    return f"a {outcome.container} of {len(words)} values ({held})"


def tip(got: Outcome, expected: Outcome) -> str:
    """How to fix a wrong kind, where that is plain."""
    if len(got.kinds) == 1 and got.container and not expected.container:
        brackets = "without the brackets." if got.container == "list" else "is there a stray comma?"
        return f" Return the value itself{',' if got.container == 'list' else ':'} {brackets}"
    if got.kinds and got.container and not expected.container and not any(each.dtype for each in got.kinds):
        return " torch.tensor(...) makes a tensor of numbers."
    for ours, theirs in zip(got.kinds, expected.kinds, strict=False):
        if "generator" in ours.words:
            return " Use return instead of yield."
        if ours.words == "a NumPy array" and theirs.dtype:
            return " Stay with torch, or no gradient can come back."
        if (ours.family, theirs.family) == ("real", "whole"):
            return " Divide with // instead of /, or use int(...)."
    return ""


def listed(outcome: Outcome) -> str:
    """The kinds of what was returned, or the values themselves if they are short."""
    values = ", ".join(brief(value) for value in outcome.values)
    return values if 0 < len(values) <= 80 and len(outcome.values) == 1 else described(outcome)


def index_of(ours: Tensor, theirs: Tensor) -> list[int]:
    """The first place where two tensors of the same shape differ."""
    return (~entries_close(ours, theirs)).nonzero()[0].tolist()


def at_first_difference(ours: Tensor, theirs: Tensor) -> tuple[str, str]:
    """Expected and got: small tensors whole, of large ones the first entry that differs."""
    texts = brief(theirs), brief(ours)
    if ours.shape != theirs.shape:
        return texts
    small = theirs.numel() <= 36 and max(map(len, texts)) <= WIDTH
    if small and texts[0] != texts[1]:
        return texts
    place = index_of(ours, theirs)
    one, other = theirs[tuple(place)].item(), ours[tuple(place)].item()
    pair = (f"{rounded(one)}", f"{rounded(other)}")
    if pair[0] == pair[1]:
        pair = (f"{one:.8g}", f"{other:.8g}")
    where = f" at {place} of {tuple(theirs.shape)}" if place else ""
    return pair[0] + where, pair[1] + (f" at {place}" if place else "")


def show(case: Case, found: Difference) -> str:
    """A case in a few lines: what went in, what was expected, what came out."""
    arguments = [f"    {name} = {brief(value)}" for name, value in case.items()]
    if len(arguments) > MOST_ARGUMENTS:
        arguments[MOST_ARGUMENTS - 1 :] = [f"    and {len(arguments) - MOST_ARGUMENTS + 1} more arguments"]
    lines = ["  smallest failing case:", *arguments, f"    expected {found.expected}", f"    got      {found.got}"]
    return "\n".join(lines)


def brief(value: Any) -> str:
    """A value on one line: small tensors whole, with at most 4 decimals, large ones by their shape."""
    if not isinstance(value, Tensor):
        return shortened(repr(value), WIDTH // 2)
    shape = tuple(value.shape)
    if value.numel() > 36:
        return f"a tensor {shape}"
    return shortened(f"{rounded(value.tolist())}  {shape}" if shape else f"{rounded(value.item())}", 2 * WIDTH)


def rounded(value: Any) -> Any:
    """Nested lists of numbers, rounded to 4 decimals, whole numbers written as such."""
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, complex):
        return complex(round(value.real, 4), round(value.imag, 4))
    if not math.isfinite(value):
        return value
    if abs(value) >= 1e9:
        return float(f"{value:.6g}")
    nearest = round(value, 4)
    return int(nearest) if nearest == int(nearest) else nearest  # an int has no negative zero


def shortened(text: str, width: int = WIDTH) -> str:
    """A text without what goes beyond a width."""
    return text if len(text) <= width else f"{text[: width - 4]} ..."


def raised(error: BaseException, line: str) -> str:
    """An exception in a learner's code: its type, its message in at most four lines, and their own last line."""
    try:
        text = str(error)
    except BaseException:  # of a learner's own exception, the message can fail as well
        text = "(its message cannot be printed)"
    if "inplace operation" in text:
        text = "you overwrite a tensor that the backward pass still needs: make new ones, and put them together"
    if isinstance(error, SystemExit):
        text = "a function returns its result, and does not end the program"
    lines = [shortened(each) for each in text.strip().splitlines() if each.strip()]
    if len(lines) > 4:
        lines[2:-1] = ["..."]
    where = f"\n  in your line: {shortened(line)}" if line else ""
    return ": ".join([type(error).__name__, *["\n  ".join(lines)] * bool(lines)]) + where


def took_too_long(late: sandbox.TookTooLong) -> str:
    """What to say of a function that did not come to an end."""
    where = f"\n  in your line: {shortened(late.line)}" if late.line else ""
    text = f"did not finish within {sandbox.TIME_LIMIT:g} seconds and was stopped: is there a loop that never ends?"
    if not late.stopped:
        text = (
            f"did not finish within {sandbox.TIME_LIMIT:g} seconds and could not be stopped: it goes on in the "
            "background.\n  Restart the kernel when you have fixed it."
        )
    return text + where
