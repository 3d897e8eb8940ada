"""What a table says about its rows, from made-up receipts."""

import base64
from itertools import product

import numpy as np
import pytest
from made_up_receipts import receipt, same_code
from scipy import stats

from gmm_tutorial.results.comparison import Contrast
from gmm_tutorial.runs import TABLES, contrasts, pictures, read_study, reading, tables

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")

BASE, OTHERS = "no prior", ["temperature", "GMM, published start"]
SEEDS = (0, 1, 2, 3)
VALUES = (50, 51, 52, 50.5, 50.3, 51.1, 52.4, 50.2, 53, 54.5, 54.8, 53.1)  # row by row
ACCURACY = dict(zip(product([BASE, *OTHERS], SEEDS), VALUES, strict=True))


def table(accuracy, study="control"):
    """The table of receipts with these accuracies in percent, by row and seed."""
    recipe = TABLES[study].scale["recipe"]
    by_label = {row.label: row for row in TABLES[study].rows(recipe)}
    receipts = [
        receipt(by_label[label].config("ci", recipe, "cifar10", epochs=2, seed=seed), value / 100)
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
    assert "Not the plan's result yet: 4 of 5 seeds are done." in reading.markdown(table(ACCURACY))
    fifth = {(row, 4): value for row, value in zip([BASE, *OTHERS], (50, 51, 52), strict=True)}
    assert "Not the plan's" not in reading.markdown(table({**ACCURACY, **fifth}))
    pair = {(row, seed): 50.0 + seed**2 + len(row) for row in ("Swin", "GMM-Swin") for seed in SEEDS}
    assert "Not the plan's" not in reading.markdown(table(pair, "backbones"))


def test_nothing_is_said_without_a_baseline_or_a_second_seed():
    one_seed = {key: value for key, value in ACCURACY.items() if key[1] == 0}
    for accuracy in (one_seed, only(OTHERS), only([BASE])):
        assert contrasts.contrasts(table(accuracy)) == []
        assert reading.markdown(table(accuracy)) == "" and reading.rich(table(accuracy)) == []


def test_nothing_is_said_before_the_first_training(tmp_path):
    found = read_study("control", tmp_path)
    assert contrasts.contrasts(found) == contrasts.over_images(found) == [] and reading.markdown(found) == ""
    assert "0 of 5 seeds are done" in reading.below(found)


def test_a_row_outside_all_families_is_not_in_the_spread():
    wild = {("RMT, sized for CIFAR", seed): value for seed, value in zip(SEEDS, (10, 90, 20, 80), strict=True)}
    pair = {(row, seed): 50.0 + seed**2 + len(row) for row in ("ViT, mean pooling", "GMM-ViT") for seed in SEEDS}
    assert contrasts.contrasts(table({**wild, **pair}, "published")) == contrasts.contrasts(table(pair, "published"))


def test_in_words():
    text = reading.markdown(table(ACCURACY))
    assert "\n\n|  | difference, points | rows in its family | p | within ±0.5 | 80 % power at |\n|" in text
    assert text.startswith("- temperature against no prior: the same to within 0.5 points, +0.12 ± ")
    assert "against no prior: the same to within 0.5 points" in text and " (90 % interval).\n" in text
    assert "- GMM, published start against no prior: better by 2.97 ± 0.54 points.\n" in text
    assert "McNemar" not in text, "these receipts do not say which images are right"
    (gmm,) = [line for line in text.splitlines() if line.startswith("| GMM, published start")]
    each = contrasts.contrasts(table(ACCURACY))[1]
    numbers = f"+2.97 ± {each.half:.2f} | 2 | < 0.001 | not shown | {each.detectable:.2f}"
    assert gmm == f"| GMM, published start minus no prior | {numbers} |"
    *sentences, shown = reading.rich(table(ACCURACY))
    assert [f"- {each}" for each in sentences] == text.splitlines()[:2]
    assert shown.row_count == 2 and [column.header for column in shown.columns] == list(reading.COLUMNS)


def test_two_rows_that_hardly_differ_are_equivalent():
    close = only([BASE])
    close |= {
        ("GMM, published start", seed): close[BASE, seed] + step
        for seed, step in zip(SEEDS, (0.1, -0.1, 0, 0.1), strict=True)
    }
    (each,) = contrasts.contrasts(table(close))
    assert each.equivalent and "| yes |" in reading.markdown(table(close))


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


@pytest.mark.parametrize(
    ("difference", "half", "equivalent", "said"),
    [
        (1.0, 0.6, False, "better by 1.00 ± 0.60 points."),
        (-1.0, 0.6, False, "worse by 1.00 ± 0.60 points."),
        (-0.2, 0.1, True, "worse by 0.20 ± 0.10 points, but by less than 0.5."),
        (0.1, 0.6, True, "the same to within 0.5 points, +0.10 ± 0.30 (90 % interval)."),
        (-0.5, 0.5, False, "cannot be told apart, -0.50 ± 0.50 points (80 of 100 such studies would find 0.8)."),
    ],
)
def test_a_sentence_says_what_a_contrast_shows_and_no_more(difference, half, equivalent, said):
    each = Contrast("GMM, local start", "no prior", difference, half, half / 2, 4, 0.5, equivalent, 0.8)
    assert reading.sentence(each) == f"GMM, local start against no prior: {said}"
    size = f"{difference:+.2f} ± {half:.2f} points, exploratory."
    assert reading.sentence(each, exploratory=True) == f"GMM, local start against no prior: {size}"


def test_an_exploratory_study_has_no_verdicts():
    known = {("no prior", seed): 60.0 + seed for seed in range(3)}
    small = {("no prior, positions from 0.02", seed): 65.0 + seed**2 for seed in range(3)}
    text = reading.markdown(table({**known, **small}, "secondary"))
    assert "points, exploratory." in text and "better" not in text
    assert "|  | difference, points | rows in its family |\n" in text and "power" not in text


def with_answers(accuracy, images=200):
    """The table of receipts that say which images were right: at random, at these accuracies in percent."""
    rng, rows = np.random.default_rng(0), {row.label: row for row in TABLES["control"].rows("short")}
    hard = rng.random(images)  # shared by all models
    made, answers = [], {}
    for (label, seed), value in accuracy.items():
        right = np.argsort(np.argsort(hard + rng.normal(0, 0.1, images))) < round(images * value / 100)
        config = rows[label].config(dataset="cifar10", seed=seed, **{**TABLES["control"].scale, "test_images": images})
        made.append(receipt(config, right.mean(), right=base64.b64encode(np.packbits(right)).decode()))
        answers[label, seed] = right
    (found,) = tables("control", made)
    return found, answers


def test_over_images_by_hand():
    found, answers = with_answers(ACCURACY)
    both = contrasts.over_images(found, draws=3_000)
    assert [(each.row, each.baseline) for each in both] == [(row, BASE) for row in OTHERS]
    for each in both:
        ours, theirs = answers[each.row, 0], answers[BASE, 0]
        assert (each.seed, each.only_row, each.only_baseline) == (0, (ours & ~theirs).sum(), (theirs & ~ours).sum())
        assert each.p == stats.binomtest(each.only_row, each.only_row + each.only_baseline).pvalue
        gap = 100 * np.mean([1.0 * answers[each.row, s] - answers[BASE, s] for s in SEEDS], axis=0)
        assert each.low < gap.mean() < each.high
        over_images_alone = 2 * 1.96 * gap.std() / np.sqrt(len(gap))
        assert over_images_alone * 0.9 < each.high - each.low < over_images_alone * 1.6, "images, and a little of seeds"
    text = reading.markdown(found)
    assert "| temperature and no prior | " in text and "about the models of seed 0." in text
    assert len(reading.rich(found)) == 2 + 2


def test_over_images_leaves_out_what_receipts_do_not_say():
    found, _ = with_answers(ACCURACY)
    line = next(line for line in found.lines if line.row.label == "temperature")
    line.receipts[2] = line.receipts[2].model_copy(update={"right": None})
    assert [each.row for each in contrasts.over_images(found, draws=10)] == ["GMM, published start"]


def test_pictures_show_what_the_sentences_say(tmp_path):
    found = table(ACCURACY)
    ax = pictures.differences(found).gca()
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [f"{row}\nagainst {BASE}" for row in OTHERS]
    bars = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() > 2]
    for bar, each in zip(bars, contrasts.contrasts(found), strict=True):
        assert list(bar) == pytest.approx([each.difference - each.half, each.difference + each.half])
    dots = [list(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 4]
    values = np.array(VALUES).reshape(3, 4)
    np.testing.assert_allclose(dots, values[1:] - values[0])
    assert len(pictures.accuracies(found).gca().get_yticklabels()) == 3

    labels = [row.label for row in TABLES["control"].groups[0]]
    rng = np.random.default_rng(0)
    whole = table({(label, seed): rng.normal(60, 1) for label in labels for seed in range(2)})
    ax = pictures.differences(whole).gca()
    lines = [line.get_ydata()[0] for line in ax.lines if list(line.get_xdata()) == [0, 1]]
    assert [y for y in lines if y != 0] == [3.6, 7.6], "below the fourth and the eighth of nine comparisons"

    pictures.save(found, tmp_path / "new", "control-1")
    pictures.save(table(only([BASE])), tmp_path / "new", "control-2")
    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert written == ["control-1-accuracies.svg", "control-1-differences.svg", "control-2-accuracies.svg"]
    with pytest.raises(ValueError, match="table has nothing to compare"):
        pictures.differences(table(only([BASE])))
