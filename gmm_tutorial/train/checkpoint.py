"""Checkpoints: one folder per run, in it the state after its last whole epoch, without pickle.

    epoch-7/model.safetensors       weights and buffers
            optimizer.safetensors   moments and step of each parameter, as 0.exp_avg for the first one
            state.json              the epoch, the configuration, the history, the checksums of all three

Random numbers need no place in it: each epoch draws from the seed and its own number. A checkpoint is written under
another name and then renamed, and only then the one before it is removed: whenever a process dies, a whole one is left.
"""

import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from safetensors import SafetensorError
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer

from gmm_tutorial._files import sealed, unsealed, write_whole
from gmm_tutorial.train.config import TrainConfig

PARTIAL = ".partial"
WHOLE = re.compile(r"epoch-(\d+)")
TENSORS = ("model", "optimizer")


class UnusableCheckpoint(ValueError):
    """A checkpoint that is damaged, or of another training."""


def save(
    folder: Path,
    epoch: int,
    model: nn.Module,
    optimizer: Optimizer,
    config: TrainConfig,
    history: dict[str, Any],
    origin: dict[str, Any],
) -> None:
    """Write the state after an epoch, then remove those before it; one process per folder.

    history, origin: plain values, of which origin must be the same when training goes on.
    """
    for partial in folder.glob(f"epoch-*{PARTIAL}"):  # of a process that was killed here
        shutil.rmtree(partial)
    whole, partial = folder / f"epoch-{epoch}", folder / f"epoch-{epoch}{PARTIAL}"
    partial.mkdir(parents=True)
    try:
        checksums = {}
        for name, tensors in zip(TENSORS, (weights(model), _moments(optimizer)), strict=True):
            content = to_bytes(tensors)
            write_whole(partial / f"{name}.safetensors", content)
            checksums[name] = hashlib.sha256(content).hexdigest()
        state = {"epoch": epoch, "config": config.model_dump(mode="json"), "history": history, "origin": origin}
        write_whole(partial / "state.json", sealed({**state, "checksums": checksums}))
        partial.rename(whole)
    finally:
        shutil.rmtree(partial, ignore_errors=True)  # when the disk is full, say
    for path in _all(folder)[:-1]:
        _discard(path)


@contextmanager
def alone(folder: Path | None) -> Iterator[None]:
    """Of two processes that train into one folder, let one wait: it then goes on from what the other has left."""
    if folder is None:
        yield
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.with_name(f".{folder.name}.checkpoints.lock")
    with FileLock(path):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def load_state(path: Path) -> dict[str, Any]:
    """What a checkpoint says of itself, verified, but for its tensors. Raises UnusableCheckpoint when it is damaged."""
    try:
        state = unsealed(path / "state.json")
        if path.name != f"epoch-{state['epoch']}":
            raise ValueError(f"its state is after epoch {state['epoch']}")
        if state["epoch"] != len(state["history"]["loss"]):
            raise ValueError(f"it has {len(state['history']['loss'])} losses after epoch {state['epoch']}")
        return state
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UnusableCheckpoint(f"{path} is not a whole checkpoint: {error}; remove it to start again") from error


def load(
    folder: Path, model: nn.Module, optimizer: Optimizer, config: TrainConfig, origin: dict[str, Any]
) -> dict[str, Any] | None:
    """Bring model and optimizer into the state of the last checkpoint, and return its history; None if there is none.

    Raises UnusableCheckpoint when it is of another configuration or origin, naming what differs, or damaged.
    """
    if (path := latest(folder)) is None:
        return None
    state = load_state(path)
    _check_same(path, state["config"], config.model_dump(mode="json"))
    _check_same(path, state["origin"], origin)
    history: dict[str, Any] = state["history"]
    if state["epoch"] > config.epochs:
        raise UnusableCheckpoint(
            f"{path} is after epoch {state['epoch']}, but epochs is {config.epochs}; remove it to start again"
        )
    try:
        tensors, moments = (_verified(path / f"{name}.safetensors", state["checksums"][name]) for name in TENSORS)
        unwrapped(model).load_state_dict(tensors)
        states: dict[int, dict[str, Tensor]] = {}
        for name, value in moments.items():
            index, key = name.split(".")
            states.setdefault(int(index), {})[key] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": states})
    except (OSError, KeyError, RuntimeError, ValueError, SafetensorError) as error:
        raise UnusableCheckpoint(f"{path} is not a whole checkpoint: {error}; remove it to start again") from error
    return history


def latest(folder: Path) -> Path | None:
    """The last whole checkpoint of a run, or None."""
    found = _all(folder)
    return found[-1] if found else None


def clear(folder: Path) -> None:
    """Remove all checkpoints of a run, the last one last."""
    for path in _all(folder):
        _discard(path)


def weights(model: nn.Module) -> dict[str, Tensor]:
    """What a model has learned, buffers too, on the CPU and contiguous: for safetensors.

    The names are the model's own, also when DDP or torch.compile is around it.
    """
    return {name: value.detach().cpu().contiguous() for name, value in unwrapped(model).state_dict().items()}


def unwrapped(model: nn.Module) -> nn.Module:
    """The model itself, without DDP and torch.compile around it."""
    inner = model.module if isinstance(model, DistributedDataParallel) else getattr(model, "_orig_mod", model)
    return model if inner is model else unwrapped(inner)


def _moments(optimizer: Optimizer) -> dict[str, Tensor]:
    """What the optimizer keeps of each parameter, by the parameter's place. The rest of its state is configuration."""
    states = optimizer.state_dict()["state"]
    return {f"{i}.{key}": value.cpu().contiguous() for i, state in states.items() for key, value in state.items()}


def _verified(path: Path, checksum: str) -> dict[str, Tensor]:
    """The tensors of a file, once its checksum is right. Raises ValueError when it is not."""
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != checksum:
        raise ValueError(f"the checksum of {path.name} is wrong")
    return from_bytes(content)


def _check_same(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    for name in before | now:
        if before.get(name) != now.get(name):
            raise UnusableCheckpoint(
                f"{name} is {now.get(name)!r}, but the checkpoint {path} has {before.get(name)!r}: "
                "continue with that value, or train into another folder"
            )


def _all(folder: Path) -> list[Path]:
    """Whole checkpoints, the last one last."""
    found = [path for path in folder.glob("epoch-*") if WHOLE.fullmatch(path.name) and path.is_dir()]
    return sorted(found, key=lambda path: int(path.name.removeprefix("epoch-")))


def _discard(path: Path) -> None:
    """Remove a checkpoint, which at no time looks whole and is not."""
    shutil.rmtree(path.rename(path.with_name(path.name + PARTIAL)))
