"""Answers to 08.shifted_mask."""

import torch
from einops import rearrange
from verdicts import right, wrong


def cut(pieces, side):
    return rearrange(pieces, "(i p) (j q) -> (i j) (p q)", p=side, q=side)


def rolled(grid, shift):
    """1 for the places whose tokens came over the upper edge, and over the left one."""
    rows, columns = (torch.arange(length) >= length - shift for length in grid)
    return rows.long()[:, None].expand(*grid), columns.long().expand(*grid)


def masked(pieces, side, value=-100.0):
    pieces = cut(pieces, side)
    return torch.where(pieces[:, :, None] != pieces[:, None], value, 0.0)


@right
def as_swin_has_it(grid, side, shift):
    """Three strips for each axis, as in the published code."""
    image, count = torch.zeros(grid), 0
    for rows in (slice(0, -side), slice(-side, -shift), slice(-shift, None)):
        for columns in (slice(0, -side), slice(-side, -shift), slice(-shift, None)):
            image[rows, columns] = count
            count += 1
    return masked(image, side)


@right
def by_loop(grid, side, shift):
    h, w = grid
    out = torch.zeros(h * w // side**2, side**2, side**2)
    for i in range(h // side):
        for j in range(w // side):
            for a in range(side**2):
                for b in range(side**2):
                    (ya, xa), (yb, xb) = divmod(a, side), divmod(b, side)
                    over = [(n + k) >= m - shift for n, k, m in ((i * side, ya, h), (j * side, xa, w))]
                    other = [(n + k) >= m - shift for n, k, m in ((i * side, yb, h), (j * side, xb, w))]
                    if over != other:
                        out[i * (w // side) + j, a, b] = -100
    return out


@right
def by_differences(grid, side, shift):
    rows, columns = rolled(grid, shift)
    rows, columns = cut(rows, side), cut(columns, side)
    differ = (rows[:, :, None] != rows[:, None]) | (columns[:, :, None] != columns[:, None])
    return differ * -100.0


@wrong("Your pieces do not fit your windows")
def unshifted_pieces(grid, side, shift):
    rows, columns = (torch.arange(length) < shift for length in grid)
    return masked(2 * rows[:, None].long() + columns.long(), side)


@wrong("You roll the wrong way, down and right")
def rolled_the_other_way(grid, side, shift):
    rows, columns = (torch.arange(length) < shift for length in grid)
    return masked((2 * rows[:, None].long() + columns.long()).roll((shift, shift), (0, 1)), side)


@wrong("You add 100 where tokens must not see each other")
def plus_a_hundred(grid, side, shift):
    rows, columns = rolled(grid, shift)
    return masked(2 * rows + columns, side, 100.0)


@wrong("You return 1 and 0 for pairs that may and may not meet")
def ones_for_allowed(grid, side, shift):
    rows, columns = rolled(grid, shift)
    return (masked(2 * rows + columns, side) == 0).float()


@wrong("Minus infinity would hide the pairs as well, but Swin uses -100")
def minus_infinity(grid, side, shift):
    rows, columns = rolled(grid, shift)
    return masked(2 * rows + columns, side, -torch.inf)


@wrong("You look at rows only")
def rows_only(grid, side, shift):
    return masked(rolled(grid, shift)[0], side)


@wrong("You look at columns only")
def columns_only(grid, side, shift):
    return masked(rolled(grid, shift)[1], side)


@wrong("You tell two pieces apart, but four meet in the last window")
def corner_merged(grid, side, shift):
    rows, columns = rolled(grid, shift)
    return masked(rows | columns, side)


@wrong("Tokens across the top edge and tokens across the left edge are two pieces, but you give them the sam")
def same_number_for_both_edges(grid, side, shift):
    rows, columns = rolled(grid, shift)
    return masked(rows + columns, side)


@wrong("Your mask is inside out")
def inverted(grid, side, shift):
    rows, columns = rolled(grid, shift)
    pieces = cut(2 * rows + columns, side)
    return torch.where(pieces[:, :, None] == pieces[:, None], -100.0, 0.0)


@wrong("You hide nothing")
def side_for_shift(grid, side, shift):
    rows, columns = rolled(grid, side)
    return masked(2 * rows + columns, side)


@wrong("The values are in reverse order along both of the last two axes")
def kept_for_shift(grid, side, shift):
    rows, columns = rolled(grid, side - shift)
    return masked(2 * rows + columns, side)


@wrong("Your windows are counted column by column; count them row by row, as in 08.windows")
def windows_by_columns(grid, side, shift):
    rows, columns = rolled(grid, shift)
    pieces = rearrange(2 * rows + columns, "(i p) (j q) -> (j i) (p q)", p=side, q=side)
    return torch.where(pieces[:, :, None] != pieces[:, None], -100.0, 0.0)


@wrong("The tokens inside your windows are counted column by column; count them row by row, as in 08.windows")
def tokens_by_columns(grid, side, shift):
    rows, columns = rolled(grid, shift)
    pieces = rearrange(2 * rows + columns, "(i p) (j q) -> (i j) (q p)", p=side, q=side)
    return torch.where(pieces[:, :, None] != pieces[:, None], -100.0, 0.0)


@wrong("You cut the pieces in raster order, so that a window is a part of a row")
def plain_reshape(grid, side, shift):
    rows, columns = rolled(grid, shift)
    pieces = (2 * rows + columns).reshape(-1, side * side)
    return torch.where(pieces[:, :, None] != pieces[:, None], -100.0, 0.0)


@wrong("You hide nothing")
def no_shift_no_mask(grid, side, shift):
    return torch.zeros(grid[0] * grid[1] // side**2, side**2, side**2)


@wrong("It returns a bool tensor, but a float32 tensor is expected")
def whole_numbers(grid, side, shift):
    rows, columns = rolled(grid, shift)
    return masked(2 * rows + columns, side).bool()
