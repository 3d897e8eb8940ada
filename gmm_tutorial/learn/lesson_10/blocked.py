"""Exercise 10.blocked: attention with one block of keys at a time, under a mask that is read from its kernel."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise


def blocked(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """q, k, v (N, D), kernel (2h-1, 2w-1), grid (h, w) -> (N, D): softmax(mask * q k^T / sqrt(D)) v."""
    return weights_under(q, k, unfold_kernel(kernel[None], grid)[0]) @ v


def weights_under(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """The attention weights, (N, N)."""
    return logits(q, k, mask).softmax(dim=1)


def logits(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """What the softmax is taken of, (N, N)."""
    return mask * (q @ k.T) * q.shape[1] ** -0.5


def blocked_cases() -> list[dict[str, Any]]:
    """A column of two tokens with whole numbers; a square, two rectangles; and scores too large for a bare exp."""
    column = {
        "q": torch.tensor([[1.0], [2.0]]),
        "k": torch.tensor([[1.0], [3.0]]),
        "v": torch.tensor([[10.0], [0.0]]),
        "kernel": torch.tensor([[2.0], [1.0], [0.5]]),
        "grid": (2, 1),
    }
    large = {"q": torch.tensor([[60.0], [61]]), "k": torch.tensor([[1.0], [2]])}
    large["kernel"] = torch.tensor([[1.0], [2], [1.01]])
    sizes: list[tuple[Grid, int, float]] = [((3, 3), 2, 1.0), ((4, 2), 3, 1.0), ((2, 5), 4, 2.0), ((3, 4), 2, 2.0)]
    larger = []
    for grid, channels, size in sizes:
        n = grid[0] * grid[1]
        q, k, v = size * torch.randn(n, channels), torch.randn(n, channels), torch.randn(n, channels)
        kernel = 2 * torch.rand(2 * grid[0] - 1, 2 * grid[1] - 1)
        larger.append({"q": q, "k": k, "v": v, "kernel": kernel, "grid": grid})
    return [column, *larger, {**column, **large}]


exercise = Exercise(
    "10.blocked",
    blocked,
    blocked_cases,
    unit="grids",
    hints=(
        "Keep three things for each query: the maximum so far, the sum so far, and the output so far, which is a "
        "weighted sum of values. In each step, make the scores of all queries for the w keys of one row of the grid.",
        "The maximum and the sum change as in 10.online_softmax. The output is a sum of exp(s - maximum) times "
        "a value. What happens to the terms that are already in it when the maximum rises?",
        "The old output gets the same factor as the old sum. Then add the exponentials of the block, times the values "
        "of its keys. Divide by the sum once, after the last block.",
    ),
)


class Parts(NamedTuple):
    """The scores of all queries for the keys of one row of the grid, and the values of these keys."""

    scores: Tensor
    v: Tensor


def parts(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, w: int) -> list[Parts]:
    """What each step of the loop starts from."""
    scores = logits(q, k, mask)
    return [Parts(*each) for each in zip(scores.split(w, dim=1), v.split(w), strict=True)]


def walked(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    kernel: Tensor,
    grid: Grid,
    *,
    sum_rescaled: bool = True,
    out_rescaled: bool = True,
    sign: float = 1.0,
    always_divided: bool = False,
    subtracted: bool = True,
) -> Tensor:
    """The loop over blocks of keys, in which steps can be left out."""
    m, total, out = torch.full((len(q),), -torch.inf), torch.zeros(len(q)), torch.zeros_like(v)
    for scores, values in parts(q, k, v, unfold_kernel(kernel[None], grid)[0], grid[1]):
        new = torch.maximum(m, scores.amax(dim=1)) if subtracted else torch.zeros(len(q))
        factor = (sign * (m - new)).exp() if subtracted else torch.ones(len(q))
        p = (scores - new[:, None]).exp()
        total = (total * factor if sum_rescaled else total) + p.sum(dim=1)
        out = (out * factor[:, None] if out_rescaled else out) + p @ values
        out = out / total[:, None] if always_divided else out
        m = new
    return out if always_divided else out / total[:, None]


LEFT_OUT: dict[str, dict[str, Any]] = {
    "You do not rescale the output: when the maximum rises, its old terms need the same factor as the old sum.": {
        "out_rescaled": False
    },
    "You rescale the output, but not the sum: both consist of terms that were computed with the old maximum.": {
        "sum_rescaled": False
    },
    "You never rescale: when the maximum rises, multiply the old sum and the old output by exp(old - new maximum).": {
        "sum_rescaled": False,
        "out_rescaled": False,
    },
    "Your factor is upside down: when the maximum rises, the old terms become smaller. Use exp(old - new maximum).": {
        "sign": -1.0
    },
    "You divide by the sum in every step: divide once, after the last block.": {"always_divided": True},
    "You take exp() of the scores themselves, which overflows for large scores: subtract the maximum first.": {
        "subtracted": False
    },
}

for message, options in LEFT_OUT.items():
    exercise.mistake_by_options(walked, message, **options)


@exercise.mistake
def softmax_of_each_block(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You add up the softmax of each block: a softmax must be divided by the sum over all keys, not over one block."""
    blocks = parts(q, k, v, unfold_kernel(kernel[None], grid)[0], grid[1])
    return torch.stack([scores.softmax(dim=1) @ values for scores, values in blocks]).sum(0)


