"""One call from a configuration to a trained model and its receipt; the same configuration is trained only once."""

import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from gmm_tutorial import data, profiles, results
from gmm_tutorial.data import Images
from gmm_tutorial.models import count_parameters
from gmm_tutorial.results import Receipt
from gmm_tutorial.train import TrainConfig, build, fit

# what a training's outcome depends on, beside its configuration: when one of these files changes, train again
SOURCES = (
    *("checks.py", "grid.py", "decay.py", "rotary.py", "priors.py", "attention.py", "retention.py", "manhattan.py"),
    *("train.py", "models/*.py"),
    *("data/catalog.py", "data/images.py", "data/shapes.py"),
)


@dataclass(frozen=True)
class Run:
    """A trained model, on the CPU and in evaluation mode, and the receipt of its training."""

    model: nn.Module
    receipt: Receipt


def cache_folder() -> Path:
    """Where trainings are kept: GMM_TUTORIAL_CACHE, else the user's cache folder."""
    return Path(os.environ.get("GMM_TUTORIAL_CACHE") or platformdirs.user_cache_dir("gmm-tutorial")) / "runs"


def cache_key(config: TrainConfig, train_set: Images) -> str:
    """A short name for a configuration, the data it meets, and the code that it runs through."""
    package = Path(__file__).resolve().parent
    code: dict[str, str] = {}
    for pattern in SOURCES:
        if not (files := sorted(package.glob(pattern))):
            raise RuntimeError(f"SOURCES names {pattern!r}, but there is no such file in {package}")
        code |= {str(file.relative_to(package)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    place = [torch.__version__, profiles.device().type]
    text = json.dumps([config.as_dict(), train_set.source, train_set.exact, place, code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def train(config: TrainConfig, cache: bool = True) -> Run:
    """Train a model, or take it from the cache, and print its receipt.

    Raises `data.DataUnavailable` when the data set is not to be had.
    """
    train_set = data.load(config.dataset, "train").subset(config.train_images, seed=0)
    test_set = data.load(config.dataset, "test").subset(config.test_images, seed=0)
    model = build(config, train_set)
    stem = cache_folder() / cache_key(config, train_set)
    weights, paper = stem.with_suffix(".safetensors"), stem.with_suffix(".json")
    # the receipt is written last: where it is, the weights are whole
    if cache and paper.exists():
        receipt = results.load(paper)
        model.load_state_dict(load_file(weights))
    else:
        start = time.perf_counter()
        history = fit(model, config, train_set, test_set)
        receipt = Receipt(
            config=config.as_dict(),
            profile=config.profile,
            data={name: getattr(train_set, name) for name in ("name", "source", "exact", "note")},
            parameters=count_parameters(model),
            **asdict(history),
            seconds=round(time.perf_counter() - start, 1),
            **results.machine(profiles.device()),
        )
        model.cpu()
        if cache:
            stem.parent.mkdir(parents=True, exist_ok=True)
            partial = stem.with_suffix(f".{os.getpid()}.partial")  # two notebooks may train the same at the same time
            save_file(model.state_dict(), partial)
            partial.replace(weights)
            results.save(receipt, paper)
    print(receipt.summary())
    return Run(model.eval(), receipt)
