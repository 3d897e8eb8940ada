"""Answers to 06.manhattan_decay."""

from functools import partial

import numpy as np
import torch
from verdicts import right, wrong


def places(grid):
    h, w = grid
    token = torch.arange(h * w)
    return token // w, token % w


def steps_of(grid):
    y, x = places(grid)
    return (y[:, None] - y).abs() + (x[:, None] - x).abs()


@right
def loop_over_pairs(gamma, grid):
    h, w = grid
    out = torch.zeros(len(gamma), h * w, h * w)
    for i in range(len(gamma)):
        for a in range(h * w):
            for b in range(h * w):
                out[i, a, b] = gamma[i] ** (abs(a // w - b // w) + abs(a % w - b % w))
    return out


@right
def product_of_axes(gamma, grid):
    h, w = grid
    rows = gamma[:, None, None] ** (torch.arange(h)[:, None] - torch.arange(h)).abs()
    columns = gamma[:, None, None] ** (torch.arange(w)[:, None] - torch.arange(w)).abs()
    return torch.einsum("iab,icd->iacbd", rows, columns).reshape(len(gamma), h * w, h * w)


@right
def by_logarithm(gamma, grid):
    return (steps_of(grid) * gamma.log()[:, None, None]).exp()


@right
def by_cdist(gamma, grid):
    where = torch.stack(places(grid), dim=1).float()
    return gamma.view(-1, 1, 1) ** torch.cdist(where, where, p=1).round()


@right
def in_double(gamma, grid):
    return gamma.double()[:, None, None] ** steps_of(grid)


@right
def steps_by_numpy(gamma, grid):
    y, x = np.indices(grid).reshape(2, -1)
    steps = np.abs(np.subtract.outer(y, y)) + np.abs(np.subtract.outer(x, x))
    return torch.stack([each ** torch.from_numpy(steps) for each in gamma])


def from_steps(count, gamma, grid):
    return gamma[:, None, None].pow(count(grid))


counted = right(partial(from_steps, steps_of))


@wrong("Your distance is the straight line, sqrt(dy^2 + dx^2)")
def as_the_crow_flies(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** ((y[:, None] - y) ** 2 + (x[:, None] - x) ** 2).sqrt()


@wrong("Your exponent is dy^2 + dx^2")
def squared_distance(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** ((y[:, None] - y) ** 2 + (x[:, None] - x) ** 2)


@wrong("You take the larger of |dy| and |dx|, the steps of a king in chess")
def larger_step(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** torch.maximum((y[:, None] - y).abs(), (x[:, None] - x).abs())


@wrong("Your exponent is |dy| times |dx|, which is 0 within a row or a column")
def product_of_steps(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** ((y[:, None] - y) * (x[:, None] - x)).abs()


@wrong("You add the decays of the two axes")
def sum_of_two_decays(gamma, grid):
    y, x = places(grid)
    rate = gamma[:, None, None]
    return rate ** (y[:, None] - y).abs() + rate ** (x[:, None] - x).abs()


@wrong("You average the decays of the two axes")
def mean_of_two_decays(gamma, grid):
    y, x = places(grid)
    rate = gamma[:, None, None]
    return (rate ** (y[:, None] - y).abs() + rate ** (x[:, None] - x).abs()) / 2


@wrong("Your exponent is |dy| alone")
def rows_only(gamma, grid):
    y, _ = places(grid)
    return gamma[:, None, None] ** (y[:, None] - y).abs()


@wrong("Your exponent is |dx| alone")
def columns_only(gamma, grid):
    _, x = places(grid)
    return gamma[:, None, None] ** (x[:, None] - x).abs()


@wrong("Your weights rise above 1 for keys below or right of the query")
def signs_kept(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** ((y[:, None] - y) + (x[:, None] - x))


@wrong("You take the absolute value of the sum, so one step down and one to the left cancel")
def absolute_of_the_sum(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** ((y[:, None] - y) + (x[:, None] - x)).abs()


@wrong("You take the absolute value of dy, but not of dx")
def one_sign_kept(gamma, grid):
    y, x = places(grid)
    return gamma[:, None, None] ** ((y[:, None] - y).abs() + x[:, None] - x)


@wrong("You count steps along the token numbers")
def along_the_raster(gamma, grid):
    token = torch.arange(grid[0] * grid[1])
    return gamma[:, None, None] ** (token[:, None] - token).abs()


@wrong("Your weights are 0 for keys that come after the query")
def only_earlier_keys(gamma, grid):
    return (gamma[:, None, None] ** steps_of(grid)).tril()


@wrong("Your x and y are swapped")
def grid_swapped(gamma, grid):
    return gamma[:, None, None] ** steps_of((grid[1], grid[0]))


@wrong("Your x and y are swapped")
def divided_by_h(gamma, grid):
    token = torch.arange(grid[0] * grid[1])
    y, x = token // grid[0], token % grid[0]
    return gamma[:, None, None] ** ((y[:, None] - y).abs() + (x[:, None] - x).abs())


@wrong("Your x and y are swapped")
def column_by_column(gamma, grid):
    h, w = grid
    token = torch.arange(h * w)
    y, x = token % h, token // h
    return gamma[:, None, None] ** ((y[:, None] - y).abs() + (x[:, None] - x).abs())


@wrong("It has the shape (1, 1, 1), but (1, 4, 4) is expected")
def square_grids_only(gamma, grid):
    return gamma[:, None, None] ** steps_of((grid[0], grid[0]))


@wrong("You multiply the rate by the number of steps")
def times_steps(gamma, grid):
    return gamma[:, None, None] * steps_of(grid)


@wrong("Your base and exponent are swapped")
def base_and_exponent_swapped(gamma, grid):
    return steps_of(grid).float() ** gamma[:, None, None]


@wrong("Your weights grow with distance")
def negative_power(gamma, grid):
    return gamma[:, None, None] ** -steps_of(grid)


@wrong("You return the logarithm of the decay")
def still_a_logarithm(gamma, grid):
    return steps_of(grid) * gamma.log()[:, None, None]


@wrong("You compute exp(-gamma * steps), which makes a step cost a factor exp(-gamma)")
def exponential_of_gamma(gamma, grid):
    return (-gamma[:, None, None] * steps_of(grid)).exp()


@wrong("is too large by")
def one_step_too_many(gamma, grid):
    return gamma[:, None, None] ** (steps_of(grid) + 1)


@wrong("Your first step costs nothing")
def one_step_free(gamma, grid):
    return gamma[:, None, None] ** (steps_of(grid) - 1).clamp(min=0)


@wrong("Only the first entry along axis -3 is right")
def first_head_only(gamma, grid):
    return (gamma[0] ** steps_of(grid)).expand(len(gamma), -1, -1)


@wrong("The values are in reverse order along axis -3")
def heads_reversed(gamma, grid):
    return gamma.flip(0)[:, None, None] ** steps_of(grid)


@wrong("Your heads are the last axis, and they must be the first")
def heads_last(gamma, grid):
    return gamma ** steps_of(grid)[..., None]


@wrong("The result does not change when `gamma` changes")
def one_matrix(gamma, grid):
    return gamma.mean() ** steps_of(grid)


@wrong("Each row is divided by its sum, but it should not be")
def rows_normalized(gamma, grid):
    decay = gamma[:, None, None] ** steps_of(grid)
    return decay / decay.sum(-1, keepdim=True)


@wrong("Only the diagonal is wrong")
def nothing_for_itself(gamma, grid):
    steps = steps_of(grid)
    return gamma[:, None, None] ** steps * (steps > 0)


@wrong("Your grid wraps around at its edges")
def on_a_torus(gamma, grid):
    y, x = places(grid)
    dy, dx = (y[:, None] - y).abs(), (x[:, None] - x).abs()
    return gamma[:, None, None] ** (torch.minimum(dy, grid[0] - dy) + torch.minimum(dx, grid[1] - dx))


@wrong("The values are right, but no gradient comes back")
def rates_as_numbers(gamma, grid):
    return torch.stack([rate ** steps_of(grid) for rate in gamma.tolist()])


@wrong("raised")
def no_axes_for_the_rates(gamma, grid):
    return gamma ** steps_of(grid)


@wrong("returned None: did you forget")
def no_return(gamma, grid):
    _ = gamma[:, None, None] ** steps_of(grid)
