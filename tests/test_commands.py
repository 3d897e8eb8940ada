"""The commands train, reproduce and results, end to end at the smallest size; wrong values; Ctrl-C; torchrun."""

import errno
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gmm_tutorial import results, runs
from gmm_tutorial.cli import options as choices

TINY = ("--dataset", "shapes", "--profile", "ci", "--epochs", "2")


@pytest.fixture
def call(tmp_path, monkeypatch, invoke):
    """`invoke` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")
    monkeypatch.setattr(sys, "argv", ["gmm-tutorial", "as", "typed", "--fresh"])
    return invoke


# ---- train


def test_train_writes_a_receipt_and_a_second_call_says_done(call, tmp_path):
    command = ("train", *TINY, "--prior", "gmm", "--kernels", "2", "--recipe", "paper", "--set", "model.drop_path=0")
    exit_code, text = call(*command)
    assert exit_code == 0, text
    (path,) = (tmp_path / "runs").glob("*.receipt.json")
    config = results.load(path).config
    name = f"shapes-vit-gmm-kernels=2-init=paper-drop_path=0-epochs=2-paper-ci-seed0-{config.digest}"
    assert path.name == f"{name}.receipt.json"
    assert sorted(path.name for path in path.parent.iterdir()) == [path.name, f"{name}.safetensors"]
    assert (config.recipe, config.epochs, config.mix, config.lr) == ("paper", 2, 0.5, 1e-3)
    assert (config.train_images, config.prior_options) == (320, {"kernels": 2, "init": "paper"})
    assert "epoch 1/2, loss" in text and "epoch 2/2, loss" in text and "images/s" in text

    before = path.read_bytes()
    exit_code, text = call(*command)
    assert exit_code == 0 and "already trained" in text and "epoch 1/2" not in text
    assert "to start again: gmm-tutorial as typed --fresh" in text and "weights" not in text
    (tmp_path / "runs" / f"{name}.safetensors").unlink()
    exit_code, text = call(*command)
    assert exit_code == 2 and f"{name}.safetensors is missing; restore it, or train again (--fresh)" in text
    assert path.read_bytes() == before
    exit_code, text = call(*command, "--fresh")
    assert exit_code == 0 and "epoch 1/2, loss" in text
    assert path.read_bytes() != before, "another time, so other seconds"


# `train`, which waits in the middle of its third epoch: however busy a machine is, it is not done before it is stopped
WAITING = """
import runpy, time
from gmm_tutorial.runs.display import Display

count = Display.update

def wait(self):
    count(self)
    if len(self.rows) == 2:
        print("waiting", flush=True)
        time.sleep(600)

