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
        "Row a of the mask is the window of query a, read row by row. You have just written a function for one window.",
        "Go through the queries in raster order: y in the outer loop, x in the inner one. With heads, cut the window "
        "from the kernel's last two axes.",
        "Flatten each of the N windows to (H, N), collect them in a list, and stack them along a new axis 1.",
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
    """The rows of your mask are in the wrong order: go through the queries row by row, with x in the inner loop."""
    return unfold_kernel(kernel, grid)[:, by_columns(grid)]


@exercise.mistake
def flattened_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """You flatten each window column by column; raster order reads it row by row."""
    return unfold_kernel(kernel, grid)[:, :, by_columns(grid)]


@exercise.mistake
def all_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """You number queries and keys column by column: in raster order, tokens are numbered row by row."""
    return unfold_kernel(kernel, grid)[:, by_columns(grid)][:, :, by_columns(grid)]


@exercise.mistake
def wrapped(kernel: Tensor, grid: Grid) -> Tensor:
    """Your offsets wrap around at the image's border. The window slides over the kernel and must not wrap around."""
    h, w = grid
    y, x = coordinates(grid).unbind(-1)
    dy, dx = (y[None] - y[:, None]) % h, (x[None] - x[:, None]) % w
    return kernel[:, dy + h - 1, dx + w - 1]


@exercise.mistake
def negative_index(kernel: Tensor, grid: Grid) -> Tensor:
    """You index the kernel with the offset itself: offset 0 is at [h-1, w-1], and a negative index wraps around."""
    y, x = coordinates(grid).unbind(-1)
    return kernel[:, y[None] - y[:, None], x[None] - x[:, None]]


@exercise.mistake
def sign_of_offset_lost(kernel: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value of the offset: a key above the query gets the weight of one below it."""
    (h, w), (y, x) = grid, coordinates(grid).unbind(-1)
    return kernel[:, (y[None] - y[:, None]).abs() + h - 1, (x[None] - x[:, None]).abs() + w - 1]


@exercise.mistake
def one_head_for_all(kernel: Tensor, grid: Grid) -> Tensor:
    """Every head gets the mask of the first head: each head has a kernel of its own."""
    return unfold_kernel(kernel[:1].expand_as(kernel), grid)


@exercise.mistake
def one_too_far(kernel: Tensor, grid: Grid) -> Tensor:
    """Your windows start one row and one column too late: the kernel's center is [h-1, w-1], counted from 0."""
    h, w = grid
    shifted = torch.nn.functional.pad(kernel, (0, 1, 0, 1))[:, 1:, 1:]
    return unfold_kernel(shifted, (h, w))


@exercise.mistake
def one_row_for_all(kernel: Tensor, grid: Grid) -> Tensor:
    """All rows of your mask are the same: the window must move with the query."""
    return unfold_kernel(kernel, grid)[:, :1].expand(-1, grid[0] * grid[1], -1)
