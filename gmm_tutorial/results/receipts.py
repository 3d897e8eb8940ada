"""Receipts: one small file for each training that was measured, complete, checked, and sealed by its own checksum."""

import base64
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from gmm_tutorial._files import sealed, unsealed, write_whole
from gmm_tutorial._schema import Schema
from gmm_tutorial._shipped import shipped
from gmm_tutorial.data import Images
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.train.config import Share, TrainConfig

RESULTS = shipped("results")
SUFFIX = ".receipt.json"
USUAL = {"pool": "mean", "pos_embed": True, "pos_std": 1.0, "mixer": "attention"}


def _pair(value: Any) -> Any:
    """JSON has lists for tuples."""
    return tuple(value) if isinstance(value, list) else value


Positive = Annotated[float, Field(gt=0)]
Measured = Annotated[tuple[Annotated[int, Field(ge=1)], Share], BeforeValidator(_pair)]
Loss = Annotated[float, Field(ge=0)]


class Source(Schema):
    """The images that a training saw and was tested on.

    Attributes:
        name: Of the data set.
        source: Where they came from, in a few words.
        exact: Whether they are verified to be bit-identical with the original.
        note: One sentence to be printed beside any number measured on them.
        train: `Images.fingerprint` of the training images that were used.
        test: The same of the test images.

    Raises:
        ValueError: If a field is missing, unknown, or of another type.

    Example:
        >>> Source(name="shapes", source="drawn", exact=1, note="", train="", test="")
        Traceback (most recent call last):
        ValueError: exact is 1, but it must be a valid boolean
    """

    name: str
    source: str
    exact: bool
    note: str
    train: str
    test: str

    @classmethod
    def of(cls, train_set: Images, test_set: Images) -> "Source":
        """What a receipt needs to know of the images of a training."""
        about = {name: getattr(train_set, name) for name in ("name", "source", "exact", "note")}
        return cls(**about, train=train_set.fingerprint, test=test_set.fingerprint)


