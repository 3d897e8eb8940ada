"""One training, from its configuration to a receipt in a folder; what was interrupted goes on, what is done is done.

runs/cifar10-vit-gmm-short-learn-seed0.json           the receipt, written last
                                      .safetensors    the weights, if they are wanted
                                      /epoch-7/...    while it trains: the last checkpoint
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from safetensors.torch import save_file

from gmm_tutorial import results
from gmm_tutorial.results import Receipt
from gmm_tutorial.runs import cache as runs
from gmm_tutorial.runs.display import Display
from gmm_tutorial.runs.names import run_name
from gmm_tutorial.train import History, TrainConfig, build, fit, parallel, weights
from gmm_tutorial.train import checkpoint as checkpoints


def receipt_path(config: TrainConfig, folder: Path) -> Path:
    """Where the receipt of a training is, or will be."""
    return folder / f"{run_name(config)}.json"


def checkpoint_folder(config: TrainConfig, folder: Path) -> Path:
    """Where the checkpoints of a training are while it trains."""
    return folder / run_name(config)


def finished(config: TrainConfig, folder: Path) -> Receipt | None:
    """The receipt of a training that is done, or None. Raises ValueError, naming the field, if it is of another one."""
    path = receipt_path(config, folder)
    if not path.exists():
        return None
    receipt = results.load(path)
    before, now = {**TrainConfig.defaults(), **receipt.config}, config.as_dict()
    for name, value in now.items():
        everything = name in ("train_images", "test_images") and value is None  # there, it is a number
        if before.get(name) != value and not everything:
            raise ValueError(
                f"{name} is {value!r}, but the receipt {path} has {before.get(name)!r}: train into another folder, "
                "or begin it anew"
            )
    return receipt


def record(
    config: TrainConfig,
    folder: Path,
    *,
    fresh: bool = False,
    compiled: bool = False,
    keep_weights: bool = False,
    stop: Callable[[], None] | None = None,
) -> Receipt:
    """Train and leave the receipt in `folder`, or return the one that is there. A table shows how it goes.

    fresh: begin anew, whatever is there; compiled: as in `train.fit`; stop: called after each epoch, whose checkpoint
    is kept, to raise what shall end the training. Under torchrun every process calls this, and the first one writes.
    Raises ValueError when what is in the folder is of another configuration, `data.DataUnavailable`, and what
    `train.fit` does.
    """
    path, checkpoint = receipt_path(config, folder), checkpoint_folder(config, folder)
    if not fresh and (receipt := finished(config, folder)):
        return receipt
    world = parallel.join()
    config, train_set, test_set = runs.chosen(config)
    model = build(config, train_set)
    with begun(checkpoint) if world.first else nullcontext():
        if parallel.agree(not fresh and path.exists()):  # another process was faster
            return results.load(path)
        if fresh and world.first:
            path.unlink(missing_ok=True)
        display = Display(config) if world.first else None

        def on_epoch(history: History) -> None:
            if display:
                display.add(history)
            if stop:
                stop()

        where = (model, config, train_set, test_set, checkpoint)
        history = fit(*where, resume=not fresh, on_epoch=on_epoch, compiled=compiled, show=display)
        receipt = runs.receipt_of(config, train_set, model.cpu(), history)
        if world.first:
            if keep_weights:
                save_file(weights(model), folder / f"{path.stem}.safetensors")
            results.save(receipt, path)
            checkpoints.clear(checkpoint)
    return receipt


@contextmanager
def begun(checkpoint: Path) -> Iterator[None]:
    """Keep other processes from the same training meanwhile, and leave no folder that holds no checkpoint."""
    with runs.alone(checkpoint / "this"):
        try:
            yield
        finally:
            if checkpoints.latest(checkpoint) is None:
                shutil.rmtree(checkpoint, ignore_errors=True)
