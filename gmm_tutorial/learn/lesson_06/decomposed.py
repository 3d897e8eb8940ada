"""Exercise 06.decomposed: along rows, then along columns."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.grid import Grid, coordinates
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_06.axes import COLUMNS, ROWS, gated, over_queries, two_passes, unscaled, within
from gmm_tutorial.learn.lesson_06.manhattan_decay import manhattan_decay
from gmm_tutorial.manhattan import decomposed_manhattan_attention


def decomposed_cases() -> list[dict[str, Any]]:
    """Tokens without a preference, so that all is decay; some with one; one row; then grids that are not square."""
    whole = torch.tensor([[[[3.0], [0], [0], [0]]]])
    q, k, v = torch.tensor([[1.0, 0, 2, -1], [0, 1, -1, 2], [10, 20, 50, 80]]).view(3, 1, 1, 4, 1)
    made: list[tuple[Tensor, Tensor, Tensor, Tensor, Grid]] = [
        (0 * whole, 0 * whole, whole, torch.tensor([0.5]), (2, 2)),
        (q, k, v, torch.tensor([0.5]), (2, 2)),
        (0 * whole, 0 * whole, whole, torch.tensor([0.5]), (1, 4)),
        (*torch.randn(3, 1, 1, 6, 4), torch.tensor([0.5]), (2, 3)),
        (*torch.randn(3, 3, 2, 12, 4), torch.tensor([0.75, 0.9]), (4, 3)),
    ]
    return [dict(zip(("q", "k", "v", "gamma", "grid"), case, strict=True)) for case in made]


exercise = Exercise(
    "06.decomposed",
    decomposed_manhattan_attention,
    decomposed_cases,
    unit="grids",
    hints=(
        "Put the tokens back onto the grid: rearrange the axis of N tokens into rows and columns. Each row is then a "
        "short sequence, and all rows can attend at once, like a batch.",
        "The decay of one line of n tokens is that of the grid (1, n). biased_weights accepts further axes in front of "
        "the heads, so the axis that numbers the lines belongs there.",
        "The first pass gives each token a mixture of the values in its row. The second pass uses the same queries and "
        "keys, now along columns, and its values are these mixtures.",
    ),
)


@exercise.mistake
def columns_first(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go along columns first. The published order is rows first, and in general the order matters."""
    return two_passes(q, k, v, gamma, grid, order=(COLUMNS, ROWS))


