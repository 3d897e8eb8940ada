"""One call from a configuration to a trained model and its receipt; the same configuration is trained only once."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import platformdirs
import torch
from filelock import FileLock, Timeout
from safetensors.torch import load_file, save_file
from torch import nn

from gmm_tutorial import data, results
from gmm_tutorial.analysis.cost import macs
from gmm_tutorial.data import Images
from gmm_tutorial.models import count_parameters
from gmm_tutorial.results import Receipt
from gmm_tutorial.train import History, TrainConfig, build, fit, parallel, profiles, weights

# what a training's outcome depends on, beside its configuration: when one of these files changes, train again
SOURCES = (
    *("_checks.py", "grid.py", "decay.py", "rotary.py", "priors.py", "attention/*.py", "retention.py", "manhattan.py"),
    *("train/*.py", "train/augmentation/*.py", "models/*.py"),
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
    package = Path(__file__).resolve().parents[1]
    code: dict[str, str] = {}
    for pattern in SOURCES:
        if not (files := sorted(package.glob(pattern))):
            raise RuntimeError(f"SOURCES names {pattern!r}, but there is no such file in {package}")
        code |= {str(file.relative_to(package)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    place = [torch.__version__, profiles.device().type]
    text = json.dumps([config.as_dict(), train_set.source, train_set.exact, place, code], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def train(
    config: TrainConfig,
    cache: bool = True,
    *,
    compiled: bool = False,
    on_epoch: Callable[[History], None] | None = None,
) -> Run:
    """Train a model, or take it from the cache, and print its receipt.

    With the cache, a training that was interrupted goes on after its last whole epoch, and of two that are the same
    one waits for the other. compiled, on_epoch: as in `train.fit`. Started by torchrun, all processes train together.
    Raises `data.DataUnavailable` when the data set is not to be had, and what `train.fit` does.
    """
    world = parallel.join()
    config, train_set, test_set = chosen(config)
    model = build(config, train_set)
    stem = cache_folder() / cache_key(config, train_set)
    paper, tensors, checkpoints = stem.with_suffix(".json"), stem.with_suffix(".safetensors"), stem
    with alone(stem) if cache and world.first else nullcontext():
        # the receipt is written last: where it is, the weights are whole
        if parallel.agree(cache and paper.exists()):
            receipt = results.load(paper)
            model.load_state_dict(load_file(tensors))
        else:
            where = checkpoints if cache else None
            history = fit(model, config, train_set, test_set, where, on_epoch=on_epoch, compiled=compiled)
            receipt = receipt_of(config, train_set, model.cpu(), history)
            if cache and world.first:
                partial = stem.with_suffix(".partial")
                save_file(weights(model), partial)
                partial.replace(tensors)
                results.save(receipt, paper)
        if cache and world.first:
            shutil.rmtree(checkpoints, ignore_errors=True)
    if world.first:
        print(receipt.summary())
    return Run(model.eval(), receipt)


def chosen(config: TrainConfig) -> tuple[TrainConfig, Images, Images]:
    """The images that a configuration asks for, and the configuration with their true numbers in it.

    Asking for more than there are gives all, and a printed line that says so.
    """
    train_set, test_set = (
        _first(data.load(config.dataset, split), count)
        for split, count in (("train", config.train_images), ("test", config.test_images))
    )
    return replace(config, train_images=len(train_set), test_images=len(test_set)), train_set, test_set


def _first(images: Images, count: int | None) -> Images:
    if count is not None and count > len(images) and parallel.world().first:
        print(f"{images.split}_images is {count:,}, but {images.name} has {len(images):,}: all of them are used")
    return images if count is None or count >= len(images) else images.subset(count, seed=0)


def receipt_of(config: TrainConfig, train_set: Images, model: nn.Module, history: History) -> Receipt:
    """What a training was, and what it measured."""
    return Receipt(
        config=config.as_dict(),
        profile=config.profile,
        data={name: getattr(train_set, name) for name in ("name", "source", "exact", "note")},
        parameters=count_parameters(model),
        macs=macs(model, train_set.images.shape[-1]),
        images_per_second=round(len(train_set) / median(history.epoch_seconds), 1),
        **asdict(history),
        **results.machine(profiles.device()),
    )


@contextmanager
def alone(stem: Path) -> Iterator[None]:
    """Of two notebooks that train the same at the same time, let one wait until the other is done."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(stem.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("another process trains the same at this moment: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
