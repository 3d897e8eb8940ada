"""Attention one block of queries at a time: the matrix of all weights never exists, in neither pass.

A block's weights are made, used and thrown away. The backward pass makes them again, because computing them a second
time costs less than the memory that all of them would need. If the prior has a kernel, a block is one row of the grid,
and its part of the mask is a slice of a small table: the kernel's windows, slid along the columns only.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gmm_tutorial._checks import check_positive
from gmm_tutorial.attention.arguments import Arguments, check_prior_shape
from gmm_tutorial.attention.offsets import ADDED, has_kernel, kernel_of
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors.base import Prior
from gmm_tutorial.windows import slide_columns

__all__ = ["attend_by_blocks"]

BLOCK = 64  # queries, where no grid says how many
ALL = slice(None)


def attend_by_blocks(arguments: Arguments) -> Tensor:
    """Compute `attention` one block of queries at a time."""
    q, k, v, prior, combine, bias, num_prefix_tokens = arguments
    if bias is not None:
        raise ValueError("backend is 'blocked', which takes no bias: use 'dense', or 'sdpa' where it takes the prior")
    if torch.is_autocast_enabled(q.device.type):  # which the backward pass does not see
        q, k, v = (x.to(torch.get_autocast_dtype(q.device.type)) for x in (q, k, v))
    if prior is None:
        return in_blocks(q, k, v, None, combine, [Block(queries, None) for queries in cut(0, q.shape[2])])
    if not has_kernel(prior, combine):
        return by_table(q, k, v, table_of(prior, combine), combine, num_prefix_tokens)
    kernel = kernel_of(prior, combine, q, k, num_prefix_tokens)
    return by_kernel(q, k, v, kernel, prior.grid, combine, num_prefix_tokens)


def by_table(q: Tensor, k: Tensor, v: Tensor, table: Tensor, combine: str, num_prefix_tokens: int) -> Tensor:
    """Attend in blocks under a table of all pairs, shape (H, N, M) without the prefix tokens."""
    check_prior_shape(table, q[:, :, num_prefix_tokens:], k[:, :, num_prefix_tokens:])
    blocks = [Block(queries, None) for queries in cut(0, num_prefix_tokens)]
    for queries in cut(num_prefix_tokens, q.shape[2]):
        rows = slice(queries.start - num_prefix_tokens, queries.stop - num_prefix_tokens)
        blocks.append(Block(queries, (ALL, rows)))
    return in_blocks(q, k, v, table, combine, blocks)


def by_kernel(
    q: Tensor, k: Tensor, v: Tensor, kernel: Tensor, grid: Grid, combine: str, num_prefix_tokens: int
) -> Tensor:
    """Attend in blocks of one row of the grid, under a kernel of offsets, shape (H, 2h-1, 2w-1)."""
    h, w = grid
    if w > h:  # rows should be the shorter side, as a block's size and the table grow with them
        q, k, v = (turned(x, (h, w), num_prefix_tokens) for x in (q, k, v))
        out = by_kernel(q, k, v, kernel.transpose(1, 2), (w, h), combine, num_prefix_tokens)
        return turned(out, (w, h), num_prefix_tokens)
    table = slide_columns(kernel, w).flatten(2)  # (H, w, (2h-1) w)
    blocks = [Block(queries, None) for queries in cut(0, num_prefix_tokens)]
    for y in range(h):
        first = num_prefix_tokens + y * w
        blocks.append(Block(slice(first, first + w), (ALL, ALL, slice((h - 1 - y) * w, (2 * h - 1 - y) * w))))
    return in_blocks(q, k, v, table, combine, blocks)


def turned(x: Tensor, grid: Grid, num_prefix_tokens: int) -> Tensor:
    """The tokens (B, H, N, D) in another order: column by column, those of the prefix where they are."""
    prefix, tokens = x[:, :, :num_prefix_tokens], x[:, :, num_prefix_tokens:]
    return torch.cat((prefix, rearrange(tokens, "B H (h w) D -> B H (w h) D", h=grid[0])), dim=2)


def table_of(prior: Tensor | nn.Module, combine: str) -> Tensor:
    """What attention needs of a prior for each pair, shape (H, N, M): its logarithm where that is added."""
    if combine == "bias" and isinstance(prior, Prior):
        return prior.log()
    table: Tensor = prior if isinstance(prior, Tensor) else prior()
    return check_positive(table, combine).log() if combine in ADDED else table


def cut(start: int, stop: int) -> Iterator[slice]:
    """Cut a range of queries into blocks."""
    return (slice(first, min(first + BLOCK, stop)) for first in range(start, stop, BLOCK))


class Block(NamedTuple):
    """Some queries, and which part of the table of the prior is theirs; None for queries that it leaves alone."""

    queries: slice
    part: tuple[slice, ...] | None

    def of(self, table: Tensor | None) -> Any:
        """The block's own part of the table, or of its gradient, the same for all images: (1, H, n, M)."""
        return None if table is None or self.part is None else table[self.part][None]


