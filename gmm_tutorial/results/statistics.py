"""Statistics of several runs: a mean with its interval, and a difference paired by seed."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student_t

if TYPE_CHECKING:  # numbers alone need no receipts, nor all that receipts load
    from gmm_tutorial.results.receipts import Receipt


def interval(values: Iterable[float]) -> tuple[float, float]:
    """Mean and half-width of its 95 % confidence interval (Student's t).

    Args:
        values: At least one number.

    Returns:
        The mean, and the half-width, which is nan for a single value.

    Raises:
        ValueError: If there is no value, or one that is not finite.

    Example:
        >>> mean, half = interval([1.0, 2.0, 3.0])
        >>> round(mean, 2), round(half, 2)
        (2.0, 2.48)
    """
    sample = np.asarray(list(values), dtype=float)
    if len(sample) == 0:
        raise ValueError("values is empty, but a mean needs at least one")
    if not np.isfinite(sample).all():
        raise ValueError(f"values is {sample.tolist()}, but each must be a finite number")
    if len(sample) == 1:
        return float(sample[0]), float("nan")
    half = student_t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample))
    return float(sample.mean()), float(half)


def verdict(differences: Iterable[float]) -> str:
    """What the differences of several seeds say, in a few words.

    Args:
        differences: One per seed, in points.

    Returns:
        Mean, half-width of the 95 % interval, and whether it contains 0; or that there are too few seeds for one.

    Raises:
        ValueError: If a difference is not finite.

    Example:
        >>> verdict([1.0, 2.0, 3.0])
        '+2.0 ± 2.5 points: contains 0'
        >>> verdict([])
        'not trained yet'
    """
    values = list(differences)
    if not values:
        return "not trained yet"
    mean, half = interval(values)
    if len(values) == 1:
        return f"{mean:+z.1f} points, one seed"
    return f"{mean:+z.1f} ± {half:.1f} points: {'excludes 0' if abs(mean) > half else 'contains 0'}"


def paired_difference(receipts: Iterable["Receipt"], baseline: Iterable["Receipt"]) -> tuple[float, float]:
    """Mean and 95 % half-width of the difference in test accuracy between runs of the same seed.

    Args:
        receipts: Runs that differ in nothing but the seed.
        baseline: Runs of something else, with the same seeds.

    Returns:
        The mean of receipt minus baseline, in points (hundredths), and the half-width of its interval.

    Raises:
        ValueError: If the seeds of the two are not the same, or if one of them holds different trainings.
    """
    receipts, baseline = list(receipts), list(baseline)
    check_alike("receipts", receipts)
    check_alike("baseline", baseline)
    other = {receipt.config.seed: receipt.last_accuracy for receipt in baseline}
    ours = {receipt.config.seed: receipt.last_accuracy for receipt in receipts}
    if ours.keys() != other.keys():
        raise ValueError(f"receipts have the seeds {sorted(ours)}, but they must be the baseline's, {sorted(other)}")
    return interval(100 * (ours[seed] - other[seed]) for seed in sorted(ours))


def check_alike(name: str, group: list["Receipt"]) -> None:
    """Raise ValueError unless receipts differ in nothing but the seed: configuration, data, and what the code does."""
    from gmm_tutorial.train.probe import same_probe

    for receipt in group[1:]:
        first = group[0]
        if receipt.config.but(seed=first.config.seed) != first.config or receipt.data != first.data:
            raise ValueError(f"{name} holds different trainings, but they must differ in the seed only")
        if not same_probe(receipt.probe, first.probe):
            raise ValueError(
                f"{name} holds trainings by different code: after a few steps one has the losses {first.probe}, "
                f"another {receipt.probe}; train those of the older code again"
            )
    if len({receipt.config.seed for receipt in group}) < len(group):
        raise ValueError(f"{name} holds two trainings of one seed, but each seed counts once")
