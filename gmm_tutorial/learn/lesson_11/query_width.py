"""Exercise 11.query_width: the logarithm of a Gaussian whose width each query has chosen."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise


def query_width(width: Tensor, grid: Grid) -> Tensor:
    """width (B, H, N), grid (h, w) -> (B, H, N, N): -d^2 / (2 width^2), with the width of the query."""
    return -(squared(grid) / (2 * width[..., None] ** 2))


def squared(grid: Grid) -> Tensor:
    """The squared distance of each pair of tokens, (N, N)."""
    places = coordinates(grid)
    return (places[:, None] - places).square().sum(-1)


def width_cases() -> list[dict[str, Any]]:
    """Two tokens with widths 1 and 2, then several images and heads, on grids that are not square."""
    cases = [{"width": torch.tensor([[[1.0, 2.0]]]), "grid": (1, 2)}]
    sizes: tuple[tuple[int, int, Grid], ...] = ((1, 1, (2, 2)), (1, 2, (2, 3)), (2, 3, (3, 2)), (3, 1, (4, 3)))
    cases += [{"width": 0.5 + 3 * torch.rand(b, h, grid[0] * grid[1]), "grid": grid} for b, h, grid in sizes]
    return cases


exercise = Exercise(
    "11.query_width",
    query_width,
    width_cases,
    unit="batches",
    hints=(
        "First the squared distances of all pairs, (N, N): `distances(grid)` gives the distances.",
        "Row a of the result belongs to query a. So the width must be the same along a row and change from row to row: "
        "where does it need a new axis of length 1?",
        "With a new last axis, the widths have the shape (B, H, N, 1) and meet the (N, N) squared distances. Divide by "
        "twice the squared width, and put a minus before it. No exponential: this is the logarithm already.",
    ),
)


@exercise.mistake
def width_of_the_key(width: Tensor, grid: Grid) -> Tensor:
    """You use the width of the key: add the new axis at the end, so that each row has the width of its query."""
    return -(squared(grid) / (2 * width[..., None, :] ** 2))


@exercise.mistake
def gaussian_itself(width: Tensor, grid: Grid) -> Tensor:
    """You return the Gaussian: return its logarithm, without the exponential."""
    return query_width(width, grid).exp()


@exercise.mistake
def minus_missing(width: Tensor, grid: Grid) -> Tensor:
    """Your sign is wrong: far keys must get less, so the result is negative or 0."""
    return -query_width(width, grid)


@exercise.mistake
def no_two(width: Tensor, grid: Grid) -> Tensor:
    """Divide by twice the squared width: the 2 is missing."""
    return 2 * query_width(width, grid)


@exercise.mistake
def half_missing(width: Tensor, grid: Grid) -> Tensor:
    """You multiply by 2 instead of dividing by it: check the brackets around 2 * width ** 2."""
    return 4 * query_width(width, grid)


@exercise.mistake
def width_not_squared(width: Tensor, grid: Grid) -> Tensor:
    """You divide by the width itself: divide by its square."""
    return query_width(width.sqrt(), grid)


@exercise.mistake
def two_squared_too(width: Tensor, grid: Grid) -> Tensor:
    """You square the 2 as well: divide by 2 width^2, not by (2 width)^2."""
    return query_width(width, grid) / 2


@exercise.mistake
def distance_not_squared(width: Tensor, grid: Grid) -> Tensor:
    """You do not square the distance: a Gaussian falls with the squared distance."""
    return -(distances(grid) / (2 * width[..., None] ** 2))


@exercise.mistake
def city_blocks(width: Tensor, grid: Grid) -> Tensor:
    """You square |dy| + |dx|: the squared distance is dy^2 + dx^2."""
    places = coordinates(grid)
    return -((places[:, None] - places).abs().sum(-1) ** 2 / (2 * width[..., None] ** 2))


@exercise.mistake
def grid_turned(width: Tensor, grid: Grid) -> Tensor:
    """You read the grid as (w, h): it is (h, w), rows first."""
    return query_width(width, (grid[1], grid[0]))


@exercise.mistake
def multiplied_by_the_width(width: Tensor, grid: Grid) -> Tensor:
    """You multiply by the squared width: divide by it, so that a wide query looks farther."""
    return -(squared(grid) * width[..., None] ** 2 / 2)


@exercise.mistake
def normalized(width: Tensor, grid: Grid) -> Tensor:
    """You return the logarithm of weights that sum to 1: the softmax of attention will divide by the sum anyway."""
    return query_width(width, grid).log_softmax(-1)


@exercise.mistake
def first_image_for_all(width: Tensor, grid: Grid) -> Tensor:
    """You use the widths of the first image for all images: each image has its own."""
    return query_width(width[:1].expand_as(width), grid)


@exercise.mistake
def mean_of_the_heads(width: Tensor, grid: Grid) -> Tensor:
    """You average the widths over the heads: each head has its own."""
    return query_width(width.mean(1, keepdim=True).expand_as(width), grid)


@exercise.mistake
def one_width_per_head(width: Tensor, grid: Grid) -> Tensor:
    """You average the widths over the queries: each query has its own."""
    return query_width(width.mean(-1, keepdim=True).expand_as(width), grid)


@exercise.mistake
def both_widths(width: Tensor, grid: Grid) -> Tensor:
    """You multiply the widths of query and key: only that of the query counts."""
    return -(squared(grid) / (2 * width[..., None] * width[..., None, :]))


@exercise.mistake
def along_the_raster(width: Tensor, grid: Grid) -> Tensor:
    """You use the difference of the token numbers: the end of a row is far from the start of the next one."""
    numbers = torch.arange(width.shape[-1])
    return -((numbers[:, None] - numbers) ** 2 / (2 * width[..., None] ** 2))
