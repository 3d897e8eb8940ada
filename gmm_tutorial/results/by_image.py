"""Two rows on the same test images: what the choice of these images adds to the uncertainty of a difference.

A comparison over seeds asks: would other trainings say the same, on these test images? Here the images are drawn too.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

__all__ = ["bootstrap", "mcnemar"]


def mcnemar(ours: np.ndarray, theirs: np.ndarray) -> tuple[int, int, float]:
    """Compare two models image by image, by McNemar's exact test.

    Images on which both are right, or both wrong, say nothing about which model is better. Among the others, each
    model would be the right one about half of the time if they were equally good.

    Args:
        ours: Whether the first model is right, one yes or no per image, shape (N,).
        theirs: The same for the second model, on the same images.

    Returns:
        On how many images only the first is right, on how many only the second, and the two-sided probability of a
        split at least as uneven if the two were equally good.

    Raises:
        ValueError: If the two are not yes or no for the same number of images.

    Example:
        >>> right = np.array([True, True, True, True, False])
        >>> mcnemar(right, np.array([True, False, False, False, False]))
        (3, 0, 0.25)
    """
    check_answers(ours[None], theirs[None])
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    differ = only_ours + only_theirs
    p = float(stats.binomtest(only_ours, differ).pvalue) if differ else 1.0
    return only_ours, only_theirs, p


def bootstrap(
    ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], draws: int = 10_000, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Estimate a difference in accuracy, with an interval that covers other seeds and other test images.

    Seeds and images are drawn again with replacement, both at once. With few seeds the interval is rough: too narrow if
    seeds differ much, since a handful does not show their whole spread, and too wide if single images flip from seed to
    seed, since such flips are counted more than once. It belongs beside the interval over seeds, not in its place.

    Args:
        ours: For each seed, which images the first row gets right, shape (N,).
        theirs: The same for the second row, with the same seeds in the same order.
        draws: How often to draw.
        confidence: Share of the draws within the interval.

    Returns:
        The difference in points, and the two ends of the interval.

    Raises:
        ValueError: If the answers are not of the same seeds and images, or a number is out of range.

    Example:
        >>> right = np.ones(50, dtype=bool)
        >>> bootstrap([right, right], [~right, ~right], draws=100)
        (100.0, 100.0, 100.0)
    """
    first, second = np.asarray(list(ours)), np.asarray(list(theirs))
    check_answers(first, second)
    if draws < 1 or not 0.5 <= confidence < 1:
        raise ValueError(f"draws is {draws} and confidence {confidence}, but they must be at least 1, and 0.5 to 1")
    gap = 100.0 * (first.astype(float) - second.astype(float))  # (seeds, N)
    seeds, images = gap.shape
    generator, means = np.random.default_rng(0), np.empty(draws)
    for draw in range(draws):
        weight = np.bincount(generator.integers(seeds, size=seeds), minlength=seeds) / seeds
        means[draw] = (weight @ gap)[generator.integers(images, size=images)].mean()
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(gap.mean()), float(low), float(high)


def check_answers(ours: np.ndarray, theirs: np.ndarray) -> None:
    """Raise ValueError unless both are yes or no, for the same seeds and images: shape (seeds, N)."""
    for name, answers in (("ours", ours), ("theirs", theirs)):
        if answers.dtype != bool or answers.ndim != 2 or not answers.size:
            raise ValueError(
                f"{name} is {answers.dtype} of shape {answers.shape}, but it must be a yes or no per image"
            )
    if ours.shape != theirs.shape:
        raise ValueError(f"ours is {ours.shape}, but theirs is {theirs.shape}: both need the same seeds and images")
