"""Exercise 11.manhattan_rate: the logarithm of a Manhattan decay whose rates are learned, and stay between 0 and 1."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.grid import Grid, kernel_offsets
from gmm_tutorial.learn.exercise import Exercise


def manhattan_rate(raw: Tensor, grid: Grid) -> Tensor:
    """raw (H,), grid (h, w) -> (H, 2h-1, 2w-1): the logarithm of sigmoid(raw) to the power of the steps."""
    return F.logsigmoid(raw)[:, None, None] * steps(grid)


def steps(grid: Grid) -> Tensor:
    """The steps of each offset, (2h-1, 2w-1)."""
    return kernel_offsets(grid).abs().sum(-1)


def rate_cases() -> list[dict[str, Any]]:
    """A rate of one half, then rates from near 0 to near 1, and numbers so small that the rate itself would be 0."""
    made: list[tuple[list[float], Grid]] = [([0.0], (1, 3)), ([1.0, -1.0], (2, 2)), ([3.0, -2.0, 0.5], (3, 2))]
    made += [([2.0, -0.5], (2, 5)), ([-200.0, 90.0], (2, 3))]
    return [{"raw": torch.tensor(raw), "grid": grid} for raw, grid in made]


exercise = Exercise(
    "11.manhattan_rate",
    manhattan_rate,
    rate_cases,
    unit="grids",
    hints=(
        "The logarithm of a power is a product: log(gamma ** n) = n log(gamma). So you need the number of steps of "
        "each offset, and the logarithm of each rate.",
        "The sum of the absolute values of dy and dx in `kernel_offsets(grid)` is the number of steps. The rates need "
        "two axes of length 1 behind them, to meet the offsets.",
        "The sigmoid of -200 is 0 in float32, and its logarithm is minus infinity. PyTorch has one function for the "
        "logarithm of the sigmoid, which never computes the sigmoid itself. It is in torch.nn.functional.",
    ),
)


@exercise.mistake
def logarithm_of_the_sigmoid(raw: Tensor, grid: Grid) -> Tensor:
    """Your result is not finite for raw = -200, where the sigmoid is rounded to 0: use F.logsigmoid."""
    return raw.sigmoid().log()[:, None, None] * steps(grid)


@exercise.mistake
def logarithm_of_the_power(raw: Tensor, grid: Grid) -> Tensor:
    """Your result is not finite for raw = -200, where the decay is rounded to 0: multiply F.logsigmoid by the steps."""
    return (raw.sigmoid()[:, None, None] ** steps(grid)).log()


@exercise.mistake
def kept_above_zero(raw: Tensor, grid: Grid) -> Tensor:
    """You keep the sigmoid away from 0 by a small constant, which is wrong for raw = -200: use F.logsigmoid."""
    return raw.sigmoid().clamp(min=1e-6).log()[:, None, None] * steps(grid)


@exercise.mistake
def decay_itself(raw: Tensor, grid: Grid) -> Tensor:
    """You return the decay: return its logarithm, which is 0 at the query itself."""
    return manhattan_rate(raw, grid).exp()


@exercise.mistake
def no_logarithm(raw: Tensor, grid: Grid) -> Tensor:
    """You multiply the rate by the steps: multiply the logarithm of the rate by them."""
    return raw.sigmoid()[:, None, None] * steps(grid)


@exercise.mistake
def raw_as_logarithm(raw: Tensor, grid: Grid) -> Tensor:
    """You use raw as the logarithm of the rate. Where it is positive, weights grow with distance: use F.logsigmoid."""
    return raw[:, None, None] * steps(grid)


@exercise.mistake
def minus_exponential(raw: Tensor, grid: Grid) -> Tensor:
    """Your rate is exp(-exp(raw)), which also stays between 0 and 1, but the task says sigmoid(raw)."""
    return -raw.exp()[:, None, None] * steps(grid)


@exercise.mistake
def softplus_of_raw(raw: Tensor, grid: Grid) -> Tensor:
    """Your rate is sigmoid(-raw): the logarithm of sigmoid(raw) is -softplus(-raw)."""
    return -F.softplus(raw)[:, None, None] * steps(grid)


@exercise.mistake
def minus_missing(raw: Tensor, grid: Grid) -> Tensor:
    """Your sign is wrong: the logarithm of a rate below 1 is negative, so that far keys get less."""
    return -manhattan_rate(raw, grid)


@exercise.mistake
def straight_line(raw: Tensor, grid: Grid) -> Tensor:
    """Your distance is the straight line, sqrt(dy^2 + dx^2): the Manhattan distance is |dy| + |dx|."""
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).float().norm(dim=-1)


@exercise.mistake
def squares(raw: Tensor, grid: Grid) -> Tensor:
    """You add the squares of dy and dx, which makes a Gaussian: add their absolute values."""
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).square().sum(-1)


@exercise.mistake
def larger_of_the_two(raw: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|: the Manhattan distance is their sum."""
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).abs().amax(-1)


@exercise.mistake
def not_absolute(raw: Tensor, grid: Grid) -> Tensor:
    """You add dy and dx with their signs: take their absolute values first."""
    return F.logsigmoid(raw)[:, None, None] * kernel_offsets(grid).sum(-1)


@exercise.mistake
def grid_turned(raw: Tensor, grid: Grid) -> Tensor:
    """You read the grid as (w, h): it is (h, w), rows first."""
    return manhattan_rate(raw, (grid[1], grid[0]))


@exercise.mistake
def hyperbolic_tangent(raw: Tensor, grid: Grid) -> Tensor:
    """Your rate is tanh(raw), which is negative for a negative raw: the sigmoid is always between 0 and 1."""
    return raw.tanh().log()[:, None, None] * steps(grid)


@exercise.mistake
def one_step_too_many(raw: Tensor, grid: Grid) -> Tensor:
    """Your steps are too large by 1: a token is 0 steps away from itself."""
    return F.logsigmoid(raw)[:, None, None] * (steps(grid) + 1)


@exercise.mistake
def logarithm_to_the_base_two(raw: Tensor, grid: Grid) -> Tensor:
    """You take the logarithm to the base 2: the softmax takes powers of e, so take the natural one."""
    return manhattan_rate(raw, grid) / torch.tensor(2.0).log()
