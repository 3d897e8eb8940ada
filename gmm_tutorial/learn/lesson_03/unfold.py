"""Exercise 03.unfold: the windows of all queries."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, coordinates, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_03.numbered_kernel import numbered


def unfold_cases() -> list[dict[str, Any]]:
    """A kernel of whole numbers, small enough to be printed with its mask, then random ones."""
    sizes: list[tuple[Grid, int]] = [((2, 3), 2), ((3, 3), 1), ((5, 4), 2)]
    small: list[tuple[Tensor, Grid]] = [(numbered((1, 3))[None], (1, 3)), (numbered((2, 2))[None], (2, 2))]
    larger = [(torch.randn(heads, 2 * h - 1, 2 * w - 1), (h, w)) for (h, w), heads in sizes]
    return [{"kernel": kernel, "grid": grid} for kernel, grid in (*small, *larger)]


exercise = Exercise(
    "03.unfold",
    unfold_kernel,
    unfold_cases,
    unit="grids",
    hints=(
        "Row a of the mask is the window of query a, read row by row. You have a function for one window.",
        "Go through the queries in raster order: y outside, x inside. The window of a kernel with heads is cut from "
        "its last two axes.",
        "Collect the N windows, each flattened to (H, N), in a list, and stack them along a new axis 1.",
    ),
)


@exercise.mistake
def mirrored(kernel: Tensor, grid: Grid) -> Tensor:
    """Your mask is mirrored: is the window sliding the wrong way?"""
    return unfold_kernel(kernel, grid).flip(1)


@exercise.mistake
def transposed(kernel: Tensor, grid: Grid) -> Tensor:
    """Your mask is transposed: rows are queries, columns are keys, and the offset is key - query."""
    return unfold_kernel(kernel, grid).mT


def by_columns(grid: Grid) -> Tensor:
    """The tokens' numbers in the order in which columns are read."""
    h, w = grid
    return torch.arange(h * w).view(h, w).T.flatten()


@exercise.mistake
def windows_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """The rows of your mask are in the wrong order: go through the queries row by row, x in the inner loop."""
    return unfold_kernel(kernel, grid)[:, by_columns(grid)]


@exercise.mistake
def flattened_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """You flatten each window column by column; raster order reads it row by row."""
    return unfold_kernel(kernel, grid)[:, :, by_columns(grid)]


@exercise.mistake
def all_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """You count queries and keys column by column: your tokens are not in raster order."""
    return unfold_kernel(kernel, grid)[:, by_columns(grid)][:, :, by_columns(grid)]


@exercise.mistake
def wrapped(kernel: Tensor, grid: Grid) -> Tensor:
    """Your kernel wraps around at the border, as on a torus. A photo has edges: the window slides, it never rolls."""
    h, w = grid
    y, x = coordinates(grid).unbind(-1)
    dy, dx = (y[None] - y[:, None]) % h, (x[None] - x[:, None]) % w
    return kernel[:, dy + h - 1, dx + w - 1]
