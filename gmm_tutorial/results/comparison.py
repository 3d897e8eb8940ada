"""Several rows against one baseline: seeds as blocks, one pooled variance, intervals that hold for all rows together.

Each training's accuracy is taken as row + seed + noise. The noise has one spread in all rows, estimated from what rows
and seeds leave over. Dunnett's intervals hold for all rows of a family together: with four rows against one baseline
and intervals of 95 %, one family in twenty has an interval that misses the truth, not one in six.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, special, stats

from gmm_tutorial._checks import check_finite, check_number

__all__ = ["Blocked", "Contrast", "against", "blocked", "dunnett", "power"]


@dataclass(frozen=True)
class Blocked:
    """Rows that were all trained with the same seeds.

    Attributes:
        means: The mean of each row over seeds.
        seeds: The seeds.
        spread: The standard deviation of one training, after row and seed are taken away.
        freedom: Degrees of freedom of that spread.
    """

    means: dict[str, float]
    seeds: tuple[int, ...]
    spread: float
    freedom: int

    @property
    def error(self) -> float:
        """The standard error of the difference between two rows."""
        return self.spread * float(np.sqrt(2 / len(self.seeds)))


@dataclass(frozen=True)
class Contrast:
    """One row minus the baseline.

    Attributes:
        row: The row.
        baseline: What it is held against.
        difference: Of the means.
        half: Half-width of the interval; those of a family hold together.
        alone: Half-width of the row's own 90 % interval, by which equivalence is judged.
        family: How many rows are held against the baseline, this one among them.
        p: The probability of a difference as large somewhere in the family when no row differs from the baseline.
        equivalent: Whether that interval lies within the smallest difference of interest.
        detectable: The true difference that would be found with a probability of 80 %.
    """

    row: str
    baseline: str
    difference: float
    half: float
    alone: float
    family: int
    p: float
    equivalent: bool
    detectable: float


def blocked(accuracy: Mapping[str, Mapping[int, float]]) -> Blocked:
    """Split accuracies into rows, seeds and noise.

    Args:
        accuracy: Row -> seed -> accuracy. At least two rows and two seeds, and each row has all seeds.

    Returns:
        The means of the rows, and the spread of the noise.

    Raises:
        ValueError: If there are too few rows or seeds, a row lacks a seed, or an accuracy is not finite.

    Example:
        >>> fit = blocked({"a": {0: 1.0, 1: 2.0}, "b": {0: 3.0, 1: 5.0}})
        >>> fit.means, round(fit.spread, 4), fit.freedom
        ({'a': 1.5, 'b': 4.0}, 0.5, 1)
    """
    if len(accuracy) < 2:
        raise ValueError(f"accuracy has the rows {list(accuracy)}, but a comparison needs at least two")
    seeds = sorted(next(iter(accuracy.values())))
    for row, values in accuracy.items():
        if sorted(values) != seeds:
            raise ValueError(f"{row} has the seeds {sorted(values)}, but another row has {seeds}: all need the same")
        for value in values.values():
            check_finite(f"accuracy of {row}", value)
    if len(seeds) < 2:
        raise ValueError(f"accuracy has the seeds {seeds}, but a spread needs at least two")
    table = np.array([[values[seed] for seed in seeds] for values in accuracy.values()])
    noise = table - table.mean(1, keepdims=True) - table.mean(0, keepdims=True) + table.mean()
    freedom = (len(accuracy) - 1) * (len(seeds) - 1)
    means = dict(zip(accuracy, table.mean(1).tolist(), strict=True))
    return Blocked(means, tuple(seeds), float(np.sqrt((noise**2).sum() / freedom)), freedom)


def against(
    fit: Blocked, baseline: str, rows: Iterable[str], *, margin: float = 0.5, confidence: float = 0.95
) -> list[Contrast]:
    """Compare a family of rows with one baseline, by Dunnett's intervals.

    Args:
        fit: The rows of the family and the baseline, and any others that have the same spread.
        baseline: The row that the others are held against.
        rows: The family.
        margin: The smallest difference of interest: a row whose own 90 % interval lies within it is equivalent.
        confidence: Of all intervals of the family together.

    Returns:
        One contrast per row, in their order.

    Raises:
        ValueError: If a row is unknown, the family is empty, or a number is out of range.

    Example:
        >>> fit = blocked({"a": {0: 1.0, 1: 2.0, 2: 3.0}, "b": {0: 3.1, 1: 4.0, 2: 4.9}})
        >>> (contrast,) = against(fit, "a", ["b"])
        >>> round(contrast.difference, 2), round(contrast.half, 2)
        (2.0, 0.25)
    """
    rows = list(rows)
    for row in (baseline, *rows):
        if row not in fit.means:
            raise ValueError(f"{row!r} is not one of the rows, {', '.join(map(repr, fit.means))}")
    if not rows or baseline in rows:
        raise ValueError(f"rows is {rows}, but it must be rows other than the baseline, {baseline!r}")
    check_number("margin", margin, least=0)
    check_number("confidence", confidence, 0.5, 0.9999)
    critical = critical_value(len(rows), fit.freedom, confidence)
    alone = stats.t.ppf(0.95, fit.freedom) * fit.error  # two one-sided tests at 5 % are a 90 % interval
    detectable = found_by(0.8, critical, fit.freedom) * fit.error
    contrasts = []
    for row in rows:
        difference = fit.means[row] - fit.means[baseline]
        p = 1 - dunnett(abs(difference) / fit.error, len(rows), fit.freedom) if fit.error else float(difference == 0)
        equivalent = abs(difference) + alone <= margin
        contrasts.append(
            Contrast(row, baseline, difference, critical * fit.error, alone, len(rows), p, equivalent, detectable)
        )
    return contrasts


def dunnett(limit: float, rows: int, freedom: int) -> float:
    """The probability that no row of a family seems to differ from the baseline by more, when none does.

    Rows share the baseline, so that their differences from it are correlated by 1/2. Given the baseline's own error z
    and the estimated spread s, in units of the true ones, rows are independent: the probability is a power of a normal
    one, integrated over z and s.

    Args:
        limit: How many estimated standard errors a difference may have.
        rows: Number of rows that are held against the baseline.
        freedom: Degrees of freedom of the spread.

    Returns:
        The probability, 0 to 1.

    Example:
        >>> round(dunnett(2.228, 1, 10), 3)  # one row: Student's t
        0.95
    """
    z, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()

    def given(spread: np.ndarray) -> np.ndarray:
        reach = np.sqrt(2) * limit * spread[:, None]
        return (special.ndtr(z + reach) - special.ndtr(z - reach)) ** rows @ weight

    return over_spreads(given, freedom)


def power(difference: float, critical: float, freedom: int) -> float:
    """The probability that the estimate of a true difference, in standard errors, exceeds the critical value."""
    return over_spreads(
        lambda s: special.ndtr(difference - critical * s) + special.ndtr(-difference - critical * s), freedom
    )


@cache
def critical_value(rows: int, freedom: int, confidence: float) -> float:
    """How many estimated standard errors a family's intervals reach to each side."""
    return float(optimize.brentq(lambda limit: dunnett(limit, rows, freedom) - confidence, 0, 1000, xtol=1e-11))


@cache
def found_by(probability: float, critical: float, freedom: int) -> float:
    """The true difference, in standard errors, that is found with this probability."""
    return float(optimize.brentq(lambda d: power(d, critical, freedom) - probability, 0, 10 * critical + 10))


def over_spreads(given: Callable[[np.ndarray], np.ndarray], freedom: int) -> float:
    """The mean of a function of the estimated spread, in units of the true one."""
    spread, weight = spreads(freedom)
    return float(weight @ given(spread))


@cache
def spreads(freedom: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimated spreads and their probabilities, at the nodes of Gauss's rule."""
    spread = stats.chi(freedom, scale=freedom**-0.5)
    node, weight = np.polynomial.legendre.leggauss(200)
    low, high = spread.ppf(1e-14), spread.isf(1e-14)
    s = low + (high - low) * (node + 1) / 2
    return s, weight * spread.pdf(s) * (high - low) / 2
