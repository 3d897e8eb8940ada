"""Attention along one axis of a grid at a time, with everything that can go wrong in it as an argument."""

from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.decay import axis_distances
from gmm_tutorial.grid import Grid

Weigh = Callable[[Tensor, Tensor, Tensor], Tensor]
ROWS, COLUMNS = "B H (h w) D -> B h H w D", "B H (h w) D -> B w H h D"


def weigh(q: Tensor, k: Tensor, log_decay: Tensor) -> Tensor:
    """q, k (..., H, n, D), log_decay (H, n, n) -> (..., H, n, n): attention weights within lines of n tokens."""
    return logits(q, k, log_decay).softmax(dim=-1)


def logits(q: Tensor, k: Tensor, log_decay: Tensor) -> Tensor:
    """The same without its softmax."""
    return q @ k.mT / q.shape[-1] ** 0.5 + log_decay


def gated(q: Tensor, k: Tensor, log_decay: Tensor) -> Tensor:
    """The same with the decay multiplied after softmax."""
    return weigh(q, k, 0 * log_decay) * log_decay.exp()


def unscaled(q: Tensor, k: Tensor, log_decay: Tensor) -> Tensor:
    """The same without the division by sqrt(D)."""
    return (q @ k.mT + log_decay).softmax(dim=-1)


def over_queries(q: Tensor, k: Tensor, log_decay: Tensor) -> Tensor:
    """The same with a softmax over the queries."""
    return logits(q, k, log_decay).softmax(dim=-2)


def line_weights(lines: str, q: Tensor, k: Tensor, gamma: Tensor, grid: Grid, weigh: Weigh = weigh) -> Tensor:
    """The attention weights within each line, (B, lines, H, n, n); lines is ROWS or COLUMNS."""
    q, k = (rearrange(each, lines, h=grid[0], w=grid[1]) for each in (q, k))
    return weigh(q, k, gamma.log()[:, None, None] * axis_distances(q.shape[-2]))


def within(lines: str, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid, weigh: Weigh = weigh) -> Tensor:
    """Attention within each line: (B, H, N, D) -> (B, H, N, D); lines is ROWS or COLUMNS."""
    back = " -> ".join(reversed(lines.split(" -> ")))
    values = rearrange(v, lines, h=grid[0], w=grid[1])
    return rearrange(line_weights(lines, q, k, gamma, grid, weigh) @ values, back)


def two_passes(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    gamma: Tensor,
    grid: Grid,
    weigh: Weigh = weigh,
    order: tuple[str, str] = (ROWS, COLUMNS),
) -> Tensor:
    """Attention within the lines of one axis, and then, of the result, within those of the other."""
    for lines in order:
        v = within(lines, q, k, v, gamma, grid, weigh)
    return v


def identity_like(q: Tensor) -> Tensor:
    """Values (B, H, N, N) from which attention makes the matrix that multiplies any values."""
    return torch.eye(q.shape[-2], dtype=q.dtype).expand(*q.shape[:2], -1, -1)
