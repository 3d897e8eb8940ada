"""The tables of studies, from made-up receipts."""

from functools import partial
from types import SimpleNamespace

import pytest
from made_up_receipts import PROBE, receipt, same_code
from rich.console import Console

from gmm_tutorial import results
from gmm_tutorial.models import create_model
from gmm_tutorial.runs import TABLES, Store, read_kept, read_study, tables
from gmm_tutorial.runs.published import ACCURACY, DATASETS
from gmm_tutorial.train import configure

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")

at_full_scale = partial(configure, "cifar10", profile="full", recipe="paper")


def study_receipts(seeds=(0, 1, 2), scale=("full", "paper"), labels=None, probe=PROBE, **choices):
    """Receipts of the published study: accuracy .90 + .01 for each row + .001 for each seed."""
    rows = TABLES["published"].rows(scale[1])
    return [
        receipt(row.config(*scale, "cifar10", seed=seed, **choices), 0.9 + 0.01 * number + 0.001 * seed, probe=probe)
        for number, row in enumerate(rows[:3])
        for seed in seeds
        if labels is None or row.label in labels
    ]


def test_a_line_is_mean_interval_and_the_published_figure():
    (table,) = tables("published", study_receipts())
    cells = [line.cells() for line in table.lines]
    # Student's t at 2 degrees of freedom: 4.303 / sqrt(3) standard deviations of .1
    assert cells[0] == ("ViT, class token", "90.10 ± 0.25", "3", "93.65", "2,693,122", "184.6M")
    assert cells[1] == ("GMM-ViT", "91.10 ± 0.25", "3", "95.06", "2,693,122", "184.6M")
    assert cells[2][0] == "ViT, mean pooling" and cells[2][3] == ""
    assert table.scale == ("CIFAR-10, recipe paper, profile full: 300 epochs of 50,000 images, tested on 10,000")


def test_what_is_missing_is_said():
    receipts = [r for r in study_receipts() if (r.config.prior, r.config.seed) != ("gmm", 1)]
    (table,) = tables("published", receipts)
    assert table.missing[0] == "GMM-ViT (seed 1)"
    assert table.missing[1:] == [row.label for row in TABLES["published"].rows("paper")[3:]]
    assert "Not trained yet: GMM-ViT (seed 1); Swin; " in table.markdown()


def test_one_seed_has_no_interval():
    (table,) = tables("published", study_receipts(seeds=(0,)))
    assert table.lines[0].cells()[1:3] == ("90.00", "one seed")


@pytest.mark.parametrize(
    "other",
    [
        {"epochs": 30},
        {"batch_size": 512},
        {"train_images": 5_000},
        {"lr": 5e-4},
        {"precision": "bfloat16"},
        {"scale": ("learn", "paper")},
        {"scale": ("full", "lesson")},
    ],
)
def test_scales_never_share_a_table(other):
    found = tables("published", [*study_receipts(), *study_receipts(seeds=(3, 4), **other)])
    assert [len(line.receipts) for table in found for line in table.lines] == [3] * 3 + [2] * 3
    assert found[0].scale != found[1].scale


def test_near_copies_of_the_data_have_a_table_of_their_own():
    config = at_full_scale()
    exact, near = tables("published", [receipt(config), receipt(config.but(seed=1), exact=False)])
    assert "CIFAR-10 (not exact)" in near.scale and "(not exact)" not in exact.scale


def test_other_trainings_are_of_no_row():
    foreign = [
        at_full_scale(model="convnet"),
        at_full_scale(model_options={"pos_embed": False}),
        at_full_scale(prior="gmm", model_options={"depth": 2}),
        at_full_scale(prior="manhattan", prior_options={"span": 6.0}),
    ]
    assert tables("published", map(receipt, foreign)) == []


def test_two_receipts_of_one_training_are_refused():
    config = at_full_scale()
    with pytest.raises(ValueError, match="receipts hold two of ViT, mean pooling with seed 0, CIFAR-10, recipe paper"):
        tables("published", [receipt(config, 0.9), receipt(config, 0.1)])


def test_receipts_by_different_code_are_refused():
    """Of one table: all by today's code, or none."""
    old = study_receipts(seeds=(1,), probe=[2.5, 2.25, 2.0, 0.6])
    assert len(tables("published", old)) == 1
    message = r"made by different code: ViT, class token \(seed 1\), .* do not match the current code; train them again"
    with pytest.raises(ValueError, match=message):
        tables("published", [*study_receipts(seeds=(0,)), *old])


def test_how_often_a_training_was_evaluated_makes_no_other_table():
    (table,) = tables("published", [*study_receipts(seeds=(0,)), *study_receipts(seeds=(1,), eval_every=5)])
    assert [len(line.receipts) for line in table.lines] == [2] * 3


def test_the_cost_of_a_line_is_of_its_own_model():
    base, other = study_receipts(seeds=(0,))[:2]
    (table,) = tables("published", [base, receipt(other.config, parameters=7, macs=3_000_000)])
    assert [line.cells()[-2:] for line in table.lines] == [("2,693,122", "184.6M"), ("7", "3.0M")]


