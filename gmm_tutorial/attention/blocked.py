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

    def of(self, q: Any, k: Any, v: Any, table: Any) -> Any:
        """The block's own part of what attention is computed from, or of the gradients."""
        rows = None if q is None else q[:, :, self.queries]
        return [rows, k, v, None if table is None or self.part is None else table[self.part]]


def attend_block(q: Tensor, k: Tensor, v: Tensor, weights: Tensor | None, *, combine: str) -> Tensor:
    """Let a block of queries attend to all keys; weights: (H, n, M), or fewer keys if the first are prefix tokens."""
    logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)
    if weights is None:
        return logits.softmax(dim=-1).to(v.dtype) @ v
    prefix = logits.shape[-1] - weights.shape[-1]
    if combine == "gate":
        attended = apart(logits.softmax(dim=-1), prefix, lambda on_grid: on_grid * weights)
    elif combine == "scale":
        attended = apart(logits, prefix, lambda on_grid: on_grid * weights).softmax(dim=-1)
    else:
        attended = apart(logits, prefix, lambda on_grid: on_grid + weights).softmax(dim=-1)
    return attended.to(v.dtype) @ v


def apart(x: Tensor, prefix: int, change: Any) -> Tensor:
    """Change all columns but those of the prefix tokens."""
    return torch.cat((x[..., :prefix], change(x[..., prefix:])), dim=-1) if prefix else change(x)


def in_blocks(q: Tensor, k: Tensor, v: Tensor, table: Tensor | None, combine: str, blocks: list[Block]) -> Tensor:
    """Let all blocks attend, one after the other: (B, H, N, Dv)."""
    return ByBlocks.apply(q, k, v, table, combine, blocks)


class ByBlocks(torch.autograd.Function):
    """Attention in blocks, whose backward pass computes each block a second time."""

    @staticmethod
    def forward(q: Tensor, k: Tensor, v: Tensor, table: Tensor | None, combine: str, blocks: list[Block]) -> Tensor:
        """Keep nothing of a block but its result."""
        return torch.cat([attend_block(*block.of(q, k, v, table), combine=combine) for block in blocks], dim=2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep what a block is computed from."""
        *tensors, ctx.combine, ctx.blocks = inputs
        ctx.save_for_backward(*tensors)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Add up the gradients of all blocks, in float32 at least."""
        inputs, needed = ctx.saved_tensors, ctx.needs_input_grad[:4]
        totals = [
            torch.zeros_like(x, dtype=torch.promote_types(x.dtype, torch.float32)) if need else None
            for x, need in zip(inputs, needed, strict=True)
        ]
        for block in ctx.blocks:
            leaves: list[Any] = [
                None if x is None else x.detach().requires_grad_(need)
                for x, need in zip(block.of(*inputs), needed, strict=True)
            ]
            with torch.enable_grad():
                out = attend_block(*leaves, combine=ctx.combine)
            pairs = zip(leaves, block.of(*totals), strict=True)
            asked = [(leaf, total) for leaf, total in pairs if leaf is not None and leaf.requires_grad]
            parts = torch.autograd.grad(out, [leaf for leaf, _ in asked], grad[:, :, block.queries])
            for (_, total), part in zip(asked, parts, strict=True):
                total += part
        return (
            *(None if total is None else total.to(x.dtype) for total, x in zip(totals, inputs, strict=True)),
            None,
            None,
        )
