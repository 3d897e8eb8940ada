"""What changes a receipt: code that does something else, and not a default. The probe, and the package with others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.optim import AdamW

import gmm_tutorial
from gmm_tutorial import data
from gmm_tutorial.models import blocks, vit
from gmm_tutorial.runs import TABLES, Store, run_once
from gmm_tutorial.train import configure, epoch, probe, same_probe

CODE = sys.modules["gmm_tutorial.train.probe"]


@pytest.fixture(autouse=True)
def today():
    """Probes of the code as it is in each test."""
    CODE._probe.cache_clear()
    yield
    CODE._probe.cache_clear()


def tiny(model="vit", **choices):
    return configure("shapes", model, **{"recipe": "lesson", "profile": "ci", "prior": "gmm", **choices})


def test_a_probe_is_the_same_at_any_seed_and_scale():
    config = tiny()
    others = {"seed": 3, "epochs": 7, "train_images": 9_000, "test_images": 7, "eval_every": 2, "profile": "custom"}
    others |= {"precision": "bfloat16", "batch_size": 7, "test_split": "held_out"}
    first = probe(config)
    for name, value in others.items():
        CODE._probe.cache_clear()
        assert probe(config.but(**{name: value})) == first, name
    assert len(first) == CODE.STEPS + 1 and first != probe(tiny(lr=1e-3))


def test_a_probe_is_the_same_on_other_threads_and_leaves_no_trace():
    config, before = tiny(), torch.get_num_threads()
    torch.manual_seed(3)
    expected = torch.rand(1)
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        torch.manual_seed(3)
        with torch.no_grad():
            found.append(probe(config))
        assert torch.equal(torch.rand(1), expected) and torch.get_num_threads() == threads
        assert torch.get_default_dtype() == torch.float32 and not torch.are_deterministic_algorithms_enabled()
        CODE._probe.cache_clear()
    torch.set_num_threads(before)
    assert found[0] == pytest.approx(found[1], rel=CODE.TOLERANCE / 10)


def test_first_weights_may_differ_in_their_last_bits(monkeypatch):
    """As random numbers do between kinds of CPU."""
    first, build = probe(tiny()), CODE.build

    def shaken(*arguments):
        model = build(*arguments)
        with torch.no_grad():
            for p in model.parameters():
                p.mul_(1 + 2e-7 * torch.randn(p.shape))
        return model

    monkeypatch.setattr(CODE, "build", shaken)
    CODE._probe.cache_clear()
    found = probe(tiny())
    assert found == pytest.approx(first, rel=CODE.TOLERANCE / 10) and found != first


def test_same_is_to_about_four_digits():
    assert same_probe([1.0, 2.0], [1.00009, 2.0]) and not same_probe([1.0, 2.0], [1.0, 2.0003])
    assert not same_probe([1.0], [1.0, 2.0])


def adam(**others):
    return lambda *arguments, **options: AdamW(*arguments, **{**options, **others})


def norm_first(self, images):
    return self.head(self.norm(self.features(images)).mean(dim=1))


def scaled(start, by):
    def init(module):
        start(module)
        if isinstance(module, torch.nn.Linear):
            module.weight.data *= by

    return init


CHANGES = {
    "norm before mean": (vit.ViT, "forward", norm_first),
    "Adam's beta1": (epoch, "AdamW", adam(betas=(0.89, 0.999))),
    "Adam's beta2": (epoch, "AdamW", adam(betas=(0.9, 0.99))),
    "label smoothing": (
        epoch.F,
        "cross_entropy",
        lambda x, y, label_smoothing: torch.nn.functional.nll_loss(x.log_softmax(1), y.argmax(1)),
    ),
    "warm-up from 0": (
        epoch,
        "learning_rate",
        lambda step, steps, config: config.lr * step / steps,
    ),
    "normalization": (data.Images, "std", (0.26, 0.25, 0.25)),
    "start": (vit, "init_xavier_normal", scaled(vit.init_xavier_normal, 1.01)),
    "activation": (
        blocks.Mlp,
        "forward",
        lambda self, x: self.fc2(torch.nn.functional.gelu(self.fc1(x), approximate="tanh") * 1.01),
    ),
    "augmentation": (sys.modules["gmm_tutorial.train.batches"], "augment_epoch", lambda images, draws, **_: images),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_probe_tells_code_that_does_something_else(name, monkeypatch):
    first = probe(tiny())
    monkeypatch.setattr(*CHANGES[name])
    CODE._probe.cache_clear()
    changed = probe(tiny())
    assert not same_probe(first, changed)
    assert max(abs(a / b - 1) for a, b in zip(first, changed, strict=True)) > 5 * CODE.TOLERANCE


def test_a_probe_tells_variants_apart_that_lose_alike():
    """At the published start the losses of an RMT are those of the same without decay, to five digits."""
    whole, without = (
        probe(configure("shapes", "rmt-cifar", profile="ci", recipe="lesson", model_options=options))
        for options in ({}, {"decay": False})
    )
    assert whole[0] == pytest.approx(without[0], rel=1e-4) and not same_probe(whole, without)


# ---- defaults

DEFAULTS = {
    "models/vit.py": ("depth: int = 9", "depth: int = 12"),
    "priors/learned.py": ("kernels: int = 5, init", "kernels: int = 8, init"),
    "models/__init__.py": ("KERNELS = 5", "KERNELS = 8"),
}
READ = """
import sys
from pathlib import Path
from typer.testing import CliRunner
from gmm_tutorial import results
from gmm_tutorial.cli import app
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import GaussianMixtureMask

