"""What several seeds say together: pairs by seed, and the verdict in words."""

import math

import pytest
from made_up_receipts import configured, receipt

from gmm_tutorial.results import paired_difference, verdict


def seeded(accuracies):
    return [receipt(configured(seed=seed), share) for seed, share in accuracies.items()]


def test_pairs_are_of_one_seed_and_not_of_one_rank():
    """The best seed of one need not be that of the other; in whatever order receipts come."""
    ours, base = {0: 0.50, 1: 0.52, 2: 0.54}, {2: 0.49, 0: 0.53, 1: 0.50}
    mean, half = paired_difference(seeded(ours), seeded(base))
    # differences of -3, 2 and 5 points: their deviation is 4.04, and Student's t at 2 degrees of freedom 4.303
    assert math.isclose(mean, 4 / 3) and half == pytest.approx(4.303 * 4.0415 / math.sqrt(3), rel=1e-3)


@pytest.mark.parametrize(
    ("differences", "words"),
    [
        ([], "not trained yet"),
        ([1.25], "+1.2 points, one seed"),
        ([-1.25], "-1.2 points, one seed"),
        ([2.0, 2.2, 2.4], "+2.2 ± 0.5 points: excludes 0"),
        ([-2.0, -2.2, -2.4], "-2.2 ± 0.5 points: excludes 0"),
        ([-1.0, 2.0, 2.0], "+1.0 ± 4.3 points: contains 0"),
        ([1.0, -2.0, -2.0], "-1.0 ± 4.3 points: contains 0"),
        ([0.0, 0.0], "+0.0 ± 0.0 points: contains 0"),
    ],
)
def test_a_verdict_has_a_sign_and_says_whether_0_is_left_out(differences, words):
    assert verdict(differences) == words


def test_a_verdict_on_what_is_not_finite_is_refused():
    with pytest.raises(ValueError, match=r"values is \[1.0, nan\], but each must be a finite number"):
        verdict([1.0, math.nan])


def test_a_mean_that_rounds_to_zero_has_no_minus():
    assert verdict([-0.1, 0.0, 0.0]) == "+0.0 ± 0.1 points: contains 0"
    assert verdict([-0.01]) == "+0.0 points, one seed"
