"""Rows against a baseline: against sums by hand, against scipy's own Dunnett, against simulation, and at the edges."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from gmm_tutorial.results.comparison import against, blocked, dunnett, power

ACCURACY = {
    "none": {0: 60.1, 1: 61.3, 2: 59.8, 3: 60.6},
    "gmm": {0: 61.0, 1: 61.9, 2: 60.9, 3: 61.0},
    "elm": {0: 60.0, 1: 61.4, 2: 59.9, 3: 60.7},
}


def test_blocks_by_hand():
    """Sums written out for a table of three rows and four seeds."""
    rows, seeds = list(ACCURACY), [0, 1, 2, 3]
    grand = sum(sum(values.values()) for values in ACCURACY.values()) / 12
    squares = 0.0
    for row in rows:
        for seed in seeds:
            of_row = sum(ACCURACY[row].values()) / 4
            of_seed = sum(ACCURACY[each][seed] for each in rows) / 3
            squares += (ACCURACY[row][seed] - of_row - of_seed + grand) ** 2
    fit = blocked(ACCURACY)
    assert fit.freedom == 6 and fit.seeds == (0, 1, 2, 3)
    assert fit.spread == pytest.approx(math.sqrt(squares / 6), abs=1e-12)
    assert fit.means["gmm"] == pytest.approx(61.2, abs=1e-12)
    assert fit.error == pytest.approx(math.sqrt(squares / 6) * math.sqrt(2 / 4), abs=1e-12)


def test_one_row_is_the_paired_t_test():
    """With two rows, blocks by seed are pairs, and a family of one needs no correction."""
    pair = {row: ACCURACY[row] for row in ("none", "gmm")}
    (contrast,) = against(blocked(pair), "none", ["gmm"])
    ours, theirs = list(pair["gmm"].values()), list(pair["none"].values())
    test = stats.ttest_rel(ours, theirs)
    low, high = test.confidence_interval(0.95)
    assert contrast.p == pytest.approx(test.pvalue, abs=1e-9)
    assert (contrast.difference - contrast.half, contrast.difference + contrast.half) == pytest.approx(
        (low, high), abs=1e-9
    )


def test_a_family_by_hand():
    """The same contrast from nested integrals of the density, by scipy's adaptive rules instead of ours."""
    fit = blocked(ACCURACY)
    contrasts = {each.row: each for each in against(fit, "none", ["gmm", "elm"])}
    limit = abs(fit.means["elm"] - fit.means["none"]) / fit.error

    def inside(z, s):
        reach = math.sqrt(2) * limit * s
        return (stats.norm.cdf(z + reach) - stats.norm.cdf(z - reach)) ** 2 * stats.norm.pdf(z) * density(s)

    def density(s):  # of the root of chi squared over its degrees of freedom, 6
        return 2 * 6 * s * stats.chi2.pdf(6 * s * s, 6)

    expected, _ = integrate.dblquad(inside, 0, 5, -8, 8, epsabs=3e-10, epsrel=3e-10)
    assert contrasts["elm"].p == pytest.approx(1 - expected, abs=1e-9)
    # the interval is where the probability is 95 %: as large for each row of the family
    assert dunnett(contrasts["gmm"].half / fit.error, 2, 6) == pytest.approx(0.95, abs=1e-9)
    assert contrasts["gmm"].half == contrasts["elm"].half
    assert contrasts["gmm"].difference == pytest.approx(0.75, abs=1e-12)


@pytest.mark.parametrize(
    ("rows", "freedom", "critical"), [(1, 10, 2.228), (2, 10, 2.568), (4, 20, 2.651), (9, 60, 2.819)]
)
def test_critical_values(rows, freedom, critical):
    """Of 95 %: those of many rows against scipy's multivariate t, as rounded to three places."""
    shape = 0.5 * np.eye(rows) + 0.5
    theirs = stats.multivariate_t(shape=shape, df=freedom, seed=0).cdf(
        np.full(rows, critical), lower_limit=np.full(rows, -critical)
    )
    assert dunnett(critical, rows, freedom) == pytest.approx(float(theirs), abs=1e-3)


def test_scipys_dunnett_agrees_where_there_are_no_blocks():
    rng = np.random.default_rng(0)
    control, *others = rng.normal(size=(4, 6))
    result = stats.dunnett(*others, control=control, random_state=np.random.default_rng(1))
    for p, statistic in zip(result.pvalue, result.statistic, strict=True):
        assert 1 - dunnett(abs(float(statistic)), 3, 4 * 5) == pytest.approx(float(p), abs=1e-3)


def test_power_is_that_of_students_t():
    """One row, ten degrees of freedom: scipy's noncentral t, and 5 % where there is no difference."""
    critical = stats.t.isf(0.025, 10)
    assert power(0.0, critical, 10) == pytest.approx(0.05, abs=1e-9)
    for difference in (1.0, 3.0):
        theirs = stats.nct(10, difference).sf(critical) + stats.nct(10, difference).cdf(-critical)
        assert power(difference, critical, 10) == pytest.approx(theirs, abs=1e-8)


def test_the_whole_procedure_is_wrong_in_one_family_of_twenty_and_finds_what_it_says():
    rng, wrong, found, trials = np.random.default_rng(0), 0, 0, 300
    detectable = None
    for _ in range(trials):
        seeds = rng.normal(size=5)
        table = 60 + 3 * seeds + rng.normal(size=(5, 5))
        fit = blocked({str(row): dict(enumerate(values)) for row, values in enumerate(table)})
        contrasts = against(fit, "0", list("1234"))
        wrong += any(abs(each.difference) > each.half for each in contrasts)
        detectable = contrasts[0].detectable / fit.spread  # in true spreads, which are 1
        shifted = contrasts[0].difference + detectable
        found += abs(shifted) > contrasts[0].half
    assert 0.02 < wrong / trials < 0.09 and 0.74 < found / trials < 0.86


def test_equivalence_is_by_the_rows_own_interval():
    fit = blocked(ACCURACY)
    elm = against(fit, "none", ["elm"])[0]
    reach = abs(elm.difference) + stats.t.ppf(0.95, 6) * fit.error
    assert against(fit, "none", ["elm"], margin=reach + 1e-9)[0].equivalent
    assert not against(fit, "none", ["elm"], margin=reach - 1e-9)[0].equivalent
    # a family of more rows has wider intervals, and the same equivalence
    assert against(fit, "none", ["gmm", "elm"], margin=reach + 1e-9)[1].equivalent


def test_wrong_arguments_are_named():
    fit = blocked(ACCURACY)
    for build, message in (
        (lambda: blocked({"a": {0: 1.0, 1: 2.0}}), r"accuracy has the rows \['a'\], but"),
        (lambda: blocked({"a": {0: 1.0}, "b": {0: 1.0}}), r"accuracy has the seeds \[0\], but"),
        (lambda: blocked({"a": {0: 1.0, 1: 1.0}, "b": {0: 1.0, 2: 1.0}}), r"b has the seeds \[0, 2\]"),
        (lambda: blocked({"a": {0: math.nan, 1: 1.0}, "b": {0: 1.0, 1: 1.0}}), "accuracy of a is nan"),
        (lambda: against(fit, "nothing", ["gmm"]), "'nothing' is not one of the rows"),
        (lambda: against(fit, "none", []), r"rows is \[\], but"),
        (lambda: against(fit, "none", ["none"]), "rows other than the baseline"),
        (lambda: against(fit, "none", ["gmm"], margin=-1), "margin is -1"),
        (lambda: against(fit, "none", ["gmm"], confidence=1), "confidence is 1"),
    ):
        with pytest.raises(ValueError, match=message):
            build()
