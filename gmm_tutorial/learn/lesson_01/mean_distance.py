"""Exercise 01.mean_distance: how far a token looks."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise


def distance_cases() -> list[dict[str, Any]]:
    """Four tokens in a row, each looking at its mirror place; the same on 2 x 2; then other grids, and heads."""
    cases = [((1, 4), torch.eye(4).flip(0)), ((2, 2), torch.eye(4).flip(0))]
    shapes = [((2, 3), (6, 6)), ((3, 2), (6, 6)), ((5, 3), (2, 4, 15, 15))]
    cases += [(grid, torch.randn(shape).softmax(-1)) for grid, shape in shapes]
    return [{"weights": weights, "grid": grid} for grid, weights in cases]


exercise = Exercise(
    "01.mean_distance",
    analysis.mean_distance,
    distance_cases,
    unit="grids",
    hints=(
        "Take one query. Its weights sum to 1, so they are shares: what is the mean of anything under such shares?",
        "First a table (N, N) of how far every two tokens are apart, from the differences of their places. "
        "Then weigh it. Over which axis does one sum, and over which does one average?",
        "Weights times distances, summed over the keys (the last axis), is how far each query looks. "
        "The mean over the queries is left; all axes before stay.",
    ),
)


@exercise.mistake
def squared(weights: Tensor, grid: Grid) -> Tensor:
    """You average squared distances: where is the root?"""
    return (weights * distances(grid).square()).sum(-1).mean(-1)


@exercise.mistake
def root_mean_square(weights: Tensor, grid: Grid) -> Tensor:
    """You take the root of a query's mean squared distance: far keys count too much. The root belongs to each pair."""
    return (weights * distances(grid).square()).sum(-1).sqrt().mean(-1)


@exercise.mistake
def city_blocks(weights: Tensor, grid: Grid) -> Tensor:
    """You go along the streets, |dy| + |dx|. Asked for is the straight line between two patches."""
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).abs().sum(-1)).sum(-1).mean(-1)


@exercise.mistake
def larger_of_two(weights: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|. Asked for is the straight line between two patches."""
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).abs().amax(-1)).sum(-1).mean(-1)


@exercise.mistake
def summed_over_queries(weights: Tensor, grid: Grid) -> Tensor:
    """You sum over the queries too, so larger grids look farther just for having more tokens: take their mean."""
    return (weights * distances(grid)).sum((-2, -1))


@exercise.mistake
def averaged_over_keys(weights: Tensor, grid: Grid) -> Tensor:
    """You divide by N once too often: the weights of a query sum to 1 already, so its keys are summed, not averaged."""
    return (weights * distances(grid)).mean((-2, -1))


@exercise.mistake
def unweighted(weights: Tensor, grid: Grid) -> Tensor:
    """Your answer does not depend on the weights: that is how far apart tokens are, not how far they look."""
    return distances(grid).mean() + 0 * weights.sum((-2, -1))


@exercise.mistake
def width_and_height_swapped(weights: Tensor, grid: Grid) -> Tensor:
    """You read the grid as (w, h): the rows of your raster have the wrong length. A square grid would not show it."""
    return analysis.mean_distance(weights, (grid[1], grid[0]))


@exercise.mistake
def one_number_for_all_heads(weights: Tensor, grid: Grid) -> Tensor:
    """One number comes out for all images and heads together: average over the queries only, axis -1 after the sum."""
    return (weights * distances(grid)).sum(-1).mean()
