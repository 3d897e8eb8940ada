"""One training, from its configuration to its receipt. It resumes if it was interrupted, and is never run twice."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from torch import nn

from gmm_tutorial import data, results
from gmm_tutorial._files import cache_folder
from gmm_tutorial.analysis.cost import macs
from gmm_tutorial.data import Images
from gmm_tutorial.data.catalog import entry
from gmm_tutorial.models import count_parameters
from gmm_tutorial.results import Receipt, Source
from gmm_tutorial.runs.store import Store
from gmm_tutorial.train import History, TrainConfig, build, fit, parallel, probe, profiles, same_probe
from gmm_tutorial.train.checkpoint import UnusableCheckpoint
from gmm_tutorial.train.config import HELD_OUT


@dataclass(frozen=True)
class Run:
    """A trained model, on the CPU and in evaluation mode, and the receipt of its training."""

    model: nn.Module
    receipt: Receipt


def lesson_store() -> Store:
    """Where the trainings of lessons are kept."""
    return Store(cache_folder() / "runs", keep="weights", cache=True)


def train(config: TrainConfig, **options: Any) -> Run:
    """Train a model, or take it from the lessons' cache, and print its receipt. options: those of `run_once`."""
    run = run_once(config, lesson_store(), **options)
    if parallel.world().first:
        print(run.receipt.summary())
    return run


def beforehand(config: TrainConfig) -> Run:
    """Take a training that comes with the tutorial, with its weights, and print its receipt.

    Where there is none of this configuration, as in the profile `ci`, or it does not fit today's code or images, the
    model is trained now, as `train` does.
    """
    resolved, train_set, test_set = chosen(config)
    kept = Store(results.RESULTS / "lessons", keep="weights", cache=True)
    receipt = kept.find(resolved, Source.of(train_set, test_set))
    # `find` accepts other releases of PyTorch; but a lesson compares with the first weights, which they may draw anew
    if receipt is None or not same_probe(receipt.probe, probe(resolved)):
        return train(config)
    model = build(resolved, train_set)
    model.load_state_dict(kept.tensors(receipt))
    print(f"trained beforehand: {receipt.summary()}")
    return Run(model.eval(), receipt)


def run_once(
    config: TrainConfig,
    store: Store,
    *,
    fresh: bool = False,
    compiled: bool = False,
    on_epoch: Callable[[History], None] | None = None,
    show: Callable[[int, int], Any] | None = None,
) -> Run:
    """Train a configuration and keep its receipt, or return what the store has of it.

    A training that was interrupted goes on after its last whole epoch, and of two processes that train the same one
    waits for the other. Under torchrun every process calls this, and the first one writes.

    Args:
        config: What to train.
        store: Where receipts, weights and checkpoints are.
        fresh: Begin anew, whatever is there.
        compiled: As in `train.fit`.
        on_epoch: Called after each epoch, whose checkpoint is kept; it may raise to stop the training.
        show: What makes a progress bar, as in `train.fit`.

    Returns:
        The model and its receipt. A store that keeps no weights gives a model with its first ones when it was done
        before.

    Raises:
        ValueError: If what the store has is damaged or does not fit, and it is not a cache.
        DataUnavailable: If the data set cannot be had.
        FloatingPointError: If the loss is not finite.
    """
    world = parallel.join()
    config, train_set, test_set = chosen(config)
    source = Source.of(train_set, test_set)
    model = build(config, train_set)
    with store.alone(config) if world.first else nullcontext():
        if world.first and fresh:
            store.forget(config)
        receipt = store.find(config, source) if world.first else None
        if parallel.agree(receipt is not None):
            receipt = receipt or store.find(config, source)
            assert receipt is not None, "the first process has just read it"
            if receipt.kept is not None and receipt.kept.what == "weights":
                model.load_state_dict(store.tensors(receipt))
        else:
            origin = {"probe": probe(config), "data": source.model_dump()}
            options = {"on_epoch": on_epoch, "compiled": compiled, "show": show, "origin": origin}
            history = _fit(model, config, train_set, test_set, store, **options)
            receipt = receipt_of(config, source, model.cpu(), history)
            if world.first:
                receipt = store.save(receipt, model)
        if world.first:
            store.clear(config)
    return Run(model.eval(), receipt)


def _fit(
    model: nn.Module, config: TrainConfig, train_set: Images, test_set: Images, store: Store, **options: Any
) -> History:
    """Go on from the last checkpoint; in a cache, start again if it cannot be used."""
    checkpoint = store.checkpoints(config)
    try:
        return fit(model, config, train_set, test_set, checkpoint, **options)
    except UnusableCheckpoint as error:
        if not store.cache:
            raise
        print(f"{error}: starting again")
        model.load_state_dict(build(config, train_set).state_dict())
        return fit(model, config, train_set, test_set, checkpoint, resume=False, **options)


def chosen(config: TrainConfig) -> tuple[TrainConfig, Images, Images]:
    """The images that a configuration asks for, and the configuration with their true numbers in it."""
    train_set = data.load(config.dataset, "train")
    if config.test_split == "held_out":
        train_set, test_set = held_out(train_set)
    else:
        test_set = data.load(config.dataset, "test")
    # the same subset for every seed of a training: runs are compared seed by seed, on the same images
    train_set, test_set = (
        images if count >= len(images) else images.subset(count, seed=0)
        for images, count in ((train_set, config.train_images), (test_set, config.test_images))
    )
    return config.but(train_images=len(train_set), test_images=len(test_set)), train_set, test_set


def held_out(images: Images) -> tuple[Images, Images]:
    """Training images in two parts, always the same: those to train on, and as many of each class to choose by."""
    mixed = images.subset(len(images), seed=1)
    parts = (slice(HELD_OUT, None), slice(0, HELD_OUT))
    train_set, kept = (replace(mixed, images=mixed.images[part], labels=mixed.labels[part]) for part in parts)
    return train_set, kept


def receipt_of(config: TrainConfig, source: Source, model: nn.Module, history: History) -> Receipt:
    """What a training was, and what it measured."""
    return Receipt(
        config=config,
        data=source,
        probe=probe(config),
        parameters=count_parameters(model),
        macs=macs(model, entry(config.dataset).size),
        images_per_second=round(config.train_images / median(history.epoch_seconds), 1),
        **asdict(history),
        **results.machine(profiles.device()),
    )
