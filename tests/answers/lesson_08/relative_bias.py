"""Answers to 08.relative_bias."""

import torch
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates, unfold_kernel


@right
def by_index(table, grid):
    h, w = grid
    places = coordinates(grid)
    dy, dx = (places[:, None] - places).unbind(-1)
    return table[(dy + h - 1) * (2 * w - 1) + dx + w - 1].permute(2, 0, 1)


@right
def by_loop(table, grid):
    h, w = grid
    places = [(y, x) for y in range(h) for x in range(w)]
    rows = [
        torch.stack([table[(ya - yb + h - 1) * (2 * w - 1) + xa - xb + w - 1] for yb, xb in places])
        for ya, xa in places
    ]
    return torch.stack(rows).movedim(-1, 0)


@right
def reversed_table(table, grid):
    h, w = grid
    kernel = table.flip(0).T.reshape(-1, 2 * h - 1, 2 * w - 1)
    return unfold_kernel(kernel, grid)


@wrong("Your bias is transposed")
def key_minus_query(table, grid):
    return unfold_kernel(table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1), grid)


@wrong("You reshape the table to (H, 2h-1, 2w-1) directly, which mixes the heads up")
def view_without_transpose(table, grid):
    kernel = table.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1)
    return unfold_kernel(kernel.flip(-2, -1), grid)


@wrong("You flip the rows of the kernel alone")
def only_rows_flipped(table, grid):
    return unfold_kernel(table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(-2), grid)


@wrong("You flip the columns of the kernel alone")
def only_columns_flipped(table, grid):
    return unfold_kernel(table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(-1), grid)


@wrong("You flip the heads as well")
def heads_flipped_too(table, grid):
    return unfold_kernel(table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(0, 1, 2), grid)


@wrong("Your result has the expected axes in another order, (-2, -1, -3)")
def heads_last(table, grid):
    kernel = table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1)
    return unfold_kernel(kernel.flip(-2, -1), grid).movedim(0, -1)


@wrong("raised RuntimeError")
def square_grids_only(table, grid):
    side = round(len(table) ** 0.5)
    return unfold_kernel(table.T.reshape(-1, side, side).flip(-2, -1), grid)


@wrong("You read the table column by column")
def grid_swapped(table, grid):
    kernel = table.T.reshape(-1, 2 * grid[1] - 1, 2 * grid[0] - 1).mT
    return unfold_kernel(kernel.flip(-2, -1), grid)


@wrong("You use offsets as places in the table without moving them")
def offsets_not_shifted(table, grid):
    places = coordinates(grid)
    dy, dx = (places[:, None] - places).unbind(-1)
    return table[dy * (2 * grid[1] - 1) + dx].permute(2, 0, 1)


@wrong("You count 2w-2 offsets per dy, but dx goes from -(w-1) to w-1, which are 2w-1 numbers")
def row_length_wrong(table, grid):
    h, w = grid
    places = coordinates(grid)
    dy, dx = (places[:, None] - places).unbind(-1)
    return table[(dy + h - 1) * (2 * w - 2) + dx + w - 1].permute(2, 0, 1)


@wrong("The sign is wrong")
def negated(table, grid):
    return -unfold_kernel(table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(-2, -1), grid)


@wrong("Only the first entry along axis -3 is right")
def first_head_only(table, grid):
    kernel = table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(-2, -1)
    return unfold_kernel(kernel[:1], grid).expand(table.shape[1], -1, -1)


@wrong("It has the shape (1, 1, 3), but (1, 2, 2) is expected")
def the_kernel_itself(table, grid):
    return table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(-2, -1)


@wrong("raised ValueError")
def transposed_kernel(table, grid):
    kernel = table.T.reshape(-1, 2 * grid[0] - 1, 2 * grid[1] - 1).flip(-2, -1)
    return unfold_kernel(kernel.mT, grid)
