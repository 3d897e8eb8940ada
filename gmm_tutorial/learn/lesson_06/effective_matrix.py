"""Exercise 06.effective_matrix: the matrix that decomposed attention never forms."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention_weights
from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_06 import axes
from gmm_tutorial.learn.lesson_06.axes import COLUMNS, ROWS, identity_like, line_weights, two_passes, within
from gmm_tutorial.learn.lesson_06.manhattan_decay import manhattan_decay

PAIRS = "B H y x r c -> B H (y x) (r c)"


def axis_weights(*inputs: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """The attention within columns (B, w, H, h, h), and within rows (B, h, H, w, w)."""
    return line_weights(COLUMNS, *inputs, **options), line_weights(ROWS, *inputs, **options)


def product(pattern: str, q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """An einsum of both attention matrices to (B, H, y, x, r, c), the query (y, x) and the key (r, c): (B, H, N, N)."""
    return rearrange(torch.einsum(pattern, *axis_weights(q, k, gamma, grid)), PAIRS)


def effective_matrix(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """q, k (B, H, N, D), gamma (H,), grid (h, w) -> (B, H, N, N): the matrix that multiplies v."""
    return product("bxnyr, brnxc -> bnyxrc", q, k, gamma, grid)


def matrix_cases() -> list[dict[str, Any]]:
    """Small whole numbers; then several images and heads on grids that are not square."""
    q, k = torch.tensor([[1.0, 0, 2, -1, 0, 1], [0, 1, -1, 2, 1, 0]]).view(2, 1, 1, 6, 1)
    made: list[tuple[Tensor, Tensor, Tensor, Grid]] = [
        (q, k, torch.tensor([0.5]), (2, 3)),
        (*torch.randn(2, 3, 2, 12, 4), torch.tensor([0.75, 0.9]), (4, 3)),
        (*torch.randn(2, 2, 3, 10, 5), torch.tensor([0.5, 0.75, 1.0]), (2, 5)),
    ]
    return [dict(zip(("q", "k", "gamma", "grid"), case, strict=True)) for case in made]


exercise = Exercise(
    "06.effective_matrix",
    effective_matrix,
    matrix_cases,
    unit="grids",
    hints=(
        "Begin with the two attention matrices that `decomposed` uses: one per row, (B, H, h, w, w), and one per "
        "column, (B, H, w, h, h). Scores, decay and softmax are the same as there.",
        "path_weight gives the entry for one query and one key: the product of one weight from each of the two. Which "
        "of the four numbers y, x, y', x' does each of the two matrices have as its axes?",
        "einsum can form all these products at once. Give each of y, x, y', x' a letter of its own, write down the "
        "letters of both matrices, and keep all four letters in the result: nothing is summed.",
        "The result then has the axes y, x, y', x' after images and heads. Merge the first two into the query and the "
        "last two into the key, both in raster order.",
    ),
)


@exercise.mistake
def columns_first(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your path turns at the corner (y, x'): that is columns first. With rows first it turns at (y', x)."""
    return two_passes(q, k, identity_like(q), gamma, grid, order=(COLUMNS, ROWS))


