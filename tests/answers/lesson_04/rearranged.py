"""Answers to 04.rearranged."""

import torch
from einops import rearrange
from verdicts import right, wrong


def cut(mask, grid):
    return mask.reshape(*grid, *grid)  # [y, x, y', x']


@right
def with_einops(mask, grid):
    return rearrange(mask, "(y x) (u t) -> (y u) (x t)", y=grid[0], u=grid[0])


@right
def loops(mask, grid):
    h, w = grid
    out = torch.empty(h * h, w * w, dtype=mask.dtype)
    for a in range(h * w):
        for b in range(h * w):
            out[a // w * h + b // w, a % w * w + b % w] = mask[a, b]
    return out


@right
def blocks(mask, grid):
    h, w = grid
    return torch.stack([block.flatten() for rows in mask.split(w) for block in rows.split(w, dim=1)])


@right
def permuted(mask, grid):
    return cut(mask, grid).permute(0, 2, 1, 3).flatten(2).flatten(0, 1)


@wrong("You only reshape, which changes no order: the axes")
def only_reshaped(mask, grid):
    return mask.reshape(grid[0] ** 2, grid[1] ** 2)


@wrong("Unfolded to (h, h, w, w), your result has the expe")
def unchanged(mask, grid):
    return mask


@wrong("Your result is transposed")
def transposed(mask, grid):
    h, w = grid
    return cut(mask, grid).permute(1, 3, 0, 2).reshape(w * w, h * h)


@wrong("Read in order, your numbers are the expected ones ")
def columns_first(mask, grid):
    h, w = grid
    return cut(mask, grid).permute(1, 3, 0, 2).reshape(h * h, w * w)


@wrong("In your pairs of rows the key comes first")
def key_rows_before_query_rows(mask, grid):
    h, w = grid
    return cut(mask, grid).permute(2, 0, 1, 3).reshape(h * h, w * w)


@wrong("In your pairs of columns the key comes first")
def key_columns_before_query_columns(mask, grid):
    h, w = grid
    return cut(mask, grid).permute(0, 2, 3, 1).reshape(h * h, w * w)


@wrong("In your pairs the key comes before the query")
def keys_before_queries(mask, grid):
    h, w = grid
    return cut(mask, grid).permute(2, 0, 3, 1).reshape(h * h, w * w)


@wrong("In your pairs the key comes before the query")
def mask_transposed(mask, grid):
    h, w = grid
    return cut(mask.T, grid).transpose(1, 2).reshape(h * h, w * w)


@wrong("Unfolded to (h, h, w, w), your result has the expe")
def last_two_axes_swapped(mask, grid):
    h, w = grid
    return cut(mask, grid).transpose(2, 3).reshape(h * h, w * w)


@wrong("Unfolded to (h, h, w, w), your result has the expe")
def row_with_the_other_column(mask, grid):
    h, w = grid
    return cut(mask, grid).transpose(1, 3).reshape(h * h, w * w)


@wrong("Unfolded to (h, h, w, w), your result has the expe")
def row_and_foreign_column(mask, grid):
    h, w = grid
    return cut(mask, grid).permute(0, 3, 1, 2).reshape(h * h, w * w)


@wrong("You cut the tokens into w rows of h")
def grid_swapped(mask, grid):
    h, w = grid
    return mask.reshape(w, h, w, h).transpose(1, 2).reshape(h * h, w * w)


@wrong("This is what comes out when `grid` is read in reverse order")
def grid_swapped_everywhere(mask, grid):
    h, w = grid
    return mask.reshape(w, h, w, h).transpose(1, 2).reshape(w * w, h * h)


@wrong("You split a key's number as x h + y")
def key_grid_swapped(mask, grid):
    h, w = grid
    return mask.reshape(h, w, w, h).permute(0, 3, 1, 2).reshape(h * h, w * w)


@wrong("You cut the keys into w rows of h")
def key_axes_named_wrongly(mask, grid):
    h, w = grid
    return mask.reshape(h, w, w, h).transpose(1, 2).reshape(h * h, w * w)


@wrong("raised RuntimeError")
def view_of_a_transpose(mask, grid):
    h, w = grid
    return mask.view(h, w, h, w).transpose(1, 2).view(h * h, w * w)


@wrong("The numbers are right and in the right order")
def not_flattened(mask, grid):
    return cut(mask, grid).transpose(1, 2)


@wrong("The numbers are the right ones")
def square_result(mask, grid):
    return cut(mask, grid).transpose(1, 2).reshape(mask.shape)


@wrong("The numbers are the right ones")
def distances_instead_of_pairs(mask, grid):
    h, w = grid
    return cut(mask, grid).transpose(1, 2).flip(1).reshape(h * h, w * w)


@wrong("raised IndexError")
def loop_with_h_for_w(mask, grid):
    h, w = grid
    out = torch.zeros(h * h, w * w, dtype=mask.dtype)
    for a in range(h * w):
        for b in range(h * w):
            out[a // w * h + b // w, a % w * h + b % w] = mask[a, b]
    return out
