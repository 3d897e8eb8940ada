"""Trainings that are kept: one receipt each, studies of many under a budget of time, and the tables made of them."""

from gmm_tutorial.studies.budget import Budget, reproduce
from gmm_tutorial.studies.record import finished, receipt_path, record
from gmm_tutorial.studies.rows import TABLES, Row, Study
from gmm_tutorial.studies.scale import at_scale, run_name
from gmm_tutorial.studies.tables import LESSON_STUDIES, Line, Table, experiments, tables

__all__ = [
    "LESSON_STUDIES",
    "TABLES",
    "Budget",
    "Line",
    "Row",
    "Study",
    "Table",
    "at_scale",
    "experiments",
    "finished",
    "receipt_path",
    "record",
    "reproduce",
    "run_name",
    "tables",
]
