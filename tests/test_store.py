"""The store under what happens to it: several processes at once, processes that are killed, files that stay behind."""

import os
import shutil
import subprocess
import sys

import pytest
import torch

from gmm_tutorial import data, results
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import prior_parameters
from gmm_tutorial.runs import Store, beforehand, once, run_name, run_once
from gmm_tutorial.train import configure

# Forks one process per training, so that torch is imported once; each exits with 0 or a traceback.
FORKED = """
import os, random, signal, sys, time, traceback
from pathlib import Path
from gmm_tutorial.runs import Store, run_once
from gmm_tutorial.train import configure, probe

where, mode, trials = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sizes = {"train_images": 64, "test_images": 20, "model_options": {"dim": 16, "num_heads": 2}}
config = configure("shapes", recipe="lesson", profile="ci", prior="gmm", epochs=4, **sizes)
probe(config)
TIMES = {"seconds", "epoch_seconds", "images_per_second"}

def same(a, b):
    a, b = (receipt.model_dump(exclude=TIMES) for receipt in (a, b))
    return a == b

def child(store):
    pid = os.fork()
    if pid == 0:
        try:
            run_once(config, store)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return pid

def train(store):
    start = time.perf_counter()
    status = os.waitpid(child(store), 0)[1]
    assert status == 0
    return time.perf_counter() - start

undisturbed = Store(where / "undisturbed", keep="weights")
seconds = min(train(undisturbed), train(Store(where / "again", keep="weights")))
expected = undisturbed.find(config)
chance, kills, files = random.Random(int(sys.argv[4])), 0, sorted(p.name for p in undisturbed.folder.iterdir())
for trial in range(trials):
    store = Store(where / f"{mode}{trial}", keep="weights", cache=bool(trial % 2))
    if mode == "together":
        pids = []
        for _ in range(chance.randint(2, 4)):
            pids.append(child(store))
            time.sleep(chance.choice([0, chance.uniform(0, seconds)]))
        assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * len(pids), "each ends well"
    else:
        for _ in range(chance.randint(1, 3)):
            pid = child(store)
            time.sleep(chance.uniform(0, 1.2 * seconds))
            os.kill(pid, signal.SIGKILL)
            kills += os.WIFSIGNALED(os.waitpid(pid, 0)[1])
        train(store)
    assert same(store.find(config), expected), "the same receipt, but for times"
    left = sorted(p.name for p in store.folder.iterdir())
    assert left == files, left
print("DONE", trials, kills)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.parametrize(("mode", "trials"), [("together", 2), ("killed", 2)])
def test_whatever_happens_the_receipt_is_that_of_an_undisturbed_run(tmp_path, mode, trials):
    """Of several processes that train the same, or of one that is killed; and nothing is left behind."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-c", FORKED, str(tmp_path), mode, str(trials), "1"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stdout + done.stderr
    word, count, kills = done.stdout.splitlines()[-1].split()
    assert word == "DONE" and int(count) == trials and (mode == "together" or int(kills) >= 1)


@pytest.fixture
def config():
    sizes = {"train_images": 40, "test_images": 20, "model_options": {"dim": 16, "num_heads": 2}}
    return configure("shapes", recipe="lesson", profile="ci", prior="gmm", **sizes)


@pytest.mark.parametrize("keep", ["weights", "priors", "nothing"])
def test_a_store_keeps_what_it_says(tmp_path, config, keep):
    store = Store(tmp_path, keep=keep)
    run = run_once(config, store)
    assert (run.receipt.kept and run.receipt.kept.what) == (None if keep == "nothing" else keep)
    own = dict(run.model.state_dict())
    if keep != "nothing":
        kept = store.tensors(run.receipt)
        assert all((kept[name] == own[name]).all() for name in kept)
        assert len(kept) == (len(own) if keep == "weights" else len(prior_parameters(run.model)))
    assert store.find(config) == run.receipt


def test_a_model_without_a_prior_keeps_nothing_of_priors(tmp_path, config):
    assert run_once(config.but(prior=None), Store(tmp_path, keep="priors")).receipt.kept is None


def test_a_receipt_is_found_under_an_older_name(tmp_path, config):
    """Names say what is unlike the recipe, so that they change with it; what was trained is in the file."""
    store = Store(tmp_path, keep="priors")
    receipt = run_once(config, store).receipt
    for path in tmp_path.iterdir():
        path.rename(path.with_name(path.name.replace("shapes-", "older-")))
    assert store.find(config) == receipt and store.find(config.but(seed=1)) is None


def test_a_training_on_other_images_is_not_taken_for_this_one(tmp_path, config, monkeypatch):
    store = Store(tmp_path)
    run_once(config, store)
    images = data.load("shapes", "test")
    monkeypatch.setattr(data, "load", lambda name, split: images)
    with pytest.raises(ValueError, match=r"was trained on other images: .*; remove it, or start again \(--fresh\)"):
        run_once(config, store)


def test_weights_that_no_receipt_vouches_for_are_refused(tmp_path, config):
    store = Store(tmp_path)
    receipt = run_once(config, store).receipt
    with pytest.raises(ValueError, match="cannot be verified: the receipt says that no weights were kept"):
        store.tensors(receipt)


def test_forget_removes_all_of_a_training_and_nothing_else(tmp_path, config):
    store = Store(tmp_path, keep="weights")
    other = run_once(config.but(seed=1), store).receipt
    run_once(config, store)
    store.checkpoints(config).mkdir()
    (tmp_path / f".{store.receipt_path(config).name}.7.partial").write_text("")
    store.forget(config)
    assert len([*tmp_path.iterdir()]) == 2 and store.find(config.but(seed=1)) == other and store.find(config) is None


def test_create_model_is_what_was_measured(tmp_path, config):
    """The numbers of a receipt are of the model that its configuration says."""
    receipt = run_once(config, Store(tmp_path)).receipt
    model = create_model("vit", prior="gmm", **{**config.model_options})
    assert receipt.parameters == sum(p.numel() for p in model.parameters())
    assert len(receipt.probe) == 4 and receipt.data.name == "shapes" and receipt.config == config


def test_a_training_that_comes_with_the_tutorial_is_loaded(tmp_path, config, monkeypatch, capsys):
    """With its weights; where there is none, or it would begin otherwise today, the model is trained."""
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    made = run_once(config, Store(tmp_path / "lessons", keep="weights"))
    shutil.rmtree(tmp_path / "lessons" / run_name(config), ignore_errors=True)
    before = sorted((tmp_path / "lessons").iterdir())
    capsys.readouterr()
    loaded = beforehand(config)
    assert capsys.readouterr().out.startswith("trained beforehand: vit with gmm")
    assert loaded.receipt == made.receipt and not loaded.model.training
    for name, value in made.model.state_dict().items():
        assert torch.equal(value, loaded.model.state_dict()[name])
    assert not (tmp_path / "cache").exists() and sorted((tmp_path / "lessons").iterdir()) == before

    other = beforehand(config.but(seed=1)).receipt
    assert other.config.seed == 1 and (tmp_path / "cache" / "runs").exists()
    assert sorted((tmp_path / "lessons").iterdir()) == before, "what comes with the tutorial is never written to"
    monkeypatch.setattr(once, "same_probe", lambda ours, theirs: False)
    again = beforehand(config).receipt
    assert again != made.receipt and again.accuracy == made.receipt.accuracy
