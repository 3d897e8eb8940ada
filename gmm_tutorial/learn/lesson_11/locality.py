"""Exercise 11.locality: how much of its weight each query gives to the keys near it."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise


def locality(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """weights (..., N, N) whose rows sum to 1, grid (h, w) -> (...): the share within the radius, over all queries."""
    return share(weights, within(distances(grid), radius))


def within(apart: Tensor, radius: float) -> Tensor:
    """Which pairs are near, (N, N); the root of a square may be rounded up."""
    return apart <= radius + 1e-5


def share(weights: Tensor, near: Tensor) -> Tensor:
    """The weight of the near pairs, the mean over queries."""
    return (weights * near).sum(-1).mean(-1)


def locality_cases() -> list[dict[str, Any]]:
    """Three tokens in a row, the middle one looking left; then other grids, radii and heads."""
    row = torch.tensor([[0.5, 0.3, 0.2], [0.6, 0.4, 0.0], [0.1, 0.2, 0.7]])
    cases: list[dict[str, Any]] = [{"weights": row, "grid": (1, 3), "radius": 1.0}]
    for grid, shape, radius in (((2, 3), (6, 6), 1.0), ((3, 2), (2, 6, 6), 1.5), ((4, 5), (2, 3, 20, 20), 2.0)):
        cases.append({"weights": (2 * torch.randn(shape)).softmax(-1), "grid": grid, "radius": radius})
    cases.append({"weights": torch.randn(9, 9).softmax(-1), "grid": (3, 3), "radius": 0.0})
    return cases


exercise = Exercise(
    "11.locality",
    locality,
    locality_cases,
    unit="grids",
    hints=(
        "Which pairs of tokens are near? Compare `distances(grid)`, (N, N), with the radius: the result is True or "
        "False for each pair.",
        "True counts as 1 and False as 0, so the weights times this table keep the weights of the near pairs only.",
        "Sum over the keys, the last axis: this is the share of each query, because its weights sum to 1. "
        "Then take the mean over the queries. All axes before them stay.",
    ),
)


@exercise.mistake
def radius_left_out(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You leave out the keys at the radius itself: use <= instead of <."""
    return share(weights, distances(grid) < radius)


@exercise.mistake
def beyond_the_radius(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """Your share is that of the far keys: count those within the radius."""
    return 1 - locality(weights, grid, radius)


@exercise.mistake
def beyond_and_at_the_radius(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You use >= instead of <=: count the keys within the radius."""
    return share(weights, distances(grid) >= radius)


@exercise.mistake
def without_itself(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You leave out the query's own weight: it is at the distance 0, which is within every radius."""
    return share(weights, within(distances(grid), radius) & (distances(grid) > 0))


@exercise.mistake
def city_blocks(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You count steps, |dy| + |dx|: the distance is the straight line, sqrt(dy^2 + dx^2)."""
    places = coordinates(grid)
    return share(weights, (places[:, None] - places).abs().sum(-1) <= radius)


@exercise.mistake
def square_window(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You take a square window, in which |dy| and |dx| are at most the radius: take a circle."""
    places = coordinates(grid)
    return share(weights, (places[:, None] - places).abs().amax(-1) <= radius)


@exercise.mistake
def squared_distance(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You compare squared distances with the radius: take the root, or square the radius."""
    return share(weights, within(distances(grid).square(), radius))


@exercise.mistake
def summed_over_queries(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You sum over the queries: take their mean."""
    return weights.shape[-1] * locality(weights, grid, radius)


@exercise.mistake
def averaged_over_keys(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You average over the keys: the weights of a query sum to 1, so their sum is its share."""
    return locality(weights, grid, radius) / weights.shape[-1]


@exercise.mistake
def number_of_keys(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You do not use the weights: this is the share of the keys that are near."""
    return share(torch.full_like(weights, 1 / weights.shape[-1]), within(distances(grid), radius)) + 0 * weights.sum(
        (-2, -1)
    )


@exercise.mistake
def mean_of_the_near_weights(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You divide by the number of near pairs, which gives their mean weight: divide by the number of queries."""
    near = within(distances(grid), radius)
    return (weights * near).sum((-2, -1)) / near.sum()


@exercise.mistake
def one_number_for_all_heads(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You average over images and heads as well: average over the queries only."""
    return locality(weights, grid, radius).mean()


@exercise.mistake
def width_and_height_swapped(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You read the grid as (w, h): it is (h, w), rows first."""
    return locality(weights, (grid[1], grid[0]), radius)


@exercise.mistake
def along_the_raster(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You use the difference of the token numbers: tokens 0 and w are neighbors on the grid."""
    numbers = torch.arange(weights.shape[-1])
    return share(weights, (numbers[:, None] - numbers).abs() <= radius)


@exercise.mistake
def largest_near_weight(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You take the largest near weight of each query: take the sum of its near weights."""
    return (weights * within(distances(grid), radius)).amax(-1).mean(-1)


@exercise.mistake
def mean_distance(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You return the mean distance: here the share of the weight within the radius is wanted."""
    return (weights * distances(grid)).sum(-1).mean(-1)


@exercise.mistake
def heaviest_query(weights: Tensor, grid: Grid, radius: float) -> Tensor:
    """You take the largest share of all queries: take their mean."""
    return (weights * within(distances(grid), radius)).sum(-1).amax(-1)
