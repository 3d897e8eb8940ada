"""Exercise 06.path_weight: what a key weighs in the end."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise

Place = tuple[int, int]


def path_weight(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """along_h (w, h, h), along_w (h, w, w) -> (): the weight of a key by way of the corner (y', x)."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[u, x, z]


def path_cases() -> list[dict[str, Any]]:
    """Weights that are distinct whole numbers; at last query and key in one row, in one column, in one place."""
    made: list[tuple[Grid, Place, Place]] = [
        ((2, 2), (0, 0), (1, 1)),
        ((2, 3), (0, 0), (1, 2)),
        ((2, 3), (1, 2), (0, 1)),
        ((4, 3), (1, 2), (3, 0)),
        ((3, 4), (2, 3), (0, 1)),
        ((3, 4), (2, 0), (2, 3)),
        ((3, 4), (0, 1), (2, 1)),
        ((3, 4), (1, 2), (1, 2)),
    ]
    cases = []
    for (h, w), query, key in made:
        along_h, along_w = 1 + torch.arange(w * h * h).view(w, h, h), 1 + torch.arange(h * w * w).view(h, w, w)
        cases.append({"along_h": along_h.float(), "along_w": along_w.float(), "query": query, "key": key})
    return cases


exercise = Exercise(
    "06.path_weight",
    path_weight,
    path_cases,
    unit="paths",
    hints=(
        "Begin with the second pass: the query (y, x) reads its own column x. In which row of this column does it find "
        "something of the key's value?",
        "The token in row y' of the query's column got its mixture in the first pass, when it read its own row. How "
        "much of the key's value did it take?",
        "Two weights are multiplied. One is within column x, where the query is in row y and reads row y'. The other "
        "is within row y', where the reading token is in column x and the key in column x'.",
    ),
)


@exercise.mistake
def other_corner(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """Your path turns at the corner (y, x'): that is columns first, then rows. With rows first it turns at (y', x)."""
    (y, x), (u, z) = query, key
    return along_w[y, x, z] * along_h[z, y, u]


@exercise.mistake
def row_of_the_query(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You take the attention within the query's row y. The key's value is mixed within the key's own row, y'."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[y, x, z]


@exercise.mistake
def column_of_the_key(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You take the attention within the key's column x'. The query reads its own column, x."""
    (y, x), (u, z) = query, key
    return along_h[z, y, u] * along_w[u, x, z]


@exercise.mistake
def backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read both weights from key to query: of the last two axes, the first is the query's, the second the key's."""
    (y, x), (u, z) = query, key
    return along_h[x, u, y] * along_w[u, z, x]


@exercise.mistake
def column_backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read along_h from key to query: its query is in row y, which comes first, its key in row y'."""
    (y, x), (u, z) = query, key
    return along_h[x, u, y] * along_w[u, x, z]


@exercise.mistake
def row_backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read along_w from key to query: its query is in the corner's column x, which comes first, its key in x'."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[u, z, x]


@exercise.mistake
def summed(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You add the two weights. The query takes a share of the share that the corner took, so multiply them."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] + along_w[u, x, z]


@exercise.mistake
def row_only(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You return the weight within the row alone. The query takes only a share of what the corner took."""
    (_, x), (u, z) = query, key
    return along_w[u, x, z]


@exercise.mistake
def column_only(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You return the weight within the column alone. The corner took only a share of the key's value."""
    (y, x), (u, _) = query, key
    return along_h[x, y, u]


@exercise.mistake
def averaged(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You average the two weights. The query takes a share of the share that the corner took, so multiply them."""
    return summed(along_h, along_w, query, key) / 2


@exercise.mistake
def smaller_weight(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You return the smaller of the two weights. The query takes a share of a share, so multiply them."""
    return torch.minimum(column_only(along_h, along_w, query, key), row_only(along_h, along_w, query, key))


@exercise.mistake
def over_all_rows(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You sum over all rows of the query's column. The key's value is in one of them only, y'."""
    (y, x), (_, z) = query, key
    return along_h[x, y] @ along_w[:, x, z]


@exercise.mistake
def both_corners(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You add up the paths by way of both corners. With rows first there is only the one by way of (y', x)."""
    return path_weight(along_h, along_w, query, key) + other_corner(along_h, along_w, query, key)


@exercise.mistake
def mean_of_both_corners(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You average the paths by way of both corners. With rows first there is only the one by way of (y', x)."""
    return both_corners(along_h, along_w, query, key) / 2


@exercise.mistake
def one_weight_within_a_line(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You leave one of the two passes out if query and key share a line. Every value goes through both passes."""
    (y, x), (u, z) = query, key
    if y == u:
        return along_w[y, x, z]
    return along_h[x, y, u] if x == z else path_weight(along_h, along_w, query, key)


@exercise.mistake
def one_weight_within_a_row(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You leave out the pass along columns if query and key share a row. Every value goes through both passes."""
    share_a_row = query[0] == key[0]
    return (row_only if share_a_row else path_weight)(along_h, along_w, query, key)


@exercise.mistake
def cross_only(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """Your weight is 0 unless query and key share a row or a column. By way of the corner, every key has a weight."""
    share_a_line = query[0] == key[0] or query[1] == key[1]
    return path_weight(along_h, along_w, query, key) * float(share_a_line)
