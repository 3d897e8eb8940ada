"""Exercise 02.by_distance: the mean of a mask at each distance."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise


def distance_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; four; then grids that are not square, and several masks at once."""
    return [
        {"mask": torch.tensor([[1.0, 2], [4, 3]]), "grid": (1, 2)},
        {"mask": torch.tensor([[1.0, 2, 4, 8], [2, 1, 8, 4], [4, 8, 1, 2], [8, 6, 4, 3]]), "grid": (2, 2)},
        {"mask": torch.randn(6, 6), "grid": (2, 3)},
        {"mask": torch.randn(2, 20, 20), "grid": (5, 4)},
    ]


exercise = Exercise(
    "02.by_distance",
    analysis.by_distance,
    distance_cases,
    unit="grids",
    hints=(
        "distances(grid) is as large as the mask: the same pair of tokens stands at the same place in both.",
        "Ask it with .unique() which distances there are. For one of them, which pairs of the mask count?",
        "For each distance take the mean of the mask where the distances equal it, over the last two axes; stack.",
    ),
)


def means_of_groups(mask: Tensor, group: Tensor) -> tuple[Tensor, Tensor]:
    """The values in `group`, (N, N), and the mean of the mask at each."""
    values = group.unique()
    return values, torch.stack([mask[..., group == value].mean(-1) for value in values], dim=-1)


@exercise.mistake
def sums(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """These are sums. There are more pairs at some distances than at others: take the mean."""
    radii, means = analysis.by_distance(mask, grid)
    return radii, means * distances(grid).flatten().unique(return_counts=True)[1]


@exercise.mistake
def divided_by_n(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You divide each sum by N, but not every token has the same number of keys at a distance: count the pairs."""
    radii, total = sums(mask, grid)
    return radii, total / mask.shape[-1]


@exercise.mistake
def manhattan(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your distances are steps along rows and columns, |dy| + |dx|: here they go straight, as distances(grid) does."""
    return means_of_groups(mask, (coordinates(grid)[None] - coordinates(grid)[:, None]).abs().sum(-1).float())


@exercise.mistake
def squared(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your means are right, but your distances are squared: is a root missing?"""
    radii, means = analysis.by_distance(mask, grid)
    return radii.square().round(), means


@exercise.mistake
def rounded_distances(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You round the distances to whole patches: keep 1 and the square root of 2 apart."""
    return means_of_groups(mask, distances(grid).round())


@exercise.mistake
def index_difference(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You take the difference of token numbers for a distance: the token below is w numbers away, but one patch."""
    n = torch.arange(grid[0] * grid[1]).float()
    return means_of_groups(mask, (n[None] - n[:, None]).abs())


@exercise.mistake
def grid_swapped(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your grid lies on its side: it is (h, w), rows first. On a square grid nobody would notice."""
    return analysis.by_distance(mask, (grid[1], grid[0]))


@exercise.mistake
def first_query_only(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You look at the first query only: take all pairs of tokens at that distance."""
    group = distances(grid)[0]
    radii = group.unique()
    return radii, torch.stack([mask[..., 0, group == radius].mean(-1) for radius in radii], dim=-1)
