"""Studies: names of trainings, what a plan holds and in which order, the budget, and the tables of made-up receipts."""

from types import SimpleNamespace

import pytest
from made_up_receipts import PROBE, receipt, same_code
from rich.console import Console

from gmm_tutorial import results
from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.priors import prior_defaults, prior_factory
from gmm_tutorial.runs import (
    TABLES,
    Budget,
    Run,
    Store,
    read_kept,
    read_study,
    reproduce,
    run_name,
    run_once,
    tables,
)
from gmm_tutorial.runs.budget import time_left
from gmm_tutorial.runs.display import duration
from gmm_tutorial.runs.published import ACCURACY, DATASETS
from gmm_tutorial.train import checkpoint, configure

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")


def at(profile, recipe, **choices):
    return configure("cifar10", profile=profile, recipe=recipe, **choices)


# ---- names


@pytest.mark.parametrize(
    ("choices", "name"),
    [
        ({"seed": 3}, "cifar10-vit-short-learn-seed3"),
        ({"epochs": 3, "lr": 5e-4}, "cifar10-vit-epochs=3-lr=0.0005-short-learn-seed0"),
        ({"model_options": {"pool": "cls"}}, "cifar10-vit-pool=cls-short-learn-seed0"),
        ({"model_options": {"dim": 192}}, "cifar10-vit-dim=192-short-learn-seed0"),
        ({"prior": "elm", "prior_options": {"init": 1.0}}, "cifar10-vit-elm-init=1.0-short-learn-seed0"),
        ({"prior": "gmm", "prior_options": {"kernels": 5}}, "cifar10-vit-gmm-kernels=5-init=paper-short-learn-seed0"),
        ({"prior": "gmm", "prior_options": {"kernels": 2}}, "cifar10-vit-gmm-kernels=2-init=paper-short-learn-seed0"),
    ],
)
def test_names_say_what_is_unlike_the_recipe(choices, name):
    config = at("learn", "short", **choices)
    assert run_name(config) == f"{name}-{config.digest}"


def test_the_same_training_has_one_configuration_and_one_name():
    plain = at("full", "paper", prior="gmm")
    said = {"prior_options": {"kernels": 5}, "model_options": {"pool": "mean", "dim": 192}, "lr": 1e-3}
    assert at("full", "paper", prior="gmm", **said) == plain and hash(plain.digest) == hash(plain.digest)
    assert plain.but(seed=1).digest != plain.digest


def short(config):
    """A name without its digest."""
    return run_name(config).removesuffix(f"-{config.digest}")


# ---- plans


def test_published_is_in_order_of_worth_and_seed_by_seed():
    names = [short(config) for config in TABLES["published"].plan("full", "paper", "cifar10", [0, 1])]
    rows = ["vit-pool=cls", "vit-gmm-kernels=5-init=paper", "vit"]
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
    assert [config.model_options["pool"] for config in first] == (["cls"] + ["mean"] * 7) * 3
    assert len({config.but(prior=None, model_options=first[0].model_options, seed=0).digest for config in first}) == 1
    assert [config.decay_masks for config in plan[24:28]] == [True, False, False, True]


def test_512_gaussians_are_as_many_numbers_as_elm_has():
    rows = {row.label: row for row in TABLES["control"].rows("lesson")}
    sizes = at("learn", "lesson").model_options
    gmm, elm = (
        create_model("vit", prior=prior_factory(row.prior, **row.prior_options), **sizes)
        for row in (rows["GMM-ViT, 512, local start"], rows["ELM-ViT, from 0"])
    )
    assert count_parameters(gmm) == count_parameters(elm)


def test_rows_that_a_recipe_makes_the_same_are_one():
    """The short recipe decays no mask, so that leaving decay out would train the same again."""
    assert not at("full", "short").decay_masks
    labels = [row.label for row in TABLES["control"].rows("short")]
    assert "GMM-ViT, local start" in labels and not any("without decay" in label for label in labels)
    assert sum("without decay" in row.label for row in TABLES["control"].rows("paper")) == 2


