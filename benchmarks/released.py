"""RMT's attention in the way that its released code computes it, on the weights of one of our models.

Written by hand, not a copy: q, k and v are permuted once for the rows and once for the columns; logits, decay and
softmax are separate matrices. How often that code makes its tables of rotation and of decay we could not look up. Here
each stage makes them once per forward pass.
"""

from typing import Any

import torch
from torch import Tensor, nn

from gmm_tutorial.manhattan import ManhattanAttention

Tables = tuple[Tensor, Tensor, Tensor, Tensor]  # sine and cosine, (h, w, D); decay along rows and columns, or of pairs


class ReleasedAttention(nn.Module):
    """(B, h, w, C) -> (B, h, w, C), from the projections of one of our layers."""

    tables: Tables

    def __init__(self, ours: ManhattanAttention) -> None:
        super().__init__()
        self.ours = ours

    def forward(self, x: Tensor) -> Tensor:
        sine, cosine, along, down = self.tables
        ours, (batch, h, w, _) = self.ours, x.shape
        q, k, v = ours.q_proj(x), ours.k_proj(x), ours.v_proj(x)
        local = ours.lepe(v.permute(0, 3, 1, 2)).permute(0, 2, 3, 1) if ours.lepe is not None else 0
        k = k * (k.shape[-1] // ours.num_heads) ** -0.5
        q, k, v = (y.view(batch, h, w, ours.num_heads, -1).permute(0, 3, 1, 2, 4) for y in (q, k, v))  # (B, H, h, w, D)
        q, k = (y * cosine + rotated(y) * sine for y in (q, k))
        if ours.decomposed:
            q_row, k_row, v_row = (y.permute(0, 2, 1, 3, 4) for y in (q, k, v))  # (B, h, H, w, D)
            v_row = ((q_row @ k_row.transpose(-1, -2)) + along).softmax(-1) @ v_row
            q_column, k_column = (y.permute(0, 3, 1, 2, 4) for y in (q, k))  # (B, w, H, h, D)
            v_column = v_row.permute(0, 3, 2, 1, 4)
            out = ((q_column @ k_column.transpose(-1, -2)) + down).softmax(-1) @ v_column
            out = out.permute(0, 3, 1, 2, 4).flatten(-2)
        else:
            q, k, v = (y.flatten(2, 3) for y in (q, k, v))
            out = ((q @ k.transpose(-1, -2)) + along).softmax(-1) @ v
            out = out.transpose(1, 2).reshape(x.shape)
        return ours.out_proj(out + local)


class ReleasedStage(nn.Sequential):
    """The blocks of a stage, whose tables are made at every forward pass."""

    def forward(self, x: Tensor) -> Tensor:
        blocks: Any = list(self)
        made = tables(blocks[0].attn.ours, x.shape[1], x.shape[2])
        for block in blocks:
            block.attn.tables = made
            x = block(x)
        return x


def tables(layer: ManhattanAttention, h: int, w: int) -> Tables:
    """Sines and cosines for each token and channel, and the decay of the logits, of all pairs in full attention."""
    decay, channels = layer.log_gamma, layer.dim // layer.num_heads
    speed = 1 / 10000 ** torch.linspace(0, 1, channels // 2, device=decay.device)
    angle = torch.arange(h * w, device=decay.device)[:, None] * speed.repeat_interleave(2)
    sine, cosine = (table.reshape(h, w, channels) for table in (angle.sin(), angle.cos()))
    rows, columns = (torch.arange(n, device=decay.device).to(decay) for n in (h, w))
    if layer.decomposed:
        along, down = ((n[:, None] - n).abs() * decay[:, None, None] for n in (columns, rows))
        return sine, cosine, along, down
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).flatten(1).T  # (N, 2)
    pairs = (grid[:, None] - grid).abs().sum(-1) * decay[:, None, None]
    return sine, cosine, pairs, pairs


def rotated(x: Tensor) -> Tensor:
    """Each pair of channels (a, b) as (-b, a)."""
    return torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).flatten(-2)


def as_released(model: nn.Module) -> nn.Module:
    """Let an RMT compute its attention in that way; it is changed in place."""
    stages: Any = model.stages
    for number, stage in enumerate(stages):
        for block in stage:
            block.attn = ReleasedAttention(block.attn)
        stages[number] = ReleasedStage(*stage)
    return model
