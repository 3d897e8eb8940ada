"""What a table says about its rows, from made-up receipts."""

from itertools import product

import numpy as np
import pytest
from made_up_receipts import receipt, same_code
from scipy import stats

from gmm_tutorial.runs import TABLES, contrasts, tables

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")

BASE, OTHERS = "ViT, mean pooling", ["ViT, one temperature per head", "GMM-ViT"]
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
    assert list(found) == [BASE] and [each.row for each in found[BASE]] == OTHERS
    values = np.array(VALUES).reshape(3, 4)
    noise = values - values.mean(0) - values.mean(1)[:, None] + values.mean()
    error = np.sqrt((noise**2).sum() / 6) * np.sqrt(2 / 4)
    for each, row in zip(found[BASE], values[1:], strict=True):
        assert each.difference == pytest.approx((row - values[0]).mean(), abs=1e-9)
        alone = 2 * stats.t.sf(abs(each.difference) / error, 6)
        assert alone < each.p < 2 * alone, "more than for one row, less than by Bonferroni"
        assert stats.t.ppf(0.975, 6) < each.half / error < stats.t.ppf(1 - 0.05 / 4, 6)


def test_a_row_without_all_seeds_takes_part_in_nothing():
    less = {key: value for key, value in ACCURACY.items() if key != ("GMM-ViT", 3)}
    assert contrasts.contrasts(table(less)) == contrasts.contrasts(table(only([BASE, OTHERS[0]])))


def test_nothing_is_said_without_a_baseline_or_a_second_seed():
    one_seed = {key: value for key, value in ACCURACY.items() if key[1] == 0}
    for accuracy in (one_seed, only(OTHERS), only([BASE])):
        assert contrasts.contrasts(table(accuracy)) == {}
        assert contrasts.markdown(table(accuracy)) == "" and contrasts.rich(table(accuracy)) == []


def test_a_row_outside_all_families_is_not_in_the_spread():
    wild = {("ViT, class token", seed): value for seed, value in zip(SEEDS, (10, 90, 20, 80), strict=True)}
    assert contrasts.contrasts(table({**wild, **ACCURACY})) == contrasts.contrasts(table(ACCURACY))


def test_in_words():
    text = contrasts.markdown(table(ACCURACY))
    assert text.startswith("|  | difference, points | p | within ±0.5 | 80 % power at |\n|")
    (gmm,) = [line for line in text.splitlines() if line.startswith("| GMM-ViT")]
    each = contrasts.contrasts(table(ACCURACY))[BASE][1]
    numbers = f"+2.97 ± {each.half:.2f} | < 0.001 | not shown | {each.detectable:.2f}"
    assert gmm == f"| GMM-ViT minus ViT, mean pooling | {numbers} |"
    (shown,) = contrasts.rich(table(ACCURACY))
    assert shown.row_count == 2 and [column.header for column in shown.columns] == list(contrasts.COLUMNS)


def test_two_rows_that_hardly_differ_are_equivalent():
    close = only([BASE])
    close |= {
        ("GMM-ViT", seed): close[BASE, seed] + step for seed, step in zip(SEEDS, (0.1, -0.1, 0, 0.1), strict=True)
    }
    (each,) = contrasts.contrasts(table(close))[BASE]
    assert each.equivalent and "| yes |" in contrasts.markdown(table(close))


@pytest.mark.parametrize("name", TABLES)
def test_families_are_of_rows_of_the_study(name):
    labels = {row.label for group in TABLES[name].groups for row in group}
    for baseline, rows in TABLES[name].families.items():
        assert rows and baseline not in rows and {baseline, *rows} <= labels


def test_a_row_may_be_of_two_families():
    """In `published` the mask is compared with two baselines, one with each pooling."""
    assert TABLES["published"].families["ViT, class token"] == ["GMM-ViT"]
    assert TABLES["published"].families["ViT, mean pooling"] == ["GMM-ViT"]
