"""Differences image by image: McNemar's test by a sum, and a bootstrap against the formula that it must come near."""

import math

import numpy as np
import pytest

from gmm_tutorial.results.by_image import bootstrap, mcnemar


def answers(*rows):
    return [np.array(row, dtype=bool) for row in rows]


@pytest.mark.parametrize(("only_ours", "only_theirs"), [(0, 0), (3, 0), (9, 2), (7, 7), (40, 61)])
def test_mcnemar_by_a_sum_of_binomial_probabilities(only_ours, only_theirs):
    ours = np.array([1] * only_ours + [0] * only_theirs + [1] * 5 + [0] * 4, dtype=bool)
    theirs = np.array([0] * only_ours + [1] * only_theirs + [1] * 5 + [0] * 4, dtype=bool)
    differ, least = only_ours + only_theirs, min(only_ours, only_theirs)
    tail = sum(math.comb(differ, k) for k in range(least + 1)) / 2**differ
    expected = 1.0 if only_ours == only_theirs else min(1.0, 2 * tail)
    assert mcnemar(ours, theirs) == (only_ours, only_theirs, pytest.approx(expected, abs=1e-12))


def test_bootstrap_of_one_seed_has_the_spread_of_the_images():
    rng = np.random.default_rng(1)
    ours, theirs = rng.random(2_000) < 0.6, rng.random(2_000) < 0.55
    gap = 100.0 * (ours.astype(float) - theirs)
    difference, low, high = bootstrap([ours], [theirs], draws=4_000)
    assert difference == pytest.approx(gap.mean(), abs=1e-12)
    assert (high - low) / 2 == pytest.approx(1.96 * gap.std() / math.sqrt(2_000), rel=0.06)
    assert bootstrap([ours], [theirs], draws=500) == bootstrap([ours], [theirs], draws=500), "the same at each call"


def test_bootstrap_of_many_seeds_has_the_spread_of_seeds_and_images():
    """Seeds that differ by much, on images that all say the same: the spread is that of the seeds."""
    ours = [np.full(400, bool(seed % 2)) for seed in range(40)]
    theirs = [np.zeros(400, dtype=bool)] * 40
    difference, low, high = bootstrap(ours, theirs, draws=4_000)
    assert difference == 50 and (high - low) / 2 == pytest.approx(1.96 * 50 / math.sqrt(40), rel=0.1)
    narrow = bootstrap(ours, theirs, draws=4_000, confidence=0.5)
    assert narrow[2] - narrow[1] < (high - low) / 2


def test_wrong_arguments_are_named():
    right, other = answers([1, 0, 1], [0, 0, 1])
    for build, message in (
        (lambda: mcnemar(right.astype(int), other), "ours is int64 of shape"),
        (lambda: mcnemar(right, other[:2]), r"ours is \(1, 3\), but theirs is \(1, 2\)"),
        (lambda: bootstrap([right], [other, other]), r"ours is \(1, 3\), but theirs is \(2, 3\)"),
        (lambda: bootstrap([], []), "ours is float64 of shape"),
        (lambda: bootstrap([right], [other], draws=0), "draws is 0"),
        (lambda: bootstrap([right], [other], confidence=1), "confidence 1"),
    ):
        with pytest.raises(ValueError, match=message):
            build()