out = sys.argv[1]
print(len(create_model("vit", dim=12).blocks), GaussianMixtureMask((2, 2), 1).alpha.shape, file=sys.stderr)
for path, receipt in results.read(Path(out)).items():
    print(path.name, receipt)
plan = ["reproduce", "--table", "lessons", "--profile", "ci", "--dataset", "shapes", "--dry-run", "--out", out]
for command in (["results", "--folder", out, "--markdown"], plan):
    print(CliRunner().invoke(app, command).output)
"""


def test_a_default_that_changes_later_changes_nothing_that_was_measured(tmp_path):
    """No receipt, no table, no plan, and nothing that is done."""
    row = next(row for row in TABLES["lessons"].rows("lesson") if row.label == "GMM-ViT")
    scale = {**TABLES["lessons"].scale, "profile": "ci", "dataset": "shapes", "seed": 0}
    config = row.config(**scale)
    store = Store(tmp_path / "out", keep="priors")
    receipt = run_once(config.but(epochs=1), Store(tmp_path / "short")).receipt
    made = {**dict(receipt), "config": config, "loss": [1.0] * 12, "epoch_seconds": [1.0] * 12}
    store.folder.mkdir()
    sys.modules["gmm_tutorial.results.receipts"].save(
        type(receipt)(**{**made, "accuracy": [(12, 0.5)], "right": None}), store.receipt_path(config)
    )
    package = Path(gmm_tutorial.__file__).parent
    copy = shutil.copytree(package, tmp_path / "copy" / "gmm_tutorial", ignore=shutil.ignore_patterns("__pycache__"))
    for name, (old, new) in DEFAULTS.items():
        text = (copy / name).read_text()
        assert text.count(old) == 1
        (copy / name).write_text(text.replace(old, new))

    def said(where):
        environment = {**os.environ, "PYTHONPATH": str(where.parent), "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "100"}
        command = [sys.executable, "-c", READ, str(store.folder)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=True)
        return done.stdout, done.stderr.splitlines()[-1]

    before, after = said(package), said(copy)
    assert before[1].startswith("9 ") and after[1] == "12 torch.Size([8, 1])", "they are others"
    assert before[0] == after[0] and before[0].count("\ndone ") == 1 and "| GMM-ViT | 50.00 |" in before[0]
