"""Answers to 10.score_index."""

import torch
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates


@right
def by_places(query, key, grid):
    """Where each token would lie in the kernel, and a constant."""
    h, w = grid

    def place(token):
        return token // w * (2 * w - 1) + token % w

    return place(key) - place(query) + (h - 1) * (2 * w - 1) + w - 1


@right
def by_coordinates(query, key, grid):
    h, w = grid
    dy, dx = (coordinates(grid)[key] - coordinates(grid)[query]).unbind(-1)
    return (dy + h - 1) * (2 * w - 1) + (dx + w - 1)


@right
def with_floor_division(query, key, grid):
    h, w = grid
    rows = torch.div(key, w, rounding_mode="floor") - torch.div(query, w, rounding_mode="floor")
    columns = torch.remainder(key, w) - torch.remainder(query, w)
    return rows * (2 * w - 1) + columns + (2 * h - 1) * (2 * w - 1) // 2


@wrong("Your offset is query minus key")
def the_other_way(query, key, grid):
    return by_places(key, query, grid)


@wrong("You divide by h to find a token's row")
def by_height(query, key, grid):
    h, w = grid
    return (key // h - query // h + h - 1) * (2 * w - 1) + key % h - query % h + w - 1


@wrong("You count 2h-1 entries in each row of the kernel")
def rows_of_the_height(query, key, grid):
    h, w = grid
    return (key // w - query // w + h - 1) * (2 * h - 1) + key % w - query % w + w - 1


@wrong("You count w entries in each row of the kernel")
def rows_of_the_grid(query, key, grid):
    h, w = grid
    return (key // w - query // w + h - 1) * w + key % w - query % w + w - 1


@wrong("You count 2w entries in each row of the kernel")
def rows_one_too_long(query, key, grid):
    h, w = grid
    return (key // w - query // w + h - 1) * 2 * w + key % w - query % w + w - 1


@wrong("You use offsets as indices")
def not_shifted(query, key, grid):
    w = grid[1]
    return (key // w - query // w) * (2 * w - 1) + key % w - query % w


@wrong("You move the columns' part of the offset but not the rows' part")
def columns_shifted_only(query, key, grid):
    w = grid[1]
    return (key // w - query // w) * (2 * w - 1) + key % w - query % w + w - 1


@wrong("You move the rows' part of the offset but not the columns' part")
def rows_shifted_only(query, key, grid):
    h, w = grid
    return (key // w - query // w + h - 1) * (2 * w - 1) + key % w - query % w


@wrong("You move offsets by h and w, which is one too many")
def shifted_by_the_grid(query, key, grid):
    h, w = grid
    return (key // w - query // w + h) * (2 * w - 1) + key % w - query % w + w


@wrong("You take the absolute value of the offset")
def distances(query, key, grid):
    h, w = grid
    return ((key // w - query // w).abs() + h - 1) * (2 * w - 1) + (key % w - query % w).abs() + w - 1


@wrong("You read the kernel column by column")
def by_columns(query, key, grid):
    h, w = grid
    return (key % w - query % w + w - 1) * (2 * h - 1) + key // w - query // w + h - 1


@wrong("You subtract the indices of the tokens")
def flat_difference(query, key, grid):
    h, w = grid
    return key - query + (h - 1) * (2 * w - 1) + w - 1


@wrong("You return the index in the N x N mask")
def index_of_the_mask(query, key, grid):
    return key + query * (grid[0] * grid[1])


@wrong("You exchange rows and columns of a token")
def quotient_as_column(query, key, grid):
    h, w = grid
    return (key % w - query % w + h - 1) * (2 * w - 1) + key // w - query // w + w - 1


@wrong("It returns a float32 tensor, but")
def true_division(query, key, grid):
    h, w = grid
    return (key / w - query / w + h - 1) * (2 * w - 1) + key % w - query % w + w - 1


@wrong("raised")
def one_pair_only(query, key, grid):
    h, w = grid
    return (int(key) // w - int(query) // w + h - 1) * (2 * w - 1) + int(key) % w - int(query) % w + w - 1
