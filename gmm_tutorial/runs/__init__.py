"""Runs: from a configuration to a receipt, once; studies of many under a budget of time, and their tables."""

from gmm_tutorial.runs import contrasts, pictures, plan, published, reading
from gmm_tutorial.runs.bench import Comparison, compare, looks
from gmm_tutorial.runs.budget import Budget, reproduce
from gmm_tutorial.runs.candidates import Candidate, ContentPrior
from gmm_tutorial.runs.choices import Choices, Side
from gmm_tutorial.runs.display import run_shown
from gmm_tutorial.runs.names import run_name
from gmm_tutorial.runs.once import Run, beforehand, chosen, lesson_store, run_once, train
from gmm_tutorial.runs.rows import Row, Study
from gmm_tutorial.runs.store import Store
from gmm_tutorial.runs.studies import TABLES
from gmm_tutorial.runs.tables import Line, Table, read_kept, read_study, tables
from gmm_tutorial.runs.trials import BASELINES, trial
from gmm_tutorial.runs.verdicts import Trial

__all__ = [
    "BASELINES",
    "TABLES",
    "Budget",
    "Candidate",
    "Choices",
    "Comparison",
    "ContentPrior",
    "Line",
    "Row",
    "Run",
    "Side",
    "Store",
    "Study",
    "Table",
    "Trial",
    "beforehand",
    "chosen",
    "compare",
    "contrasts",
    "lesson_store",
    "looks",
    "pictures",
    "plan",
    "published",
    "read_kept",
    "read_study",
    "reading",
    "reproduce",
    "run_name",
    "run_once",
    "run_shown",
    "tables",
    "train",
    "trial",
]
