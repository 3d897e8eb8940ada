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
        "`coordinates(grid)` is (N, 2). Subtract it from itself so that every token meets every other: give one of the "
        "two an axis of length 1 in front, the other one behind its tokens.",
        "What you have then is (N, N, 2), rows and columns apart. The number of steps is the sum of their sizes: first "
        "the absolute value, then the sum over the last axis.",
        "The rates are (H,), the steps (N, N). With two axes of length 1 at its end, gamma to the power of the "
        "steps is (H, N, N).",
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
    """Your distance is the straight line, sqrt(dy^2 + dx^2). Manhattan walks along the streets: |dy| + |dx|."""
    return powers(gamma, distances(grid))


@exercise.mistake
def not_absolute(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights rise above 1 for keys above or left of the query: a step back is a step, too. Take its size."""
    return powers(gamma, apart(grid).sum(-1))


@exercise.mistake
def not_absolute_from_the_key(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights rise above 1 for keys below or right of the query: query - key is negative there. Take its size."""
    return powers(gamma, -apart(grid).sum(-1))


@exercise.mistake
def absolute_too_late(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value of the sum: one step down and one to the left then cancel. First abs, then sum."""
    return powers(gamma, apart(grid).sum(-1).abs())


@exercise.mistake
def larger_of_the_two(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|, as a king walks on a chessboard. Manhattan adds them up."""
    return powers(gamma, apart(grid).abs().amax(-1))


@exercise.mistake
def grid_turned(gamma: Tensor, grid: Grid) -> Tensor:
    """Your x and y are swapped: on a grid that is not square, token numbers run along the wrong side."""
    return manhattan_decay(gamma, (grid[1], grid[0]))


@exercise.mistake
def along_the_raster(gamma: Tensor, grid: Grid) -> Tensor:
    """You count steps along the token number, as in a sequence: the first of a row is not next to the last above."""
    return powers(gamma, axis_distances(grid[0] * grid[1]))


@exercise.mistake
def heads_last(gamma: Tensor, grid: Grid) -> Tensor:
    """Your heads are the last axis: the rates need their two new axes behind them, gamma[:, None, None]."""
    return manhattan_decay(gamma, grid).movedim(0, -1)


@exercise.mistake
def not_a_power(gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply the rate by the steps. Each step is one more factor gamma: a power."""
    return gamma[:, None, None] * apart(grid).abs().sum(-1)


@exercise.mistake
def growing(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights grow with distance: the exponent needs no minus, for gamma is below 1 already."""
    return powers(gamma, -apart(grid).abs().sum(-1))


@exercise.mistake
def log_of_it(gamma: Tensor, grid: Grid) -> Tensor:
    """You return log D: D itself is asked for."""
    return manhattan_decay(gamma, grid).log()
