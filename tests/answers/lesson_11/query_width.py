"""Answers to 11.query_width."""

import torch
from einops import rearrange
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates, distances


def d2(grid):
    return distances(grid) ** 2


@right
def with_a_new_axis(width, grid):
    return -d2(grid) / (2 * width.unsqueeze(-1) ** 2)


@right
def with_einops(width, grid):
    return -0.5 * (distances(grid) / rearrange(width, "b h n -> b h n 1")) ** 2


@right
def by_cdist(width, grid):
    places = coordinates(grid).float()
    return -torch.cdist(places, places).square() / 2 * width[..., None].pow(-2)


@right
def by_loops(width, grid):
    places, images = coordinates(grid).tolist(), []
    for image in width:
        heads = []
        for head in image:
            rows = []
            for (ya, xa), each in zip(places, head, strict=True):
                rows.append(torch.stack([-((ya - y) ** 2 + (xa - x) ** 2) / (2 * each**2) for y, x in places]))
            heads.append(torch.stack(rows))
        images.append(torch.stack(heads))
    return torch.stack(images)


@wrong("You use the width of the key")
def key(width, grid):
    return -d2(grid) / (2 * width[:, :, None] ** 2)


@wrong("You return the Gaussian")
def exponential(width, grid):
    return torch.exp(-d2(grid) / (2 * width[..., None] ** 2))


@wrong("Your sign is wrong")
def positive(width, grid):
    return d2(grid) / (2 * width[..., None] ** 2)


@wrong("the 2 is missing")
def no_two(width, grid):
    return -d2(grid) / width[..., None] ** 2


@wrong("You multiply by 2 instead of dividing by it")
def precedence(width, grid):
    return -2 * d2(grid) / width[..., None] ** 2


@wrong("You divide by the width itself")
def no_square(width, grid):
    return -d2(grid) / (2 * width[..., None])


@wrong("You square the 2 as well")
def brackets(width, grid):
    return -d2(grid) / (2 * width[..., None]) ** 2


@wrong("You do not square the distance")
def distance(width, grid):
    return -distances(grid) / (2 * width[..., None] ** 2)


@wrong("You square |dy| + |dx|")
def manhattan(width, grid):
    steps = (coordinates(grid)[:, None] - coordinates(grid)).abs().sum(-1)
    return -(steps**2) / (2 * width[..., None] ** 2)


@wrong("You read the grid as (w, h)")
def turned(width, grid):
    return -d2(grid[::-1]) / (2 * width[..., None] ** 2)


@wrong("You multiply by the squared width")
def upside_down(width, grid):
    return -d2(grid) * width[..., None] ** 2 / 2


@wrong("You return the logarithm of weights that sum to 1")
def log_softmax(width, grid):
    return (-d2(grid) / (2 * width[..., None] ** 2)).log_softmax(dim=-1)


@wrong("You average the widths over the heads")
def shared(width, grid):
    return with_a_new_axis(width.mean(1, keepdim=True).expand_as(width), grid)


@wrong("You average the widths over the queries")
def one_per_head(width, grid):
    return with_a_new_axis(width.mean(2, keepdim=True).expand_as(width), grid)


@wrong("You multiply the widths of query and key")
def product(width, grid):
    return -d2(grid) / (2 * width[..., None] * width[..., None, :])


@wrong("You use the difference of the token numbers")
def raster(width, grid):
    n = torch.arange(width.shape[-1])
    return -((n[:, None] - n[None]) ** 2) / (2 * width[..., None] ** 2)


@wrong("no gradient comes back")
def detached(width, grid):
    return -d2(grid) / (2 * width.detach()[..., None] ** 2)


@wrong("returned None")
def forgot(width, grid):
    -d2(grid) / (2 * width[..., None] ** 2)
