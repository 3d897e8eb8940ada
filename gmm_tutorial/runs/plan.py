"""The studies of results/PLAN.md: a learning rate for each row, then the comparison, at one scale.

Its rows, rates and seeds were fixed before the first of its trainings. So a study here has seeds of its own, and no
others count in it.
"""

from dataclasses import replace
from typing import Any

from gmm_tutorial.runs.rows import Row, Study
from gmm_tutorial.runs.variants import (
    ALIBI,
    CLASS_TOKEN,
    ELM,
    ELM_FROM_1,
    FREE,
    FROZEN,
    GMM,
    GMM_LOCAL,
    MANHATTAN,
    MEAN,
    SHUFFLED,
    TEMPERATURE,
    at_rate,
    rmt,
    without,
)

__all__ = ["CONTROL", "PRIMARY", "RATES", "SECONDARY", "TUNING"]

WITH_POSITIONS = tuple(
    replace(row, label=label, published=None)
    for label, row in {
        "no prior": MEAN,
        "temperature": TEMPERATURE,
        "GMM, published start": GMM,
        "GMM, local start": GMM_LOCAL,
        "Manhattan": MANHATTAN,
    }.items()
)
WITHOUT = tuple(map(without, WITH_POSITIONS))
PRIMARY = (*WITH_POSITIONS, *WITHOUT)

RATES = (1e-3, 2e-3, 4e-3)
HELD_OUT = {"train_images": 45_000, "test_split": "held_out", "test_images": 5_000, "precision": "float32"}
# the best of RATES for each row by results/tuning, which a test compares with this
BEST = {
    "no prior": 4e-3,
    "temperature": 4e-3,
    "GMM, published start": 4e-3,
    "GMM, local start": 4e-3,
    "Manhattan": 4e-3,
    "no prior, no positions": 2e-3,
    "temperature, no positions": 2e-3,
    "GMM, published start, no positions": 2e-3,
    "GMM, local start, no positions": 4e-3,
    "Manhattan, no positions": 2e-3,
}
SCALE = {"recipe": "short", "profile": "learn", "train_images": 50_000, "epochs": 10, "eval_every": 10}
SCALE |= {"test_images": 10_000, "precision": "bfloat16"}


def tried(row: Row) -> tuple[Row, ...]:
    """A row at each of the rates among which the plan chooses."""
    if row in WITH_POSITIONS[:3]:  # trained before the plan changed to float32
        row = replace(row, choices={"precision": "bfloat16"})
    return tuple(at_rate(row, lr) for lr in RATES)


def tuned(row: Row) -> Row:
    """A row at its best rate."""
    return replace(row, choices={"lr": BEST[row.label]})


TUNING = Study(
    "A learning rate for each row of the plan",
    (tuple(each for row in PRIMARY for each in tried(row)),),
    {"recipe": "short", "profile": "learn", "epochs": 4, "eval_every": 4, **HELD_OUT},
    seeds=(100,),
)
_WITH, _WITHOUT = tuple(map(tuned, WITH_POSITIONS)), tuple(map(tuned, WITHOUT))
CONTROL = Study(
    "What a prior adds to position embeddings, and whether it can replace them",
    ((*_WITH, *_WITHOUT),),
    SCALE,
    # each family against its first row; the last is the plan's question C
    (_WITH, _WITHOUT, (_WITH[0], _WITHOUT[3])),
    seeds=(0, 1, 2, 3, 4),
)


def like(label: str, row: Row, known: str, **options: Any) -> Row:
    """A secondary row, at the rate of the primary one that it resembles. options: of the model, beside its own."""
    choices = {"lr": BEST[known]}
    return replace(row, label=label, model_options={**row.model_options, **options}, choices=choices, published=None)


SMALL_POSITIONS = {"pos_std": 0.02}
_NONE, _LOCAL, _BLIND, _BLIND_LOCAL = _WITH[0], _WITH[3], _WITHOUT[0], _WITHOUT[3]
_SMALL = like("no prior, positions from 0.02", MEAN, "no prior", **SMALL_POSITIONS)
_SMALL_LOCAL = like("GMM, local start, positions from 0.02", GMM_LOCAL, "GMM, local start", **SMALL_POSITIONS)
_FROZEN = like("GMM, frozen, no positions", without(FROZEN), "GMM, local start, no positions")
_SHUFFLED = like("GMM, frozen and shuffled, no positions", without(SHUFFLED), "GMM, local start, no positions")
_FREE = like("free kernel", FREE, "GMM, local start")
_FREE_BLIND = like("free kernel, no positions", without(FREE), "GMM, local start, no positions")
_OTHERS = (
    like("ELM, from 1", ELM_FROM_1, "GMM, local start"),
    like("ELM, from 0", ELM, "GMM, local start"),
    like("ALiBi", ALIBI, "Manhattan"),
    like("no prior, class token", CLASS_TOKEN, "no prior"),
    rmt("RMT, sized for CIFAR"),
)
_ROWS = (_SMALL, _SMALL_LOCAL, _FROZEN, _SHUFFLED, _FREE, _FREE_BLIND, *_OTHERS)
SECONDARY = Study(
    "What else could matter: no claim, three seeds each",
    # the rows that others are held against come from CONTROL; then one row after the other
    ((_NONE, _LOCAL, _BLIND, _BLIND_LOCAL), *((row,) for row in _ROWS)),
    SCALE,
    (
        (_NONE, _SMALL, _FREE, *_OTHERS),
        (_BLIND, _FROZEN, _SHUFFLED, _FREE_BLIND),
        (_SMALL, _SMALL_LOCAL),
    ),
    seeds=(0, 1, 2),
    exploratory=True,
)
