"""Exercise 10.score_index: where the weight of a query and a key lies in the flattened kernel."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def score_index(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """Indices of tokens -> the index of their offset in the kernel (2h-1, 2w-1), read row by row."""
    return at(*offset(query, key, grid), grid)


def offset(query: Tensor, key: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Rows and columns from the query to the key."""
    w = grid[1]
    return key // w - query // w, key % w - query % w


def at(dy: Tensor, dx: Tensor, grid: Grid) -> Tensor:
    """The index of an offset in the flattened kernel."""
    h, w = grid
    return (dy + h - 1) * (2 * w - 1) + dx + w - 1


def score_index_cases() -> list[dict[str, Any]]:
    """One row of tokens, a rectangle, a square, a tall rectangle: all pairs of tokens, then some pairs."""
    grids: list[Grid] = [(1, 3), (2, 3), (3, 3), (5, 2)]
    cases: list[dict[str, Any]] = [
        {"query": torch.arange(h * w)[:, None], "key": torch.arange(h * w), "grid": (h, w)} for h, w in grids
    ]
    return [*cases, {"query": torch.tensor([0, 11, 5]), "key": torch.tensor([11, 2, 6]), "grid": (3, 4)}]


exercise = Exercise(
    "10.score_index",
    score_index,
    score_index_cases,
    unit="grids",
    hints=(
        "A token's row is its index divided by the number of columns, rounded down; its column is the remainder. Both "
        "work on tensors.",
        "The offset is the key's place minus the query's. The smallest one, -(h-1) rows and -(w-1) columns, must lie "
        "at index 0.",
        "Move both parts of the offset so that they start at 0. Then it is raster order again, in a table whose rows "
        "are 2w-1 long.",
    ),
)


@exercise.mistake
def mirrored(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """Your offset is query minus key: our kernels are ordered by key minus query."""
    return score_index(key, query, grid)


@exercise.mistake
def rows_of_h(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You divide by h to find a token's row: a row of the grid holds w tokens."""
    h = grid[0]
    return at(key // h - query // h, key % h - query % h, grid)


@exercise.mistake
def kernel_rows_of_2h(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You count 2h-1 entries in each row of the kernel: it has 2h-1 rows of 2w-1 entries."""
    (h, w), (dy, dx) = grid, offset(query, key, grid)
    return (dy + h - 1) * (2 * h - 1) + dx + w - 1


@exercise.mistake
def kernel_rows_of_w(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You count w entries in each row of the kernel: a column offset goes from -(w-1) to w-1, so there are 2w-1."""
    (h, w), (dy, dx) = grid, offset(query, key, grid)
    return (dy + h - 1) * w + dx + w - 1


@exercise.mistake
def kernel_rows_of_2w(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You count 2w entries in each row of the kernel: a column offset goes from -(w-1) to w-1, so there are 2w-1."""
    (h, w), (dy, dx) = grid, offset(query, key, grid)
    return (dy + h - 1) * 2 * w + dx + w - 1


@exercise.mistake
def not_moved(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You use offsets as indices: they begin at -(h-1) and -(w-1), so add h-1 and w-1 first."""
    dy, dx = offset(query, key, grid)
    return dy * (2 * grid[1] - 1) + dx


@exercise.mistake
def rows_not_moved(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You move the columns' part of the offset but not the rows' part, which begins at -(h-1): add h-1 to it."""
    dy, dx = offset(query, key, grid)
    return dy * (2 * grid[1] - 1) + dx + grid[1] - 1


@exercise.mistake
def columns_not_moved(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You move the rows' part of the offset but not the columns' part, which begins at -(w-1): add w-1 to it."""
    dy, dx = offset(query, key, grid)
    return (dy + grid[0] - 1) * (2 * grid[1] - 1) + dx


@exercise.mistake
def moved_too_far(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You move offsets by h and w, which is one too many: add h-1 and w-1, so that the smallest becomes (0, 0)."""
    dy, dx = offset(query, key, grid)
    return at(dy + 1, dx + 1, grid)


@exercise.mistake
def without_sign(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value of the offset: left and right, above and below, have weights of their own."""
    dy, dx = offset(query, key, grid)
    return at(dy.abs(), dx.abs(), grid)


@exercise.mistake
def column_by_column(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You read the kernel column by column: it is flattened row by row."""
    dy, dx = offset(query, key, grid)
    return at(dx, dy, (grid[1], grid[0]))


@exercise.mistake
def difference_of_indices(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You subtract the indices of the tokens: subtract their rows and their columns, each on its own."""
    zero = torch.zeros_like(key - query)
    return key - query + at(zero, zero, grid)


@exercise.mistake
def in_the_mask(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You return the index in the N x N mask: find the offset of the pair, and its index in the kernel."""
    return query * grid[0] * grid[1] + key


@exercise.mistake
def rows_and_columns_exchanged(query: Tensor, key: Tensor, grid: Grid) -> Tensor:
    """You exchange rows and columns of a token: the row is the quotient, and the column is the remainder."""
    dy, dx = offset(query, key, grid)
    return at(dx, dy, grid)
