"""Exercise 01.mean_distance: how far a token looks."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise


def distance_cases() -> list[dict[str, Any]]:
    """Four tokens in a row, each looking at its mirror image; the same on 2 x 2; then other grids, and heads."""
    cases = [((1, 4), torch.eye(4).flip(0)), ((2, 2), torch.eye(4).flip(0))]
    shapes = [((2, 3), (6, 6)), ((3, 2), (6, 6)), ((5, 4), (2, 3, 20, 20))]
    cases += [(grid, torch.randn(shape).softmax(-1)) for grid, shape in shapes]
    return [{"weights": weights, "grid": grid} for grid, weights in cases]


def weighted(weights: Tensor, apart: Tensor) -> Tensor:
    """The mean of a table (N, N) under the weights of each query, then over the queries."""
    return (weights * apart).sum(-1).mean(-1)


exercise = Exercise(
    "01.mean_distance",
    analysis.mean_distance,
    distance_cases,
    unit="grids",
    hints=(
        "Take one query. Its weights sum to 1. How do you compute a weighted mean with such weights?",
        "First make a table (N, N) of the distances between all pairs of tokens, from the differences of their "
        "coordinates. Then multiply it by the weights. Over which axis do you sum, and over which do you average?",
        "Weights times distances, summed over the keys (the last axis), is how far each query looks. "
        "Then take the mean over the queries. The axes before them stay.",
    ),
)


@exercise.mistake
def squared(weights: Tensor, grid: Grid) -> Tensor:
    """You average squared distances: take the square root of each distance first."""
    return weighted(weights, distances(grid).square())


@exercise.mistake
def root_mean_square(weights: Tensor, grid: Grid) -> Tensor:
    """You average squared distances and take the root afterwards. Take the root of each pair first."""
    return (weights * distances(grid).square()).sum(-1).sqrt().mean(-1)


@exercise.mistake
def city_blocks(weights: Tensor, grid: Grid) -> Tensor:
    """You use the Manhattan distance |dy| + |dx|. The distance must be the straight line, sqrt(dy^2 + dx^2)."""
    places = coordinates(grid).float()
    return weighted(weights, (places[:, None] - places).abs().sum(-1))


@exercise.mistake
def larger_of_two(weights: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|. The distance must be the straight line, sqrt(dy^2 + dx^2)."""
    places = coordinates(grid).float()
    return weighted(weights, (places[:, None] - places).abs().amax(-1))


@exercise.mistake
def summed_over_queries(weights: Tensor, grid: Grid) -> Tensor:
    """You sum over the queries too. Take the mean over the queries."""
    return (weights * distances(grid)).sum((-2, -1))


@exercise.mistake
def averaged_over_keys(weights: Tensor, grid: Grid) -> Tensor:
    """You divide by N once too often: the weights of a query sum to 1, so sum over the keys instead of averaging."""
    return (weights * distances(grid)).mean((-2, -1))


@exercise.mistake
def averaged_over_everything(weights: Tensor, grid: Grid) -> Tensor:
    """You average over all axes. Sum over the keys, whose weights sum to 1, and average over the queries only."""
    return (weights * distances(grid)).mean()


@exercise.mistake
def unweighted(weights: Tensor, grid: Grid) -> Tensor:
    """Your answer does not depend on the weights: this is the mean distance of all pairs of tokens."""
    return distances(grid).mean() + 0 * weights.sum((-2, -1))


@exercise.mistake
def width_and_height_swapped(weights: Tensor, grid: Grid) -> Tensor:
    """You read the grid as (w, h), so your rows have the wrong length. On a square grid you would not notice."""
    return analysis.mean_distance(weights, (grid[1], grid[0]))


@exercise.mistake
def one_number_for_all_heads(weights: Tensor, grid: Grid) -> Tensor:
    """You return one number for all images and heads together. Average over the queries only, one axis."""
    return (weights * distances(grid)).sum(-1).mean()


@exercise.mistake
def along_the_raster(weights: Tensor, grid: Grid) -> Tensor:
    """You use the difference of the token numbers. Tokens 0 and w are neighbors on the grid: use coordinates."""
    numbers = torch.arange(weights.shape[-1])
    return weighted(weights, (numbers[:, None] - numbers).abs())


@exercise.mistake
def rows_only(weights: Tensor, grid: Grid) -> Tensor:
    """You use the difference of the rows only. The distance is sqrt(dy^2 + dx^2)."""
    y = coordinates(grid)[:, 0]
    return weighted(weights, (y[:, None] - y).abs())


@exercise.mistake
def columns_only(weights: Tensor, grid: Grid) -> Tensor:
    """You use the difference of the columns only. The distance is sqrt(dy^2 + dx^2)."""
    x = coordinates(grid)[:, 1]
    return weighted(weights, (x[:, None] - x).abs())


@exercise.mistake
def strongest_key(weights: Tensor, grid: Grid) -> Tensor:
    """You use only the key with the largest weight. Every key counts, in proportion to its weight."""
    return distances(grid).expand_as(weights).gather(-1, weights.argmax(-1, keepdim=True)).mean((-2, -1))


@exercise.mistake
def mean_place(weights: Tensor, grid: Grid) -> Tensor:
    """You average the places first and then take the distance. Take the distance to each key, then average."""
    places = coordinates(grid).float()
    return (weights @ places - places).norm(dim=-1).mean(-1)


@exercise.mistake
def rounded(weights: Tensor, grid: Grid) -> Tensor:
    """You round the distances to whole numbers. Leave them as they are."""
    return weighted(weights, distances(grid).round())


@exercise.mistake
def rounded_down(weights: Tensor, grid: Grid) -> Tensor:
    """You round the distances down to whole numbers. Convert the coordinates to floating point first."""
    return weighted(weights, distances(grid).floor())


@exercise.mistake
def square_grid(weights: Tensor, grid: Grid) -> Tensor:
    """You assume a square grid, with rows of sqrt(N) tokens. Use the argument `grid`."""
    side = int(weights.shape[-1] ** 0.5)
    places = torch.stack([torch.arange(weights.shape[-1]) // side, torch.arange(weights.shape[-1]) % side], -1).float()
    return weighted(weights, torch.cdist(places, places))


@exercise.mistake
def signed(weights: Tensor, grid: Grid) -> Tensor:
    """You add the differences dy and dx with their signs. The distance is sqrt(dy^2 + dx^2)."""
    places = coordinates(grid).float()
    return weighted(weights, (places[:, None] - places).sum(-1))


@exercise.mistake
def from_the_first_token(weights: Tensor, grid: Grid) -> Tensor:
    """You measure every distance from token 0. Measure it from each query."""
    return weighted(weights, distances(grid)[0])


@exercise.mistake
def one_query_too_few(weights: Tensor, grid: Grid) -> Tensor:
    """You divide by N - 1. There are N queries, so divide by N."""
    return (weights * distances(grid)).sum((-2, -1)) / (weights.shape[-1] - 1)


@exercise.mistake
def one_patch_farther(weights: Tensor, grid: Grid) -> Tensor:
    """Your distances are too large by one patch: a token is 0 patches away from itself."""
    return weighted(weights, distances(grid) + 1)


@exercise.mistake
def median(weights: Tensor, grid: Grid) -> Tensor:
    """You take the median over the queries. Take their mean."""
    return (weights * distances(grid)).sum(-1).median(-1).values