class Kept(Schema):
    """The file of weights beside a receipt: what is in it, and its checksum."""

    what: Literal["weights", "priors"]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Receipt(Schema):
    """What one training was, and what it measured.

    Everything that decided the outcome is in it, resolved, so that it means the same after a default has changed.

    Attributes:
        config: The whole configuration.
        data: The images.
        probe: `train.probe` of the code that trained.
        parameters: How many numbers the model learns.
        macs: Multiply-accumulates of one image, by `analysis.macs`.
        accuracy: (epoch, share of the test images that are right), the last epoch last.
        right: Which test images are right after the last epoch, packed; `answers` unpacks it. Older receipts have none.
        loss: Mean training loss of each epoch.
        train_accuracy: At the end, on at most 10,000 training images, without augmentation.
        seconds: Of everything.
        epoch_seconds: Of training alone, for each epoch.
        images_per_second: In training, augmentation included: the median epoch's.
        peak_memory_bytes: Of tensors, on a CUDA GPU.
        device: What it ran on.
        versions: Of Python, PyTorch, torchvision and this package.
        commit: Of this repository, with "+" behind it when the package differed from it.
        kept: What is kept of the weights, in a file beside the receipt.

    Raises:
        ValueError: If a field is missing, unknown, of another type or out of range; it is named with its value.

    Example:
        >>> receipt = next(iter(read(RESULTS).values()))
        >>> receipt.config.dataset, receipt.accuracy[-1][1] == receipt.last_accuracy
        ('cifar10', True)
    """

    config: TrainConfig
    data: Source
    probe: Annotated[list[Loss], Field(min_length=1)]
    parameters: Annotated[int, Field(ge=1)]
    macs: Annotated[int, Field(ge=1)]
    accuracy: Annotated[list[Measured], Field(min_length=1)]
    right: str | None = None
    loss: list[Loss]
    train_accuracy: Share
    seconds: Positive
    epoch_seconds: list[Positive]
    images_per_second: Positive
    peak_memory_bytes: Annotated[int, Field(ge=0)] | None = None
    device: str
    versions: dict[str, str]
    commit: str | None
    kept: Kept | None = None

    @model_validator(mode="after")
    def _consistent(self) -> "Receipt":
        for name in ("loss", "epoch_seconds"):
            if len(getattr(self, name)) != self.config.epochs:
                raise ValueError(f"{name} has {len(getattr(self, name))} entries, but epochs is {self.config.epochs}")
        epochs = [epoch for epoch, _ in self.accuracy]
        if epochs != sorted(set(epochs)) or epochs[-1] != self.config.epochs:
            raise ValueError(
                f"accuracy is of the epochs {epochs}, but they must rise to {self.config.epochs}, the last"
            )
        if self.right is not None and round(self.last_accuracy * self.config.test_images) != self.answers.sum():
            raise ValueError(f"right has {self.answers.sum()} images, but the last accuracy is {self.last_accuracy}")
        if self.data.name != self.config.dataset:
            raise ValueError(f"data.name is {self.data.name!r}, but config.dataset is {self.config.dataset!r}")
        return self

    @property
    def last_accuracy(self) -> float:
        """Test accuracy after the last epoch, 0 to 1: the one that counts, not the best."""
        return self.accuracy[-1][1]

    @property
    def answers(self) -> np.ndarray:
        """Whether each test image is right after the last epoch, in the order of the test set; empty if not kept.

        Raises ValueError when `right` is not as many answers as there are test images.
        """
        try:
            packed = np.frombuffer(base64.b64decode(self.right or "", validate=True), dtype=np.uint8)
        except ValueError:
            raise ValueError("right is damaged, but it must be base64") from None
        if self.right is not None and len(packed) != -(-self.config.test_images // 8):
            raise ValueError(f"right has {8 * len(packed)} answers, but test_images is {self.config.test_images}")
        return np.unpackbits(packed)[: self.config.test_images].astype(bool)

    def summary(self) -> str:
        """The receipt in two lines, for the end of a training."""
        config = self.config
        # what kind of model it is, where that is not the usual one; the number of parameters says enough of its size
        options = config.model_options
        kind = [f"{name}={options[name]}" for name, usual in USUAL.items() if options.get(name, usual) != usual]
        model = config.model + (f" ({', '.join(kind)})" if kind else "")
        prior = f" with {config.prior}" if config.prior else ""
        name = config.dataset + ("" if self.data.exact else " (not exact)")
        if TABLE[config.dataset].drawn:
            name = f"{config.dataset} (not CIFAR)"
        passes = f"{config.epochs} {'epoch' if config.epochs == 1 else 'epochs'}"
        return (
            f"{model}{prior}, {self.parameters:,} parameters: {self.last_accuracy:.1%} of "
            f"{config.test_images:,} test images after {passes} of {config.train_images:,}\n"
            f"  {name}, seed {config.seed}, profile {config.profile}, {self.seconds:.0f} s on {self.device}"
        )


def save(receipt: Receipt, path: Path) -> None:
    """Write a receipt, whole or not at all, sealed by its checksum.

    Args:
        receipt: What to write.
        path: The file, whose name ends in `SUFFIX`; its folder is made when there is none.
    """
    write_whole(path, sealed(receipt.model_dump(mode="json")))


def load(path: Path) -> Receipt:
    """Read one receipt.

    Args:
        path: A file that `save` wrote.

    Returns:
        The receipt, equal to the one that was saved.

    Raises:
        ValueError: If it is not whole, or was changed: in one line, which file and what is wrong.
    """
    try:
        return Receipt(**unsealed(path))
    except ValueError as error:
        named = str(error) if str(path) in str(error) else f"{path}: {error}"
        raise ValueError(f"{named}; restore or remove this receipt") from None


def read(folder: Path) -> dict[Path, Receipt]:
    """The receipts in a folder and in each folder inside it.

    Args:
        folder: Where to look. A folder that does not exist has none.

    Returns:
        The receipts by path, in the order of their names.

    Raises:
        ValueError: If one of them is damaged.

    Example:
        >>> read(Path("no such folder"))
        {}
    """
    paths = sorted([*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*/*{SUFFIX}")])
    return {path: load(path) for path in paths}


def lesson_times(folder: Path = RESULTS) -> dict[str, dict[str, int]]:
    """How many seconds each lesson took in each profile, as measured by benchmarks/lessons.py."""
    times: dict[str, dict[str, int]] = json.loads((folder / "lesson_times.json").read_text())["seconds"]
    return times
