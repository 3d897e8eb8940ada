"""Answers to 06.path_weight."""

from functools import partial

import torch
from verdicts import right, wrong


@right
def one_after_the_other(along_h, along_w, query, key):
    (y, x), (far_y, far_x) = query, key
    to_the_corner = along_w[far_y][x][far_x]
    return along_h[x][y][far_y] * to_the_corner


@right
def through_logarithms(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return (along_h[x, y, r].log() + along_w[r, x, c].log()).exp()


@right
def stacked(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return torch.stack([along_h[x, y, r], along_w[r, x, c]]).prod()


@right
def matrix_element(along_h, along_w, query, key):
    """The query's column weights times every row's weight for the key's column, taken at one row."""
    (y, x), (r, c) = query, key
    return (along_h[x, y] * along_w[:, x, c])[r]


@right
def in_double(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h.double()[x, y, r] * along_w.double()[r, x, c]


def picked(order, along_h, along_w, query, key):
    y, x, r, c = (*query, *key)
    one, other = (along_h[x, y, r], along_w[r, x, c])[::order]
    return one * other


other_order = right(partial(picked, -1))


@wrong("Your path turns at the corner (y, x')")
def other_corner(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[c, y, r] * along_w[y, x, c]


@wrong("You take the attention within the query's row y")
def row_of_the_query(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r] * along_w[y, x, c]


@wrong("You take the attention within the key's column x'")
def column_of_the_key(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[c, y, r] * along_w[r, x, c]


@wrong("You add the two weights. The query takes a share of the share that")
def summed(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r] + along_w[r, x, c]


@wrong("You average the two weights")
def averaged(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return (along_h[x, y, r] + along_w[r, x, c]) / 2


@wrong("Each value is the square root of the expected one")
def geometric_mean(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return (along_h[x, y, r] * along_w[r, x, c]).sqrt()


@wrong("You return the smaller of the two weights")
def smaller_of_the_two(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return torch.minimum(along_h[x, y, r], along_w[r, x, c])


@wrong("You read along_h from key to query")
def column_backwards(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, r, y] * along_w[r, x, c]


@wrong("You read along_w from key to query")
def row_backwards(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r] * along_w[r, c, x]


@wrong("You read both weights from key to query")
def both_backwards(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, r, y] * along_w[r, c, x]


@wrong("This is what comes out when `query` and `key` change places")
def query_and_key_swapped(along_h, along_w, query, key):
    (y, x), (r, c) = key, query
    return along_h[x, y, r] * along_w[r, x, c]


@wrong("raised")
def places_read_as_x_and_y(along_h, along_w, query, key):
    (x, y), (c, r) = query, key
    return along_h[x, y, r] * along_w[r, x, c]


@wrong("raised")
def lines_swapped(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[y, x, c] * along_w[x, y, r]


@wrong("You return the weight within the row alone")
def only_the_row(along_h, along_w, query, key):
    (_, x), (r, c) = query, key
    return along_w[r, x, c]


@wrong("You return the weight within the column alone")
def only_the_column(along_h, along_w, query, key):
    (y, x), (r, _) = query, key
    return along_h[x, y, r]


@wrong("You sum over all rows of the query's column")
def over_all_rows(along_h, along_w, query, key):
    (y, x), (_, c) = query, key
    return along_h[x, y] @ along_w[:, x, c]


@wrong("You add up the paths by way of both corners")
def over_both_corners(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r] * along_w[r, x, c] + along_h[c, y, r] * along_w[y, x, c]


@wrong("You average the paths by way of both corners")
def mean_of_both_corners(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return (along_h[x, y, r] * along_w[r, x, c] + along_h[c, y, r] * along_w[y, x, c]) / 2


@wrong("You leave one of the two passes out if query and key share a line")
def same_line_needs_one_weight(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    if y == r:
        return along_w[y, x, c]
    if x == c:
        return along_h[x, y, r]
    return along_h[x, y, r] * along_w[r, x, c]


@wrong("You leave out the pass along columns if query and key share a row")
def same_row_needs_one_weight(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_w[r, x, c] * (along_h[x, y, r] if y != r else 1)


@wrong("Your weight is 0 unless query and key share a row or a column")
def nothing_off_the_cross(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r] * along_w[r, x, c] * float(y == r or x == c)


@wrong("is too small by")
def by_distance(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, 0, abs(y - r)] * along_w[r, 0, abs(x - c)]


@wrong("is too small by")
def divided_by_the_line(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r] * along_w[r, x, c] / along_h[x, y].norm()


@wrong("The values are right, but no gradient comes back")
def as_a_number(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r].item() * along_w[r, x, c].item()


@wrong("The numbers are right and in the right order, but the shape is not")
def one_axis_left(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r : r + 1] * along_w[r, x, c : c + 1]


@wrong("It returns a tuple of 2 values (a number and a number), but a number is expected")
def two_weights(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    return along_h[x, y, r], along_w[r, x, c]


@wrong("returned None: did you forget")
def no_return(along_h, along_w, query, key):
    (y, x), (r, c) = query, key
    _ = along_h[x, y, r] * along_w[r, x, c]
