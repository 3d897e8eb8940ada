"""Checkpoints: whatever stops a training, it goes on as if nothing had been."""

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from gmm_tutorial import data
from gmm_tutorial.train import TrainConfig, build, fit, weights
from gmm_tutorial.train import checkpoint as checkpoints
from gmm_tutorial.train.epoch import adamw

TINY = {"dim": 16, "depth": 1, "num_heads": 2, "drop_path": 0.5}

# Forks one process per training, so that torch is imported once. All that draws is on, and batch norm has buffers.
KILLED = """
import hashlib, os, random, signal, sys, time, traceback
from pathlib import Path
import torch
from gmm_tutorial.data import Images
from gmm_tutorial.train import TrainConfig, build, fit, weights

where, mode = Path(sys.argv[1]), sys.argv[2]
draws = torch.Generator().manual_seed(0)
pixels, labels = torch.randint(256, (96, 3, 32, 32), generator=draws, dtype=torch.uint8), torch.arange(96) % 10
images = Images(pixels, labels, tuple("0123456789"), "shapes", "train", "drawn", True, "")
sizes = {"dims": (8, 16), "depths": (1, 1), "num_heads": (2, 2), "drop_path": 0.5}
config = TrainConfig(dataset="shapes", train_images=96, test_images=96, epochs=5, batch_size=32, model="rmt-cifar",
                     model_options=sizes, auto_augment="cifar10", erase=0.5, mix=0.5)

def train(folder):
    model = build(config, images)
    history = fit(model, config, images, images, where / folder)
    digest = hashlib.sha256(repr((history.loss, history.accuracy)).encode())
    for name, value in sorted(weights(model).items()):
        digest.update(value.numpy().tobytes())
    (where / f"{folder}.txt").write_text(digest.hexdigest())

def child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return pid

def killed(pid):
    status = os.waitpid(pid, 0)[1]
    assert status == 0 or os.WIFSIGNALED(status), "it did not go on"
    return status != 0

def killed_at_write(count):
    # every time that Python touches a file of the run, before it does
    seen = []
    def hook(event, arguments):
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"):
            if "epoch-" in str(arguments[0]):
                seen.append(event)
                if len(seen) == count:
                    os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    train("killed")

start = time.perf_counter()
killed(child(lambda: train("whole")))
seconds = time.perf_counter() - start
moments = random.Random(1)
kills = 0
while not (where / "killed.txt").exists():
    if mode == "writes":
        pid = child(lambda: killed_at_write(kills + 1))
    else:
        pid = child(lambda: train("killed"))
        time.sleep(moments.uniform(0, 0.4) * seconds)
        if kills < 8:
            os.kill(pid, signal.SIGKILL)
    kills += killed(pid)
print("KILLS", kills, (where / "whole.txt").read_text() == (where / "killed.txt").read_text())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
@pytest.mark.parametrize(("mode", "least"), [("writes", 10), ("moments", 2)])
def test_killed_at_any_time_it_ends_as_if_it_had_not_been(tmp_path, mode, least):
    """To the bit: weights, batch statistics, losses and accuracies of the run that nobody killed."""
    command = [sys.executable, "-c", KILLED, str(tmp_path), mode]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}  # to the bit is for the CPU
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600)
    assert done.returncode == 0, done.stderr
    word, kills, same = done.stdout.splitlines()[-1].split()[-3:]
    assert word == "KILLS" and int(kills) >= least and same == "True"


@pytest.fixture
def sets():
    return data.load("shapes", "train").subset(96, seed=0), data.load("shapes", "test").subset(50, seed=0)


def tiny(**choices):
    scale = {"train_images": 96, "test_images": 50, "epochs": 2, "model_options": TINY, "batch_size": 32}
    return TrainConfig(**{"dataset": "shapes", **scale, **choices})


def stop_after(epochs):
    def stop(history):
        if len(history.loss) == epochs:
            raise KeyboardInterrupt

    return stop


def test_a_run_keeps_its_last_checkpoint_without_pickle(sets, tmp_path):
    model = build(tiny(), sets[0])
    history = fit(model, tiny(), *sets, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["epoch-2"]
    names = {"model.safetensors", "optimizer.safetensors", "state.json"}
    assert {path.name for path in (tmp_path / "run" / "epoch-2").iterdir()} == names
    kept = load_file(tmp_path / "run" / "epoch-2" / "model.safetensors")
    assert kept.keys() == model.state_dict().keys()
    assert all(torch.equal(kept[name], value) for name, value in model.state_dict().items())
    moments = load_file(tmp_path / "run" / "epoch-2" / "optimizer.safetensors")
    assert len(moments) == 3 * len(list(model.parameters())) and moments["0.step"] == 6
    again = build(tiny(), sets[0])
    assert fit(again, tiny(), *sets, tmp_path / "run") == history, "a finished run is not trained again"
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters(), strict=True))


def test_ctrl_c_says_how_to_go_on(sets, tmp_path, capsys):
    config = tiny(epochs=3)
    with pytest.raises(KeyboardInterrupt):
        fit(build(config, sets[0]), config, *sets, tmp_path, on_epoch=stop_after(2))
    assert f"stopped; {tmp_path / 'epoch-2'} is kept, and the same call continues" in capsys.readouterr().out
    seen = []
    history = fit(
        build(config, sets[0]), config, *sets, tmp_path, on_epoch=lambda history: seen.append(asdict(history))
    )
    assert f"going on after epoch 2 of 3, kept in {tmp_path}" in capsys.readouterr().out
    assert seen == [asdict(history)], "one epoch was left"
    assert history.loss == fit(build(config, sets[0]), config, *sets).loss
    with pytest.raises(KeyboardInterrupt):
        fit(build(config, sets[0]), config, *sets, on_epoch=stop_after(2))
    assert "stopped; nothing is kept" in capsys.readouterr().out


def test_without_resume_it_begins_anew(sets, tmp_path):
    first = fit(build(tiny(), sets[0]), tiny(), *sets, tmp_path)
    seen = []
    again = fit(build(tiny(), sets[0]), tiny(), *sets, tmp_path, resume=False, on_epoch=lambda _: seen.append(1))
    assert len(seen) == 2 and again.loss == first.loss
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-2"]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"lr": 1e-3}, "lr is 0.001, but the checkpoint .*epoch-1 has 0.002"),
        ({"epochs": 3}, "epochs is 3, but .* has 2"),
        ({"test_split": "held_out"}, "test_split is 'held_out', but .* has 'test'"),
    ],
)
def test_another_configuration_is_refused(sets, tmp_path, choice, message):
    with pytest.raises(KeyboardInterrupt):
        fit(build(tiny(), sets[0]), tiny(), *sets, tmp_path, on_epoch=stop_after(1))
    with pytest.raises(ValueError, match=message):
        fit(build(tiny(), sets[0]), tiny(**choice), *sets, tmp_path)


def test_every_field_of_a_configuration_counts(sets, tmp_path):
    """Also those that come later."""
    config = tiny(epochs=1, prior="gmm")
    fit(build(config, sets[0]), config, *sets, tmp_path)
    model = build(config, sets[0])
    for name, value in config.model_dump().items():
        others = {"dataset": "cifar10", "model": "convnet", "model_options": {"dim": 8}, "prior": "elm"}
        other = others.get(name, {"kernels": 2} if name == "prior_options" else None)
        if other is None:
            continue
        assert other != value
        with pytest.raises(
            ValueError, match=r"(model|prior|dataset|train_images|test_images)\w* is .*, but the checkpoint"
        ):
            checkpoints.load(tmp_path, model, adamw(model, config), config.but(**{name: other}), {})
    with pytest.raises(ValueError, match="data is 'b', but the checkpoint .* has None"):
        checkpoints.load(tmp_path, model, adamw(model, config), config, {"data": "b"})


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with a checkpoint."""
    folder = tmp_path_factory.mktemp("kept")
    train_set, test_set = (data.load("shapes", split).subset(50) for split in ("train", "test"))
    fit(build(tiny(), train_set), tiny(), train_set, test_set, folder)
    return folder


