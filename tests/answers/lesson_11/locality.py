"""Answers to 11.locality."""

import torch
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates, distances


@right
def plain(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).sum(-1).mean(-1)


@right
def masked(weights, grid, radius):
    return weights.masked_fill(distances(grid) > radius, 0).sum(-1).mean(-1)


@right
def squared(weights, grid, radius):
    places = coordinates(grid)
    near = (places[:, None] - places).square().sum(-1) <= radius**2
    return torch.where(near, weights, 0).sum((-2, -1)) / weights.shape[-1]


@right
def by_loops(weights, grid, radius):
    total, apart = 0, distances(grid)
    for a in range(len(apart)):
        for b in range(len(apart)):
            if apart[a, b] <= radius:
                total = total + weights[..., a, b]
    return total / len(apart)


@wrong("You leave out the keys at the radius itself")
def below(weights, grid, radius):
    return (weights * (distances(grid) < radius)).sum(-1).mean(-1)


@wrong("Your share is that of the far keys")
def far(weights, grid, radius):
    return (weights * (distances(grid) > radius)).sum(-1).mean(-1)


@wrong("You use >= instead of <=")
def far_and_at(weights, grid, radius):
    return (weights * (distances(grid) >= radius)).sum(-1).mean(-1)


@wrong("You leave out the query's own weight")
def others(weights, grid, radius):
    apart = distances(grid)
    return (weights * ((apart <= radius) & (apart != 0))).sum(-1).mean(-1)


@wrong("You count steps, |dy| + |dx|")
def diamond(weights, grid, radius):
    steps = (coordinates(grid)[:, None] - coordinates(grid)).abs().sum(-1)
    return (weights * (steps <= radius)).sum(-1).mean(-1)


@wrong("You take a square window")
def box(weights, grid, radius):
    steps = (coordinates(grid)[:, None] - coordinates(grid)).abs().max(-1).values
    return (weights * (steps <= radius)).sum(-1).mean(-1)


@wrong("You compare squared distances with the radius")
def no_root(weights, grid, radius):
    return (weights * (distances(grid) ** 2 <= radius)).sum(-1).mean(-1)


@wrong("You sum over the queries")
def no_mean(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).sum((-2, -1))


@wrong("You average over the keys")
def all_pairs(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).mean((-2, -1))


@wrong("You divide by the number of near pairs")
def mean_weight(weights, grid, radius):
    near = distances(grid) <= radius
    return weights[..., near].mean(-1)


@wrong("You do not use the weights")
def keys(weights, grid, radius):
    return (distances(grid) <= radius).float().mean().expand(weights.shape[:-2])


@wrong("You average over images and heads as well")
def one_number(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).sum(-1).mean()


@wrong("You read the grid as (w, h)")
def turned(weights, grid, radius):
    return (weights * (distances((grid[1], grid[0])) <= radius)).sum(-1).mean(-1)


@wrong("You use the difference of the token numbers")
def raster(weights, grid, radius):
    n = torch.arange(weights.shape[-1])
    return (weights * ((n[:, None] - n).abs() <= radius)).sum(-1).mean(-1)


@wrong("You return the mean distance")
def how_far(weights, grid, radius):
    return (weights * distances(grid)).sum(-1).mean(-1)


@wrong("You take the largest near weight")
def largest(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).max(-1).values.mean(-1)


@wrong("You take the largest share of all queries")
def best_query(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).sum(-1).max(-1).values


@wrong("Take the mean over the last axis of your result")
def not_averaged(weights, grid, radius):
    return (weights * (distances(grid) <= radius)).sum(-1)


@wrong("returned None")
def forgot(weights, grid, radius):
    (weights * (distances(grid) <= radius)).sum(-1).mean(-1)
