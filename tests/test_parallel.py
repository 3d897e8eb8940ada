"""Several processes train as one does with the joined batch, and leave one receipt."""

import os
import subprocess
import sys

import pytest
import torch
import torch.nn.functional as F

from gmm_tutorial import data, results, runs
from gmm_tutorial.train import TrainConfig, build, fit, parallel
from gmm_tutorial.train.batches import batches
from gmm_tutorial.train.parallel import World

TINY = {"dim": 16, "depth": 1, "num_heads": 2}
EVERYTHING = {"auto_augment": "cifar10", "erase": 0.5, "mix": 0.7}
# batches of 64 from 197 images: the last one has 5, which two processes cannot halve
CONFIG = TrainConfig(
    dataset="shapes", train_images=197, test_images=101, epochs=2, batch_size=64, model_options=TINY, **EVERYTHING
)

TOGETHER = """
import copy, sys
import torch, torch.nn.functional as F
from gmm_tutorial import data, runs
from gmm_tutorial.train import build, parallel, unwrapped
from gmm_tutorial.train.batches import batches
from gmm_tutorial.train.parallel import World
sys.path.insert(0, sys.argv[1])
from test_parallel import CONFIG

world = parallel.join()
config, train_set, _ = runs.chosen(CONFIG)
alone = build(config, train_set).double()
runner = parallel.distributed(copy.deepcopy(alone))
worst = 0.0
for part, joined in zip(batches(train_set, config, 1, world), batches(train_set, config, 1, World()), strict=True):
    for model, (x, shares, weight) in ((runner, part), (alone, joined)):
        model.zero_grad()
        (weight * F.cross_entropy(model(x.double()), shares.double())).backward()
    pairs = zip(unwrapped(runner).parameters(), alone.parameters(), strict=True)
    worst = max(worst, *((a.grad - b.grad).abs().max().item() for a, b in pairs))
# one write for the whole line: the processes share stdout
sys.stdout.write(f"GRADIENTS {world.rank} of {world.size}, {worst < 1e-12}, {worst}\\n")
run = runs.train(CONFIG)
sys.stdout.write(f"WEIGHTS {sum(p.double().sum().item() for p in run.model.parameters()):.12f}\\n")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="torchrun with gloo is at home on Linux")
def test_torchrun_trains_one_model(tmp_path, monkeypatch):
    """Gradients are those of the joined batch; one receipt, one summary, the same weights in both processes."""
    here = os.path.dirname(__file__)
    script = tmp_path / "together.py"
    script.write_text(TOGETHER)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "GMM_TUTORIAL_CACHE": str(tmp_path),
        "CUDA_VISIBLE_DEVICES": "",
    }
    done = subprocess.run([*command, str(script), here], capture_output=True, text=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for rank in (0, 1):
        assert any(f"GRADIENTS {rank} of 2, True" in line for line in lines), done.stdout
    assert len({line.split("WEIGHTS")[1] for line in lines if "WEIGHTS" in line}) == 1
    assert sum("of 101 test images after 2 epochs of 197" in line for line in lines) == 1
    (paper,) = (tmp_path / "runs").glob("*.json")
    assert {path.suffix for path in paper.parent.iterdir()} == {".json", ".safetensors"}

    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "alone"))
    alone, together = runs.train(CONFIG).receipt, results.load(paper)
    assert alone.config == together.config and alone.probe == together.probe
    assert together.loss == pytest.approx(alone.loss, rel=1e-4)
    assert together.last_accuracy == pytest.approx(alone.last_accuracy, abs=0.02)


@pytest.mark.parametrize("size", [2, 3, 4])
def test_parts_of_a_batch_are_the_batch(size):
    """Without overlap, however mixed; and the mean of their weighted losses is its loss."""
    train_set = data.load("shapes", "train").subset(197, seed=0)
    model = build(CONFIG, train_set).double().eval()
    whole = list(batches(train_set, CONFIG, 3, World()))
    parts = [list(batches(train_set, CONFIG, 3, World(rank, size))) for rank in range(size)]
    assert len(whole) == 4 and all(len(part) == len(whole) for part in parts)
    for step, (x, shares, weight) in enumerate(whole):
        assert weight == 1
        rows = sorted(tuple(row.flatten().tolist()) for row in x)
        assert rows == sorted(tuple(row.flatten().tolist()) for part in parts for row in part[step][0])
        losses = [w * F.cross_entropy(model(x.double()), s.double()) for x, s, w in (part[step] for part in parts)]
        torch.testing.assert_close(torch.stack(losses).mean(), F.cross_entropy(model(x.double()), shares.double()))


def test_a_batch_must_have_equal_parts(monkeypatch):
    monkeypatch.setattr(parallel, "world", lambda: World(0, 3))
    images = data.load("shapes", "test")
    with pytest.raises(ValueError, match="batch_size is 64, but 3 processes must have equal parts of it"):
        fit(build(CONFIG, images), CONFIG, images, images)


def test_alone_nothing_is_done():
    model = torch.nn.Linear(2, 2)
    assert parallel.join() == parallel.world() == World(0, 1) and parallel.world().first
    assert parallel.distributed(model) is model and parallel.agree(True) and not parallel.agree(False)
