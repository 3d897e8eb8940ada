"""Exercise 02.by_distance: the mean of a mask at each distance."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise

Means = tuple[Tensor, Tensor]


def distance_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; four; then grids that are not square, and several masks at once."""
    return [
        {"mask": torch.tensor([[1.0, 2], [4, 3]]), "grid": (1, 2)},
        {"mask": torch.tensor([[1.0, 2, 4, 8], [2, 1, 8, 4], [4, 8, 1, 2], [8, 6, 4, 3]]), "grid": (2, 2)},
        {"mask": torch.randn(6, 6), "grid": (2, 3)},
        {"mask": torch.randn(3, 20, 20), "grid": (5, 4)},
    ]


exercise = Exercise(
    "02.by_distance",
    analysis.by_distance,
    distance_cases,
    unit="grids",
    hints=(
        "The matrix of distances is as large as the mask: the same pair of tokens is at the same place in both.",
        "Which different distances are there? For one of them, which pairs of the mask have it?",
        "Pick the entries of the mask where the distance equals this one, over the last two axes, and average them.",
        "Do this for every distance, and make the distances the last axis of the result.",
    ),
)


def grouped(mask: Tensor, group: Tensor) -> Means:
    """The values in `group`, (N, N), and the mean of the mask at each."""
    values = group.unique()
    return values, torch.stack([mask[..., group == value].mean(-1) for value in values], dim=-1)


def steps(grid: Grid) -> Tensor:
    """Rows and columns between two tokens: (N, N, 2)."""
    return (coordinates(grid)[None] - coordinates(grid)[:, None]).abs().float()


@exercise.mistake
def sums(mask: Tensor, grid: Grid) -> Means:
    """These are sums. There are more pairs at some distances than at others, so divide by their number."""
    radii, means = analysis.by_distance(mask, grid)
    return radii, means * distances(grid).flatten().unique(return_counts=True)[1]


@exercise.mistake
def divided_by_n(mask: Tensor, grid: Grid) -> Means:
    """You divide each sum by N, the number of tokens. Divide it by the number of pairs at that distance."""
    radii, total = sums(mask, grid)
    return radii, total / mask.shape[-1]


@exercise.mistake
def divided_by_all_pairs(mask: Tensor, grid: Grid) -> Means:
    """You divide each sum by the number of all pairs. Divide it by the number of pairs at that distance."""
    radii, total = sums(mask, grid)
    return radii, total / mask.shape[-1] ** 2


@exercise.mistake
def up_to_the_distance(mask: Tensor, grid: Grid) -> Means:
    """You average over all pairs up to a distance. Take only those at exactly that distance."""
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart <= radius].mean(-1) for radius in radii], dim=-1)


@exercise.mistake
def manhattan(mask: Tensor, grid: Grid) -> Means:
    """Your distances count steps along rows and columns, |dy| + |dx|. Use the straight ones of distances(grid)."""
    return grouped(mask, steps(grid).sum(-1))


@exercise.mistake
def larger_of_both(mask: Tensor, grid: Grid) -> Means:
    """Your distances are the larger of |dy| and |dx|. Use the straight ones of distances(grid)."""
    return grouped(mask, steps(grid).amax(-1))


@exercise.mistake
def squared(mask: Tensor, grid: Grid) -> Means:
    """Your means are right, but your distances are squared: take the square root."""
    radii, means = analysis.by_distance(mask, grid)
    return radii.square().round(), means


@exercise.mistake
def rounded_distances(mask: Tensor, grid: Grid) -> Means:
    """You round the distances to whole patches. Keep different distances apart, such as 1 and the square root of 2."""
    return grouped(mask, distances(grid).round())


@exercise.mistake
def rounded_down(mask: Tensor, grid: Grid) -> Means:
    """You round the distances down. Keep different distances apart, such as 1 and the square root of 2."""
    return grouped(mask, distances(grid).floor())


@exercise.mistake
def index_difference(mask: Tensor, grid: Grid) -> Means:
    """Your distance is the difference of token numbers. The token below is w numbers further, but one patch away."""
    n = torch.arange(grid[0] * grid[1]).float()
    return grouped(mask, (n[None] - n[:, None]).abs())


@exercise.mistake
def grid_swapped(mask: Tensor, grid: Grid) -> Means:
    """Rows and columns of your grid are exchanged: it is (h, w), rows first. On a square grid both give the same."""
    return analysis.by_distance(mask, (grid[1], grid[0]))


@exercise.mistake
def first_query_only(mask: Tensor, grid: Grid) -> Means:
    """You use the first query only. Take all pairs of tokens at that distance."""
    group = distances(grid)[0]
    radii = group.unique()
    return radii, torch.stack([mask[..., 0, group == radius].mean(-1) for radius in radii], dim=-1)


@exercise.mistake
def above_the_diagonal(mask: Tensor, grid: Grid) -> Means:
    """You use only the pairs on and above the diagonal. A mask need not be symmetric, so use those below it, too."""
    apart, keep = distances(grid), torch.ones(mask.shape[-2:]).triu() > 0
    radii = apart.unique()
    return radii, torch.stack([mask[..., (apart == radius) & keep].mean(-1) for radius in radii], dim=-1)


@exercise.mistake
def first_pair_only(mask: Tensor, grid: Grid) -> Means:
    """You use one pair per distance. Average over all pairs at that distance."""
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius][..., 0] for radius in radii], dim=-1)


@exercise.mistake
def medians(mask: Tensor, grid: Grid) -> Means:
    """These are medians, but they must be means."""
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius].median(-1).values for radius in radii], dim=-1)


@exercise.mistake
def distances_first(mask: Tensor, grid: Grid) -> Means:
    """The distances are the first axis of your means, but they must be the last: torch.stack takes dim=-1."""
    radii, means = analysis.by_distance(mask, grid)
    return radii, means.movedim(-1, 0)


@exercise.mistake
def one_for_the_stack(mask: Tensor, grid: Grid) -> Means:
    """You average over all masks of a stack. Each mask has means of its own: average over the last axis only."""
    radii, means = analysis.by_distance(mask, grid)
    return radii, means.flatten(0, -2).mean(0) if means.ndim > 1 else means
