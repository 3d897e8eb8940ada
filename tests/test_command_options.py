"""What a command is told reaches the training, each option of it; and what a command is not told."""

import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from made_up_receipts import receipt
from typer.testing import CliRunner

from gmm_tutorial import runs
from gmm_tutorial.cli import app
from gmm_tutorial.cli import options as choices
from gmm_tutorial.cli.reproduce import reproduce
from gmm_tutorial.train import configure


@pytest.fixture
def told(tmp_path, monkeypatch):
    """told("train", ...) -> what the command calls instead of a training, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")
    calls = []

    def run_shown(config, store, **options):
        calls.append((config, store, options))
        return SimpleNamespace(receipt=receipt(config))

    def reproduce(plan, store, budget, **options):
        calls.append((plan, store, budget.seconds, options.pop("compiled")))
        return True

    monkeypatch.setattr(runs, "run_shown", run_shown)
    monkeypatch.setattr(runs, "reproduce", reproduce)

    def invoke(*arguments):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        return calls.pop()

    return invoke


def test_train_passes_on_all_that_it_is_told(told):
    scale = ("--dataset", "shapes", "--recipe", "short", "--profile", "learn", "--seed", "3", "--epochs", "2")
    sizes = ("--batch-size", "64", "--precision", "float32", "--set", "lr=0.5", "--set", "model.depth=2")
    model = ("--model", "vit", "--prior", "gmm", "--kernels", "3", "--pool", "cls")
    config, store, options = told("train", *scale, *sizes, *model, "--out", "here", "--fresh", "--compile")
    own = {"seed": 3, "epochs": 2, "batch_size": 64, "precision": "float32", "lr": 0.5}
    parts = {"model_options": {"depth": 2, "pool": "cls"}, "prior": "gmm", "prior_options": {"kernels": 3}}
    assert config == configure("shapes", "vit", recipe="short", profile="learn", **own, **parts)
    assert store == runs.Store(Path("here"), keep="weights") and options == {"fresh": True, "compiled": True}


def test_train_of_nothing_is_the_lesson_at_the_profile_in_force(told):
    config, store, options = told("train")
    assert config == configure("cifar10", "vit", recipe="lesson", profile="ci", seed=0)
    assert store == runs.Store(Path("runs"), keep="weights") and options == {"fresh": False, "compiled": False}


def test_reproduce_passes_on_all_that_it_is_told(told):
    scale = ("--dataset", "shapes", "--recipe", "short", "--profile", "ci", "--set", "epochs=2", "--seeds", "5,1")
    plan, *others = told("reproduce", "--table", "kernels", *scale, "--budget", "1h30m", "--out", "here", "--compile")
    own = {**runs.TABLES["kernels"].scale, "recipe": "short", "profile": "ci", "epochs": 2}
    assert plan == runs.TABLES["kernels"].plan(dataset="shapes", seeds=[5, 1], **own)
    assert others == [runs.Store(Path("here"), keep="priors"), 5400, True]


def test_reproduce_of_a_table_alone_is_at_its_own_scale(told):
    plan, *others = told("reproduce", "--table", "kernels")
    assert plan == runs.TABLES["kernels"].plan(dataset="cifar10", seeds=[0, 1, 2], **runs.TABLES["kernels"].scale)
    assert others == [runs.Store(Path("runs"), keep="priors"), None, False]


def test_seeds_are_trained_in_the_order_in_which_they_are_given():
    assert choices.seeds("2,0,10,1") == [2, 0, 10, 1] and choices.seeds("3 1,3") == [3, 1]


def test_the_help_names_every_table():
    (option,) = inspect.get_annotations(reproduce)["table"].__metadata__
    assert set(re.findall(r"[a-z0-9]+", option.help)) - {"or"} == set(runs.TABLES)
