"""Answers to 03.window."""

import torch
from verdicts import right, wrong


@wrong("Your window slides the wrong way")
def frame_runs_with_the_query(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[y : y + h, x : x + w]


@wrong("You read the query as (x, y). It is (y, x), rows first, as in the")
def query_as_x_y(kernel, query, grid):
    (h, w), (x, y) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]


@wrong("Your columns are right, but your rows slide the wrong way: when the")
def rows_run_with_the_query(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[y : y + h, w - 1 - x : 2 * w - 1 - x]


@wrong("Your rows are right, but your columns slide the wrong way: when the")
def columns_run_with_the_query(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, x : x + w]


@wrong("Your window starts one row and one column too late")
def starts_at_h(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - y : 2 * h - y, w - x : 2 * w - x]


@wrong("Your window lacks its last row and its last column")
def ends_too_early(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 2 - y, w - 1 - x : 2 * w - 2 - x]


@wrong("Your window is the same for every query")
def always_the_middle(kernel, query, grid):
    h, w = grid
    return kernel[h - 1 :, w - 1 :]


@wrong("This is what comes out when `grid` is read in reverse order")
def grid_swapped(kernel, query, grid):
    (w, h), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]


@wrong("The result is transposed: its last two axes have changed")
def transposed(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].T


@wrong("The numbers are right and in the right order")
def flattened(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten()


@wrong("Your window is rotated by 180 degrees")
def turned_by_half(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flip(0, 1)


@wrong("The numbers are right and in the right order")
def reshaped_the_wrong_way(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].reshape(w, h)


@wrong("all values differ")
def zero_outside_rolled(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return torch.roll(kernel, (y, x), (0, 1))[:h, :w]


@wrong("Your window begins at the kernel's corner and grows with the query")
def cuts_the_other_part(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[: h + y, : w + x]


@wrong("You use h for the columns too")
def height_for_both_sides(kernel, query, grid):
    h, (y, x) = grid[0], query
    return kernel[h - 1 - y : 2 * h - 1 - y, h - 1 - x : 2 * h - 1 - x]


@right
def by_loops(kernel, query, grid):
    (h, w), (y, x) = grid, query
    rows = [[kernel[b - y + h - 1, c - x + w - 1] for c in range(w)] for b in range(h)]
    return torch.stack([torch.stack(row) for row in rows])


@right
def with_narrow(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel.narrow(0, h - 1 - y, h).narrow(1, w - 1 - x, w)


@right
def rolled_to_the_front(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel.roll((y - h + 1, x - w + 1), (0, 1))[:h, :w]


@right
def by_index(kernel, query, grid):
    (h, w), (y, x) = grid, query
    return kernel[(torch.arange(h) - y + h - 1)[:, None], torch.arange(w) - x + w - 1]
