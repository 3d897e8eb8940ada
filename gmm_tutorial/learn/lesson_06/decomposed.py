"""Exercise 06.decomposed: along rows, then along columns."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.decay import axis_distances
from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_06.manhattan_decay import manhattan_decay
from gmm_tutorial.manhattan import decomposed_manhattan_attention


def decomposed_cases() -> list[dict[str, Any]]:
    """Tokens that ask for nothing, so that all is decay; some that ask; one row; then grids that are not square."""
    whole = torch.tensor([[[[3.0], [0], [0], [0]]]])
    q, k, v = torch.tensor([[1.0, 0, 2, -1], [0, 1, -1, 2], [10, 20, 50, 80]]).view(3, 1, 1, 4, 1)
    made: list[tuple[Tensor, Tensor, Tensor, Tensor, Grid]] = [
        (0 * whole, 0 * whole, whole, torch.tensor([0.5]), (2, 2)),
        (q, k, v, torch.tensor([0.5]), (2, 2)),
        (0 * whole, 0 * whole, whole, torch.tensor([0.5]), (1, 4)),
        (*torch.randn(3, 1, 1, 6, 4), torch.tensor([0.5]), (2, 3)),
        (*torch.randn(3, 2, 2, 12, 4), torch.tensor([0.75, 0.9]), (4, 3)),
    ]
    return [dict(zip(("q", "k", "v", "gamma", "grid"), case, strict=True)) for case in made]


exercise = Exercise(
    "06.decomposed",
    decomposed_manhattan_attention,
    decomposed_cases,
    unit="grids",
    hints=(
        'Unfold the tokens onto the grid first: rearrange "B H (h w) D -> B H h w D". A row is then one index, '
        "and all rows can attend at once.",
        "The decay of one line of n tokens is that of the grid (1, n). biased_weights takes further axes in front, so "
        "the lines go there, and the heads stay right before the two axes of the line.",
        "The first pass gives each token a mixture of its row. The second pass has the same queries and keys, now "
        "along columns, but its values are these mixtures.",
    ),
)


def along(
    q: Tensor, k: Tensor, v: Tensor, log_gamma: Tensor, axis: int, scale: float | None = None, *, gate: bool = False
) -> Tensor:
    """Attention within the rows (axis 3) or columns (axis 2) of (B, H, h, w, D), under a decay; gate: after softmax."""
    order = "B H h w D -> B h H w D" if axis == 3 else "B H h w D -> B w H h D"
    back = " -> ".join(reversed(order.split(" -> ")))
    q, k, v = (rearrange(t, order) for t in (q, k, v))
    logits = q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale)
    bias = log_gamma[:, None, None] * axis_distances(q.shape[-2])
    weights = logits.softmax(-1) * bias.exp() if gate else (logits + bias).softmax(-1)
    return rearrange(weights @ v, back)


def on_grid(grid: Grid, *tensors: Tensor) -> list[Tensor]:
    """(B, H, N, D) each -> (B, H, h, w, D) each."""
    return [t.unflatten(2, grid) for t in tensors]


@exercise.mistake
def columns_first(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go along columns first. As published it is rows first, and the order matters."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 2), gamma.log(), 3).flatten(2, 3)


@exercise.mistake
def v_not_carried(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your second pass takes v again: what the rows have gathered is lost. Its values are the first pass's result."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, v, gamma.log(), 2).flatten(2, 3)


@exercise.mistake
def rows_only(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go along rows only: the pass along columns is missing."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, v, gamma.log(), 3).flatten(2, 3)


@exercise.mistake
def rows_twice(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Both of your passes go along rows: a token never hears of another row."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 3), gamma.log(), 3).flatten(2, 3)


@exercise.mistake
def added_up(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You add rows and columns up: a token then sees a cross, and nothing off it. Carry on instead."""
    q, k, v = on_grid(grid, q, k, v)
    return (along(q, k, v, gamma.log(), 3) + along(q, k, v, gamma.log(), 2)).flatten(2, 3)


@exercise.mistake
def raster_turned(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your lines are not rows: tokens are numbered row by row, so N is (h w), not (w h)."""
    q, k, v = (rearrange(t, "B H (w h) D -> B H h w D", h=grid[0]) for t in (q, k, v))
    return rearrange(along(q, k, along(q, k, v, gamma.log(), 3), gamma.log(), 2), "B H h w D -> B H (w h) D")


@exercise.mistake
def merged_turned(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go in right, but come out in another order: tokens are numbered row by row, so merge to (h w), not (w h)."""
    out = decomposed_manhattan_attention(q, k, v, gamma, grid)
    return rearrange(out, "B H (h w) D -> B H (w h) D", h=grid[0])


@exercise.mistake
def gated(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply by the decay after softmax, as in the paper's formula: add its log to the scores, before softmax."""
    q, k, v = on_grid(grid, q, k, v)
    rows = along(q, k, v, gamma.log(), 3, gate=True)
    return along(q, k, rows, gamma.log(), 2, gate=True).flatten(2, 3)


@exercise.mistake
def decay_of_rows_only(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your second pass has no decay: along columns, too, each step costs a factor gamma."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 3), 0 * gamma.log(), 2).flatten(2, 3)


@exercise.mistake
def no_decay(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your answer does not depend on gamma: this is plain attention along each axis."""
    return decomposed_manhattan_attention(q, k, v, torch.ones_like(gamma), grid)


@exercise.mistake
def not_scaled(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your scores are not divided by sqrt(D)."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 3, 1.0), gamma.log(), 2, 1.0).flatten(2, 3)


@exercise.mistake
def not_decomposed(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """This is full Manhattan attention, with every pair of tokens. Go along rows, then along columns."""
    return attention(q, k, v, manhattan_decay(gamma, grid), combine="bias")
