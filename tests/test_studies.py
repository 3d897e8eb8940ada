"""Studies: names of trainings, what a plan holds and in which order."""

from dataclasses import replace

import pytest
from made_up_receipts import receipt, same_code

from gmm_tutorial.priors import prior_defaults
from gmm_tutorial.runs import TABLES, Study, contrasts, plan, published, read_study, run_name, tables
from gmm_tutorial.runs.variants import GMM, NO_DECAY
from gmm_tutorial.train import configure

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
    mask = "-gmm-kernels=5-init=paper"
    first = ["vit-pool=cls", f"vit{mask}", "vit"]
    others = [model + prior for model in ("swin", "cait", "pit", "t2t") for prior in ("", mask)]
    assert names == [
        f"cifar10-{row}-paper-full-seed{seed}"
        for group in (first, others, ["rmt-cifar"])
        for seed in (0, 1)
        for row in group
    ]


def test_published_has_the_ten_rows_of_the_published_table_with_its_numbers():
    table = {row.published: row for row in TABLES["published"].rows("paper") if row.published}
    assert set(table) == {name for name, _ in published.ACCURACY}
    assert all((row.prior == "gmm") == name.startswith("GMM") for name, row in table.items())
    pools = {name: row.model_options for name, row in table.items() if row.model == "vit"}
    assert pools == {"ViT": {"pool": "cls"}, "GMM-ViT": {}}


def test_starts_tell_heights_and_widths_apart():
    for base, *rows in TABLES["starts"].compared:
        inits = [row.prior_options["init"] for row in rows]
        assert sorted(inits) == ["local", "narrow", "paper", "positive"] and base.prior is None


@pytest.mark.parametrize("name", ["kernels", "starts"])
def test_a_family_without_a_claim_changes_the_mask_alone(name):
    """Its rate is that of the planned row that it resembles."""
    study = TABLES[name]
    rates = {
        ("paper", True): plan.BEST["GMM, published start"],
        ("local", True): plan.BEST["GMM, local start"],
        ("paper", False): plan.BEST["GMM, published start, no positions"],
        ("local", False): plan.BEST["GMM, local start, no positions"],
    }
    for family in study.compared:
        base, *masked = [row.config(dataset="cifar10", seed=0, **study.scale) for row in family]
        for config in masked:
            assert config.but(prior=None, prior_options={}, lr=base.lr) == base
            start = {"positive": "paper", "narrow": "paper"}.get(init := config.prior_options["init"], init)
            assert config.lr == rates[start, config.model_options["pos_embed"]]


def test_the_two_data_sets_share_their_rows():
    ours, theirs = TABLES["control"], TABLES["cifar100"]
    assert ours.groups == theirs.groups and ours.compared == theirs.compared and ours.scale == theirs.scale
    assert (ours.dataset, theirs.dataset) == ("cifar10", "cifar100") and not ours.exploratory and theirs.exploratory
    made = [receipt(ours.rows("short")[0].config(dataset=d, seed=0, **ours.scale)) for d in ("cifar10", "cifar100")]
    for name in ("control", "cifar100"):
        (table,) = tables(name, made)
        assert [r.config.dataset for line in table.lines for r in line.receipts] == [TABLES[name].dataset]


def test_a_plan_has_fixed_its_data():
    assert TABLES["cifar100"].data() == TABLES["cifar100"].data("cifar100") == "cifar100"
    assert TABLES["control"].data() == TABLES["starts"].data() == "cifar10"
    assert TABLES["starts"].data("shapes") == "shapes"
    with pytest.raises(ValueError, match="dataset is 'shapes', but the plan of this study has fixed 'cifar10'"):
        TABLES["control"].data("shapes")


