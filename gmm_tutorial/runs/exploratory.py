"""The studies of results/PLAN.md that come after the planned one: three seeds each, and no claim.

They have its scale, and each row has the learning rate of the planned row that it resembles most.
"""

from dataclasses import replace
from typing import Any

from gmm_tutorial.runs.plan import BEST, CONTROL, SCALE
from gmm_tutorial.runs.rows import Row, Study
from gmm_tutorial.runs.variants import (
    ALIBI,
    CLASS_TOKEN,
    ELM,
    ELM_FROM_1,
    FREE,
    FROZEN,
    GMM_LOCAL,
    MEAN,
    NARROW,
    POSITIVE,
    SHUFFLED,
    kernels,
    rmt,
    without,
)

__all__ = ["CIFAR100", "KERNELS", "SECONDARY", "STARTS"]

SEEDS = (0, 1, 2)
SMALL_POSITIONS = {"pos_std": 0.02}
ROWS = {row.label: row for row in CONTROL.groups[0]}
NONE, PUBLISHED, LOCAL = ROWS["no prior"], ROWS["GMM, published start"], ROWS["GMM, local start"]
BLIND, BLIND_PUBLISHED, BLIND_LOCAL = (ROWS[f"{row.label}, no positions"] for row in (NONE, PUBLISHED, LOCAL))


def like(label: str, row: Row, known: str, **options: Any) -> Row:
    """A row at the rate of the planned one that it resembles. options: of the model, beside its own."""
    choices = {"lr": BEST[known]}
    return replace(row, label=label, model_options={**row.model_options, **options}, choices=choices, published=None)


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
    ((NONE, LOCAL, BLIND, BLIND_LOCAL), *((row,) for row in _ROWS)),
    SCALE,
    (
        (NONE, _SMALL, _FREE, *_OTHERS),
        (BLIND, _FROZEN, _SHUFFLED, _FREE_BLIND),
        (_SMALL, _SMALL_LOCAL),
    ),
    seeds=SEEDS,
    exploratory=True,
)
CIFAR100 = replace(
    CONTROL, title="The rows of the planned study, on CIFAR-100", dataset="cifar100", seeds=SEEDS, exploratory=True
)


def counted(known: Row) -> tuple[Row, ...]:
    """A planned row, which has five Gaussians per head, with 1, 2, 3 and 8 of them instead."""
    return tuple(like(f"{known.label}, K = {count}", kernels(known, count), known.label) for count in (1, 2, 3, 8))


_BLIND_COUNTED, _COUNTED = counted(BLIND_LOCAL), counted(PUBLISHED)
KERNELS = Study(
    "How many Gaussians a mixture needs: five, unless a row says otherwise",
    ((BLIND, BLIND_LOCAL, NONE, PUBLISHED), _BLIND_COUNTED, _COUNTED),
    SCALE,
    ((BLIND, BLIND_LOCAL, *_BLIND_COUNTED), (NONE, PUBLISHED, *_COUNTED)),
    exploratory=True,
)
_BLIND_STARTS = (
    like("GMM, positive heights, no positions", without(POSITIVE), "GMM, published start, no positions"),
    like("GMM, local widths, no positions", without(NARROW), "GMM, published start, no positions"),
)
_STARTS = (
    like("GMM, positive heights", POSITIVE, "GMM, published start"),
    like("GMM, local widths", NARROW, "GMM, published start"),
)
STARTS = Study(
    "Where a mixture starts: its heights and its widths, as published or local",
    ((BLIND, BLIND_PUBLISHED, BLIND_LOCAL, NONE, PUBLISHED, LOCAL), _BLIND_STARTS, _STARTS),
    SCALE,
    ((BLIND, BLIND_PUBLISHED, BLIND_LOCAL, *_BLIND_STARTS), (NONE, PUBLISHED, LOCAL, *_STARTS)),
    exploratory=True,
)