def test_a_study_is_read_at_its_own_scale(tmp_path):
    folder = tmp_path / "results"
    rows = {row.label: row for row in TABLES["lessons"].rows("lesson")}
    for number, scale in enumerate(({}, {"epochs": 3})):
        own = {**TABLES["lessons"].scale, **scale}
        made = receipt(rows["GMM-ViT"].config(dataset="cifar10", seed=0, **own), 0.1 * (1 + number))
        results.save(made, folder / "any" / f"{number}{results.SUFFIX}")
    table = read_study("lessons", folder)
    assert [line.row.label for line in table.lines] == ["GMM-ViT"] and table.lines[0].accuracy == {0: 10.0}
    assert table.line("ViT, mean pooling") is None and table.pick("ELM-ViT, from 0").missing == ["ELM-ViT, from 0"]
    assert read_study("kernels", tmp_path).markdown().endswith("Not trained yet.\n")
    with pytest.raises(ValueError, match="study is 'small', but it must be one of 'lessons'"):
        read_study("small", folder)


def test_kept_weights_are_read_by_seed(tmp_path):
    row = next(row for row in TABLES["lessons"].rows("lesson") if row.label == "GMM-ViT")
    scale, model = {**TABLES["lessons"].scale}, create_model("vit", prior="gmm", dim=12, depth=1)
    store = Store(tmp_path / "sub", keep="priors")
    for seed in (1, 0):
        store.save(receipt(row.config(dataset="cifar10", seed=seed, **scale)), model)
    kept = read_kept("lessons", "GMM-ViT", tmp_path)
    assert [*kept] == [0, 1] and kept[0].keys() == {"blocks.0.attn.prior.alpha", "blocks.0.attn.prior.sigma"}
    assert (kept[0]["blocks.0.attn.prior.alpha"] == model.blocks[0].attn.prior.alpha).all()
    assert read_kept("lessons", "ELM-ViT, from 0", tmp_path) == {}
    next(store.folder.glob("*.safetensors")).unlink()
    with pytest.raises(ValueError, match=r"safetensors is missing; restore it, or train again \(--fresh\)"):
        read_kept("lessons", "GMM-ViT", tmp_path)


def test_a_terminal_shows_every_line():
    (table,) = tables("published", study_receipts())
    console = Console(width=120, record=True, file=SimpleNamespace(write=lambda text: None, flush=lambda: None))
    console.print(table.rich())
    text = console.export_text()
    for line in table.lines:
        assert line.row.label in text and line.cells()[1] in text
    assert "not trained yet: Swin" in text


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="table is 'contrl', but it must be one of 'lessons', 'published', 'tuning'"):
        tables("contrl", [])


def test_published_figures_are_whole():
    assert len(ACCURACY) == 10 * len(DATASETS)
    assert (ACCURACY["ViT", "cifar10"], ACCURACY["GMM-T2T", "tiny-imagenet"]) == (93.65, 63.33)
    names = {row.published for study in TABLES.values() for row in study.rows("paper")} - {None}
    assert names <= {model for model, _ in ACCURACY}


# ---- several data sets and scales

ROWS = {row.label: row for study in ("published", "lessons") for row in TABLES[study].rows("paper")}


@pytest.mark.parametrize(
    ("dataset", "published"),
    [("cifar10", "95.06"), ("cifar100", "77.81"), ("svhn", "98.01"), ("tiny-imagenet", "62.27"), ("shapes", "")],
)
def test_the_published_figure_is_on_the_same_data(dataset, published):
    (table,) = tables("published", [receipt(ROWS["GMM-ViT"].config("full", "paper", dataset, seed=0, epochs=2))])
    assert table.lines[0].cells()[3] == published


@pytest.mark.parametrize("others", [{"epochs": 3}, {"test_images": 2_000}, {"profile": "ci"}, {"eval_every": 1}])
def test_a_study_is_at_its_own_scale_in_whatever_order_receipts_come(tmp_path, others):
    """All of the scale counts, not most of it."""
    for number, scale in enumerate((others, {})):
        own = {**TABLES["lessons"].scale, **scale}
        made = receipt(ROWS["GMM-ViT"].config(dataset="cifar10", seed=number, **own), 0.25 * (1 + number))
        results.save(made, tmp_path / f"{number}{results.SUFFIX}")
    accuracy = read_study("lessons", tmp_path).accuracy("GMM-ViT")
    assert accuracy == ({0: 25.0, 1: 50.0} if "eval_every" in others else {1: 50.0})


def test_lines_are_in_the_order_of_the_study():
    labels = ("RMT, sized for CIFAR", "ViT, mean pooling", "ViT, class token")
    made = [receipt(ROWS[label].config("full", "paper", "cifar10", seed=0, epochs=2)) for label in labels]
    (table,) = tables("published", made)
    assert [line.row.label for line in table.lines] == [
        label for label in (row.label for row in TABLES["published"].rows("paper")) if label in labels
    ]
