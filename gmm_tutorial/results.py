"""Receipts: one small JSON for each training that was measured, and the tables and sentences made of them."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from scipy.stats import t as student_t

from gmm_tutorial import __version__
from gmm_tutorial.train import TrainConfig

RESULTS = Path(__file__).resolve().parents[1] / "results"


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
    macs: int | None = None  # of one image, `measure.macs`
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


def interval(values: Iterable[float]) -> tuple[float, float]:
    """Mean and half-width of its 95 % confidence interval (Student's t); the half-width of one value is nan."""
    sample = np.asarray(list(values), dtype=float)
    if len(sample) == 0:
        raise ValueError("values is empty, but a mean needs at least one")
    if len(sample) == 1:
        return float(sample[0]), float("nan")
    half = student_t.ppf(0.975, len(sample) - 1) * sample.std(ddof=1) / np.sqrt(len(sample))
    return float(sample.mean()), float(half)


def table(receipts: Iterable[Receipt], row: Callable[[Receipt], str]) -> str:
    """A Markdown table of last-epoch accuracies, one line for each value of `row`: mean, 95 % interval, seeds."""
    groups: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        groups.setdefault(row(receipt), []).append(receipt)
    lines = ["| model | parameters | test accuracy, % | seeds |", "|---|---:|---:|---:|"]
    for name, group in groups.items():
        check_alike(name, group)
        mean, half = interval(100 * receipt.last_accuracy for receipt in group)
        spread = f"± {half:.1f}" if len(group) > 1 else "(one seed)"
        lines.append(f"| {name} | {group[0].parameters:,} | {mean:.1f} {spread} | {len(group)} |")
    return "\n".join(lines)


def paired_difference(receipts: Iterable[Receipt], baseline: Iterable[Receipt]) -> tuple[float, float]:
    """Mean and 95 % half-width of the difference in test accuracy, in points, between runs of the same seed."""
    receipts, baseline = list(receipts), list(baseline)
    check_alike("receipts", receipts)
    check_alike("baseline", baseline)
    other = {receipt.config["seed"]: receipt.last_accuracy for receipt in baseline}
    ours = {receipt.config["seed"]: receipt.last_accuracy for receipt in receipts}
    if ours.keys() != other.keys():
        raise ValueError(f"receipts have the seeds {sorted(ours)}, but they must be the baseline's, {sorted(other)}")
    return interval(100 * (ours[seed] - other[seed]) for seed in sorted(ours))


def check_alike(name: str, group: list[Receipt]) -> None:
    """Raise ValueError unless the receipts of one line of a table differ in nothing but the seed.

    A field that a configuration lacks, being older, is what it is by default.
    """
    known = TrainConfig.defaults()
    alike = {
        json.dumps({**known, **r.config, "seed": None, "data": [r.data["name"], r.data["exact"]]}, sort_keys=True)
        for r in group
    }
    if len(alike) > 1 or len({r.config["seed"] for r in group}) < len(group):
        raise ValueError(f"{name} holds different trainings, but they may differ in the seed alone")


def machine(device: torch.device) -> dict[str, Any]:
    """The part of a receipt that says where and with what: device, versions, commit."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    threads = f", {torch.get_num_threads()} threads" if device.type == "cpu" else ""
    return {
        "device": f"{device.type} ({name}{threads})",
        "versions": {
            "gmm_tutorial": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
        },
        "commit": commit(),
    }


def commit() -> str | None:
    """The commit of this checkout, with "+" behind it when the package differs from it; None outside of git."""
    package = Path(__file__).resolve().parent
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=package, capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "status", "--porcelain", "."], cwd=package, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("+" if changes.stdout else "")