@exercise.mistake
def row_of_the_query(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You take the attention within the query's row y. The key's value is mixed within the key's own row, y'."""
    return product("bxnyr, bynxc -> bnyxrc", q, k, gamma, grid)


@exercise.mistake
def column_of_the_key(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You take the attention within the key's column x'. The query reads its own column, x."""
    return product("bcnyr, brnxc -> bnyxrc", q, k, gamma, grid)


@exercise.mistake
def row_backwards(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You read the attention within rows from key to query: its query is the corner's column x, its key is x'."""
    return product("bxnyr, brncx -> bnyxrc", q, k, gamma, grid)


@exercise.mistake
def column_backwards(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You read the attention within columns from key to query: its query is in the row y, its key in the row y'."""
    return product("bxnry, brnxc -> bnyxrc", q, k, gamma, grid)


@exercise.mistake
def summed_over_columns(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You sum the attention within columns over all columns. Each query reads one column, its own."""
    return product("bznyr, brnxc -> bnyxrc", q, k, gamma, grid)


@exercise.mistake
def first_lines_only(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You use the first row and the first column for all pairs. Every row and every column has weights of its own."""
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bnyr, bnxc -> bnyxrc", along_h[:, 0], along_w[:, 0]), PAIRS)


@exercise.mistake
def mean_lines(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You average over rows and over columns. Every row and every column has weights of its own."""
    along_h, along_w = (each.mean(1) for each in axis_weights(q, k, gamma, grid))
    return rearrange(torch.einsum("bnyr, bnxc -> bnyxrc", along_h, along_w), PAIRS)


@exercise.mistake
def rows_only(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your matrix holds the attention within rows only: the attention within columns is missing."""
    return within(ROWS, q, k, identity_like(q), gamma, grid)


@exercise.mistake
def columns_only(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your matrix holds the attention within columns only: the attention within rows is missing."""
    return within(COLUMNS, q, k, identity_like(q), gamma, grid)


@exercise.mistake
def summed(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You add the attention within rows to that within columns. Along the path, the two weights multiply."""
    return rows_only(q, k, gamma, grid) + columns_only(q, k, gamma, grid)


@exercise.mistake
def averaged(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You average the attention within rows and that within columns. Along the path, the two weights multiply."""
    return summed(q, k, gamma, grid) / 2


@exercise.mistake
def full_form(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """This is the matrix of full Manhattan attention, with a score for every pair."""
    return attention_weights(q, k, identity_like(q), manhattan_decay(gamma, grid), "bias")


@exercise.mistake
def one_softmax(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You add the logits of both axes and take one softmax over all keys. Each axis has a softmax of its own."""
    along_h, along_w = axis_weights(q, k, gamma, grid, weigh=axes.logits)
    along_h, along_w = rearrange(along_h, "B x H y r -> B H y x r 1"), rearrange(along_w, "B r H x c -> B H 1 x r c")
    return rearrange(along_h + along_w, PAIRS).softmax(-1)


@exercise.mistake
def column_by_column(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your matrix numbers queries and keys column by column: merge (y x), not (x y), as tokens are in raster order."""
    return rearrange(effective_matrix(q, k, gamma, grid), "B H (y x) (r c) -> B H (x y) (c r)", x=grid[1], c=grid[1])


@exercise.mistake
def pairs_mixed_up(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You merge y with y' and x with x'. The query (y, x) must be one axis, and the key (y', x') the other."""
    split = rearrange(effective_matrix(q, k, gamma, grid), "B H (y x) (r c) -> B H y x r c", x=grid[1], c=grid[1])
    return rearrange(split, "B H y x r c -> B H (y r) (x c)")


@exercise.mistake
def multiplied_after_softmax(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply by the decay after softmax, so your rows do not sum to 1. Add its log before softmax."""
    return two_passes(q, k, identity_like(q), gamma, grid, axes.gated)


@exercise.mistake
def decay_twice(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply by the decay once more at the end. Both softmaxes have it already."""
    return effective_matrix(q, k, gamma, grid) * manhattan_decay(gamma, grid)


@exercise.mistake
def not_scaled(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your scores are not divided by sqrt(D)."""
    return two_passes(q, k, identity_like(q), gamma, grid, axes.unscaled)


@exercise.mistake
def normalized_over_queries(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Your softmax runs over the queries. For each query, the weights of the keys must sum to 1: use the last axis."""
    return two_passes(q, k, identity_like(q), gamma, grid, axes.over_queries)


@exercise.mistake
def softmax_forgotten(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply logits: each axis needs a softmax before the two are multiplied."""
    return two_passes(q, k, identity_like(q), gamma, grid, axes.logits)


@exercise.mistake
def softmax_too_late(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You multiply logits and take the softmax of their product: each axis needs a softmax of its own first."""
    return softmax_forgotten(q, k, gamma, grid).softmax(-1)


@exercise.mistake
def decay_at_the_end(q: Tensor, k: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """You apply the decay only at the end. It must be inside of both softmaxes, or rows are normalized differently."""
    gated = effective_matrix(q, k, gamma**0, grid) * manhattan_decay(gamma, grid)
    return gated / gated.sum(-1, keepdim=True)
