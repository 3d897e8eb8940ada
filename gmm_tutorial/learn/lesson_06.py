"""Checks of lesson 06: Manhattan decay, attention under it, attention an axis at a time, and the path that it takes."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.decay import axis_distances
from gmm_tutorial.grid import Grid, coordinates, distances, kernel_offsets, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.manhattan import decomposed_manhattan_attention

# ---- 06.manhattan_decay: from a rate to a weight for every pair


def manhattan_decay(gamma: Tensor, grid: Grid) -> Tensor:
    """gamma (H,) -> (H, N, N): gamma^(|dy| + |dx|) for each pair of tokens."""
    return unfold_kernel(gamma[:, None, None] ** kernel_offsets(grid).abs().sum(-1), grid)


def decay_cases() -> list[dict[str, Any]]:
    """A square of four tokens, then several heads, and grids that are not square."""
    made: list[tuple[Tensor, Grid]] = [
        (torch.tensor([0.5]), (2, 2)),
        (torch.tensor([0.5]), (1, 4)),
        (torch.tensor([0.5]), (2, 3)),
        (torch.tensor([0.75, 1.0]), (3, 2)),
        (torch.tensor([0.75, 0.875, 0.9375]), (5, 3)),
    ]
    return [{"gamma": gamma, "grid": grid} for gamma, grid in made]


decay = Exercise(
    "06.manhattan_decay",
    manhattan_decay,
    decay_cases,
    unit="decays",
    hints=(
        "`coordinates(grid)` is (N, 2). Subtract it from itself so that every token meets every other: give one of the "
        "two an axis of length 1 in front, the other one behind its tokens.",
        "What you have then is (N, N, 2), rows and columns apart. The number of steps is the sum of their sizes: first "
        "the absolute value, then the sum over the last axis.",
        "The rates are (H,), the steps (N, N). With two axes of length 1 at its end, gamma to the power of the "
        "steps is (H, N, N).",
    ),
)


def powers(gamma: Tensor, steps: Tensor) -> Tensor:
    """gamma (H,), steps (N, N) -> (H, N, N)."""
    return gamma[:, None, None] ** steps


def apart(grid: Grid) -> Tensor:
    """Rows and columns from each token to each other, with their sign: (N, N, 2)."""
    places = coordinates(grid)
    return places - places[:, None]


@decay.mistake
def straight_line(gamma: Tensor, grid: Grid) -> Tensor:
    """Your distance is the straight line, sqrt(dy^2 + dx^2). Manhattan walks along the streets: |dy| + |dx|."""
    return powers(gamma, distances(grid))


@decay.mistake
def not_absolute(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights rise above 1 for keys above or left of the query: a step back is a step, too. Take its size."""
    return powers(gamma, apart(grid).sum(-1))


