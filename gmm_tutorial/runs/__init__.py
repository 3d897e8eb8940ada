"""Trainings that are kept: one receipt each, studies of many under a budget of time, and the tables made of them."""

from gmm_tutorial.runs import published
from gmm_tutorial.runs.budget import Budget, reproduce
from gmm_tutorial.runs.cache import Run, alone, cache_folder, cache_key, chosen, receipt_of, train
from gmm_tutorial.runs.names import at_scale, run_name
from gmm_tutorial.runs.once import finished, receipt_path, record
from gmm_tutorial.runs.rows import TABLES, Row, Study
from gmm_tutorial.runs.tables import LESSON_STUDIES, Line, Table, experiments, tables

__all__ = [
    "LESSON_STUDIES",
    "TABLES",
    "Budget",
    "Line",
    "Row",
    "Run",
    "Study",
    "Table",
    "alone",
    "at_scale",
    "cache_folder",
    "cache_key",
    "chosen",
    "experiments",
    "finished",
    "published",
    "receipt_of",
    "receipt_path",
    "record",
    "reproduce",
    "run_name",
    "tables",
    "train",
]
