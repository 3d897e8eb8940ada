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
    """Weights of whole numbers, each a number of its own, on grids that are and are not square."""
    made: list[tuple[Grid, Place, Place]] = [
        ((2, 2), (0, 0), (1, 1)),
        ((2, 3), (0, 0), (1, 2)),
        ((2, 3), (1, 2), (0, 1)),
        ((4, 3), (1, 2), (3, 0)),
        ((3, 4), (2, 3), (0, 1)),
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
        "Begin at the end: the query (y, x) reads its own column x. In which row does it find something of the key?",
        "What stands in row y' of the query's column was put there by the first pass, in which the token (y', x) read "
        "its own row. How much of the key's value did it take?",
        "Two weights multiply: in column x, that of row y' for the query in row y; and in row y', that of column x' "
        "for the token in column x.",
    ),
)


@exercise.mistake
def other_corner(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """Your path turns at (y, x'), the other corner: that would be columns first, then rows."""
    (y, x), (u, z) = query, key
    return along_w[y, x, z] * along_h[z, y, u]


@exercise.mistake
def row_of_the_query(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read the row of the query. The key's value was gathered in the key's own row, y'."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[y, x, z]


@exercise.mistake
def column_of_the_key(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read the column of the key. The query reads its own column, x."""
    (y, x), (u, z) = query, key
    return along_h[z, y, u] * along_w[u, x, z]


@exercise.mistake
def backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read the weights from key to query: of the last two axes, the first belongs to the one who asks."""
    (y, x), (u, z) = query, key
    return along_h[x, u, y] * along_w[u, z, x]


@exercise.mistake
def column_backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read along_h from key to query: the query's row y asks there, so it comes before y'."""
    (y, x), (u, z) = query, key
    return along_h[x, u, y] * along_w[u, x, z]


@exercise.mistake
def row_backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read along_w from key to query: the corner's column x asks there, so it comes before x'."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[u, z, x]


@exercise.mistake
def summed(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You add the two weights: a share of a share is a product."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] + along_w[u, x, z]


@exercise.mistake
def way_along_the_row_only(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You have only the first half of the way: what the corner took. The query takes only a share of that."""
    (_, x), (u, z) = query, key
    return along_w[u, x, z]
