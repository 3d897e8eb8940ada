"""Values that are right up to a factor or a constant, which is named by the sizes of the case where one fits."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Case, close

CONSTANTS = {
    "the square root of 2": math.sqrt(2),
    "1 over the square root of 2": 1 / math.sqrt(2),
    "pi": math.pi,
    "2 pi": 2 * math.pi,
    "1 / (2 pi)": 1 / (2 * math.pi),
    "the square root of 2 pi": math.sqrt(2 * math.pi),
    "1 over the square root of 2 pi": 1 / math.sqrt(2 * math.pi),
    "e": math.e,
    "ln 2": math.log(2),
    "1 / ln 2": 1 / math.log(2),
}
POWERS: tuple[tuple[str, float], ...] = (
    ("multiplied by {}", 1),
    ("divided by {}", -1),
    ("multiplied by the square root of {}", 0.5),
    ("divided by the square root of {}", -0.5),
    ("multiplied by the square of {}", 2),
    ("divided by the square of {}", -2),
)
MULTIPLES = (1, 2, 3, 4, 5)
ENOUGH = 3


class Compared(NamedTuple):
    """One returned value in one case: the arguments, what is expected, and what the learner's function gave."""

    case: Case
    theirs: Tensor
    ours: Tensor

    @property
    def right(self) -> bool:
        """Whether the learner's value is the expected one."""
        return close(self.ours, self.theirs)


def quantities(cases: Sequence[Case]) -> dict[str, tuple[float, ...]]:
    """What a factor may be named after: numbers among the arguments, sizes of grids and of axes, in each case."""
    found: dict[str, tuple[float, ...]] = {}
    for name in cases[0]:
        values = [case[name] for case in cases]
        if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
            found[f"`{name}`"] = tuple(map(float, values))
        elif all(isinstance(value, tuple) and len(value) == 2 for value in values):
            first, second = ("h", "w") if name == "grid" else (f"{name}[0]", f"{name}[1]")
            if all(isinstance(one, int) for value in values for one in value):
                found[f"`{first}`"] = tuple(float(value[0]) for value in values)
                found[f"`{second}`"] = tuple(float(value[1]) for value in values)
                found[f"`{first} * {second}`"] = tuple(float(value[0] * value[1]) for value in values)
        elif all(isinstance(value, list) for value in values):
            found[f"`len({name})`"] = tuple(float(len(value)) for value in values)
        elif all(isinstance(value, Tensor) for value in values):
            counts = [value.ndim for value in values]
            front = range(min(counts)) if len(set(counts)) > 1 else ()
            for axis in (*range(-1, -1 - min(counts), -1), *front):
                found[f"`{name}.shape[{axis}]`"] = tuple(float(value.shape[axis]) for value in values)
    return found


def scale_sentence(compared: Sequence[Compared]) -> str | None:
    """How the values are off by a factor or a constant; None if they are not."""
    if any(each.ours.shape != each.theirs.shape for each in compared):
        return None
    return factor_sentence(compared) or constant_sentence(compared)


def factor_sentence(compared: Sequence[Compared]) -> str | None:
    """Whether each value is the expected one times a factor, and which."""
    ratios = [factor(each.theirs, each.ours) for each in compared]
    if any(ratio is None for ratio in ratios):
        return None
    known = [(i, ratio) for i, ratio in enumerate(ratios) if ratio is not None and not math.isnan(ratio)]
    if evidence(compared, informative_for_factor) < ENOUGH:
        return None
    if same([ratio for _, ratio in known]):
        ratio = known[0][1]
        if abs(ratio) < 1e-4:
            return "Each value is 0."
        special = next(
            (f" ({name})" for name, value in CONSTANTS.items() if math.isclose(ratio, value, rel_tol=1e-4)), ""
        )
        words = {2: "twice", 0.5: "half of", 0.25: "a quarter of", -1: "the negative of"}
        simple = next((text for value, text in words.items() if math.isclose(ratio, value, rel_tol=1e-4)), None)
        return f"Each value is {simple or f'{ratio:.4g} times'} the expected one{special}."
    sizes = quantities([each.case for each in compared])
    for power, exponent in POWERS:
        names = [
            name
            for name, values in sizes.items()
            if all(values[i] > 0 and math.isclose(ratio, values[i] ** exponent, rel_tol=1e-3) for i, ratio in known)
        ]
        if names:
            return f"Each value is the expected one {power.format(' or '.join(names[:2]))}."
    if ratio_of_sizes := quotient(known, sizes):
        return f"Each value is the expected one multiplied by {ratio_of_sizes}."
    if all(each.right or each.theirs.unique().numel() > ENOUGH for each in compared):
        first = next(ratio for i, ratio in known if not compared[i].right)
        return f"The values are right up to a factor, in the smallest failing case {first:.4g}."
    return None


