"""Exercise 02.neighbour_means: what a mask gives to the tokens at each side, and to those above and below."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise


def neighbour_cases() -> list[dict[str, Any]]:
    """Four tokens in whole numbers; then grids that are not square, and several masks at once."""
    return [
        {"mask": torch.tensor([[9.0, 1, 0, 9], [3, 9, 9, 2], [4, 9, 9, 5], [9, 6, 7, 9]]), "grid": (2, 2)},
        {"mask": torch.randn(6, 6), "grid": (2, 3)},
        {"mask": torch.randn(2, 20, 20), "grid": (5, 4)},
    ]


exercise = Exercise(
    "02.neighbour_means",
    analysis.neighbour_means,
    neighbour_cases,
    unit="grids",
    hints=(
        "When are two tokens side by side? Say it with their rows and columns, not with their numbers.",
        "coordinates(grid) gives rows and columns, (N, 2). Subtract them pairwise, as with [None] and [:, None].",
        "Side by side: same row, columns that differ by 1, either way. Two masks of yes and no pick the entries.",
    ),
)


def mean_where(mask: Tensor, pairs: Tensor) -> Tensor:
    """The mean over the pairs that are true: (..., N, N), (N, N) -> (...)."""
    return mask[..., pairs].mean(-1)


def steps(grid: Grid) -> tuple[Tensor, Tensor]:
    """dy and dx, key - query: (N, N) each."""
    dy, dx = (coordinates(grid)[None] - coordinates(grid)[:, None]).unbind(-1)
    return dy, dx


@exercise.mistake
def around_the_end(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Token a + 1 is not always to the right of token a: at the end of a row it starts the next one."""
    n = torch.arange(grid[0] * grid[1])
    step = (n[None] - n[:, None]).abs()
    return mean_where(mask, step == 1), mean_where(mask, step == grid[1])


@exercise.mistake
def exchanged(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You have the two exchanged: horizontal neighbours share a row, so y is the same and x differs."""
    horizontal, vertical = analysis.neighbour_means(mask, grid)
    return vertical, horizontal


@exercise.mistake
def one_way(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You look to the right and down only. A mask need not be symmetric: look to the left and up too."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx == 1)), mean_where(mask, (dy == 1) & (dx == 0))


@exercise.mistake
def other_way(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You look to the left and up only. A mask need not be symmetric: look to the right and down too."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx == -1)), mean_where(mask, (dy == -1) & (dx == 0))


@exercise.mistake
def whole_rows(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You count the whole row and the whole column of a token: only those one step away are its neighbours."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx != 0)), mean_where(mask, (dx == 0) & (dy != 0))


@exercise.mistake
def corners_too(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You count pairs of any two rows: horizontal neighbours are in the same row, vertical ones in the same column."""
    dy, dx = steps(grid)
    return mean_where(mask, dx.abs() == 1), mean_where(mask, dy.abs() == 1)


@exercise.mistake
def both_together(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your two means are one: all pairs at distance 1. Which of them lie in one row, which in one column?"""
    return (mean_where(mask, distances(grid) == 1),) * 2


@exercise.mistake
def added_up(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """These are sums: a tall grid has more vertical pairs than horizontal ones, so take means."""
    dy, dx = steps(grid)
    horizontal, vertical = (dy == 0) & (dx.abs() == 1), (dx == 0) & (dy.abs() == 1)
    return mask[..., horizontal].sum(-1), mask[..., vertical].sum(-1)


@exercise.mistake
def wrong_row_length(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your grid lies on its side: it is (h, w), rows first. On a square grid nobody would notice."""
    return analysis.neighbour_means(mask, (grid[1], grid[0]))