def test_control_differs_in_prior_positions_and_rate_alone():
    study = TABLES["control"]
    plan = study.plan(dataset="cifar10", seeds=study.planned(), **study.scale)
    assert len(plan) == 50 and len(set(map(run_name, plan))) == 50
    assert [config.seed for config in plan] == [seed for seed in range(5) for _ in range(10)]
    assert [config.prior for config in plan[:10]] == [None, "temperature", "gmm", "gmm", "manhattan"] * 2
    assert [config.model_options["pos_embed"] for config in plan[:10]] == [True] * 5 + [False] * 5
    assert {config.model_options["pool"] for config in plan} == {"mean"}
    same = {"prior": None, "model_options": plan[0].model_options, "seed": 0, "lr": 2e-3}
    assert len({config.but(**same).digest for config in plan}) == 1
    assert (plan[0].train_images, plan[0].test_images, plan[0].epochs) == (50_000, 10_000, 10)


def test_control_has_the_rates_that_tuning_found():
    """The best of three on images that no training and no test has seen."""
    table = read_study("tuning")
    assert not table.missing
    for row in TABLES["control"].rows("short"):
        found = {lr: table.accuracy(f"{row.label}, lr {lr:g}")[100] for lr in plan.RATES}
        assert row.choices == {"lr": max(found, key=found.get)}, found


def test_confirmation_trains_what_control_found_and_its_baselines_with_fresh_seeds():
    found, again = read_study("control"), TABLES["confirmation"]
    told = [(each.baseline, each.row) for each in contrasts.contrasts(found) if abs(each.difference) > each.half]
    assert [(base, row) for base, rows in again.families for row in rows] == told
    labels = {label for pair in told for label in pair}
    assert again.rows("short") == [row for row in found.study.rows("short") if row.label in labels]
    assert again.scale == found.study.scale and not again.exploratory
    assert not set(again.seeds) & set(found.study.seeds) and len(again.seeds) == 5


def test_a_plan_has_fixed_its_seeds():
    control, free = TABLES["control"], TABLES["starts"]
    assert control.planned() == [0, 1, 2, 3, 4] and control.planned([4, 0]) == [4, 0] and free.planned() == [0, 1, 2]
    assert TABLES["tuning"].planned() == [100] and free.planned([9]) == [9]
    with pytest.raises(ValueError, match=r"seeds is \[0, 5\], but the plan of this study has fixed \[0, 1, 2, 3, 4\]"):
        control.planned([0, 5])


def test_only_planned_seeds_count():
    row = TABLES["control"].rows("short")[0]
    made = [receipt(row.config(dataset="cifar10", seed=seed, **TABLES["control"].scale)) for seed in (0, 4, 5, 10)]
    (same,) = TABLES["lessons"].plan("learn", "lesson", "cifar10", [0], train_images=50_000)[:1]
    assert (same.prior, same.lr) == (None, 2e-3), "of another recipe, and so of another study"
    (table,) = tables("control", [*made, receipt(same.but(model_options={**same.model_options, "pos_embed": False}))])
    assert list(table.accuracy("no prior")) == [0, 4]
    assert table.missing[0] == "no prior (seed 1, 2, 3)" and len(table.missing) == 10


def test_rows_that_a_recipe_makes_the_same_are_one():
    """The short recipe decays no mask, so that leaving decay out would train the same again."""
    assert not at("full", "short").decay_masks
    decayed, free = GMM, replace(GMM, label="mask without decay", choices=NO_DECAY)
    study = Study("", ((decayed, free),), {})
    assert study.rows("short") == [decayed] and study.rows("paper") == [decayed, free]


def test_kernels_are_trained_without_positions_first():
    """There, a mask has something to say."""
    study = TABLES["kernels"]
    found = study.plan(dataset="cifar10", seeds=[0], **study.scale)[4:]
    assert [config.prior_options["kernels"] for config in found] == [1, 2, 3, 8] * 2
    assert [config.model_options["pos_embed"] for config in found] == [False] * 4 + [True] * 4
    assert [config.prior_options["init"] for config in found] == ["local"] * 4 + ["paper"] * 4


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
    """`--set lr=1e-3` is for rows that do not choose it themselves."""
    plan = TABLES["shapes"].plan("learn", "lesson", "shapes", [0], prior_lr=0.01, epochs=3)
    assert [config.prior_lr for config in plan] == [0.01, 0.05, 0.05, 0.01, 0.01]
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