def load(folder):
    model = build(tiny(), data.load("shapes", "test"))
    return checkpoints.load(folder, model, adamw(model, tiny()), tiny(), {})


NAMES = ["model.safetensors", "optimizer.safetensors", "state.json"]


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_checkpoint_is_named(kept, tmp_path, name):
    """Cut, empty, gone, or with any bit flipped."""
    assert load(kept)
    folder = shutil.copytree(kept, tmp_path / "copy")
    path, chance = folder / "epoch-2" / name, random.Random(0)
    content = path.read_bytes()
    damages = [content[:100], b"", None, b"[]", b"{}"]
    for _ in range(8):
        place = chance.randrange(len(content))
        damages.append(content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :])
    for damaged in damages:
        path.unlink() if damaged is None else path.write_bytes(damaged)
        with pytest.raises(
            ValueError, match="epoch-2 is not a whole checkpoint: .*; remove it to start again"
        ) as error:
            load(folder)
        assert len(str(error.value).splitlines()) == 1
    path.write_bytes(content)
    assert load(folder)


def test_other_folders_are_no_checkpoints(kept, tmp_path):
    folder = shutil.copytree(kept, tmp_path / "copy")
    for name in ("epoch-x", "epoch-3 (copy)", "epoch-", "epoch-4.partial"):
        (folder / name).mkdir()
    (folder / "epoch-5").write_text("a file")
    assert checkpoints.latest(folder) == folder / "epoch-2" and load(folder)


