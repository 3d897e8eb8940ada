"""Exercise 04.rearranged: a Kronecker product becomes an outer product."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def rearranged(mask: Tensor, grid: Grid) -> Tensor:
    """(N, N) -> (h h, w w): row (y, y'), column (x, x') holds mask[(y, x), (y', x')]."""
    return rearrange(mask, "(y x) (v u) -> (y v) (x u)", y=grid[0], v=grid[0])


def rearranged_cases() -> list[dict[str, Any]]:
    """Each entry once, as a whole number, so that one sees where it went; most grids are not square."""
    numbered = [{"mask": torch.arange((h * w) ** 2.0).view(h * w, h * w), "grid": (h, w)} for h, w in ((2, 1), (2, 2))]
    return numbered + [{"mask": torch.randn(h * w, h * w), "grid": (h, w)} for h, w in ((2, 3), (4, 3))]


exercise = Exercise(
    "04.rearranged",
    rearranged,
    rearranged_cases,
    unit="masks",
    hints=(
        "Give the mask four axes first: the query's row and column, the key's row and column.",
        "Both rows shall come first, then both columns: which of the four axes has to move?",
        "The two in the middle change places. Then join the first two axes, and the last two.",
    ),
)


@exercise.mistake
def only_reshaped(mask: Tensor, grid: Grid) -> Tensor:
    """You only reshape, which moves nothing: the axes have to change places before they are joined."""
    return mask.reshape(grid[0] ** 2, grid[1] ** 2)


@exercise.mistake
def columns_first(mask: Tensor, grid: Grid) -> Tensor:
    """Yours is transposed: the pair of rows (y, y') belongs in front, the pair of columns behind."""
    return rearranged(mask, grid).T


@exercise.mistake
def row_with_column(mask: Tensor, grid: Grid) -> Tensor:
    """You pair the query's row with the key's column: row belongs to row, and column to column."""
    return rearrange(mask, "(y x) (v u) -> (y u) (x v)", y=grid[0], v=grid[0])


@exercise.mistake
def pair_turned(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs of columns the key comes first, in your pairs of rows the query: query first in both."""
    return rearrange(mask, "(y x) (v u) -> (y v) (u x)", y=grid[0], v=grid[0])


@exercise.mistake
def key_first(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs the key comes before the query: (y, y') is the query's row, then the key's."""
    return rearranged(mask.T, grid)


@exercise.mistake
def tokens_by_columns(mask: Tensor, grid: Grid) -> Tensor:
    """You split a token's number as x h + y: in raster order it is y w + x."""
    return rearrange(mask, "(x y) (u v) -> (y v) (x u)", y=grid[0], v=grid[0])