def weigh(logits: Tensor, prior: Tensor | None, combine: str) -> Tensor:
    """The weights of a block, (B, H, n, M); prior: (1, H, n, M), or fewer keys if the first are prefix tokens."""
    if prior is None:
        return logits.softmax(dim=-1)
    prefix = logits.shape[-1] - prior.shape[-1]
    if combine == "gate":
        return apart(logits.softmax(dim=-1), prefix, lambda on_grid: on_grid * prior)
    if combine == "scale":
        return apart(logits, prefix, lambda on_grid: on_grid * prior).softmax(dim=-1)
    return apart(logits, prefix, lambda on_grid: on_grid + prior).softmax(dim=-1)


def apart(x: Tensor, prefix: int, change: Any) -> Tensor:
    """Change all columns but those of the prefix tokens."""
    return torch.cat((x[..., :prefix], change(x[..., prefix:])), dim=-1) if prefix else change(x)


def in_blocks(q: Tensor, k: Tensor, v: Tensor, table: Tensor | None, combine: str, blocks: list[Block]) -> Tensor:
    """Let all blocks attend, one after the other: (B, H, N, Dv)."""
    return ByBlocks.apply(q * q.shape[-1] ** -0.5, k, v, table, combine, blocks)


class ByBlocks(torch.autograd.Function):
    """Attention in blocks, whose backward pass computes the weights of each block a second time."""

    @staticmethod
    def forward(q: Tensor, k: Tensor, v: Tensor, table: Tensor | None, combine: str, blocks: list[Block]) -> Tensor:
        """Keep nothing of a block but its result."""
        weights = (weigh(q[:, :, block.queries] @ k.mT, block.of(table), combine) for block in blocks)
        return torch.cat([each.to(v.dtype) @ v for each in weights], dim=2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep what a block is computed from."""
        *tensors, ctx.combine, ctx.blocks = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Add up the gradients of all blocks, in float32 at least."""
        q, k, v, table = ctx.saved_tensors
        learned = ctx.needs_input_grad[3]
        by_q: list[Tensor] = []
        by_k, by_v, by_table = total_of(k.mT), total_of(v.mT), total_of(table) if learned else None
        for block in ctx.blocks:
            prior = block.of(table)
            prior = None if prior is None else prior.detach().requires_grad_(learned)
            rows, *parts = differentiate(q[:, :, block.queries], k, v, prior, ctx.combine, grad[:, :, block.queries])
            by_q.append(rows)
            for total, part in zip((by_k, by_v, block.of(by_table)), parts, strict=False):
                total += part
        by_table = None if by_table is None else by_table.to(table.dtype)
        return torch.cat(by_q, dim=2), by_k.mT.to(k.dtype), by_v.mT.to(v.dtype), by_table, None, None


def differentiate(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None, combine: str, upstream: Tensor
) -> tuple[Tensor, ...]:
    """The gradients of one block with respect to q, k^T, v^T and, if it requires one, the prior, from its inputs alone.

    Autograd goes back from the weights to the logits. The matrix products around them are written out: so the block's
    result is not made again, and those of k and v are transposed, which is faster, as their long side comes last.
    """
    logits = (q @ k.mT).requires_grad_()
    leaves = [logits] if prior is None or not prior.requires_grad else [logits, prior]
    with torch.enable_grad():
        weights = weigh(logits, prior, combine)
    by_logits, *by_prior = torch.autograd.grad(weights, leaves, (upstream @ v.mT).to(weights.dtype))
    return by_logits @ k, q.mT @ by_logits, upstream.mT @ weights.detach().to(v.dtype), *by_prior


def total_of(x: Tensor) -> Tensor:
    """Zeros in the shape of a tensor, to add its gradients to."""
    return torch.zeros(x.shape, dtype=torch.promote_types(x.dtype, torch.float32), device=x.device)