def quotient(known: Sequence[tuple[int, float]], sizes: dict[str, tuple[float, ...]]) -> str | None:
    """A factor that is one size over another, or its square root, in words; None unless there is exactly one."""
    found: dict[tuple[float, ...], str] = {}
    for (above, one), (below, other) in itertools.permutations(sizes.items(), 2):
        for exponent, words in ((1.0, "{} / {}"), (0.5, "the square root of {} / {}")):
            if all(
                one[i] > 0 and other[i] > 0 and math.isclose(ratio, (one[i] / other[i]) ** exponent, rel_tol=1e-3)
                for i, ratio in known
            ):
                found.setdefault((*one, *other), words.format(above, below))
    return next(iter(found.values())) if len(found) == 1 else None


def factor(theirs: Tensor, ours: Tensor) -> float | None:
    """The factor between two tensors, NaN if any would do because both are 0; None if there is no such factor."""
    nonzero = theirs.abs() > 1e-6 * theirs.abs().max() if theirs.numel() else theirs.bool()
    if not nonzero.any():
        return math.nan if close(ours, theirs) else None
    largest = theirs.abs().argmax()
    ratio = float(ours.flatten()[largest] / theirs.flatten()[largest])
    return ratio if math.isfinite(ratio) and close(ours, theirs * ratio) else None


def informative_for_factor(theirs: Tensor) -> int:
    """Number of different values that a factor would change."""
    return theirs[theirs != 0].unique().numel()


def evidence(compared: Sequence[Compared], informative: Callable[[Tensor], int]) -> int:
    """How much the wrong cases tell, in different values."""
    return sum(informative(each.theirs) for each in compared if not each.right)


def same(values: Sequence[float]) -> bool:
    """Whether all numbers are equal."""
    return bool(values) and all(math.isclose(value, values[0], rel_tol=1e-4, abs_tol=1e-5) for value in values)


def constant_sentence(compared: Sequence[Compared]) -> str | None:
    """Whether each value is off by a constant, and by which."""
    gaps = [gap(each.theirs, each.ours) for each in compared]
    if any(one is None for one in gaps) or evidence(compared, lambda x: x.unique().numel()) < ENOUGH:
        return None
    known = [one for one in gaps if one is not None]
    if same(known):
        return f"Each value is too {'large' if known[0] > 0 else 'small'} by {abs(known[0]):.4g}."
    for name, values in quantities([each.case for each in compared]).items():
        for multiple in MULTIPLES:
            for sign, word in ((1, "large"), (-1, "small")):
                exact = all(
                    math.isclose(one, sign * multiple * value, rel_tol=1e-4, abs_tol=1e-5)
                    for one, value in zip(known, values, strict=True)
                )
                if exact and sum(not each.right for each in compared) >= 2:
                    return f"Each value is too {word} by {f'{multiple} times ' if multiple > 1 else ''}{name}."
    if all(each.right or each.theirs.unique().numel() > ENOUGH for each in compared):
        first = next(one for one, each in zip(known, compared, strict=True) if not each.right)
        return f"The values are right up to an added constant: {first:.4g} in the smallest failing case."
    return None


def gap(theirs: Tensor, ours: Tensor) -> float | None:
    """The constant between two tensors, if there is one."""
    if not theirs.numel():
        return None
    difference = ours - theirs
    middle = float(difference.flatten()[0])
    return middle if math.isfinite(middle) and close(ours, theirs + middle) else None


def line_sentences(compared: Sequence[Compared]) -> Iterator[str]:
    """Whether each row or column is right up to a factor or a constant of its own."""
    if any(each.ours.shape != each.theirs.shape for each in compared):
        return
    for what, axis in (("row", -1), ("column", -2)):
        if any(each.theirs.ndim < -axis or each.theirs.shape[axis] < 2 for each in compared if not each.right):
            continue
        wrong = [each for each in compared if not each.right]
        if sum(each.theirs.numel() - each.theirs.select(axis, 0).numel() for each in wrong) < 2 * ENOUGH:
            continue
        if all(
            torch.equal(each.theirs, each.theirs.select(axis, 0).unsqueeze(axis).expand_as(each.theirs))
            for each in wrong
        ):
            continue
        if all(
            close(each.ours, each.theirs * (each.ours / each.theirs).select(axis, 0).unsqueeze(axis)) for each in wrong
        ):
            yield f"Each {what} is right up to a factor of its own."
        if all(
            close(each.ours, each.theirs + (each.ours - each.theirs).select(axis, 0).unsqueeze(axis)) for each in wrong
        ):
            yield f"Each {what} is right up to a constant that is added to it."
