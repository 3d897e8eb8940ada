"""Answers to 01.mean_distance."""

import math

import numpy as np
import torch
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates


def _apart(grid):
    places = coordinates(grid).float()
    return torch.cdist(places, places)


@wrong("You use the Manhattan distance |dy| + |dx|")
def manhattan(weights, grid):
    places = coordinates(grid).float()
    apart = (places[:, None] - places).abs().sum(-1)
    return (weights * apart).sum(-1).mean(-1)


@wrong("You average over all axes")
def mean_of_all_entries(weights, grid):
    return (weights * _apart(grid)).mean()


@wrong("You average squared distances:")
def squared(weights, grid):
    return (weights * _apart(grid) ** 2).sum(-1).mean(-1)


@wrong("You take the larger of |dy| and |dx|")
def chebyshev(weights, grid):
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).abs().amax(-1)).sum(-1).mean(-1)


@wrong("You use the difference of the token numbers")
def along_the_raster(weights, grid):
    numbers = torch.arange(weights.shape[-1])
    return (weights * (numbers[:, None] - numbers).abs()).sum(-1).mean(-1)


@wrong("You use the difference of the rows only")
def rows_only(weights, grid):
    y = coordinates(grid)[:, 0]
    return (weights * (y[:, None] - y).abs()).sum(-1).mean(-1)


@wrong("You use the difference of the columns only")
def columns_only(weights, grid):
    x = coordinates(grid)[:, 1]
    return (weights * (x[:, None] - x).abs()).sum(-1).mean(-1)


@wrong("You sum over the queries too. Take the mean over the queries")
def sums_over_queries(weights, grid):
    return (weights * _apart(grid)).sum((-2, -1))


@wrong("You divide by N once too often:")
def means_over_both(weights, grid):
    return (weights * _apart(grid)).mean((-2, -1))


@wrong("Take the mean over the last axis of your result:")
def one_number_per_query(weights, grid):
    return (weights * _apart(grid)).sum(-1)


@wrong("You return one number for all images and heads together")
def one_number_for_everything(weights, grid):
    return (weights * _apart(grid)).sum(-1).mean()


@wrong("Your answer does not depend on the weights:")
def without_the_weights(weights, grid):
    return _apart(grid).mean().expand(weights.shape[:-2])


@wrong("You use only the key with the largest weight")
def of_the_strongest_key(weights, grid):
    strongest = weights.argmax(-1)
    return _apart(grid)[torch.arange(weights.shape[-1]), strongest].mean(-1)


@wrong("You average the places first and then take the distance")
def of_the_mean_place(weights, grid):
    places = coordinates(grid).float()
    return (weights @ places - places).norm(dim=-1).mean(-1)


@wrong("You round the distances to whole numbers")
def rounded(weights, grid):
    return (weights * _apart(grid).round()).sum(-1).mean(-1)


@wrong("You round the distances down to whole numbers")
def whole_distances(weights, grid):
    return (weights * _apart(grid).long()).sum(-1).mean(-1)


@wrong("You read the grid as (w, h), so your rows have the wrong length")
def width_and_height_swapped(weights, grid):
    return (weights * _apart((grid[1], grid[0]))).sum(-1).mean(-1)


@wrong("You read the grid as (w, h), so your rows have the wrong length")
def divides_by_the_height(weights, grid):
    numbers = torch.arange(weights.shape[-1])
    y, x = numbers // grid[0], numbers % grid[0]
    apart = torch.hypot((y[:, None] - y).float(), (x[:, None] - x).float())
    return (weights * apart).sum(-1).mean(-1)


@wrong("You assume a square grid, with rows of sqrt(N) tokens")
def as_a_square(weights, grid):
    side = int(weights.shape[-1] ** 0.5)
    numbers = torch.arange(weights.shape[-1])
    y, x = numbers // side, numbers % side
    apart = torch.hypot((y[:, None] - y).float(), (x[:, None] - x).float())
    return (weights * apart).sum(-1).mean(-1)


@wrong("You divide by N once too often:")
def mean_over_keys_first(weights, grid):
    return (weights * _apart(grid)).mean(-1).sum(-1) / weights.shape[-2]


@wrong("Each value is the expected one divided by `w`")
def in_grid_widths(weights, grid):
    return (weights * _apart(grid)).sum(-1).mean(-1) / grid[1]


@wrong("Your distances are too large by one patch:")
def plus_one(weights, grid):
    return (weights * (_apart(grid) + 1)).sum(-1).mean(-1)


@wrong("raised RuntimeError")
def as_a_python_number(weights, grid):
    return (weights * _apart(grid)).sum(-1).mean(-1).item()


@wrong("The values are right, but no gradient comes back:")
def loses_the_gradient(weights, grid):
    return (weights.detach() * _apart(grid)).sum(-1).mean(-1)


@wrong("raised IndexError")
def heads_averaged(weights, grid):
    return (weights * _apart(grid)).sum(-1).mean((-2, -1))


@wrong("raised")
def whole_places(weights, grid):
    places = coordinates(grid)
    return (weights * (places[:, None] - places).norm(dim=-1)).sum(-1).mean(-1)


@wrong("You measure every distance from token 0")
def from_the_first_token(weights, grid):
    return (weights * _apart(grid)[0]).sum(-1).mean(-1)


@wrong("You divide by N - 1. There are N queries, so divide by N")
def without_the_query_itself(weights, grid):
    number = weights.shape[-1]
    return (weights * _apart(grid)).sum(-1).sum(-1) / (number - 1)


@wrong("You take the median over the queries")
def median(weights, grid):
    return (weights * _apart(grid)).sum(-1).median(-1).values


@wrong("You average squared distances and take the root afterwards")
def root_forgotten_inside_the_sum(weights, grid):
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).pow(2).sum(-1)).sum(-1).sqrt().mean(-1)


@wrong("You add the differences dy and dx with their signs")
def signed_differences(weights, grid):
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).sum(-1)).sum(-1).mean(-1)


@right
def by_cdist(weights, grid):
    places = coordinates(grid).float()
    return torch.einsum("...nm,nm->...", weights, torch.cdist(places, places)) / len(places)


@right
def pair_by_pair(weights, grid):
    total = torch.zeros(weights.shape[:-2])
    for a in range(weights.shape[-1]):
        for b in range(weights.shape[-1]):
            total = total + weights[..., a, b] * math.dist(divmod(a, grid[1]), divmod(b, grid[1]))
    return total / weights.shape[-1]


@right
def in_float64(weights, grid):
    places = coordinates(grid).double()
    return (weights.double() * (places[:, None] - places).pow(2).sum(-1).sqrt()).sum(-1).mean(-1)


@right
def distances_by_numpy(weights, grid):
    places = np.indices(grid).reshape(2, -1)
    apart = np.hypot(*(places[:, :, None] - places[:, None]))
    return (weights * torch.from_numpy(apart).to(weights.dtype)).sum(-1).mean(-1)


@right
def by_hypot(weights, grid):
    y, x = coordinates(grid).float().T
    apart = torch.hypot(y[:, None] - y, x[:, None] - x)
    return torch.tensordot(weights.flatten(-2), apart.flatten(), dims=1) / apart.shape[0]


@right
def sums_over_the_queries_first(weights, grid):
    return (weights * _apart(grid)).sum(-2).mean(-1)
