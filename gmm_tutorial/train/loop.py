"""The loop: from a configuration to a trained model, one epoch after the other."""

import base64
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from gmm_tutorial.data import Images
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import prior_factory
from gmm_tutorial.train import checkpoint as checkpoints
from gmm_tutorial.train import parallel
from gmm_tutorial.train.batches import steps_an_epoch
from gmm_tutorial.train.config import TrainConfig
from gmm_tutorial.train.epoch import adamw, answered, evaluate, train_epoch
from gmm_tutorial.train.profiles import device


@dataclass
class History:
    """What a training measured. accuracy: (epoch, share right on the test images); loss: the mean of each epoch.

    right: which test images are right at the end, as `packed` writes it;
    train_accuracy: share right at the end on at most 10,000 of the training images, without augmentation;
    epoch_seconds: of training alone; seconds: of everything, in all parts of an interrupted training;
    peak_memory_bytes: of tensors on a CUDA GPU, that of the first process.
    """

    accuracy: list[tuple[int, float]] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    right: str | None = None
    train_accuracy: float | None = None
    epoch_seconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    peak_memory_bytes: int | None = None

    def __post_init__(self) -> None:
        self.accuracy = [(epoch, share) for epoch, share in self.accuracy]  # JSON has lists for tuples


def build(config: TrainConfig, train_set: Images) -> nn.Module:
    """The model of a configuration, with first weights that depend on the seed alone.

    Raises ValueError when its options do not give a model.
    """
    prior = prior_factory(config.prior, **config.prior_options)
    size = train_set.images.shape[-1]
    with seeded(config.seed):
        try:
            return create_model(config.model, len(train_set.classes), size, prior, **config.model_options)
        except (ArithmeticError, LookupError, MemoryError, RuntimeError, TypeError) as error:
            options = {**config.model_options, **config.prior_options}
            raise ValueError(f"{config.model} cannot be built ({str(error).splitlines()[0]}) with {options}") from error


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from a seed of our own, and leave the caller's random numbers as they were."""
    gpu = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=gpu):
        torch.manual_seed(seed)
        yield


def fit(
    model: nn.Module,
    config: TrainConfig,
    train_set: Images,
    test_set: Images,
    checkpoint: Path | None = None,
    *,
    origin: dict[str, Any] | None = None,
    resume: bool = True,
    on_epoch: Callable[[History], None] | None = None,
    compiled: bool = False,
    show: Callable[[int, int], Any] | None = None,
) -> History:
    """Train `model` in place, on the device of `profiles.device()`, with a progress bar on stdout.

    train_set, test_set: the subsets to use, whole. checkpoint: the folder that keeps the state after each epoch, from
    which, with `resume`, training goes on; origin: plain values in which a checkpoint must agree, beside the
    configuration, such as the data's fingerprint; on_epoch: called after each epoch; compiled: by torch.compile, on
    CUDA only; show: what makes another progress bar than tqdm's, from the steps done and all steps, as `progress` does.
    Under torchrun every process calls this, after `parallel.join`; the first one alone prints, writes, and calls.
    Raises FloatingPointError when the loss is not finite; ValueError when the checkpoint is of another
    configuration, or processes cannot have equal parts of a batch.
    """
    where, world = device(), parallel.world()
    if config.batch_size % world.size:
        raise ValueError(f"batch_size is {config.batch_size}, but {world.size} processes must have equal parts of it")
    model.to(where).train()
    with kept(checkpoint), checkpoints.alone(checkpoint if world.size == 1 else None):
        optimizer = adamw(model, config)
        history = resumed(model, optimizer, config, checkpoint if resume else None, origin or {})
        if checkpoint and not history.loss and world.first:
            checkpoints.clear(checkpoint)
        runner = parallel.distributed(model)
        if compiled and where.type == "cuda":
            # two shapes: the last batch is short
            runner = torch.compile(runner, dynamic=False)  # type: ignore[assignment]
        train_set, test_set = on(train_set, where), on(test_set, where)
        each = steps_an_epoch(len(train_set), config.batch_size, world)
        if where.type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        with (show or progress)(each * len(history.loss), each * config.epochs) as bar:
            for epoch in range(len(history.loss) + 1, config.epochs + 1):
                start = time.perf_counter()
                # stochastic depth draws from the global generator: a seed per epoch, and no checkpoint needs its state
                with seeded(several(config.seed, epoch, world.rank)):
                    history.loss.append(fmean(train_epoch(runner, optimizer, train_set, config, epoch, bar, world)))
                history.epoch_seconds.append(round(time.perf_counter() - start, 4))
                measured(history, epoch, model, config, train_set, test_set, bar)
                history.seconds = round(history.seconds + time.perf_counter() - start, 4)
                if checkpoint and world.first:
                    checkpoints.save(checkpoint, epoch, model, optimizer, config, asdict(history), origin or {})
                if on_epoch and world.first:
                    on_epoch(history)
    model.eval()
    return history


