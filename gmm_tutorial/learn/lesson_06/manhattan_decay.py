"""Exercise 06.manhattan_decay: from a rate to a weight for every pair."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import axis_distances
from gmm_tutorial.grid import Grid, coordinates, distances, kernel_offsets, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise


def manhattan_decay(gamma: Tensor, grid: Grid) -> Tensor:
    """gamma (H,) -> (H, N, N): gamma^(|dy| + |dx|) for each pair of tokens."""
    return unfold_kernel(gamma[:, None, None] ** kernel_offsets(grid).abs().sum(-1), grid)


def decay_cases() -> list[dict[str, Any]]:
    """A square of four tokens, then several heads, and grids that are not square."""
    made: list[tuple[Tensor, Grid]] = [
        (torch.tensor([0.5]), (2, 2)),
        (torch.tensor([0.5]), (1, 4)),
        (torch.tensor([0.5]), (2, 3)),
        (torch.tensor([0.75, 1.0]), (3, 2)),
        (torch.tensor([0.75, 0.875, 0.9375]), (5, 3)),
    ]
    return [{"gamma": gamma, "grid": grid} for gamma, grid in made]


exercise = Exercise(
    "06.manhattan_decay",
    manhattan_decay,
    decay_cases,
    unit="decays",
    hints=(
        "`coordinates(grid)` has the shape (N, 2). Subtract it from itself so that every token meets every other one: "
        "one of the two needs an axis of length 1 before its tokens, the other one after them.",
        "The differences have the shape (N, N, 2), rows and columns. The number of steps is the sum of their absolute "
        "values over the last axis.",
        "The rates have the shape (H,), the steps (N, N). With two axes of length 1 after the heads, they broadcast to "
        "(H, N, N).",
    ),
)


def powers(gamma: Tensor, steps: Tensor) -> Tensor:
    """gamma (H,), steps (N, N) -> (H, N, N)."""
    return gamma[:, None, None] ** steps


def apart(grid: Grid) -> Tensor:
    """Rows and columns from each token to each other, with their sign: (N, N, 2)."""
    places = coordinates(grid)
    return places - places[:, None]


@exercise.mistake
def straight_line(gamma: Tensor, grid: Grid) -> Tensor:
    """Your distance is the straight line, sqrt(dy^2 + dx^2). The Manhattan distance is |dy| + |dx|."""
    return powers(gamma, distances(grid))


@exercise.mistake
def not_absolute(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights rise above 1 for keys above or left of the query: take the absolute value of dy and dx."""
    return powers(gamma, apart(grid).sum(-1))


