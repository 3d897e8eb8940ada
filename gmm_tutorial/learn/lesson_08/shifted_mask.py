"""Exercise 08.shifted_mask: which pairs of a shifted window must not see each other."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def shifted_mask(grid: Grid, side: int, shift: int) -> Tensor:
    """Grid (h, w) -> (windows, N, N), N = side * side: 0 where two tokens see each other, -100 where they do not."""
    return told_apart(crossed(grid, shift), side, shift)


def crossed(grid: Grid, shift: int) -> Tensor:
    """Which of four pieces each token of the grid is in before the roll, (h, w): 0 for those that cross no edge."""
    rows, columns = (torch.arange(length) < shift for length in grid)
    return 2 * rows[:, None].long() + columns.long()


def told_apart(piece: Tensor, side: int, shift: int, windows: str = "(i j) (p q)") -> Tensor:
    """Roll the pieces (h, w), cut them into windows, and separate the pieces that differ: (windows, N, N)."""
    cut = rearrange(piece.roll((-shift, -shift), (0, 1)), f"(i p) (j q) -> {windows}", p=side, q=side)
    return torch.where(cut[:, :, None] != cut[:, None, :], -100.0, 0.0)


def shifted_mask_cases() -> list[dict[str, Any]]:
    """Windows of two and of three tokens to a side on grids that are not square, and no shift at all."""
    made: list[tuple[Grid, int, int]] = [
        ((2, 2), 2, 1),
        ((4, 2), 2, 1),
        ((4, 6), 2, 1),
        ((6, 3), 3, 1),
        ((8, 12), 4, 2),
    ]
    return [{"grid": grid, "side": side, "shift": shift} for grid, side, shift in (*made, ((4, 6), 2, 0))]


exercise = Exercise(
    "08.shifted_mask",
    shifted_mask,
    shifted_mask_cases,
    unit="grids",
    hints=(
        "Give every token of the whole grid a number that says which piece it belongs to. Two tokens see each other if "
        "they end up in one window and have the same number.",
        "The roll carries the first rows over the top edge and the first columns over the left edge. That is two "
        "yes-or-no questions per token, hence four pieces: neither, rows only, columns only, both.",
        "Roll the numbers exactly as the tokens are rolled, and cut them into windows exactly as the tokens are cut, "
        "so that each window has N numbers.",
        "Compare each of the N numbers of a window with each other one, by two broadcast axes. Where they differ, the "
        "mask is -100.",
    ),
)


@exercise.mistake
def other_way(grid: Grid, side: int, shift: int) -> Tensor:
    """You roll the wrong way, down and right: the shift brings token [shift, shift] to [0, 0]."""
    return told_apart(crossed(grid, shift), side, -shift)


@exercise.mistake
def not_rolled(grid: Grid, side: int, shift: int) -> Tensor:
    """Your pieces do not fit your windows: roll the numbers up and to the left, as the tokens are rolled."""
    return told_apart(crossed(grid, shift), side, 0)


@exercise.mistake
def two_pieces(grid: Grid, side: int, shift: int) -> Tensor:
    """You tell two pieces apart, but four meet in the last window: tokens can cross the top edge, the left, or both."""
    return told_apart((crossed(grid, shift) > 0).long(), side, shift)


@exercise.mistake
def three_pieces(grid: Grid, side: int, shift: int) -> Tensor:
    """Tokens across the top edge and tokens across the left edge are two pieces, but you give them the same number."""
    return told_apart(torch.tensor([0, 1, 1, 2])[crossed(grid, shift)], side, shift)


@exercise.mistake
def rows_only(grid: Grid, side: int, shift: int) -> Tensor:
    """You look at rows only: columns are rolled too, and wrap around the left edge."""
    return told_apart(crossed(grid, shift) // 2, side, shift)


@exercise.mistake
def columns_only(grid: Grid, side: int, shift: int) -> Tensor:
    """You look at columns only: rows are rolled too, and wrap around the top edge."""
    return told_apart(crossed(grid, shift) % 2, side, shift)


@exercise.mistake
def inside_out(grid: Grid, side: int, shift: int) -> Tensor:
    """Your mask is inside out: tokens of one piece should get 0, tokens of different pieces -100."""
    return -100 - shifted_mask(grid, side, shift)


@exercise.mistake
def infinite(grid: Grid, side: int, shift: int) -> Tensor:
    """Minus infinity would hide the pairs as well, but Swin uses -100: e to the -100 is as good as 0 in a softmax."""
    return torch.where(shifted_mask(grid, side, shift) < 0, -torch.inf, 0.0)


@exercise.mistake
def windows_by_columns(grid: Grid, side: int, shift: int) -> Tensor:
    """Your windows are counted column by column; count them row by row, as in 08.windows."""
    return told_apart(crossed(grid, shift), side, shift, "(j i) (p q)")


@exercise.mistake
def nothing_hidden(grid: Grid, side: int, shift: int) -> Tensor:
    """You hide nothing: after the roll, windows at the right and at the bottom hold tokens from opposite edges."""
    return torch.zeros_like(shifted_mask(grid, side, shift))


@exercise.mistake
def zeros_and_ones(grid: Grid, side: int, shift: int) -> Tensor:
    """You return 1 and 0 for pairs that may and may not meet. The mask is added to scores: it needs 0 and -100."""
    return (shifted_mask(grid, side, shift) == 0).float()


@exercise.mistake
def positive(grid: Grid, side: int, shift: int) -> Tensor:
    """You add 100 where tokens must not see each other: that makes them win the softmax. It must be -100."""
    return -shifted_mask(grid, side, shift)


@exercise.mistake
def corner_with_columns(grid: Grid, side: int, shift: int) -> Tensor:
    """The corner is a piece of its own: tokens across both edges have the number of those across the left edge."""
    piece = crossed(grid, shift)
    return told_apart(torch.where(piece == 3, 1, piece), side, shift)


@exercise.mistake
def corner_with_rows(grid: Grid, side: int, shift: int) -> Tensor:
    """The corner is a piece of its own: tokens across both edges have the number of those across the top edge."""
    piece = crossed(grid, shift)
    return told_apart(torch.where(piece == 3, 2, piece), side, shift)


@exercise.mistake
def tokens_by_columns(grid: Grid, side: int, shift: int) -> Tensor:
    """The tokens inside your windows are counted column by column; count them row by row, as in 08.windows."""
    return told_apart(crossed(grid, shift), side, shift, windows="(i j) (q p)")


@exercise.mistake
def pieces_of_rows(grid: Grid, side: int, shift: int) -> Tensor:
    """You cut the pieces in raster order, so that a window is a part of a row. A window is side rows high."""
    cut = crossed(grid, shift).roll((-shift, -shift), (0, 1)).reshape(-1, side * side)
    return torch.where(cut[:, :, None] != cut[:, None, :], -100.0, 0.0)