def test_kernels_are_trained_by_worth():
    plan = TABLES["kernels"].plan("learn", "short", "cifar10", [0])
    assert [config.prior_options["kernels"] for config in plan] == [1, 2, 5, 10, 3, 4, 8]


def test_labels_are_unique_and_short():
    for study in TABLES.values():
        labels = [row.label for row in study.rows("paper")]
        assert len(set(labels)) == len(labels) and max(map(len, labels)) < 60


def test_rows_leave_nothing_of_their_prior_to_a_default():
    for study in TABLES.values():
        for group in study.groups:
            for row in group:
                assert row.prior_options.keys() == (prior_defaults(row.prior).keys() if row.prior else set()), row.label


def test_a_row_goes_before_what_is_chosen_for_all():
    """`--set decay_masks=true` is for rows that do not choose it themselves."""
    plan = TABLES["control"].plan("full", "paper", "cifar10", [0], decay_masks=True, epochs=3)
    assert [config.decay_masks for config in plan[8:]] == [True, False, False, True]
    assert {config.epochs for config in plan} == {3}


@pytest.mark.parametrize("name", TABLES)
def test_what_is_planned_is_of_its_row(name):
    """Whatever is chosen for all of them, and baselines too, which have no prior to decay."""
    study = TABLES[name]
    for scale in ({}, {"decay_masks": False}, {"lr": 5e-4, "epochs": 3}):
        for recipe in ("lesson", "short"):
            rows, plan = study.rows(recipe), study.plan("learn", recipe, "cifar10", [0], **scale)
            found = [study.row(config) for config in plan]
            if "decay_masks" in scale or ("lr" in scale and "lr" in study.chosen):
                assert None not in found  # some rows become the same training
            else:
                assert found == rows


# ---- budget


class Shop:
    """A clock, and a trainer that takes a minute a training and 15 minutes for an RMT, as far as `stop` lets it."""

    def __init__(self):
        self.now, self.trained, self.said = 0.0, [], []

    def train(self, config, store, *, compiled, stop):
        for _ in range(4):
            self.now += 225 if config.model == "rmt-cifar" else 15
            stop()
        self.trained.append(run_name(config))
        made = receipt(config)
        results.save(made, store.receipt_path(config))
        return Run(None, made)

    def work(self, plan, folder, seconds):
        budget = Budget(seconds, clock=lambda: self.now)
        return reproduce(plan, Store(folder), budget, train=self.train, say=self.said.append)


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
    def train(config, store, **how):
        if config.prior == "gmm":
            raise FloatingPointError("the loss is nan at step 3")
        return shop.train(config, store, **how)

    with pytest.raises(
        FloatingPointError,
        match="not done: cifar10-vit-gmm-kernels=5-init=paper-paper-full-seed0-.*; with a smaller rate",
    ):
        reproduce(PLAN[:3], Store(tmp_path), Budget(None), train=train, say=shop.said.append)
    assert len(shop.trained) == 2 and any("is left out: the loss is nan" in line for line in shop.said)


def test_half_a_training_is_judged_by_its_epochs(tmp_path):
    config, store = configure("shapes", recipe="lesson", profile="ci", epochs=4), Store(tmp_path)

    def stop(history):
        if len(history.loss) == 3:
            raise KeyboardInterrupt

    assert time_left(config, store) is None
    with pytest.raises(KeyboardInterrupt):
        run_once(config, store, on_epoch=stop)
    seconds = checkpoint.load_state(store.checkpoints(config) / "epoch-3")["history"]["seconds"]
    assert time_left(config, store) == pytest.approx(seconds / 3)
    assert store.find(config) is None
    begun = []
    budget = Budget(seconds / 6)
    assert not reproduce([config], store, budget, train=lambda *a, **b: begun.append(a), say=lambda text: None)
    assert not begun, "it needs twice that"


