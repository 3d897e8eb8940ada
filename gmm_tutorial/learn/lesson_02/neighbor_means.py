"""Exercise 02.neighbor_means: what a mask gives to the tokens at each side, and to those above and below."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise

Means = tuple[Tensor, Tensor]


def neighbor_cases() -> list[dict[str, Any]]:
    """Four tokens in whole numbers; then grids that are not square, and several masks at once."""
    return [
        {"mask": torch.tensor([[9.0, 1, 0, 9], [3, 9, 9, 2], [4, 9, 9, 5], [9, 6, 7, 9]]), "grid": (2, 2)},
        {"mask": torch.randn(6, 6), "grid": (2, 3)},
        {"mask": torch.randn(3, 20, 20), "grid": (5, 4)},
    ]


exercise = Exercise(
    "02.neighbor_means",
    analysis.neighbor_means,
    neighbor_cases,
    unit="grids",
    hints=(
        "When are two tokens side by side? Say it with their rows and columns, not with their numbers.",
        "Subtract the rows of all tokens from each other, and the columns too: two (N, N) matrices of differences.",
        "Horizontal neighbors have the same row, and columns that differ by 1 in either direction.",
        "A condition on the two matrices is True for the pairs that count. Average the mask over those pairs.",
    ),
)


def mean_where(mask: Tensor, pairs: Tensor) -> Tensor:
    """The mean over the pairs that are true: (..., N, N), (N, N) -> (...)."""
    return mask[..., pairs].mean(-1)


def steps(grid: Grid) -> tuple[Tensor, Tensor]:
    """dy and dx, key - query: (N, N) each."""
    dy, dx = (coordinates(grid)[None] - coordinates(grid)[:, None]).unbind(-1)
    return dy, dx


def pairs_of(grid: Grid) -> tuple[Tensor, Tensor]:
    """Where horizontal and vertical neighbors are: (N, N) each."""
    dy, dx = steps(grid)
    return (dy == 0) & (dx.abs() == 1), (dy.abs() == 1) & (dx == 0)


@exercise.mistake
def next_number(mask: Tensor, grid: Grid) -> Means:
    """Token a + 1 is not always to the right of token a: at the end of a row it begins the next row."""
    n = torch.arange(grid[0] * grid[1])
    step = (n[None] - n[:, None]).abs()
    return mean_where(mask, step == 1), mean_where(mask, step == grid[1])


@exercise.mistake
def around_the_edge(mask: Tensor, grid: Grid) -> Means:
    """You count the first and the last token of a row or column as neighbors. The grid ends at its edges."""
    dy, dx = steps(grid)
    across = (dx % grid[1] == 1) | (-dx % grid[1] == 1)
    down = (dy % grid[0] == 1) | (-dy % grid[0] == 1)
    return mean_where(mask, (dy == 0) & across), mean_where(mask, (dx == 0) & down)


@exercise.mistake
def exchanged(mask: Tensor, grid: Grid) -> Means:
    """The two means are exchanged: horizontal neighbors have the same row, so y is equal and x differs."""
    horizontal, vertical = analysis.neighbor_means(mask, grid)
    return vertical, horizontal


@exercise.mistake
def one_way(mask: Tensor, grid: Grid) -> Means:
    """You use only the neighbor to the right and the one below. A mask need not be symmetric: use all four."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx == 1)), mean_where(mask, (dy == 1) & (dx == 0))


@exercise.mistake
def other_way(mask: Tensor, grid: Grid) -> Means:
    """You use only the neighbor to the left and the one above. A mask need not be symmetric: use all four."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx == -1)), mean_where(mask, (dy == -1) & (dx == 0))


@exercise.mistake
def whole_rows(mask: Tensor, grid: Grid) -> Means:
    """You count the whole row and the whole column of a token. Neighbors are exactly one step away."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx != 0)), mean_where(mask, (dx == 0) & (dy != 0))


@exercise.mistake
def itself_too(mask: Tensor, grid: Grid) -> Means:
    """You count each token as its own neighbor. Neighbors are exactly one step away."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx.abs() <= 1)), mean_where(mask, (dx == 0) & (dy.abs() <= 1))


@exercise.mistake
def two_steps(mask: Tensor, grid: Grid) -> Means:
    """You use the tokens two steps away. Neighbors are exactly one step away."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx.abs() == 2)), mean_where(mask, (dx == 0) & (dy.abs() == 2))


@exercise.mistake
def any_row(mask: Tensor, grid: Grid) -> Means:
    """You count pairs of any two rows. Horizontal neighbors are in the same row, vertical ones in the same column."""
    dy, dx = steps(grid)
    return mean_where(mask, dx.abs() == 1), mean_where(mask, dy.abs() == 1)


@exercise.mistake
def diagonal_ones(mask: Tensor, grid: Grid) -> Means:
    """You count diagonal neighbors, too. Horizontal ones are in the same row, vertical ones in the same column."""
    (dy, dx), near = steps(grid), distances(grid) < 2
    return mean_where(mask, near & (dx != 0)), mean_where(mask, near & (dy != 0))


@exercise.mistake
def both_together(mask: Tensor, grid: Grid) -> Means:
    """Both of your means are over all pairs at distance 1. Separate those in one row from those in one column."""
    return (mean_where(mask, distances(grid) == 1),) * 2


@exercise.mistake
def added_up(mask: Tensor, grid: Grid) -> Means:
    """These are sums. The number of pairs depends on the grid, so take means."""
    horizontal, vertical = pairs_of(grid)
    return mask[..., horizontal].sum(-1), mask[..., vertical].sum(-1)


@exercise.mistake
def divided_by_tokens(mask: Tensor, grid: Grid) -> Means:
    """You divide the sums by N, the number of tokens. Divide them by the number of pairs that you sum."""
    horizontal, vertical = added_up(mask, grid)
    return horizontal / mask.shape[-1], vertical / mask.shape[-1]


@exercise.mistake
def divided_by_all(mask: Tensor, grid: Grid) -> Means:
    """You divide the sums by the number of all entries. Divide them by the number of pairs that you sum."""
    horizontal, vertical = (mask * pairs for pairs in pairs_of(grid))
    return horizontal.mean((-2, -1)), vertical.mean((-2, -1))


@exercise.mistake
def token_by_token(mask: Tensor, grid: Grid) -> Means:
    """You average per token first, so tokens at the edge count as much as others. Average over all pairs at once."""
    horizontal, vertical = (((mask * pairs).sum(-1) / pairs.sum(-1)).mean(-1) for pairs in pairs_of(grid))
    return horizontal, vertical


@exercise.mistake
def one_for_the_stack(mask: Tensor, grid: Grid) -> Means:
    """You average over all masks of a stack. Each mask has means of its own: average over the last axis only."""
    horizontal, vertical = analysis.neighbor_means(mask, grid)
    return horizontal.mean(), vertical.mean()


@exercise.mistake
def first_of_the_stack(mask: Tensor, grid: Grid) -> Means:
    """You use only the first mask of a stack. Each mask has means of its own."""
    horizontal, vertical = analysis.neighbor_means(mask.flatten(0, -3)[0] if mask.ndim > 2 else mask, grid)
    return horizontal.expand(mask.shape[:-2]), vertical.expand(mask.shape[:-2])


@exercise.mistake
def grid_swapped(mask: Tensor, grid: Grid) -> Means:
    """Rows and columns of your grid are exchanged: it is (h, w), rows first. On a square grid both give the same."""
    return analysis.neighbor_means(mask, (grid[1], grid[0]))