Display.update = wait
runpy.run_module("gmm_tutorial", run_name="__main__", alter_sys=True)
"""


def test_train_goes_on_after_it_was_stopped(tmp_path):
    """As by Ctrl-C, in the middle of an epoch; what it says to type goes on."""
    command = ["train", *TINY[:-1], "4", "--out", str(tmp_path)]
    start = [sys.executable, "-c", WAITING]
    process = subprocess.Popen([*start, *command], stdout=subprocess.PIPE, text=True, env=alone())
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "waiting\n":
            process.send_signal(signal.SIGINT)
            break
    lines += process.communicate(timeout=600)[0].splitlines()
    assert process.returncode == 130
    (to_type,) = [line for line in lines if line.startswith("to continue: ")]
    assert to_type == f"to continue: python -m gmm_tutorial {' '.join(command)}"
    assert not list(tmp_path.glob("*.json"))

    start = [sys.executable, "-m", "gmm_tutorial"]
    second = subprocess.run([*start, *command], capture_output=True, text=True, env=alone(), timeout=600)
    assert second.returncode == 0, second.stderr
    assert "going on after epoch 2 of 4" in second.stdout
    assert "epoch 2/4" not in second.stdout and "epoch 3/4" in second.stdout and "epoch 4/4" in second.stdout
    (receipt,) = tmp_path.glob("*.json")
    assert len(results.load(receipt).loss) == 4
    assert {path.suffix for path in tmp_path.iterdir()} == {".json", ".safetensors"}


def test_torchrun_makes_one_receipt_and_one_display(tmp_path):
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command = [*start, "-m", "gmm_tutorial", "train", *TINY, "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=alone(), timeout=600)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("epoch 2/2, loss") == done.stdout.count("of 200 test images after 2 epochs of 320") == 1
    assert len(list(tmp_path.glob("*.receipt.json"))) == 1 and not any(path.is_dir() for path in tmp_path.iterdir())


def alone():
    """The environment of a process that leaves GPUs and other cores to others."""
    return {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "vti"), "model is 'vti', but it must be one of 'vit'"),
        (("--prior", "gauss"), "prior is 'gauss', but it must be one of 'none', 'elm', 'gmm'"),
        (("--recipe", "papre"), "recipe is 'papre', but it must be 'lesson', 'paper' or 'short'"),
        (("--dataset", "cifar11"), "dataset is 'cifar11', but it must be one of 'cifar10'"),
        (("--profile", "huge"), "profile is 'huge', but it must be 'ci', 'learn' or 'full'"),
        (("--epochs", "0"), "epochs is 0, but it must be greater than or equal to 1"),
        (("--kernels", "2"), "prior_options has 'kernels', but None takes no options"),
        (("--prior", "elm", "--kernels", "2"), "prior_options has 'kernels', but 'elm' takes init"),
        (("--pool", "max"), "pool is 'max', but it must be 'mean' or 'cls'"),
        (("--model", "convnet", "--pool", "cls"), "model_options has 'pool', but 'convnet' takes dim, depth"),
        (("--model", "rmt-s"), "model is 'rmt-s', but profile 'ci' can size only"),
        (("--precision", "half"), "precision is 'half', but it must be 'float32' or 'bfloat16'"),
        (("--set", "lr"), "--set is 'lr', but it must be name=value"),
        (("--set", "rate=1"), "--set is 'rate', but it must be one of 'train_images'"),
        (("--set", "seed=1"), "--set is 'seed', but it must be one of 'train_images'"),
        (("--set", "lr=fast"), "lr is 'fast', but it must be a valid number"),
        (("--set", "erase=true"), "erase is True, but it must be a valid number"),
        (("--set", "lr=-1"), "lr is -1, but it must be greater than 0"),
        (("--set", "min_lr=-1"), "min_lr is -1, but it must be greater than or equal to 0"),
        (("--set", "weight_decay=-1"), "weight_decay is -1, but it must be greater than or equal to 0"),
        (("--set", "padding=100000"), "padding is 100000, but it must be less than or equal to 64"),
        (("--set", "model.dim=1.5"), "model_options.dim is 1.5, but it must be an integer from 1 to 1,000,000"),
        (("--set", "model.dim=0"), "model_options.dim is 0, but it must be an integer from 1"),
        (("--set", "model.depth=-1"), "model_options.depth is -1, but it must be an integer from 1"),
        (("--set", "model.depth=true"), "model_options.depth is True, but it must be an integer from 1"),
        (("--set", "model.mlp_ratio=1e400"), "model_options.mlp_ratio is inf, but it must be a finite number"),
        (("--set", "model.mlp_ratio=1e300"), "vit cannot be built"),
        (("--set", "model.patch_size=abc"), "patch_size is 'abc', but it must be an integer"),
        (("--set", "model.dim={[]:1}"), "model_options.dim is '{[]:1}', but it must be an integer"),
        (("--model", "rmt-cifar", "--set", "model.layer_scale=1e-6"), "layer_scale is 1e-06, but it must be a tuple"),
        (("--prior", "gmm", "--kernels", "100000000000"), "prior_options.kernels is 100000000000, but it must be an"),
        (("--seed", str(2**64)), "seed is 18446744073709551616, but it must be less than 4294967296"),
    ],
)
def test_wrong_values_are_one_sentence(call, tmp_path, arguments, message):
    exit_code, text = call("train", *("--dataset", "shapes", "--profile", "ci"), *arguments)
    assert exit_code == 2
    assert message in text and len(text.strip().splitlines()) <= 2 and "Traceback" not in text
    assert not list(tmp_path.glob("runs/*"))


def test_train_says_what_the_data_lack(call, tmp_path, monkeypatch):
    from gmm_tutorial import data

    def offline(*arguments, **options):
        raise data.DataUnavailable("tried one mirror: no network")

    monkeypatch.setattr(data, "load", offline)
    assert call("train", "--profile", "ci") == (1, "tried one mirror: no network\n")


# ---- reproduce and results


def test_reproduce_then_results(call, tmp_path):
    command = ("reproduce", "--table", "published", "--dataset", "shapes", "--profile", "ci", "--recipe", "lesson")
    command = (*command, "--set", "epochs=1", "--seeds", "0,1")
    exit_code, text = call(*command, "--dry-run")
    assert exit_code == 0 and text.count("to do") == 24 and "done" not in text
    exit_code, text = call(*command, "--budget", "0s")
    assert exit_code == 0 and "24 trainings were not started" in text and "to continue: gmm-tutorial as typed" in text
    # one of them by the other command: the same folder, the same name
    assert call("train", *TINY[:-1], "1", "--pool", "cls")[0] == 0
    assert call(*command, "--dry-run")[1].startswith("done   shapes-vit-pool=cls-lesson-ci-seed0-")
    exit_code, text = call(*command)
    assert exit_code == 0 and "1 of 24 trainings are done" in text
    assert "the table: gmm-tutorial results --table published --folder runs" in text

    exit_code, text = call("results", "--table", "published", "--folder", "runs", "--markdown")
    assert exit_code == 0
    assert "shapes, recipe lesson, profile ci: 1 epoch of 320 images, tested on 200**" in text
    for label in ("ViT, class token", "GMM-ViT", "ViT, mean pooling", "GMM-Swin", "CaiT", "RMT, sized for CIFAR"):
        assert re.search(rf"^\| {label} \| \d+\.\d\d ± \d+\.\d\d \| 2 \|", text, re.MULTILINE), text
    exit_code, text = call("results", "--table", "published", "--folder", "runs", "--pictures", "shown")
    assert exit_code == 0 and len(list(Path("shown").glob("published-1-*.svg"))) == 2
    exit_code, text = call("results", "--folder", "runs")
    assert exit_code == 0 and "not trained yet: ELM-ViT, from 0;" in " ".join(text.split())


def test_results_without_receipts(call, tmp_path):
    exit_code, text = call("results", "--table", "kernels", "--folder", str(tmp_path))
    assert exit_code == 0 and "gmm-tutorial reproduce --table kernels" in text
    exit_code, text = call("results", "--folder", "nowhere")
    assert exit_code == 2 and "folder is 'nowhere', but it must be an existing folder" in text
    assert call("results", "--table", "kernel")[0] == 2


def test_results_of_the_repository(call):
    exit_code, text = call("results", "--table", "published", "--markdown")
    assert exit_code == 0 and "| GMM-ViT |" in text and "| 95.06 |" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--table", "all"), "table is 'all', but it must be one of 'lessons', 'published', 'tuning'"),
        (("--table", "kernels", "--budget", "20"), "--budget is '20', but it must be a time such as 90s, 20m or 1h30m"),
        (("--table", "kernels", "--seeds", "a"), "--seeds is 'a', but it must be numbers with commas"),
        (("--table", "kernels", "--set", "prior.init=local"), "--set names prior.init, but"),
        (("--table", "kernels", "--recipe", "papre"), "recipe is 'papre'"),
    ],
)
def test_reproduce_refuses_wrong_values(call, arguments, message):
    exit_code, text = call("reproduce", *arguments)
    assert exit_code == 2 and message in text and "Traceback" not in text


def test_reproduce_refuses_torchrun(call, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "on several GPUs, start one per GPU" in call("reproduce", "--table", "kernels")[1]


# ---- what the system refuses

TRAIN, REPRODUCE = (
    ("train", *TINY),
    ("reproduce", "--table", "published", *TINY[:4], "--set", "epochs=1", "--seeds", "0"),
)


@pytest.fixture
def full(monkeypatch):
    """A disk that has no more room."""

    def write(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))

    monkeypatch.setattr(Path, "write_bytes", write)


@pytest.mark.parametrize("command", [TRAIN, REPRODUCE], ids=["train", "reproduce"])
def test_a_full_disk_is_said(call, full, command):
    exit_code, text = call(*command)
    said = [line for line in text.splitlines() if not line.startswith(("shapes-", "epoch ", "0 of "))]
    assert exit_code == 1 and "No space left on device" in text and "Free some space on that disk" in text
    assert "stopped; nothing is kept" in said and len(said) <= 5 and "Traceback" not in text


@pytest.mark.parametrize("command", [TRAIN, REPRODUCE, ("results", "--folder")], ids=["train", "reproduce", "results"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file", "but it must be a folder|an existing folder"),
        ("file/in", "must be a folder|an existing folder"),
        ("x" * 300, "Choose a shorter path|an existing folder"),
    ],
)
def test_odd_folders_are_said(call, tmp_path, command, name, message):
    (tmp_path / "file").write_text("")
    where = () if command[0] == "results" else ("--out",)
    exit_code, text = call(*command, *where, str(tmp_path / name))
    assert exit_code in (1, 2) and re.search(message, text), text
    assert len(text.strip().splitlines()) <= 5 and "Traceback" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_is_only_to_be_read_is_said(call, monkeypatch):
    def mkdir(self, *arguments, **options):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))

    monkeypatch.setattr(Path, "mkdir", mkdir)  # root may write anywhere
    exit_code, text = call(*TRAIN)
    assert exit_code == 1 and "runs: Permission denied" in text and "change its permissions" in text
    assert len(text.strip().splitlines()) <= 5


def test_damaged_files_are_said_by_every_command(call, tmp_path):
    """By --dry-run too: what cannot be read is not done."""
    assert call(*TRAIN[:-1], "1")[0] == 0
    (path,) = (tmp_path / "runs").glob("*.receipt.json")
    whole = path.read_text()
    dry = (*REPRODUCE, "--recipe", "lesson", "--dry-run")
    assert call(*dry)[1].count("done") == 1
    for text in (whole.replace('"seed": 0', '"seed": 1'), "", whole[:-100]):
        path.write_text(text)
        for command in ((*TRAIN[:-1], "1"), dry, ("results", "--folder", "runs")):
            exit_code, said = call(*command)
            assert exit_code == 2 and f"{path.name} is damaged" in said and "restore or remove this receipt" in said
            assert len(said.strip().splitlines()) == 1


def test_a_damaged_checkpoint_is_said_by_reproduce(call, tmp_path):
    store = runs.Store(tmp_path / "runs", keep="priors")
    config = runs.TABLES["published"].plan("ci", "lesson", "shapes", [0], epochs=2)[0]

    def stop(history):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.run_once(config, store, on_epoch=stop)
    state = store.checkpoints(config) / "epoch-1" / "state.json"
    command = (
        "reproduce",
        "--table",
        "published",
        *TINY[:4],
        "--recipe",
        "lesson",
        "--set",
        "epochs=2",
        "--seeds",
        "0",
    )
    for text in ("", "{}", "[]", '{"epoch": 0}'):
        state.write_text(text)
        exit_code, said = call(*command)
        assert exit_code == 2 and "epoch-1 is not a whole checkpoint" in said and "remove it to start again" in said
        assert len(said.strip().splitlines()) <= 5


def test_results_of_a_folder_inside_results(call, tmp_path, monkeypatch):
    """However the path is given: what is in the folder and nothing else."""
    for folder in ("results/control", str(results.RESULTS / "lessons")):
        Path(folder).mkdir(parents=True, exist_ok=True)
        exit_code, text = call("results", "--table", "lessons", "--folder", folder)
        assert exit_code == 0 and ("no receipt in" in text) == (folder == "results/control")


# ---- values


def test_values_as_they_are_typed():
    assert [choices.seconds(text) for text in ("90s", "20m", "1h30m", "1.5h")] == [90, 1200, 5400, 5400]
    assert [choices.seeds(text) for text in ("3", "0,1,2", "0 1, 1")] == [[3], [0, 1, 2], [0, 1]]
    words = ("none", "True", "5e-4", "12", "cls", "(16, 32)", "'0'")
    assert [choices.literal(word) for word in words] == [None, True, 5e-4, 12, "cls", (16, 32), "0"]


def test_given_values_find_their_place():
    given = ["lr=1", "auto_augment=none", "decay_masks=false", "model.drop_path=0", "prior.init=local"]
    found = choices.model_choices("gmm", pool="cls", kernels=3, given=given)
    assert found == {
        "lr": 1,
        "auto_augment": None,
        "decay_masks": False,
        "prior": "gmm",
        "model_options": {"drop_path": 0, "pool": "cls"},
        "prior_options": {"init": "local", "kernels": 3},
    }
