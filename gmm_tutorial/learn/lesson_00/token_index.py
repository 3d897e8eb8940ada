"""Exercise 00.token_index: the number of a token in raster order."""

from typing import Any

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def token_index(y: int, x: int, grid: Grid) -> int:
    """The number of the token in row y and column x, counted row by row from 0."""
    return y * grid[1] + x


def cases() -> list[dict[str, Any]]:
    """Places on grids, small ones first; most grids are not square, and most places are not in the last row."""
    places = [(0, 1, (1, 2)), (1, 0, (2, 2)), (1, 0, (2, 3)), (0, 2, (2, 3))]
    places += [(1, 1, (3, 2)), (2, 1, (4, 3)), (3, 5, (5, 7)), (1, 2, (5, 7))]
    return [{"y": y, "x": x, "grid": grid} for y, x, grid in places]


exercise = Exercise(
    "00.token_index",
    token_index,
    cases,
    unit="places",
    hints=(
        "Write the numbers 0 to 5 into a grid of 2 rows and 3 columns, row by row. Which number starts row 1?",
        "There are y whole rows above row y. How many tokens are in one row?",
        "Skip y rows of w tokens each, then move x columns to the right.",
    ),
)


@exercise.mistake
def rows_as_long_as_columns(y: int, x: int, grid: Grid) -> int:
    """You multiply by h, the number of rows, but a row has w tokens. On a square grid you would not notice."""
    return y * grid[0] + x


@exercise.mistake
def column_by_column(y: int, x: int, grid: Grid) -> int:
    """You count column by column. Raster order goes row by row, from left to right."""
    return x * grid[0] + y


@exercise.mistake
def row_and_column_swapped(y: int, x: int, grid: Grid) -> int:
    """You have swapped `y` and `x`: `y` is the row and `x` is the column."""
    return x * grid[1] + y


@exercise.mistake
def from_one(y: int, x: int, grid: Grid) -> int:
    """Your numbers are too high by one: the first token has the number 0."""
    return y * grid[1] + x + 1


@exercise.mistake
def one_row_too_many(y: int, x: int, grid: Grid) -> int:
    """You skip one row too many. Rows are counted from 0, so there are y whole rows above row y."""
    return (y + 1) * grid[1] + x


@exercise.mistake
def one_row_too_few(y: int, x: int, grid: Grid) -> int:
    """You skip one row too few. Rows are counted from 0, so there are y whole rows above row y, not y - 1."""
    return (y - 1) * grid[1] + x


@exercise.mistake
def shorter_rows(y: int, x: int, grid: Grid) -> int:
    """You skip w - 1 tokens per row, but a row has w tokens: w - 1 is the number of its last column."""
    return y * (grid[1] - 1) + x


@exercise.mistake
def longer_rows(y: int, x: int, grid: Grid) -> int:
    """You skip w + 1 tokens per row, but a row has w tokens."""
    return y * (grid[1] + 1) + x


@exercise.mistake
def whole_grids(y: int, x: int, grid: Grid) -> int:
    """You skip h * w tokens per row. That is the whole grid; a row has w tokens."""
    return y * grid[0] * grid[1] + x


@exercise.mistake
def plain_sum(y: int, x: int, grid: Grid) -> int:
    """You add the row and the column, but one step down skips a whole row of w tokens."""
    return y + x


@exercise.mistake
def product(y: int, x: int, grid: Grid) -> int:
    """You multiply by the column `x`. Add it instead: the column says how far to go within the row."""
    return y * grid[1] * x


@exercise.mistake
def column_inside_the_product(y: int, x: int, grid: Grid) -> int:
    """You add the column before you multiply. Multiply the row by w first, then add the column."""
    return y * (grid[1] + x)


@exercise.mistake
def row_only(y: int, x: int, grid: Grid) -> int:
    """This is the number of the first token of the row. Add the column `x`."""
    return y * grid[1]


@exercise.mistake
def column_only(y: int, x: int, grid: Grid) -> int:
    """You return the column alone, as if every token were in row 0. Each row above adds w tokens."""
    return x


@exercise.mistake
def from_the_bottom(y: int, x: int, grid: Grid) -> int:
    """You count the rows from the bottom. Row 0 is the top row."""
    return (grid[0] - 1 - y) * grid[1] + x


@exercise.mistake
def from_the_right(y: int, x: int, grid: Grid) -> int:
    """You count the columns from the right. Column 0 is on the left."""
    return y * grid[1] + grid[1] - 1 - x


@exercise.mistake
def back_and_forth(y: int, x: int, grid: Grid) -> int:
    """Your odd rows run from right to left. In raster order, every row runs from left to right."""
    return y * grid[1] + (grid[1] - 1 - x if y % 2 else x)
