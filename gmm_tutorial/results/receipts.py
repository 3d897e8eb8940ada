"""Receipts: one small JSON for each training that was measured, and the tables and sentences made of them."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parents[2] / "results"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What one training was, and what it measured."""

    config: dict[str, Any]  # train.TrainConfig
    profile: str
    data: dict[str, Any]  # name, source, exact, note
    parameters: int
    accuracy: list[tuple[int, float]]  # (epoch, share of the test images); the last epoch counts, not the best
    loss: list[float]  # mean training loss of each epoch
    seconds: float
    device: str
    versions: dict[str, str]
    commit: str | None
    # what older receipts lack
    train_accuracy: float | None = None  # at the end, on at most 10,000 training images, without augmentation
    macs: int | None = None  # of one image, `analysis.macs`
    images_per_second: float | None = None  # in training, augmentation included: the median epoch's
    epoch_seconds: list[float] = field(default_factory=list)  # of training alone
    peak_memory_bytes: int | None = None  # of tensors, on a CUDA GPU

    @property
    def last_accuracy(self) -> float:
        """Test accuracy after the last epoch, 0 to 1."""
        return self.accuracy[-1][1]

    def summary(self) -> str:
        """The receipt in two lines, for the end of a training."""
        config = self.config
        # what kind of model it is, and not its sizes: the number of parameters says enough of those
        kind = [f"{name}={value}" for name, value in config["model_options"].items() if isinstance(value, (str, bool))]
        model = config["model"] + (f" ({', '.join(kind)})" if kind else "")
        prior = f" with {config['prior']}" if config["prior"] else ""
        name = self.data["name"] + ("" if self.data["exact"] else " (not exact)")
        if self.data["name"] == "shapes":
            name = "shapes (not CIFAR)"
        return (
            f"{model}{prior}, {self.parameters:,} parameters: {self.last_accuracy:.1%} of "
            f"{config['test_images']:,} test images after {config['epochs']} epochs of {config['train_images']:,}\n"
            f"  {name}, seed {config['seed']}, profile {self.profile}, "
            f"{self.seconds:.0f} s on {self.device}"
        )


def save(receipt: Receipt, path: Path) -> None:
    """Write a receipt, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    partial.write_text(json.dumps(asdict(receipt), indent=1) + "\n")
    partial.replace(path)


def load(path: Path) -> Receipt:
    """Read one receipt. Raises ValueError, naming the file, when it is none."""
    try:
        fields = json.loads(path.read_text())
        fields["accuracy"] = [(int(epoch), float(share)) for epoch, share in fields["accuracy"]]
        return Receipt(**fields)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a receipt: {error!r}") from error


def read(folder: Path) -> dict[Path, Receipt]:
    """The receipts in a folder and in each folder inside it, by path, in the order of their names.

    Other measurements, and the state of a training that goes on, are no receipts.
    """
    paths = sorted([*folder.glob("*.json"), *folder.glob("*/*.json")])
    return {path: load(path) for path in paths if '"config"' in path.read_text() and path.name != "state.json"}


def load_all(study: str, folder: Path = RESULTS) -> list[Receipt]:
    """The receipts of a study, a folder under results/, in the order of their names."""
    paths = sorted((folder / study).glob("*.json"))
    if not paths:
        known = sorted(path.name for path in folder.glob("*/") if any(path.glob("*.json")))
        raise ValueError(f"study is {study!r}, but it must be one of {', '.join(map(repr, known)) or 'none yet'}")
    return [load(path) for path in paths]


def lesson_times(folder: Path = RESULTS) -> dict[str, dict[str, int]]:
    """How many seconds each lesson took in each profile, as measured by benchmarks/lessons.py."""
    times: dict[str, dict[str, int]] = json.loads((folder / "lesson_times.json").read_text())["seconds"]
    return times