def test_the_tenth_epoch_comes_after_the_ninth(kept, tmp_path):
    """Not as text is sorted: there the newest would be removed."""
    for epoch in (9, 10):
        shutil.copytree(kept / "epoch-2", tmp_path / f"epoch-{epoch}")
    assert checkpoints.latest(tmp_path) == tmp_path / "epoch-10"
    model = build(tiny(), data.load("shapes", "test"))
    checkpoints.save(tmp_path, 11, model, adamw(model, tiny()), tiny(), {"loss": []}, {})
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-11"]


def test_a_checkpoint_under_the_name_of_another_epoch_is_refused(kept, tmp_path):
    """It would be the last one forever: each later one would be removed as older."""
    for name in ("epoch-1", "epoch-7", "epoch-02"):
        folder = tmp_path / name
        shutil.copytree(kept / "epoch-2", folder / name)
        with pytest.raises(ValueError, match=rf"{name} is not a whole checkpoint: its state is after epoch 2; remove"):
            load(folder)


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before_and_nothing_else(kept, tmp_path, monkeypatch, name):
    folder, write = shutil.copytree(kept, tmp_path / "copy"), Path.write_bytes

    def full(self, content):
        if name in self.name:
            write(self, content[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return write(self, content)

    model = build(tiny(), data.load("shapes", "test"))
    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match="No space left on device"):
            checkpoints.save(folder, 3, model, adamw(model, tiny()), tiny(), {"loss": []}, {})
    assert [path.name for path in folder.iterdir()] == ["epoch-2"] and load(folder)


def test_more_epochs_than_there_are_is_no_end(kept):
    config = tiny(epochs=1)
    model = build(config, data.load("shapes", "test"))
    with pytest.raises(ValueError, match="epochs is 1, but the checkpoint .* has 2"):
        checkpoints.load(kept, model, adamw(model, config), config, {})


def test_a_loss_that_is_no_number_names_the_last_good_checkpoint(sets, tmp_path):
    config, model = tiny(epochs=3), build(tiny(), sets[0])

    def spoil(history):
        if len(history.loss) == 2:
            with torch.no_grad():
                model.head.weight.fill_(torch.nan)

    message = (
        r"the loss is nan at step 7 of 9, in epoch 3, at a learning rate of .*; the last good checkpoint is .*epoch-2"
    )
    with pytest.raises(FloatingPointError, match=message):
        fit(model, config, *sets, tmp_path, on_epoch=spoil)
    history = fit(build(config, sets[0]), config, *sets, tmp_path)
    assert history.loss == fit(build(config, sets[0]), config, *sets).loss


def test_weights_are_the_models_own_and_contiguous(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    assert not model[0].weight.is_contiguous()
    for wrapped in (model, torch.compile(model)):
        kept = weights(wrapped)
        save_file(kept, tmp_path / "weights.safetensors")
        assert kept.keys() == model.state_dict().keys() and all(value.is_contiguous() for value in kept.values())
        assert all(torch.equal(kept[name], value) for name, value in model.state_dict().items())
    assert checkpoints.unwrapped(torch.compile(model)) is model


def test_of_two_that_train_into_one_folder_one_waits(tmp_path):
    """Threads stand in for processes: what the second finds is whole, and nothing but checkpoints stays."""
    inside, order = threading.Event(), []

    def second():
        inside.wait()
        with checkpoints.alone(tmp_path / "run"):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with checkpoints.alone(tmp_path / "run"):
        inside.set()
        time.sleep(0.3)
        order.append("first")
    thread.join(timeout=20)
    assert order == ["first", "second"]
    assert list(tmp_path.iterdir()) == []
    with checkpoints.alone(None):
        order.append("without a folder")