def test_what_an_interrupted_training_took_says_nothing_of_a_whole_one(shop, tmp_path, monkeypatch):
    """One of which all but a bit was done before takes little; the next of its model is begun all the same."""
    monkeypatch.setattr("gmm_tutorial.runs.budget.time_left", lambda config, store: 3600 if config.seed else 1)
    plan = [config for config in PLAN if config.model == "vit"]
    assert not shop.work(plan, tmp_path, 3 * 60 + 30)
    assert len(shop.trained) == 3 and "would take about 1 h 0 min" in shop.said[-1]


# ---- tables


def study_receipts(seeds=(0, 1, 2), scale=("full", "paper"), labels=None, probe=PROBE, **choices):
    """Receipts of the control study: accuracy .90 + .01 for each row + .001 for each seed."""
    rows = TABLES["control"].rows(scale[1])
    return [
        receipt(row.config(*scale, "cifar10", seed=seed, **choices), 0.9 + 0.01 * number + 0.001 * seed, probe=probe)
        for number, row in enumerate(rows[:4])
        for seed in seeds
        if labels is None or row.label in labels
    ]


def test_a_line_is_mean_interval_and_the_published_figure():
    (table,) = tables("control", study_receipts())
    cells = [line.cells() for line in table.lines]
    # Student's t at 2 degrees of freedom: 4.303 / sqrt(3) standard deviations of .1
    assert cells[0] == ("ViT, class token", "90.10 ± 0.25", "3", "93.65", "2,693,122", "184.6M")
    assert cells[1] == ("ViT, mean pooling", "91.10 ± 0.25", "3", "", "2,693,122", "184.6M")
    assert cells[3][0] == "GMM-ViT" and cells[3][3] == "95.06"
    assert table.scale == ("CIFAR-10, recipe paper, profile full: 300 epochs of 50,000 images, tested on 10,000")


def test_what_is_missing_is_said():
    receipts = [r for r in study_receipts() if (r.config.prior, r.config.seed) != ("gmm", 1)]
    (table,) = tables("control", receipts)
    assert table.missing[0] == "GMM-ViT (seed 1)"
    assert table.missing[1:] == [row.label for row in TABLES["control"].rows("paper")[4:]]
    assert "Not trained yet: GMM-ViT (seed 1); ELM-ViT, from 0; " in table.markdown()


def test_one_seed_has_no_interval():
    (table,) = tables("control", study_receipts(seeds=(0,)))
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
    found = tables("control", [*study_receipts(), *study_receipts(seeds=(3, 4), **other)])
    assert [len(line.receipts) for table in found for line in table.lines] == [3] * 4 + [2] * 4
    assert found[0].scale != found[1].scale


def test_near_copies_of_the_data_have_a_table_of_their_own():
    config = at("full", "paper")
    exact, near = tables("control", [receipt(config), receipt(config.but(seed=1), exact=False)])
    assert "CIFAR-10 (not exact)" in near.scale and "(not exact)" not in exact.scale


def test_other_trainings_are_of_no_row():
    foreign = [
        at("full", "paper", model="convnet"),
        at("full", "paper", model_options={"pos_embed": False}),
        at("full", "paper", prior="gmm", model_options={"depth": 2}),
        at("full", "paper", prior="manhattan", prior_options={"span": 6.0}),
    ]
    assert tables("control", map(receipt, foreign)) == []


def test_two_receipts_of_one_training_are_refused():
    config = at("full", "paper")
    with pytest.raises(ValueError, match="receipts hold two of ViT, mean pooling with seed 0, CIFAR-10, recipe paper"):
        tables("control", [receipt(config, 0.9), receipt(config, 0.1)])


def test_receipts_by_different_code_are_refused():
    """Of one table: all by today's code, or none."""
    old = study_receipts(seeds=(1,), probe=[2.5, 2.25, 2.0, 0.6])
    assert len(tables("control", old)) == 1
    message = (
        r"receipts were made by different code: ViT, class token \(seed 1\), .* do not fit today's; train them again"
    )
    with pytest.raises(ValueError, match=message):
        tables("control", [*study_receipts(seeds=(0,)), *old])


