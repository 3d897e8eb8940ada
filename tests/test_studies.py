"""Studies: names of trainings, what a plan holds and in which order, the budget, and the tables of made-up receipts."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from gmm_tutorial import results
from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.priors import prior_factory
from gmm_tutorial.results import Receipt
from gmm_tutorial.runs import (
    TABLES,
    Budget,
    at_scale,
    experiments,
    finished,
    receipt_path,
    record,
    reproduce,
    run_name,
    tables,
)
from gmm_tutorial.runs.budget import time_left
from gmm_tutorial.runs.published import ACCURACY, DATASETS
from gmm_tutorial.train import TrainConfig
from gmm_tutorial.train.profiles import PROFILES


def receipt(config, accuracy=0.5, exact=True):
    """A receipt of a training that never was."""
    config = replace(config, train_images=config.train_images or 50_000, test_images=config.test_images or 10_000)
    return Receipt(
        config=config.as_dict(),
        profile=config.profile,
        data={"name": config.dataset, "source": "", "exact": exact, "note": ""},
        parameters=2_693_122,
        macs=184_600_000,
        accuracy=[(config.epochs, accuracy)],
        loss=[1.0] * config.epochs,
        seconds=1.0,
        device="cpu",
        versions={},
        commit=None,
    )


# ---- scale and names


def test_full_is_as_published_and_learn_has_its_sizes():
    full = at_scale("full", "paper", "cifar10")
    assert full == replace(TrainConfig.by_recipe("paper", "cifar10"), profile="full")
    learn = at_scale("learn", "short", "cifar10")
    assert (learn.train_images, learn.test_images) == (PROFILES["learn"].train_images, PROFILES["learn"].test_images)
    assert learn.model_options == PROFILES["learn"].model_options["vit"]
    assert learn.epochs == TrainConfig.by_recipe("short", "cifar10").epochs


def test_the_same_training_has_one_configuration_and_one_name():
    plain = at_scale("full", "paper", "cifar10", prior="gmm")
    said = {"prior_options": {"kernels": 5}, "model_options": {"pool": "mean", "dim": 192}}
    assert at_scale("full", "paper", "cifar10", prior="gmm", **said) == plain
    assert run_name(plain) == "cifar10-vit-gmm-paper-full-seed0"


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({"seed": 3}, "cifar10-vit-short-learn-seed3"),
        ({"epochs": 3, "lr": 5e-4}, "cifar10-vit-epochs=3-lr=0.0005-short-learn-seed0"),
        ({"model_options": {"pool": "cls"}}, "cifar10-vit-pool=cls-short-learn-seed0"),
        ({"model_options": {"dim": 192}}, "cifar10-vit-dim=192-short-learn-seed0"),
        ({"prior": "elm", "prior_options": {"init": 1.0}}, "cifar10-vit-elm-init=1.0-short-learn-seed0"),
    ],
)
def test_names_say_what_is_unlike_the_recipe(choices, name):
    assert run_name(at_scale("learn", "short", "cifar10", **choices)) == name


# ---- plans


def test_published_is_in_order_of_worth_and_seed_by_seed():
    names = [run_name(config) for config in TABLES["published"].plan("full", "paper", "cifar10", [0, 1])]
    rows = ["vit-pool=cls", "vit-gmm", "vit"]
    assert names == [
        *(f"cifar10-{row}-paper-full-seed{seed}" for seed in (0, 1) for row in rows),
        *(f"cifar10-rmt-cifar-paper-full-seed{seed}" for seed in (0, 1)),
    ]


def test_control_differs_in_the_prior_alone():
    study = TABLES["control"]
    plan = study.plan("full", "paper", "cifar10", [0, 1, 2])
    assert len(plan) == 3 * (8 + 4) and len(set(map(run_name, plan))) == len(plan)
    first = plan[: 3 * 8]
    assert [config.seed for config in first] == [0] * 8 + [1] * 8 + [2] * 8
    assert [config.model_options.get("pool", "mean") for config in first] == (["cls"] + ["mean"] * 7) * 3
    told = {"prior": None, "prior_options": {}, "model_options": {}, "seed": 0}
    assert len({json.dumps(replace(config, **told).as_dict()) for config in first}) == 1
    assert [config.decay_masks for config in plan[24:28]] == [True, False, False, True]


def test_512_gaussians_are_as_many_numbers_as_elm_has():
    rows = {row.label: row for row in TABLES["control"].rows("lesson")}
    sizes = PROFILES["learn"].model_options["vit"]
    gmm, elm = (
        create_model("vit", prior=prior_factory(row.prior, **row.prior_options), **sizes)
        for row in (rows["GMM-ViT, 512, local start"], rows["ELM-ViT, from 0"])
    )
    assert count_parameters(gmm) == count_parameters(elm)


def test_rows_that_a_recipe_makes_the_same_are_one():
    """The short recipe decays no mask, so that leaving decay out would train the same again."""
    assert not at_scale("full", "short", "cifar10").decay_masks
    labels = [row.label for row in TABLES["control"].rows("short")]
    assert "GMM-ViT, local start" in labels and not any("without decay" in label for label in labels)
    assert sum("without decay" in row.label for row in TABLES["control"].rows("paper")) == 2


def test_kernels_are_trained_by_worth_and_shown_by_count():
    plan = TABLES["kernels"].plan("learn", "short", "cifar10", [0])
    assert [config.prior_options.get("kernels", 5) for config in plan] == [1, 2, 5, 10, 3, 4, 8]
    counts = [row.prior_options["kernels"] for row in TABLES["kernels"].rows("short")]
    assert counts == [1, 2, 3, 4, 5, 8, 10]


def test_labels_are_unique_and_short():
    for study in TABLES.values():
        labels = [row.label for row in study.rows("paper")]
        assert len(set(labels)) == len(labels) and max(map(len, labels)) < 30


# ---- budget


class Shop:
    """A clock, and a trainer that takes a minute a training and 15 minutes for an RMT, as far as `stop` lets it."""

    def __init__(self):
        self.now, self.trained, self.said = 0.0, [], []

    def train(self, config, folder, *, compiled, stop):
        for _ in range(4):
            self.now += 225 if config.model == "rmt-cifar" else 15
            stop()
        self.trained.append(run_name(config))
        made = receipt(config)
        results.save(made, receipt_path(config, folder))
        return made

    def work(self, plan, folder, seconds):
        budget = Budget(seconds, clock=lambda: self.now)
        return reproduce(plan, folder, budget, train=self.train, say=self.said.append)


@pytest.fixture
def shop():
    return Shop()


PLAN = TABLES["published"].plan("full", "paper", "cifar10", [0, 1])


def test_without_a_limit_all_is_done_once(shop, tmp_path):
    assert shop.work(PLAN, tmp_path, None)
    assert shop.trained == [run_name(config) for config in PLAN]
    assert shop.work(PLAN, tmp_path, 0), "what is done needs no time"
    assert len(shop.trained) == len(PLAN) and shop.said[-1] == "8 of 8 trainings are done"


def test_what_surely_does_not_fit_is_not_begun(shop, tmp_path):
    assert not shop.work(PLAN, tmp_path, 150)
    assert len(shop.trained) == 2 and shop.now == 120
    assert "30 s of the budget are left" in shop.said[-1] and "would take about 1 min 0 s" in shop.said[-1]
    assert "6 are not begun" in shop.said[-1] and run_name(PLAN[2]) in shop.said[-1]
    assert not shop.work(PLAN, tmp_path, 61)
    assert shop.trained == [run_name(config) for config in PLAN[:3]]


def test_the_budget_ends_a_training_that_nothing_is_known_of(shop, tmp_path):
    """Of another model than those before it, it is begun, and stopped after the epoch in which the time is used."""
    assert not shop.work(PLAN, tmp_path, 6 * 60 + 500)
    assert len(shop.trained) == 6 and shop.now == 6 * 60 + 3 * 225
    assert "the budget is used in the middle of cifar10-rmt-cifar" in shop.said[-1]


def test_a_training_that_diverges_stops_no_others(shop, tmp_path):
    def train(config, folder, **how):
        if config.prior == "gmm":
            raise FloatingPointError("the loss is nan at step 3")
        return shop.train(config, folder, **how)

    with pytest.raises(FloatingPointError, match="not done: cifar10-vit-gmm-paper-full-seed0; with a smaller rate"):
        reproduce(PLAN[:3], tmp_path, Budget(None), train=train, say=shop.said.append)
    assert len(shop.trained) == 2 and any("is left out: the loss is nan" in line for line in shop.said)


def test_half_a_training_is_judged_by_its_epochs(tmp_path):
    config = at_scale("ci", "lesson", "shapes", epochs=4)

    def stop():
        raise KeyboardInterrupt

    assert time_left(config, tmp_path) is None
    with pytest.raises(KeyboardInterrupt):
        record(config, tmp_path, stop=stop)
    state = json.loads((tmp_path / run_name(config) / "epoch-1" / "state.json").read_text())
    assert time_left(config, tmp_path) == pytest.approx(3 * state["history"]["seconds"])
    assert finished(config, tmp_path) is None
    record(config, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{run_name(config)}.json"]


def test_a_receipt_of_another_training_is_not_taken_for_this_one(tmp_path):
    config = at_scale("full", "paper", "cifar10")
    results.save(receipt(replace(config, mix=0.1)), receipt_path(config, tmp_path))
    with pytest.raises(ValueError, match="mix is 0.5, but the receipt .* has 0.1"):
        finished(config, tmp_path)
    results.save(receipt(config), receipt_path(config, tmp_path))
    assert finished(config, tmp_path).config["train_images"] == 50_000


# ---- tables


def study_receipts(seeds=(0, 1, 2), scale=("full", "paper"), labels=None, **choices):
    """Receipts of the control study: accuracy .90 + .01 for each row + .001 for each seed."""
    rows = TABLES["control"].rows(scale[1])
    return [
        receipt(row.config(*scale, "cifar10", seed=seed, **choices), 0.9 + 0.01 * number + 0.001 * seed)
        for number, row in enumerate(rows[:4])
        for seed in seeds
        if labels is None or row.label in labels
    ]


def test_a_line_is_mean_interval_and_the_published_figure():
    (table,) = tables("control", study_receipts())
    cells = [line.cells("cifar10") for line in table.lines]
    # Student's t at 2 degrees of freedom: 4.303 / sqrt(3) standard deviations of .1
    assert cells[0] == ("ViT, class token", "90.10 ± 0.25", "3", "93.65", "2,693,122", "184.6M")
    assert cells[1] == ("ViT, mean pooling", "91.10 ± 0.25", "3", "", "2,693,122", "184.6M")
    assert cells[3][0] == "GMM-ViT" and cells[3][3] == "95.06"
    assert table.title.endswith("CIFAR-10, recipe paper, profile full: 300 epochs of 50,000 images, tested on 10,000")


def test_what_is_missing_is_said():
    receipts = [r for r in study_receipts() if (r.config["prior"], r.config["seed"]) != ("gmm", 1)]
    (table,) = tables("control", receipts)
    assert table.missing[0] == "GMM-ViT (seed 1)"
    assert table.missing[1:] == [row.label for row in TABLES["control"].rows("paper")[4:]]
    assert "Not trained: GMM-ViT (seed 1); ELM-ViT, from 0; " in table.markdown()


def test_one_seed_has_no_interval():
    (table,) = tables("control", study_receipts(seeds=(0,)))
    assert table.lines[0].cells("cifar10")[1:3] == ("90.00", "one seed")


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
    found = tables("control", [*study_receipts(), *study_receipts(seeds=(3, 4), **other)])
    assert [len(line.receipts) for table in found for line in table.lines] == [3] * 4 + [2] * 4
    assert found[0].title != found[1].title


def test_near_copies_of_the_data_have_a_table_of_their_own():
    config = at_scale("full", "paper", "cifar10")
    exact, near = tables("control", [receipt(config), receipt(replace(config, seed=1), exact=False)])
    assert "CIFAR-10 (not exact)" in near.title and "(not exact)" not in exact.title


def test_other_trainings_are_of_no_row():
    foreign = [
        at_scale("full", "paper", "cifar10", model="convnet"),
        at_scale("full", "paper", "cifar10", model_options={"pos_embed": False}),
        at_scale("full", "paper", "cifar10", prior="gmm", model_options={"depth": 2}),
        at_scale("full", "paper", "cifar10", prior="manhattan", prior_options={"span": 6.0}),
    ]
    assert tables("control", map(receipt, foreign)) == []


def test_two_receipts_of_one_training_are_refused():
    config = at_scale("full", "paper", "cifar10")
    with pytest.raises(ValueError, match="receipts hold two of ViT, mean pooling with seed 0, CIFAR-10, recipe paper"):
        tables("control", [receipt(config, 0.9), receipt(config, 0.1)])


def test_folders_are_experiments_of_their_own(tmp_path):
    """The same training, made twice, by two states of the code: each counts where it lies."""
    config = at_scale("full", "paper", "cifar10")
    for name, accuracy in (("old", 0.1), ("new", 0.9)):
        results.save(receipt(config, accuracy), tmp_path / name / "one.json")
    found = {path.name: tables("control", each) for path, each in experiments(tmp_path).items()}
    assert {name: one.lines[0].receipts[0].last_accuracy for name, (one,) in found.items()} == {"new": 0.9, "old": 0.1}


def test_committed_receipts_are_read_and_other_files_are_not(tmp_path):
    committed = experiments(results.RESULTS)
    assert [path.name for path in committed] == ["control"], "what lessons read in tables of their own is not here"
    titles = [table.title for receipts in committed.values() for table in tables("control", receipts)]
    assert any("recipe lesson, profile learn: 12 epochs of 5,000 images" in title for title in titles)
    assert len(results.read(results.RESULTS)) == sum(1 for path in results.RESULTS.glob("*/*.json"))
    (tmp_path / "lesson_times.json").write_text("{}")
    (tmp_path / "this").mkdir()
    results.save(receipt(at_scale("full", "paper", "cifar10")), tmp_path / "this" / "one.json")
    assert [len(receipts) for receipts in experiments(tmp_path).values()] == [1]


def test_a_terminal_shows_every_line():
    (table,) = tables("control", study_receipts())
    console = Console(width=120, record=True, file=SimpleNamespace(write=lambda text: None, flush=lambda: None))
    console.print(table.rich())
    text = console.export_text()
    for line in table.lines:
        assert line.row.label in text and line.cells("cifar10")[1] in text
    assert "not trained: ELM-ViT, from 0" in text


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="table is 'contrl', but it must be one of 'published', 'control', 'kernels'"):
        tables("contrl", [])


def test_published_figures_are_whole():
    assert len(ACCURACY) == 10 * len(DATASETS)
    assert (ACCURACY["ViT", "cifar10"], ACCURACY["GMM-T2T", "tiny-imagenet"]) == (93.65, 63.33)
    names = {row.published for study in TABLES.values() for row in study.rows("paper")} - {None}
    assert names <= {model for model, _ in ACCURACY}
