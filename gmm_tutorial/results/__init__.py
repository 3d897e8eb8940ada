"""Results: receipts of trainings, their statistics, and where they come from."""

from gmm_tutorial.results.provenance import commit, machine
from gmm_tutorial.results.receipts import RESULTS, Receipt, lesson_times, load, load_all, read, save
from gmm_tutorial.results.statistics import check_alike, interval, paired_difference, table

__all__ = [
    "RESULTS",
    "Receipt",
    "check_alike",
    "commit",
    "interval",
    "lesson_times",
    "load",
    "load_all",
    "machine",
    "paired_difference",
    "read",
    "save",
    "table",
]