def test_how_often_a_training_was_evaluated_makes_no_other_table():
    (table,) = tables("control", [*study_receipts(seeds=(0,)), *study_receipts(seeds=(1,), eval_every=5)])
    assert [len(line.receipts) for line in table.lines] == [2] * 4


def test_the_cost_of_a_line_is_of_its_own_model():
    base, other = study_receipts(seeds=(0,))[:2]
    (table,) = tables("control", [base, receipt(other.config, parameters=7, macs=3_000_000)])
    assert [line.cells()[-2:] for line in table.lines] == [("2,693,122", "184.6M"), ("7", "3.0M")]


def test_a_study_is_read_at_its_own_scale(tmp_path):
    folder = tmp_path / "results"
    rows = {row.label: row for row in TABLES["control"].rows("lesson")}
    for number, scale in enumerate(({}, {"epochs": 3})):
        own = {**TABLES["control"].scale, **scale}
        made = receipt(rows["GMM-ViT"].config(dataset="cifar10", seed=0, **own), 0.1 * (1 + number))
        results.save(made, folder / "any" / f"{number}{results.SUFFIX}")
    table = read_study("control", folder)
    assert [line.row.label for line in table.lines] == ["GMM-ViT"] and table.lines[0].accuracy == {0: 10.0}
    assert table.line("ViT, mean pooling") is None and table.pick("ELM-ViT, from 0").missing == ["ELM-ViT, from 0"]
    assert read_study("kernels", tmp_path).markdown().endswith("Not trained yet.\n")
    with pytest.raises(ValueError, match="study is 'small', but it must be one of 'lessons'"):
        read_study("small", folder)


def test_kept_weights_are_read_by_seed(tmp_path):
    row = next(row for row in TABLES["control"].rows("lesson") if row.label == "GMM-ViT")
    scale, model = {**TABLES["control"].scale}, create_model("vit", prior="gmm", dim=12, depth=1)
    store = Store(tmp_path / "sub", keep="priors")
    for seed in (1, 0):
        store.save(receipt(row.config(dataset="cifar10", seed=seed, **scale)), model)
    kept = read_kept("control", "GMM-ViT", tmp_path)
    assert [*kept] == [0, 1] and kept[0].keys() == {"blocks.0.attn.prior.alpha", "blocks.0.attn.prior.sigma"}
    assert (kept[0]["blocks.0.attn.prior.alpha"] == model.blocks[0].attn.prior.alpha).all()
    assert read_kept("control", "ELM-ViT, from 0", tmp_path) == {}
    next(store.folder.glob("*.safetensors")).unlink()
    with pytest.raises(ValueError, match=r"safetensors is missing; restore it, or train again \(--fresh\)"):
        read_kept("control", "GMM-ViT", tmp_path)


def test_a_terminal_shows_every_line():
    (table,) = tables("control", study_receipts())
    console = Console(width=120, record=True, file=SimpleNamespace(write=lambda text: None, flush=lambda: None))
    console.print(table.rich())
    text = console.export_text()
    for line in table.lines:
        assert line.row.label in text and line.cells()[1] in text
    assert "not trained yet: ELM-ViT, from 0" in text


def test_an_unknown_table_is_named():
    with pytest.raises(ValueError, match="table is 'contrl', but it must be one of 'lessons', 'published', 'control'"):
        tables("contrl", [])


def test_published_figures_are_whole():
    assert len(ACCURACY) == 10 * len(DATASETS)
    assert (ACCURACY["ViT", "cifar10"], ACCURACY["GMM-T2T", "tiny-imagenet"]) == (93.65, 63.33)
    names = {row.published for study in TABLES.values() for row in study.rows("paper")} - {None}
    assert names <= {model for model, _ in ACCURACY}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (157, "2 min 37 s"), (9000, "2 h 30 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
