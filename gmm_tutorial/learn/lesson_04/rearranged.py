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
    """Each entry is a different whole number, so that its new place can be read off; most grids are not square."""
    numbered = [{"mask": torch.arange((h * w) ** 2.0).view(h * w, h * w), "grid": (h, w)} for h, w in ((2, 1), (2, 2))]
    return numbered + [{"mask": torch.randn(h * w, h * w), "grid": (h, w)} for h, w in ((2, 3), (4, 3))]


exercise = Exercise(
    "04.rearranged",
    rearranged,
    rearranged_cases,
    unit="masks",
    hints=(
        "How many axes does the mask have if a query is a row and a column, and a key as well?",
        "In the result, the two rows share one axis and the two columns share the other. Only axes that are next to "
        "each other can be joined.",
        "Bring the mask to four axes, change their order so that the two rows are neighbors, and join them in pairs.",
    ),
)


@exercise.mistake
def only_reshaped(mask: Tensor, grid: Grid) -> Tensor:
    """You only reshape, which changes no order: the axes must change places before they are joined."""
    return mask.reshape(grid[0] ** 2, grid[1] ** 2)


@exercise.mistake
def columns_first(mask: Tensor, grid: Grid) -> Tensor:
    """Your result is transposed: the pair of rows (y, y') must come first, then the pair of columns."""
    return rearranged(mask, grid).T


@exercise.mistake
def row_with_column(mask: Tensor, grid: Grid) -> Tensor:
    """You pair the query's row with the key's column: pair row with row, and column with column."""
    return rearrange(mask, "(y x) (v u) -> (y u) (x v)", y=grid[0], v=grid[0])


@exercise.mistake
def pair_turned(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs of columns the key comes first: the query must come first in both kinds of pairs."""
    return rearrange(mask, "(y x) (v u) -> (y v) (u x)", y=grid[0], v=grid[0])


@exercise.mistake
def key_first(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs the key comes before the query: in (y, y') the query's row comes first."""
    return rearranged(mask.T, grid)


@exercise.mistake
def tokens_by_columns(mask: Tensor, grid: Grid) -> Tensor:
    """You split a token's number as x h + y: in raster order it is y w + x."""
    return rearrange(mask, "(x y) (u v) -> (y v) (x u)", y=grid[0], v=grid[0])


@exercise.mistake
def keys_rows_first(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs of rows the key comes first: the query must come first in both kinds of pairs."""
    return rearrange(mask, "(y x) (v u) -> (v y) (x u)", y=grid[0], v=grid[0])


@exercise.mistake
def cut_by_the_wrong_side(mask: Tensor, grid: Grid) -> Tensor:
    """You cut the tokens into w rows of h: a grid (h, w) has h rows of w tokens."""
    h, w = grid
    return rearrange(mask, "(y x) (v u) -> (y v) (x u)", y=w, v=w).reshape(h * h, w * w)


@exercise.mistake
def keys_cut_by_the_wrong_side(mask: Tensor, grid: Grid) -> Tensor:
    """You cut the keys into w rows of h: a grid (h, w) has h rows of w tokens, for keys as for queries."""
    h, w = grid
    return mask.reshape(h, w, w, h).transpose(1, 2).reshape(h * h, w * w)


@exercise.mistake
def keys_columns_first(mask: Tensor, grid: Grid) -> Tensor:
    """You split a key's number as x h + y: in raster order it is y w + x, for keys as for queries."""
    return rearrange(mask, "(y x) (u v) -> (y v) (x u)", y=grid[0], v=grid[0])
