"""What a table says about its rows, from made-up receipts."""

from itertools import product

import numpy as np
import pytest
from made_up_receipts import receipt, same_code
from scipy import stats

from gmm_tutorial.runs import TABLES, contrasts, tables

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")

BASE, OTHERS = "no prior", ["temperature", "GMM, published start"]
SEEDS = (0, 1, 2, 3)
VALUES = (50, 51, 52, 50.5, 50.3, 51.1, 52.4, 50.2, 53, 54.5, 54.8, 53.1)  # row by row
ACCURACY = dict(zip(product([BASE, *OTHERS], SEEDS), VALUES, strict=True))


def table(accuracy, study="control"):
    """The table of receipts with these accuracies in percent, by row and seed."""
    by_label = {row.label: row for row in TABLES[study].rows("lesson")}
    receipts = [
        receipt(by_label[label].config("ci", "lesson", "cifar10", epochs=2, seed=seed), value / 100)
        for (label, seed), value in accuracy.items()
    ]
    (found,) = tables(study, receipts)
    return found


def only(rows):
    """The accuracies of these rows."""
    return {key: value for key, value in ACCURACY.items() if key[0] in rows}


def test_rows_are_compared_with_the_baseline_of_their_family():
    """The differences, the pooled spread and the intervals by hand."""
    found = contrasts.contrasts(table(ACCURACY))
    assert [(each.row, each.baseline) for each in found] == [(row, BASE) for row in OTHERS]
    values = np.array(VALUES).reshape(3, 4)
    noise = values - values.mean(0) - values.mean(1)[:, None] + values.mean()
    error = np.sqrt((noise**2).sum() / 6) * np.sqrt(2 / 4)
    for each, row in zip(found, values[1:], strict=True):
        assert each.difference == pytest.approx((row - values[0]).mean(), abs=1e-9)
        alone = 2 * stats.t.sf(abs(each.difference) / error, 6)
        assert alone < each.p < 2 * alone, "more than for one row, less than by Bonferroni"
        assert stats.t.ppf(0.975, 6) < each.half / error < stats.t.ppf(1 - 0.05 / 4, 6)


def test_a_seed_counts_when_all_rows_that_were_begun_have_it():
    """The study goes seed by seed: of the last one, some rows are not trained yet."""
    less = {key: value for key, value in ACCURACY.items() if key != ("GMM, published start", 3)}
    three = {key: value for key, value in ACCURACY.items() if key[1] != 3}
    assert contrasts.contrasts(table(less)) == contrasts.contrasts(table(three)) != contrasts.contrasts(table(ACCURACY))


def test_a_row_of_a_later_group_without_all_seeds_takes_part_in_nothing():
    """The groups of `backbones`: the ViTs come after the others."""
    pair = {(row, seed): 50.0 + seed**2 + len(row) for row in ("Swin", "GMM-Swin") for seed in SEEDS}
    later = {("ViT, mean pooling", seed): 40.0 for seed in SEEDS[:2]}
    later |= {("GMM-ViT", seed): 40.0 for seed in SEEDS}
    found = contrasts.contrasts(table({**pair, **later}, "backbones"))
    assert [each.row for each in found] == ["GMM-Swin"]


def test_a_plan_that_is_not_done_says_so():
    assert "Not the plan's result yet: 4 of 5 seeds are done." in contrasts.markdown(table(ACCURACY))
    fifth = {(row, 4): value for row, value in zip([BASE, *OTHERS], (50, 51, 52), strict=True)}
    assert "Not the plan's" not in contrasts.markdown(table({**ACCURACY, **fifth}))
    pair = {(row, seed): 50.0 + seed**2 + len(row) for row in ("Swin", "GMM-Swin") for seed in SEEDS}
    assert "Not the plan's" not in contrasts.markdown(table(pair, "backbones"))


def test_nothing_is_said_without_a_baseline_or_a_second_seed():
    one_seed = {key: value for key, value in ACCURACY.items() if key[1] == 0}
    for accuracy in (one_seed, only(OTHERS), only([BASE])):
        assert contrasts.contrasts(table(accuracy)) == []
        assert contrasts.markdown(table(accuracy)) == "" and contrasts.rich(table(accuracy)) == []


def test_a_row_outside_all_families_is_not_in_the_spread():
    wild = {("RMT, sized for CIFAR", seed): value for seed, value in zip(SEEDS, (10, 90, 20, 80), strict=True)}
    pair = {(row, seed): 50.0 + seed**2 + len(row) for row in ("ViT, mean pooling", "GMM-ViT") for seed in SEEDS}
    assert contrasts.contrasts(table({**wild, **pair}, "published")) == contrasts.contrasts(table(pair, "published"))


def test_in_words():
    text = contrasts.markdown(table(ACCURACY))
    assert text.startswith("|  | difference, points | p | within ±0.5 | 80 % power at |\n|")
    (gmm,) = [line for line in text.splitlines() if line.startswith("| GMM, published start")]
    each = contrasts.contrasts(table(ACCURACY))[1]
    numbers = f"+2.97 ± {each.half:.2f} | < 0.001 | not shown | {each.detectable:.2f}"
    assert gmm == f"| GMM, published start minus no prior | {numbers} |"
    (shown,) = contrasts.rich(table(ACCURACY))
    assert shown.row_count == 2 and [column.header for column in shown.columns] == list(contrasts.COLUMNS)


def test_two_rows_that_hardly_differ_are_equivalent():
    close = only([BASE])
    close |= {
        ("GMM, published start", seed): close[BASE, seed] + step
        for seed, step in zip(SEEDS, (0.1, -0.1, 0, 0.1), strict=True)
    }
    (each,) = contrasts.contrasts(table(close))
    assert each.equivalent and "| yes |" in contrasts.markdown(table(close))


@pytest.mark.parametrize("name", TABLES)
def test_families_are_of_rows_of_the_study(name):
    labels = {row.label for group in TABLES[name].groups for row in group}
    for baseline, rows in TABLES[name].families:
        assert rows and baseline not in rows and {baseline, *rows} <= labels


def test_each_family_is_corrected_for_its_own_rows_alone():
    """Question C of the plan is one comparison: its interval is Student's, at the same spread."""
    labels = [row.label for row in TABLES["control"].groups[0]]
    noise = np.random.default_rng(0).normal(60, 0.5, (len(labels), 5))
    accuracy = {(label, seed): noise[row, seed] for row, label in enumerate(labels) for seed in range(5)}
    found = contrasts.contrasts(table(accuracy))
    assert [len({each.half for each in part}) for part in (found[:4], found[4:8], found[8:])] == [1, 1, 1]
    left = noise - noise.mean(0) - noise.mean(1)[:, None] + noise.mean()
    error = np.sqrt((left**2).sum() / 36 * 2 / 5)
    assert found[8].half == pytest.approx(stats.t.ppf(0.975, 36) * error, rel=1e-9)
    assert found[0].half == found[4].half
    assert 2.54 < found[0].half / error < 2.58, "Dunnett's table, four rows: at 40 and at 30 degrees of freedom"


def test_a_row_may_be_of_two_families():
    """In `published` the mask is compared with two baselines; in `control`, one row with a second baseline."""
    found = [(baseline, rows) for baseline, rows in TABLES["published"].families if rows == ["GMM-ViT"]]
    assert [baseline for baseline, _ in found] == ["ViT, class token", "ViT, mean pooling"]
    assert [baseline for baseline, rows in TABLES["control"].families if "GMM, local start, no positions" in rows] == [
        "no prior, no positions",
        "no prior",
    ]
