"""Exercise 00.token_index: the number of a token in raster order."""

from typing import Any

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def token_index(y: int, x: int, grid: Grid) -> int:
    """The number of the token in row y and column x, counted row by row from 0."""
    return y * grid[1] + x


def cases() -> list[dict[str, Any]]:
    """Places on grids, small ones first; most grids are not square, so that h and w can be told apart."""
    places = [(0, 1, (1, 2)), (1, 0, (2, 2)), (1, 0, (2, 3)), (2, 1, (3, 2)), (4, 6, (5, 7))]
    return [{"y": y, "x": x, "grid": grid} for y, x, grid in places]


exercise = Exercise(
    "00.token_index",
    token_index,
    cases,
    unit="places",
    hints=(
        "Write the numbers 0 to 5 into a grid of 2 rows and 3 columns, row by row. Which number starts row 1?",
        "Before row y there are y whole rows. How many tokens is one row?",
        "Skip y rows of w tokens each, then go x further.",
    ),
)


@exercise.mistake
def rows_as_long_as_columns(y: int, x: int, grid: Grid) -> int:
    """You multiply by h, but a row is w tokens long: on a square grid nobody would notice."""
    return y * grid[0] + x


@exercise.mistake
def column_by_column(y: int, x: int, grid: Grid) -> int:
    """You count column by column; raster order goes row by row, as one reads."""
    return x * grid[0] + y


@exercise.mistake
def from_one(y: int, x: int, grid: Grid) -> int:
    """You are one too high: the first token has the number 0."""
    return y * grid[1] + x + 1
