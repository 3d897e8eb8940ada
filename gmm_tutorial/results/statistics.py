"""Statistics of several runs: means with intervals, differences paired by seed, and tables of them."""

import json
from collections.abc import Callable, Iterable

import numpy as np
from scipy.stats import t as student_t

from gmm_tutorial.results.receipts import Receipt
from gmm_tutorial.train import TrainConfig


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
