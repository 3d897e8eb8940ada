"""Answers to 11.manhattan_rate."""

import torch
import torch.nn.functional as F
from verdicts import right, wrong

from gmm_tutorial.grid import kernel_offsets


def count(grid):
    dy, dx = kernel_offsets(grid).unbind(-1)
    return dy.abs() + dx.abs()


@right
def by_softplus(raw, grid):
    return -F.softplus(-raw)[:, None, None] * count(grid)


@right
def by_logaddexp(raw, grid):
    return -torch.logaddexp(torch.zeros_like(raw), -raw).view(-1, 1, 1) * count(grid)


@right
def by_einsum(raw, grid):
    return torch.einsum("h,yx->hyx", F.logsigmoid(raw), count(grid).float())


@right
def by_loops(raw, grid):
    h, w = grid
    heads = []
    for each in F.logsigmoid(raw):
        rows = [[each * (abs(dy) + abs(dx)) for dx in range(1 - w, w)] for dy in range(1 - h, h)]
        heads.append(torch.stack([torch.stack(row) for row in rows]))
    return torch.stack(heads)


@wrong("Your result is not finite for raw = -200, where the sigmoid is rounded to 0")
def log_of_sigmoid(raw, grid):
    return torch.log(torch.sigmoid(raw))[:, None, None] * count(grid)


@wrong("Your result is not finite for raw = -200, where the decay is rounded to 0")
def log_of_power(raw, grid):
    return torch.log(torch.sigmoid(raw)[:, None, None] ** count(grid))


@wrong("You keep the sigmoid away from 0")
def clamped(raw, grid):
    return raw.sigmoid().clamp(1e-6, 1).log()[:, None, None] * count(grid)


@wrong("You keep the sigmoid away from 0")
def epsilon_added(raw, grid):
    return (torch.sigmoid(raw) + 1e-6).log()[:, None, None] * count(grid)


@wrong("You return the decay")
def decay(raw, grid):
    return raw.sigmoid()[:, None, None] ** count(grid)


@wrong("You multiply the rate by the steps")
def no_log(raw, grid):
    return torch.sigmoid(raw)[:, None, None] * count(grid)


@wrong("You use raw as the logarithm of the rate")
def raw_itself(raw, grid):
    return raw[:, None, None] * count(grid)


@wrong("Your rate is sigmoid(-raw)")
def softplus(raw, grid):
    return -F.softplus(raw)[:, None, None] * count(grid)


@wrong("Your sign is wrong")
def positive(raw, grid):
    return F.softplus(-raw)[:, None, None] * count(grid)


@wrong("Your distance is the straight line")
def euclid(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).square().sum(-1).sqrt()


@wrong("You add the squares of dy and dx")
def gaussian(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * (kernel_offsets(grid) ** 2).sum(-1)


@wrong("You take the larger of |dy| and |dx|")
def chess(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).abs().amax(-1)


@wrong("You add dy and dx with their signs")
def signed(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).sum(-1)


@wrong("You read the grid as (w, h)")
def turned(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * count((grid[1], grid[0]))


@wrong("Your rate is exp(-exp(raw))")
def doubly_exponential(raw, grid):
    return -torch.exp(raw)[:, None, None] * count(grid)


@wrong("Your steps are too large by 1")
def one_more(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * (1 + count(grid))


@wrong("You take the logarithm to the base 2")
def bits(raw, grid):
    return F.logsigmoid(raw)[:, None, None] * count(grid) / 0.6931471805599453


@wrong("raised")
def not_broadcast(raw, grid):
    return F.logsigmoid(raw) * count((grid[0] + 1, grid[1] + 4))


@wrong("returned None")
def forgot(raw, grid):
    F.logsigmoid(raw)[:, None, None] * count(grid)