@exercise.mistake
def mean_of_the_blocks(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You average the blocks as if each had the same share: a block with larger scores must count for more."""
    return softmax_of_each_block(q, k, v, kernel, grid) / grid[0]


@exercise.mistake
def last_block_alone(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You return the attention to the last block of keys alone: add each block to the output so far."""
    scores, values = parts(q, k, v, unfold_kernel(kernel[None], grid)[0], grid[1])[-1]
    return scores.softmax(dim=1) @ values


@exercise.mistake
def never_divided(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You do not divide by the sum: do so once, after the last block."""
    scores = logits(q, k, unfold_kernel(kernel[None], grid)[0])
    return (scores - scores.amax(dim=1, keepdim=True)).exp() @ v


@exercise.mistake
def no_root(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """Your scores are not divided by sqrt(D)."""
    return (unfold_kernel(kernel[None], grid)[0] * (q @ k.T)).softmax(dim=1) @ v


@exercise.mistake
def no_mask(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """Your result is attention without the mask: multiply the scores of each block by its part of the mask."""
    return weights_under(q, k, torch.ones(len(q), len(q))) @ v


@exercise.mistake
def mask_added(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You add the mask to the scores: multiply the scores by it."""
    return (unfold_kernel(kernel[None], grid)[0] + (q @ k.T) * q.shape[1] ** -0.5).softmax(dim=1) @ v


@exercise.mistake
def mask_after_the_softmax(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """Your mask multiplies the weights after the softmax: multiply the scores by it, before the softmax."""
    return (unfold_kernel(kernel[None], grid)[0] * ((q @ k.T) * q.shape[1] ** -0.5).softmax(dim=1)) @ v


@exercise.mistake
def mask_transposed(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """Your mask is transposed: the rows of a block are all queries, its columns the keys in one row of the grid."""
    return weights_under(q, k, unfold_kernel(kernel[None], grid)[0].T) @ v


@exercise.mistake
def first_part_of_the_mask_for_all(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You use the mask of the first block for all blocks: each row of keys has its own part of the mask."""
    first = unfold_kernel(kernel[None], grid)[0][:, : grid[1]]
    return weights_under(q, k, first.repeat(1, grid[0])) @ v


@exercise.mistake
def parts_of_the_mask_in_reverse(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You take the parts of the mask in reverse order: the keys in row y need mask_block(kernel, grid, y)."""
    mask = unfold_kernel(kernel[None], grid)[0].split(grid[1], dim=1)
    return weights_under(q, k, torch.cat(mask[::-1], dim=1)) @ v


@exercise.mistake
def tokens_by_columns(q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid) -> Tensor:
    """You count the tokens column by column: raster order fills the rows of the grid first, each with w tokens."""
    return blocked(q, k, v, kernel.T, (grid[1], grid[0]))
