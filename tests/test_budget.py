"""Plans within a budget of time, by a clock and a trainer that are made up."""

import pytest
from made_up_receipts import receipt, same_code

from gmm_tutorial import results
from gmm_tutorial.runs import TABLES, Budget, Run, Store, reproduce, run_name, run_once
from gmm_tutorial.runs.budget import time_left
from gmm_tutorial.runs.display import duration
from gmm_tutorial.train import checkpoint, configure

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")


class Shop:
    """A clock, and a trainer that takes a minute per training and 15 minutes for an RMT, as far as `stop` lets it."""

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


PLAN = [
    config
    for config in TABLES["published"].plan("full", "paper", "cifar10", [0, 1])
    if config.model in ("vit", "rmt-cifar")
]


def test_without_a_limit_all_is_done_once(shop, tmp_path):
    assert shop.work(PLAN, tmp_path, None)
    assert shop.trained == [run_name(config) for config in PLAN]
    assert shop.work(PLAN, tmp_path, 0), "what is done needs no time"
    assert len(shop.trained) == len(PLAN) and shop.said[-1] == "8 of 8 trainings are done"


def test_what_surely_does_not_fit_is_not_begun(shop, tmp_path):
    assert not shop.work(PLAN, tmp_path, 150)
    assert len(shop.trained) == 2 and shop.now == 120
    assert "30 s of the budget are left" in shop.said[-1] and "would take about 1 min 0 s" in shop.said[-1]
    assert "6 trainings were not started" in shop.said[-1] and run_name(PLAN[2]) in shop.said[-1]
    assert not shop.work(PLAN, tmp_path, 61)
    assert shop.trained == [run_name(config) for config in PLAN[:3]]


def test_the_budget_ends_a_training_that_nothing_is_known_of(shop, tmp_path):
    """Of another model than those before it, it is begun, and stopped after the epoch in which the time is used."""
    assert not shop.work(PLAN, tmp_path, 6 * 60 + 500)
    assert len(shop.trained) == 6 and shop.now == 6 * 60 + 3 * 225
    assert "the budget ran out during cifar10-rmt-cifar" in shop.said[-1]


def test_a_training_that_diverges_stops_no_others(shop, tmp_path):
    def train(config, store, **how):
        if config.prior == "gmm":
            raise FloatingPointError("the loss is nan at step 3")
        return shop.train(config, store, **how)

    with pytest.raises(
        FloatingPointError,
        match="not done: cifar10-vit-gmm-kernels=5-init=paper-paper-full-seed0-.*; try again with a smaller",
    ):
        reproduce(PLAN[:3], Store(tmp_path), Budget(None), train=train, say=shop.said.append)
    assert len(shop.trained) == 2 and any("was skipped: the loss is nan" in line for line in shop.said)


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


def test_a_checkpoint_that_another_process_replaces_is_no_error(tmp_path, monkeypatch):
    """Of two that reproduce the same table, one looks at the checkpoints of a training while the other makes them."""
    config, store = PLAN[0], Store(tmp_path)
    (store.checkpoints(config) / "epoch-1").mkdir(parents=True)
    with pytest.raises(ValueError, match="epoch-1 is not a whole checkpoint"):
        time_left(config, store)
    latest = checkpoint.latest

    def gone(folder):
        last = latest(folder)
        last.rmdir()
        return last

    monkeypatch.setattr(checkpoint, "latest", gone)
    assert time_left(config, store) is None


def test_what_an_interrupted_training_took_says_nothing_of_a_whole_one(shop, tmp_path, monkeypatch):
    """After the rest of one, nothing is known of the next of its model: it is begun."""
    monkeypatch.setattr("gmm_tutorial.runs.budget.time_left", lambda config, store: 1 if config == PLAN[0] else None)
    assert not shop.work(PLAN[:2], tmp_path, 90)
    assert shop.trained == [run_name(PLAN[0])] and f"ran out during {run_name(PLAN[1])}" in shop.said[-1]


def test_what_an_interrupted_training_still_needs_goes_before_what_others_took(shop, tmp_path, monkeypatch):
    monkeypatch.setattr("gmm_tutorial.runs.budget.time_left", lambda config, store: 3600 if config.seed else 1)
    plan = [config for config in PLAN if config.model == "vit"]
    assert not shop.work(plan, tmp_path, 3 * 60 + 30)
    assert len(shop.trained) == 3 and "would take about 1 h 0 min" in shop.said[-1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (157, "2 min 37 s"), (9000, "2 h 30 min")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words
