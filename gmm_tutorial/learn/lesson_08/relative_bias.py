"""Exercise 08.relative_bias: from Swin's table of offsets to a bias for every pair of tokens."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid, coordinates, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise


def relative_bias(table: Tensor, grid: Grid) -> Tensor:
    """table ((2h-1)(2w-1), H), ordered by query minus key -> bias (H, N, N), as published."""
    return unfold_kernel(as_kernel(table, grid).flip(-2, -1), grid)


def as_kernel(table: Tensor, grid: Grid) -> Tensor:
    """The table as (H, 2h-1, 2w-1), still ordered by query minus key."""
    return rearrange(table, "(y x) H -> H y x", y=2 * grid[0] - 1)


def relative_bias_cases() -> list[dict[str, Any]]:
    """Tables of whole numbers, then random ones with several heads; grids are wider than high."""
    whole: list[tuple[Tensor, Grid]] = [
        (torch.arange(3.0).view(3, 1), (1, 2)),
        (torch.arange(15.0).view(15, 1), (2, 3)),
    ]
    larger: list[tuple[Tensor, Grid]] = [
        (torch.randn((2 * h - 1) * (2 * w - 1), heads), (h, w)) for (h, w), heads in (((2, 4), 3), ((3, 5), 2))
    ]
    return [{"table": table, "grid": grid} for table, grid in (*whole, *larger)]


exercise = Exercise(
    "08.relative_bias",
    relative_bias,
    relative_bias_cases,
    unit="tables",
    hints=(
        "A table that has one number per offset is a kernel, written as one long column per head. `unfold_kernel` "
        "wants (H, 2h-1, 2w-1).",
        "Bring the heads to the front, then split the offsets: a row of the kernel holds 2w-1 of them.",
        "Query minus key is the negative of key minus query. In a kernel, the negative of an offset lies on the other "
        "side of the center, in both directions: turn the kernel by 180 degrees before it is unfolded.",
    ),
)


@exercise.mistake
def mirrored(table: Tensor, grid: Grid) -> Tensor:
    """Your bias is transposed: the table is ordered by query minus key, `unfold_kernel` by key minus query."""
    return unfold_kernel(as_kernel(table, grid), grid)


@exercise.mistake
def rows_alone(table: Tensor, grid: Grid) -> Tensor:
    """You flip the rows of the kernel alone: left and right are exchanged too when query and key are."""
    return unfold_kernel(as_kernel(table, grid).flip(-2), grid)


@exercise.mistake
def columns_alone(table: Tensor, grid: Grid) -> Tensor:
    """You flip the columns of the kernel alone: above and below are exchanged too when query and key are."""
    return unfold_kernel(as_kernel(table, grid).flip(-1), grid)


@exercise.mistake
def heads_mixed_up(table: Tensor, grid: Grid) -> Tensor:
    """You reshape the table to (H, 2h-1, 2w-1) directly, which mixes the heads up: move the head axis to the front."""
    h, w = grid
    return unfold_kernel(table.reshape(-1, 2 * h - 1, 2 * w - 1).flip(-2, -1), grid)


@exercise.mistake
def heads_flipped(table: Tensor, grid: Grid) -> Tensor:
    """You flip the heads as well: only the two axes of the offsets change their sign."""
    return unfold_kernel(as_kernel(table, grid).flip(0, 1, 2), grid)


@exercise.mistake
def by_columns(table: Tensor, grid: Grid) -> Tensor:
    """You read the table column by column: 2w-1 entries in a row of it belong to the same dy."""
    kernel = rearrange(table, "(x y) H -> H y x", y=2 * grid[0] - 1)
    return unfold_kernel(kernel.flip(-2, -1), grid)


@exercise.mistake
def rows_too_short(table: Tensor, grid: Grid) -> Tensor:
    """You jump 2h-1 entries for each row of offsets: a row of the table holds 2w-1 of them."""
    h, w = grid
    offset = coordinates(grid)[:, None] - coordinates(grid)
    return table[(offset[..., 0] + h - 1) * (2 * h - 1) + offset[..., 1] + w - 1].movedim(-1, 0)


def by_position(table: Tensor, grid: Grid, first: int, length: int) -> Tensor:
    """The bias read from the table at `length` numbers per dy, offset (0, 0) being number `first`."""
    dy, dx = (coordinates(grid)[:, None] - coordinates(grid)).unbind(-1)
    return rearrange(table[dy * length + dx + first], "N M H -> H N M")


@exercise.mistake
def offset_zero_first(table: Tensor, grid: Grid) -> Tensor:
    """You use offsets as places in the table without moving them: its first entry is (-(h-1), -(w-1)), not (0, 0)."""
    return by_position(table, grid, 0, 2 * grid[1] - 1)


@exercise.mistake
def one_offset_less(table: Tensor, grid: Grid) -> Tensor:
    """You count 2w-2 offsets per dy, but dx goes from -(w-1) to w-1, which are 2w-1 numbers."""
    return by_position(table, grid, (grid[0] - 1) * (2 * grid[1] - 2) + grid[1] - 1, 2 * grid[1] - 2)
