"""The planned study of results/PLAN.md: a learning rate for each row, then the comparison, at one scale.

Its rows, rates and seeds were fixed before the first of its trainings. So a study here has seeds of its own, and no
others count in it.
"""

from dataclasses import replace

from gmm_tutorial.runs.rows import Row, Study
from gmm_tutorial.runs.variants import GMM, GMM_LOCAL, MANHATTAN, MEAN, TEMPERATURE, at_rate, without

__all__ = ["BEST", "CONFIRMATION", "CONTROL", "PRIMARY", "RATES", "SCALE", "TUNING"]

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
# every row that a family found better or worse, which a test compares with results/control, and the baselines
_FOUND, _FOUND_WITHOUT = (_WITH[0], _WITH[2]), (_WITHOUT[0], *_WITHOUT[2:])
CONFIRMATION = Study(
    "What the planned study found, once more with fresh seeds",
    ((*_FOUND, *_FOUND_WITHOUT),),
    SCALE,
    (_FOUND, _FOUND_WITHOUT),
    seeds=(10, 11, 12, 13, 14),
)
