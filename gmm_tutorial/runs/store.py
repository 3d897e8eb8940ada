"""A folder that keeps trainings: a receipt each, the weights beside it, and checkpoints while it trains.

cifar10-vit-...-seed0-1a2b3c4d.receipt.json       written last: where it is, the training is done
cifar10-vit-...-seed0-1a2b3c4d.safetensors        the weights, or those of the priors alone, where they are kept
cifar10-vit-...-seed0-1a2b3c4d/epoch-7/...        while it trains: the last checkpoint
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from filelock import FileLock, Timeout
from safetensors.torch import load as from_bytes
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from gmm_tutorial import results
from gmm_tutorial._files import write_whole
from gmm_tutorial.priors import prior_parameters
from gmm_tutorial.results import SUFFIX, Kept, Receipt, Source
from gmm_tutorial.runs.names import run_name
from gmm_tutorial.train import TrainConfig, probe, same_probe, weights


@dataclass(frozen=True)
class Store:
    """A folder of trainings.

    keep: what of a trained model is kept beside its receipt. cache: whether what does not fit any more, because it is
    damaged or of other code or images, is trained again without asking; otherwise it is an error.
    """

    folder: Path
    keep: Literal["weights", "priors", "nothing"] = "nothing"
    cache: bool = False

    def receipt_path(self, config: TrainConfig) -> Path:
        """Where the receipt of a training will be; one that was made under another name is found by `find`."""
        return self.folder / f"{run_name(config)}{SUFFIX}"

    def checkpoints(self, config: TrainConfig) -> Path:
        """The folder of its checkpoints while it trains."""
        return self.folder / run_name(config)

    def find(self, config: TrainConfig, source: Source | None = None) -> Receipt | None:
        """The receipt of a training that is done, or None.

        source: the images that it would be trained on today, when they are known. Raises ValueError, naming the file,
        when what is there does not fit, or is damaged, and this is no cache.
        """
        for path in self._candidates(config):
            try:
                receipt = results.load(path)
                if receipt.config != config:
                    continue
                self._check(path, receipt, source)
                return receipt
            except ValueError as error:
                if not self.cache:
                    raise
                print(f"{error}: training again")
        return None

    def _candidates(self, config: TrainConfig) -> list[Path]:
        """Receipts that may be of a configuration: that of its name, else all, since names may have changed."""
        path = self.receipt_path(config)
        if path.exists():
            return [path]
        return [] if self.cache else sorted(self.folder.glob(f"*{SUFFIX}"))

    def _check(self, path: Path, receipt: Receipt, source: Source | None) -> None:
        differs = None
        if by_other_code(receipt):
            now = probe(receipt.config)
            differs = f"by other code: its first losses are {receipt.probe}, and now they are {now}"
        elif source is not None and receipt.data != source:
            differs = f"on other images: {receipt.data.source}, and now they are {source.source}"
        if differs:
            raise ValueError(f"{path} was trained {differs}; remove it, or start again (--fresh)")
        if receipt.kept is not None and self.keep != "nothing":
            self.tensors(receipt, path)

    def tensors(self, receipt: Receipt, path: Path | None = None) -> dict[str, Tensor]:
        """The weights that are kept beside a receipt, once their checksum is right. Raises ValueError otherwise."""
        file = weights_path(path or self.receipt_path(receipt.config))
        return read_tensors(receipt, file)

    def save(self, receipt: Receipt, model: nn.Module) -> Receipt:
        """Keep a training: first its weights, if they are to be kept, then its receipt, which says their checksum."""
        path = self.receipt_path(receipt.config)
        tensors = self._kept(model)
        if tensors:
            content = to_bytes(tensors)
            write_whole(weights_path(path), content)
            kept = Kept(what=self.keep, sha256=hashlib.sha256(content).hexdigest())
            receipt = Receipt(**{**dict(receipt), "kept": kept})
        results.save(receipt, path)
        return receipt

    def _kept(self, model: nn.Module) -> dict[str, Tensor]:
        if self.keep == "nothing":
            return {}
        if self.keep == "weights":
            return weights(model)
        chosen = {id(p) for p in prior_parameters(model)}
        names = {name for name, p in model.named_parameters() if id(p) in chosen}
        return {name: value for name, value in weights(model).items() if name in names}

    def clear(self, config: TrainConfig) -> None:
        """Remove what a training has left beside its receipt: checkpoints, and files that were not finished."""
        shutil.rmtree(self.checkpoints(config), ignore_errors=True)
        for partial in self.folder.glob(f".{run_name(config)}*.partial"):
            partial.unlink(missing_ok=True)

    def forget(self, config: TrainConfig) -> None:
        """Remove a training altogether, the receipt first."""
        path = self.receipt_path(config)
        path.unlink(missing_ok=True)
        weights_path(path).unlink(missing_ok=True)
        self.clear(config)

    @contextmanager
    def alone(self, config: TrainConfig) -> Iterator[None]:
        """Of two processes that train the same at the same time, let one wait until the other is done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f".{run_name(config)}.lock"
        lock = FileLock(path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print("another process is running the same training: waiting for it", flush=True)
            lock.acquire()
        try:
            yield
            path.unlink(missing_ok=True)  # while it is held: who waits looks for the receipt first
        finally:
            lock.release()


def by_other_code(receipt: Receipt) -> bool:
    """Whether a training was by code that does not do what today's does.

    Other releases of PyTorch may draw other first weights from the same seed, so between them nothing can be said.
    """
    theirs, ours = (version.partition("+")[0] for version in (receipt.versions.get("torch", ""), torch.__version__))
    return theirs == ours and not same_probe(receipt.probe, probe(receipt.config))


def weights_path(receipt: Path) -> Path:
    """The file of weights beside a receipt."""
    return receipt.with_name(receipt.name.removesuffix(SUFFIX) + ".safetensors")


def read_tensors(receipt: Receipt, file: Path) -> dict[str, Tensor]:
    """The tensors of a file that a receipt vouches for. Raises ValueError, naming it, when it is missing or damaged."""
    if receipt.kept is None:
        raise ValueError(f"{file} cannot be verified: the receipt says that no weights were kept")
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise ValueError(f"{file} is missing; restore it, or train again (--fresh)") from None
    if hashlib.sha256(content).hexdigest() != receipt.kept.sha256:
        raise ValueError(f"{file} is damaged: its checksum is not the receipt's; restore it, or train again (--fresh)")
    return from_bytes(content)