@exercise.mistake
def columns_only(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Only your pass along columns counts: is the pass along rows missing, or does the second pass take v again?"""
    return within(COLUMNS, q, k, v, gamma, grid)


@exercise.mistake
def rows_only(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Only your pass along rows counts: the pass along columns is missing."""
    return within(ROWS, q, k, v, gamma, grid)


@exercise.mistake
def rows_twice(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Both of your passes go along rows, so no token gets anything from another row."""
    return two_passes(q, k, v, gamma, grid, order=(ROWS, ROWS))


@exercise.mistake
def added_up(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You add the results of both passes. The second pass must take the first one's result as its values."""
    return within(ROWS, q, k, v, gamma, grid) + within(COLUMNS, q, k, v, gamma, grid)


@exercise.mistake
def averaged(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You average the results of both passes. The second pass must take the first one's result as its values."""
    return added_up(q, k, v, gamma, grid) / 2


@exercise.mistake
def criss_cross(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You use one softmax over a token's row and column together. These must be two passes, one after the other."""
    y, x = coordinates(grid).T
    neither = (y[:, None] != y) & (x[:, None] != x)
    return attention(q, k, v, bias=manhattan_decay(gamma, grid).log().masked_fill(neither, -torch.inf))


@exercise.mistake
def raster_turned(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your lines are not rows: tokens are numbered row by row, so N is (h w), not (w h)."""
    q, k, v = (rearrange(each, "B H (w h) D -> B H (h w) D", h=grid[0]) for each in (q, k, v))
    return rearrange(two_passes(q, k, v, gamma, grid), "B H (h w) D -> B H (w h) D", h=grid[0])


@exercise.mistake
def merged_turned(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your result is numbered column by column: tokens are numbered row by row, so merge to (h w), not (w h)."""
    return rearrange(two_passes(q, k, v, gamma, grid), "B H (h w) D -> B H (w h) D", h=grid[0])


@exercise.mistake
def reshaped_for_columns(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your second pass does not run along columns: (h, w) read as (w, h) mixes the rows up. Transpose or rearrange."""
    q, k, v = (
        rearrange(each, "B H (w h) D -> B H (h w) D", w=grid[1]) for each in (q, k, within(ROWS, q, k, v, gamma, grid))
    )
    return rearrange(within(COLUMNS, q, k, v, gamma, grid), "B H (h w) D -> B H (w h) D", w=grid[1])


@exercise.mistake
def multiplied_after_softmax(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply by the decay after softmax, as in the paper's formula: add its log to the scores, before softmax."""
    return two_passes(q, k, v, gamma, grid, gated)


@exercise.mistake
def multiplied_before_softmax(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply the scores by the decay before softmax. Add its log instead, as biased_weights does."""
    return two_passes(q, k, v, gamma, grid, lambda q, k, log: (q @ k.mT / q.shape[-1] ** 0.5 * log.exp()).softmax(-1))


@exercise.mistake
def softmax_forgotten(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """There is no softmax in your passes. Without it this is retention, not attention."""
    return two_passes(q, k, v, gamma, grid, lambda q, k, log: q @ k.mT / q.shape[-1] ** 0.5 * log.exp())


@exercise.mistake
def normalized_over_queries(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your softmax runs over the queries. For each query, the weights of the keys must sum to 1: use the last axis."""
    return two_passes(q, k, v, gamma, grid, over_queries)


@exercise.mistake
def no_decay_in_columns(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your second pass has no decay: along columns, too, each step costs a factor gamma."""
    return within(COLUMNS, q, k, within(ROWS, q, k, v, gamma, grid), gamma**0, grid)


@exercise.mistake
def no_decay_in_rows(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your first pass has no decay: along rows, too, each step costs a factor gamma."""
    return within(COLUMNS, q, k, within(ROWS, q, k, v, gamma**0, grid), gamma, grid)


@exercise.mistake
def no_decay(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your answer does not depend on gamma: this is plain attention along each axis."""
    return two_passes(q, k, v, gamma**0, grid)


@exercise.mistake
def not_scaled(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your scores are not divided by sqrt(D)."""
    return two_passes(q, k, v, gamma, grid, unscaled)


@exercise.mistake
def scaled_by_tokens(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your scores are divided by sqrt(N), with N tokens. Divide by sqrt(D), with D channels of a head."""
    return two_passes(q / q.shape[-2] ** 0.5, k, v, gamma, grid, unscaled)


@exercise.mistake
def scaled_by_line(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your scores are divided by the square root of a line's length. Divide by sqrt(D), with D channels of a head."""
    return two_passes(q, k, v, gamma, grid, lambda q, k, log: unscaled(q / q.shape[-2] ** 0.5, k, log))


@exercise.mistake
def scaled_twice(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """In your second pass the scores are divided by sqrt(D) twice: is q divided once more before it?"""
    return within(COLUMNS, q / q.shape[-1] ** 0.5, k, within(ROWS, q, k, v, gamma, grid), gamma, grid)


@exercise.mistake
def keys_mixed(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your first pass mixes the keys as well. Only the values go through it: q and k stay as they are."""
    k, v = (within(ROWS, q, k, each, gamma, grid) for each in (k, v))
    return within(COLUMNS, q, k, v, gamma, grid)


@exercise.mistake
def queries_and_keys_mixed(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your first pass mixes queries and keys as well. Only the values go through it: q and k stay as they are."""
    q, k, v = (within(ROWS, q, k, each, gamma, grid) for each in (q, k, v))
    return within(COLUMNS, q, k, v, gamma, grid)


@exercise.mistake
def not_decomposed(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """This is full Manhattan attention, with every pair of tokens. Go along rows, then along columns."""
    return attention(q, k, v, manhattan_decay(gamma, grid), combine="bias")
