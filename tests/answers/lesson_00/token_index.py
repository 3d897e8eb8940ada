"""Answers to 00.token_index."""

from functools import partial

import numpy as np
import torch
from verdicts import right, wrong


@wrong("You multiply by h, the number of rows, but a row has w tokens")
def multiplies_by_the_rows(y, x, grid):
    return y * grid[0] + x


@wrong("You count column by column. Raster order goes row by row, from left to")
def column_by_column(y, x, grid):
    return x * grid[0] + y


@wrong("You have swapped `y` and `x`: `y` is the row and `x` is the column")
def swaps_row_and_column(y, x, grid):
    return x * grid[1] + y


@wrong("Your numbers are too high by one:")
def counts_from_one(y, x, grid):
    return y * grid[1] + x + 1


@wrong("You skip one row too many. Rows are counted from 0, so there are y whole")
def one_row_too_many(y, x, grid):
    return (y + 1) * grid[1] + x


@wrong("You skip one row too few. Rows are counted from 0, so there are y whole")
def one_row_too_few(y, x, grid):
    return (y - 1) * grid[1] + x


@wrong("You skip w - 1 tokens per row, but a row has w tokens:")
def row_one_shorter(y, x, grid):
    return y * (grid[1] - 1) + x


@wrong("You skip w + 1 tokens per row, but a row has w tokens")
def row_one_longer(y, x, grid):
    return y * (grid[1] + 1) + x


@wrong("You multiply by the column `x`")
def multiplies_both(y, x, grid):
    return y * grid[1] * x


@wrong("You add the row and the column, but one step down skips a whole row of w")
def plain_sum(y, x, grid):
    return y + x


@wrong("You add the column before you multiply")
def wrong_brackets(y, x, grid):
    return y * (grid[1] + x)


@wrong("You count the rows from the bottom")
def from_the_bottom(y, x, grid):
    return (grid[0] - 1 - y) * grid[1] + x


@wrong("You count the columns from the right")
def from_the_right(y, x, grid):
    return y * grid[1] + grid[1] - 1 - x


@wrong("Your odd rows run from right to left")
def there_and_back(y, x, grid):
    return y * grid[1] + (x if y % 2 == 0 else grid[1] - 1 - x)


@wrong("You skip h * w tokens per row")
def whole_grid_as_a_row(y, x, grid):
    return y * grid[0] * grid[1] + x


@wrong("You return the column alone, as if every token were in row 0")
def only_the_first_row(y, x, grid):
    return x


@wrong("This is the number of the first token of the row")
def row_start_only(y, x, grid):
    return y * grid[1]


@wrong("It is too small by 1")
def takes_a_product_of_places(y, x, grid):
    return (y + 1) * (x + 1) - 1


@wrong("It returns a string, but a whole number is expected")
def a_number_of_text(y, x, grid):
    return f"{y * grid[1] + x}"


@wrong("It returns a tuple of 2 values (a whole number and a whole number), but a")
def a_place(y, x, grid):
    return (y * grid[1], x)


@wrong("It returns a number, but a whole number is expected")
def divided(y, x, grid):
    return y / grid[1] + x


@wrong("returned None: did you forget return?")
def forgets_return(y, x, grid):
    number = y * grid[1] + x  # noqa: F841


@wrong("raised AttributeError")
def attribute_of_a_tuple(y, x, grid):
    return y * grid.width + x


@wrong("returned None: did you forget return?")
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