def resumed(
    model: nn.Module, optimizer: Optimizer, config: TrainConfig, checkpoint: Path | None, origin: dict[str, Any]
) -> History:
    """The history of the last checkpoint, with model and optimizer in its state; an empty one when there is none."""
    before = checkpoint and checkpoints.load(checkpoint, model, optimizer, config, origin)
    if not before:
        return History()
    history = History(**before)
    if parallel.world().first and len(history.loss) < config.epochs:
        print(f"going on after epoch {len(history.loss)} of {config.epochs}, kept in {checkpoint}")
    return history


def measured(
    history: History, epoch: int, model: nn.Module, config: TrainConfig, train_set: Images, test_set: Images, bar: Any
) -> None:
    """Add to the history what is measured after an epoch: accuracies when they are due, and memory."""
    last = epoch == config.epochs
    if epoch % config.eval_every == 0 or last:
        parallel.share_buffers(model)
        right = answered(model, test_set, precision=config.precision)
        history.accuracy.append((epoch, int(right.sum()) / len(right)))
        bar.set_postfix_str(f"loss {history.loss[-1]:.2f}, test accuracy {history.accuracy[-1][1]:.1%}")
    if last:
        history.right = packed(right)
        seen = train_set.subset(min(len(train_set), 10_000))
        history.train_accuracy = evaluate(model, seen, precision=config.precision)
    if train_set.images.is_cuda:
        history.peak_memory_bytes = max(history.peak_memory_bytes or 0, torch.cuda.max_memory_allocated())


def packed(right: Tensor) -> str:
    """One yes or no per image as text: eight to a byte, in base64."""
    return base64.b64encode(np.packbits(right.cpu().numpy()).tobytes()).decode()


def several(*seeds: int) -> int:
    """One seed out of several numbers, of 32 bits: PyTorch's generator on the CPU makes use of no more."""
    return int(np.random.SeedSequence(seeds).generate_state(1)[0])


def on(images: Images, where: torch.device) -> Images:
    """The same images, there."""
    return replace(images, images=images.images.to(where), labels=images.labels.to(where))


def progress(done: int, steps: int, name: str | None = None) -> Any:
    """The progress bar of the first process. name: what stands before it."""
    looks: dict[str, Any] = {"leave": False, "unit": "step", "ncols": 100, "file": sys.stdout, "desc": name}
    if not parallel.world().first:  # else TQDM_DISABLE decides
        looks["disable"] = True
    return tqdm(initial=done, total=steps, **looks)


@contextmanager
def kept(checkpoint: Path | None) -> Iterator[None]:
    """When training is stopped, its loss is not finite, or nothing can be written, say what is left of it."""
    try:
        yield
    except (KeyboardInterrupt, FloatingPointError, OSError, SafetensorError) as error:
        last = checkpoints.latest(checkpoint) if checkpoint else None
        if isinstance(error, FloatingPointError):
            raise FloatingPointError(f"{error}; the last good checkpoint is {last or 'none'}") from None
        if parallel.world().first:
            print(
                f"stopped; {last} is kept, and the same call continues from there"
                if last
                else "stopped; nothing is kept"
            )
        raise
