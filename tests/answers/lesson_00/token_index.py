"""Answers to 00.token_index."""

from functools import partial

import numpy as np
import torch
from verdicts import right, wrong


@wrong("?")
def multiplies_by_the_rows(y, x, grid):
    return y * grid[0] + x


@wrong("?")
def column_by_column(y, x, grid):
    return x * grid[0] + y


@wrong("?")
def swaps_row_and_column(y, x, grid):
    return x * grid[1] + y


@wrong("?")
def counts_from_one(y, x, grid):
    return y * grid[1] + x + 1


@wrong("?")
def one_row_too_many(y, x, grid):
    return (y + 1) * grid[1] + x


@wrong("?")
def one_row_too_few(y, x, grid):
    return (y - 1) * grid[1] + x


@wrong("?")
def row_one_shorter(y, x, grid):
    return y * (grid[1] - 1) + x


@wrong("?")
def row_one_longer(y, x, grid):
    return y * (grid[1] + 1) + x


@wrong("?")
def multiplies_both(y, x, grid):
    return y * grid[1] * x


@wrong("?")
def plain_sum(y, x, grid):
    return y + x


@wrong("?")
def wrong_brackets(y, x, grid):
    return y * (grid[1] + x)


@wrong("?")
def from_the_bottom(y, x, grid):
    return (grid[0] - 1 - y) * grid[1] + x


@wrong("?")
def from_the_right(y, x, grid):
    return y * grid[1] + grid[1] - 1 - x


@wrong("?")
def there_and_back(y, x, grid):
    return y * grid[1] + (x if y % 2 == 0 else grid[1] - 1 - x)


@wrong("?")
def whole_grid_as_a_row(y, x, grid):
    return y * grid[0] * grid[1] + x


@wrong("?")
def only_the_first_row(y, x, grid):
    return x


@wrong("?")
def row_start_only(y, x, grid):
    return y * grid[1]


@wrong("?")
def takes_a_product_of_places(y, x, grid):
    return (y + 1) * (x + 1) - 1


@wrong("?")
def a_number_of_text(y, x, grid):
    return f"{y * grid[1] + x}"


@wrong("?")
def a_place(y, x, grid):
    return (y * grid[1], x)


@wrong("?")
def divided(y, x, grid):
    return y / grid[1] + x


@wrong("?")
def forgets_return(y, x, grid):
    number = y * grid[1] + x  # noqa: F841


@wrong("?")
def attribute_of_a_tuple(y, x, grid):
    return y * grid.width + x


@wrong("?")
def prints_it(y, x, grid):
    print(y * grid[1] + x)


@right
def counts_in_a_loop(y, x, grid):
    count = 0
    for row in range(grid[0]):
        for column in range(grid[1]):
            if (row, column) == (y, x):
                return count
            count += 1
    raise ValueError("no such place")


@right
def asks_numpy(y, x, grid):
    return np.ravel_multi_index((y, x), grid)


@right
def a_tensor_without_axes(y, x, grid):
    return torch.arange(grid[0] * grid[1]).reshape(grid)[y, x]


@right
def looks_in_a_list(y, x, grid):
    return [(row, column) for row in range(grid[0]) for column in range(grid[1])].index((y, x))


def _numbered(offset, y, x, grid):
    _, width = grid
    return offset + width * y + x


a_partial = right(partial(_numbered, 0))