@decay.mistake
def not_absolute_from_the_key(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights rise above 1 for keys below or right of the query: query - key is negative there. Take its size."""
    return powers(gamma, -apart(grid).sum(-1))


@decay.mistake
def absolute_too_late(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value of the sum: one step down and one to the left then cancel. First abs, then sum."""
    return powers(gamma, apart(grid).sum(-1).abs())


@decay.mistake
def larger_of_the_two(gamma: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|, as a king walks on a chessboard. Manhattan adds them up."""
    return powers(gamma, apart(grid).abs().amax(-1))


@decay.mistake
def grid_turned(gamma: Tensor, grid: Grid) -> Tensor:
    """Your x and y are swapped: on a grid that is not square, token numbers run along the wrong side."""
    return manhattan_decay(gamma, (grid[1], grid[0]))


@decay.mistake
def along_the_raster(gamma: Tensor, grid: Grid) -> Tensor:
    """You count steps along the token number, as in a sequence: the first of a row is not next to the last above."""
    return powers(gamma, axis_distances(grid[0] * grid[1]))


@decay.mistake
def heads_last(gamma: Tensor, grid: Grid) -> Tensor:
    """Your heads are the last axis: the rates need their two new axes behind them, gamma[:, None, None]."""
    return manhattan_decay(gamma, grid).movedim(0, -1)


@decay.mistake
def not_a_power(gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply the rate by the steps. Each step is one more factor gamma: a power."""
    return gamma[:, None, None] * apart(grid).abs().sum(-1)


@decay.mistake
def growing(gamma: Tensor, grid: Grid) -> Tensor:
    """Your weights grow with distance: the exponent needs no minus, for gamma is below 1 already."""
    return powers(gamma, -apart(grid).abs().sum(-1))


@decay.mistake
def log_of_it(gamma: Tensor, grid: Grid) -> Tensor:
    """You return log D: D itself is asked for."""
    return manhattan_decay(gamma, grid).log()


# ---- 06.biased_weights: attention weights under a decay


def biased_weights(scores: Tensor, decay: Tensor) -> Tensor:
    """scores (..., H, N, N), decay (H, N, N) -> (..., H, N, N): softmax(S + log D) by rows."""
    return (scores + decay.log()).softmax(dim=-1)


def weight_cases() -> list[dict[str, Any]]:
    """No preference of its own, then some, then a batch; the last decay is not symmetric."""
    made = [
        (torch.zeros(1, 2, 2), manhattan_decay(torch.tensor([0.25]), (1, 2))),
        (torch.tensor([[[2.0, 0, 1], [1, 0, 2], [0, 0, -1]]]), manhattan_decay(torch.tensor([0.5]), (1, 3))),
        (torch.randn(2, 2, 6, 6), manhattan_decay(torch.tensor([0.5, 0.9]), (2, 3))),
        (torch.randn(2, 3, 2, 4, 4), 0.1 + torch.rand(2, 4, 4)),
    ]
    return [{"scores": scores, "decay": decay} for scores, decay in made]


weights = Exercise(
    "06.biased_weights",
    biased_weights,
    weight_cases,
    unit="weights",
    hints=(
        "A weight of 1 must leave a score alone, and 0 must send it to minus infinity. Which function does that?",
        "Adding to a logit multiplies what is inside the softmax: exp(s + log d) is d times exp(s).",
        "Add the logarithm of the decay to the scores, and let softmax normalise over the keys, the last axis.",
    ),
)


@weights.mistake
def without_log(scores: Tensor, decay: Tensor) -> Tensor:
    """You add the decay itself. What is added to a logit must be its logarithm."""
    return (scores + decay).softmax(-1)


@weights.mistake
def multiplied_on_logits(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply the decay onto the scores, as ELM and GMM do: a score far away then goes to 0, not to -infinity."""
    return (scores * decay).softmax(-1)


@weights.mistake
def wrong_dimension(scores: Tensor, decay: Tensor) -> Tensor:
    """Your columns sum to 1, not your rows: a query, which is a row, shares its attention among the keys."""
    return (scores + decay.log()).softmax(-2)


@weights.mistake
def gate(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply after softmax, as in the paper's formula: your rows no longer sum to 1. Divide, or add the log."""
    return scores.softmax(-1) * decay


@weights.mistake
def log_subtracted(scores: Tensor, decay: Tensor) -> Tensor:
    """You subtract the logarithm, so that far keys gain: the log of a number below 1 is negative already."""
    return (scores - decay.log()).softmax(-1)


@weights.mistake
def log_after_softmax(scores: Tensor, decay: Tensor) -> Tensor:
    """You add the logarithm after softmax: your weights are negative. It belongs to the logits, before softmax."""
    return scores.softmax(-1) + decay.log()


@weights.mistake
def softmax_forgotten(scores: Tensor, decay: Tensor) -> Tensor:
    """You return logits: softmax is missing."""
    return scores + decay.log()


# ---- 06.decomposed: along rows, then along columns


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


decomposed = Exercise(
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


@decomposed.mistake
def columns_first(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go along columns first. As published it is rows first, and the order matters."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 2), gamma.log(), 3).flatten(2, 3)


@decomposed.mistake
def v_not_carried(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your second pass takes v again: what the rows have gathered is lost. Its values are the first pass's result."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, v, gamma.log(), 2).flatten(2, 3)


@decomposed.mistake
def rows_only(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go along rows only: the pass along columns is missing."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, v, gamma.log(), 3).flatten(2, 3)


@decomposed.mistake
def rows_twice(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Both of your passes go along rows: a token never hears of another row."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 3), gamma.log(), 3).flatten(2, 3)


@decomposed.mistake
def added_up(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You add rows and columns up: a token then sees a cross, and nothing off it. Carry on instead."""
    q, k, v = on_grid(grid, q, k, v)
    return (along(q, k, v, gamma.log(), 3) + along(q, k, v, gamma.log(), 2)).flatten(2, 3)


@decomposed.mistake
def raster_turned(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your lines are not rows: tokens are numbered row by row, so N is (h w), not (w h)."""
    q, k, v = (rearrange(t, "B H (w h) D -> B H h w D", h=grid[0]) for t in (q, k, v))
    return rearrange(along(q, k, along(q, k, v, gamma.log(), 3), gamma.log(), 2), "B H h w D -> B H (w h) D")


@decomposed.mistake
def merged_turned(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You go in right, but come out in another order: tokens are numbered row by row, so merge to (h w), not (w h)."""
    out = decomposed_manhattan_attention(q, k, v, gamma, grid)
    return rearrange(out, "B H (h w) D -> B H (w h) D", h=grid[0])


@decomposed.mistake
def gated(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply by the decay after softmax, as in the paper's formula: add its log to the scores, before softmax."""
    q, k, v = on_grid(grid, q, k, v)
    rows = along(q, k, v, gamma.log(), 3, gate=True)
    return along(q, k, rows, gamma.log(), 2, gate=True).flatten(2, 3)


@decomposed.mistake
def decay_of_rows_only(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your second pass has no decay: along columns, too, each step costs a factor gamma."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 3), 0 * gamma.log(), 2).flatten(2, 3)


@decomposed.mistake
def no_decay(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your answer does not depend on gamma: this is plain attention along each axis."""
    return decomposed_manhattan_attention(q, k, v, torch.ones_like(gamma), grid)


@decomposed.mistake
def not_scaled(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your scores are not divided by sqrt(D)."""
    q, k, v = on_grid(grid, q, k, v)
    return along(q, k, along(q, k, v, gamma.log(), 3, 1.0), gamma.log(), 2, 1.0).flatten(2, 3)


@decomposed.mistake
def not_decomposed(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """This is full Manhattan attention, with every pair of tokens. Go along rows, then along columns."""
    return attention(q, k, v, manhattan_decay(gamma, grid), combine="bias")


# ---- 06.path_weight: what a key weighs in the end

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


path = Exercise(
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


@path.mistake
def other_corner(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """Your path turns at (y, x'), the other corner: that would be columns first, then rows."""
    (y, x), (u, z) = query, key
    return along_w[y, x, z] * along_h[z, y, u]


@path.mistake
def row_of_the_query(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read the row of the query. The key's value was gathered in the key's own row, y'."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[y, x, z]


@path.mistake
def column_of_the_key(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read the column of the key. The query reads its own column, x."""
    (y, x), (u, z) = query, key
    return along_h[z, y, u] * along_w[u, x, z]


@path.mistake
def backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read the weights from key to query: of the last two axes, the first belongs to the one who asks."""
    (y, x), (u, z) = query, key
    return along_h[x, u, y] * along_w[u, z, x]


@path.mistake
def column_backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read along_h from key to query: the query's row y asks there, so it comes before y'."""
    (y, x), (u, z) = query, key
    return along_h[x, u, y] * along_w[u, x, z]


@path.mistake
def row_backwards(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You read along_w from key to query: the corner's column x asks there, so it comes before x'."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] * along_w[u, z, x]


@path.mistake
def summed(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You add the two weights: a share of a share is a product."""
    (y, x), (u, z) = query, key
    return along_h[x, y, u] + along_w[u, x, z]


@path.mistake
def way_along_the_row_only(along_h: Tensor, along_w: Tensor, query: Place, key: Place) -> Tensor:
    """You have only the first half of the way: what the corner took. The query takes only a share of that."""
    (_, x), (u, z) = query, key
    return along_w[u, x, z]


EXERCISES = (decay, weights, decomposed, path)