@exercise.mistake
def not_absolute_from_the_key(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights rise above 1 for keys below or right of the query: take the absolute value of dy and dx."""
    return powers(gamma, -apart(grid).sum(-1))


@exercise.mistake
def absolute_too_late(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value of the sum, so one step down and one to the left cancel. First abs, then sum."""
    return powers(gamma, apart(grid).sum(-1).abs())


@exercise.mistake
def larger_of_the_two(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|, the steps of a king in chess. The Manhattan distance is their sum."""
    return powers(gamma, apart(grid).abs().amax(-1))


@exercise.mistake
def grid_turned(gamma: Tensor, grid: Grid) -> Tensor:
    """Your x and y are swapped: on a grid that is not square, token numbers run along the wrong side."""
    return manhattan_decay(gamma, (grid[1], grid[0]))


@exercise.mistake
def along_the_raster(gamma: Tensor, grid: Grid) -> Tensor:
    """You count steps along the token numbers. But a row's first token is far from the last one of the row above."""
    return powers(gamma, axis_distances(grid[0] * grid[1]))


@exercise.mistake
def heads_last(gamma: Tensor, grid: Grid) -> Tensor:
    """Your heads are the last axis, and they must be the first: add the two new axes after the rates."""
    return manhattan_decay(gamma, grid).movedim(0, -1)


@exercise.mistake
def not_a_power(gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply the rate by the number of steps. Each step is one more factor gamma: the steps are an exponent."""
    return gamma[:, None, None] * apart(grid).abs().sum(-1)


@exercise.mistake
def growing(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights grow with distance: gamma is below 1 already, so the exponent needs no minus."""
    return powers(gamma, -apart(grid).abs().sum(-1))


@exercise.mistake
def log_of_it(gamma: Tensor, grid: Grid) -> Tensor:
    """You return the logarithm of the decay. Return the decay itself."""
    return manhattan_decay(gamma, grid).log()


@exercise.mistake
def sign_of_dx_kept(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value of dy, but not of dx."""
    dy, dx = apart(grid).unbind(-1)
    return powers(gamma, dy.abs() - dx)


@exercise.mistake
def base_and_exponent_swapped(gamma: Tensor, grid: Grid) -> Tensor:
    """Your base and exponent are swapped: the decay is gamma to the power of the steps."""
    return apart(grid).abs().sum(-1).float() ** gamma[:, None, None]


@exercise.mistake
def exponential_of_the_rate(gamma: Tensor, grid: Grid) -> Tensor:
    """You compute exp(-gamma * steps), which makes a step cost a factor exp(-gamma). It must cost a factor gamma."""
    return (-not_a_power(gamma, grid)).exp()


@exercise.mistake
def squares_summed(gamma: Tensor, grid: Grid) -> Tensor:
    """Your exponent is dy^2 + dx^2. The Manhattan distance is |dy| + |dx|, without squares."""
    return powers(gamma, apart(grid).square().sum(-1))


@exercise.mistake
def steps_multiplied(gamma: Tensor, grid: Grid) -> Tensor:
    """Your exponent is |dy| times |dx|, which is 0 within a row or a column. Add the two."""
    return powers(gamma, apart(grid).prod(-1).abs())


@exercise.mistake
def rows_only(gamma: Tensor, grid: Grid) -> Tensor:
    """Your exponent is |dy| alone: add |dx|, the steps along the row."""
    return powers(gamma, apart(grid)[..., 0].abs())


@exercise.mistake
def columns_only(gamma: Tensor, grid: Grid) -> Tensor:
    """Your exponent is |dx| alone: add |dy|, the steps along the column."""
    return powers(gamma, apart(grid)[..., 1].abs())


@exercise.mistake
def axes_added(gamma: Tensor, grid: Grid) -> Tensor:
    """You add the decays of the two axes. Add the steps, or multiply the decays."""
    return rows_only(gamma, grid) + columns_only(gamma, grid)


@exercise.mistake
def axes_averaged(gamma: Tensor, grid: Grid) -> Tensor:
    """You average the decays of the two axes. Add the steps, or multiply the decays."""
    return axes_added(gamma, grid) / 2


@exercise.mistake
def one_step_too_many(gamma: Tensor, grid: Grid) -> Tensor:
    """Your exponent is too large by 1: a token is 0 steps away from itself and weighs 1 there."""
    return gamma[:, None, None] * manhattan_decay(gamma, grid)


@exercise.mistake
def first_step_free(gamma: Tensor, grid: Grid) -> Tensor:
    """Your first step costs nothing: a neighbor is 1 step away and weighs gamma."""
    return powers(gamma, (apart(grid).abs().sum(-1) - 1).clamp(min=0))


@exercise.mistake
def wrapped_around(gamma: Tensor, grid: Grid) -> Tensor:
    """Your grid wraps around at its edges. From the first to the last token of a row it is w - 1 steps."""
    steps = apart(grid).abs()
    return powers(gamma, torch.minimum(steps, torch.tensor(grid) - steps).sum(-1))


@exercise.mistake
def earlier_keys_only(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights are 0 for keys that come after the query. On a grid, a token sees the keys on all sides."""
    return manhattan_decay(gamma, grid).tril()
