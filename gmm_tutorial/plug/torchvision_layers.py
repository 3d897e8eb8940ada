"""torchvision's families: ViT, Swin and Swin v2."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn
from torchvision.models import SwinTransformer, VisionTransformer
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

from gmm_tutorial.attention.dense import AttentionInputs
from gmm_tutorial.grid import Grid
from gmm_tutorial.plug.layer import Family, PluggedLayer, split_heads

__all__ = ["FAMILIES"]


class PluggedMultiheadAttention(PluggedLayer, nn.MultiheadAttention):
    """PyTorch's own layer as ViT calls it: for self-attention, the batch first. Its fast path knows no prior."""

    original = nn.MultiheadAttention
    fused_attn = True

    def inputs(self, query: Tensor, key: Tensor, value: Tensor, *, need_weights: bool = True) -> AttentionInputs:
        """Return what attention is computed from."""
        if key is not query or value is not query:
            raise ValueError("query, key and value are different tensors, but with a prior they must be the same")
        qkv = F.linear(query, self.in_proj_weight, self.in_proj_bias)
        return self.under_prior(split_heads(qkv, self.num_heads))

    def forward(  # type: ignore[override]
        self, query: Tensor, key: Tensor, value: Tensor, *, need_weights: bool = True
    ) -> tuple[Tensor, Tensor | None]:
        """Let the tokens attend to each other. The weights are returned, the mean of all heads, if they are needed."""
        inputs = self.inputs(query, key, value)
        weights = self.weigh(inputs).mean(dim=1) if need_weights else None
        return self.out_proj(self.attend(inputs, self.dropout)), weights


class PluggedShiftedWindows(PluggedLayer, ShiftedWindowAttention):
    """The attention of Swin, which cuts a map into windows by itself: (B, h, w, C) -> (B, h, w, C)."""

    original = ShiftedWindowAttention
    window_size: list[int]
    shift_size: list[int]
    get_relative_position_bias: Callable[[], Tensor]
    qkv: nn.Linear
    proj: nn.Linear
    attention_dropout: float
    dropout: float

    def inputs(self, x: Tensor) -> AttentionInputs:
        """Return what attention within windows is computed from, (B windows, H, N, D)."""
        self.check_grid(self.window_size)
        (h, w), (p, q), (down, right) = x.shape[1:3], self.window_size, self.shift(x)
        padded = F.pad(x, (0, 0, 0, -w % q, 0, -h % p)).roll((-down, -right), dims=(1, 2))
        windows = rearrange(padded, "B (y p) (x q) C -> (B y x) (p q) C", p=p, q=q)
        bias = self.get_relative_position_bias()
        if down or right:
            # what the shift carried around an edge and what was there before do not see each other
            rows, columns = (torch.arange(n, device=x.device) for n in padded.shape[1:3])
            region = 2 * (rows >= len(rows) - down)[:, None] + 1 * (columns >= len(columns) - right)
            region = rearrange(region, "(y p) (x q) -> (y x) (p q)", p=p, q=q)
            mask = -100.0 * (region[:, :, None] != region[:, None, :]).to(x.dtype)
            bias = bias + mask.repeat(x.shape[0], 1, 1)[:, None]
        return self.under_prior(self.project(windows), bias)

    def shift(self, x: Tensor) -> tuple[int, int]:
        """How far windows are shifted along each axis of a map: not at all where one window holds everything."""
        down, right = self.shift_size
        return down * (x.shape[1] > self.window_size[0]), right * (x.shape[2] > self.window_size[1])

    def project(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project the tokens of windows to q, k and v."""
        return split_heads(self.qkv(windows), self.num_heads)

    def forward(self, x: Tensor) -> Tensor:
        """Let the tokens of each window attend to each other."""
        (h, w), p = x.shape[1:3], self.window_size[0]
        out = F.dropout(self.proj(self.attend(self.inputs(x), self.attention_dropout)), self.dropout, self.training)
        out = rearrange(out, "(B y x) (p q) C -> B (y p) (x q) C", B=x.shape[0], y=math.ceil(h / p), p=p)
        return out.roll(self.shift(x), dims=(1, 2))[:, :h, :w]


class PluggedShiftedWindowsV2(PluggedShiftedWindows, ShiftedWindowAttentionV2):
    """The attention of Swin v2, whose logits are cosines times a learned scale."""

    original = ShiftedWindowAttentionV2
    logit_scale: Tensor

    def project(self, windows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Project the tokens of windows to q, k and v, so that q k^T / sqrt(D) are the scaled cosines."""
        bias: Tensor | None = self.qkv.bias
        if bias is not None:  # as in the original, keys have none
            of_q, of_k, of_v = bias.chunk(3)
            bias = torch.cat([of_q, torch.zeros_like(of_k), of_v])
        q, k, v = split_heads(F.linear(windows, self.qkv.weight, bias), self.num_heads)
        scale = self.logit_scale.clamp(max=math.log(100.0)).exp() * q.shape[-1] ** 0.5
        return F.normalize(q, dim=-1) * scale, F.normalize(k, dim=-1), v


def vit_parts(model: Any) -> Iterator[tuple[nn.Module, Grid, int]]:
    """One grid, that of the patches, after the class token. Images are square."""
    side = model.image_size // model.patch_size
    yield model.encoder, (side, side), 1


def swin_parts(model: Any) -> Iterator[tuple[nn.Module, Grid, int]]:
    """The grid of each layer is its window."""
    for layer in model.modules():
        if isinstance(layer, ShiftedWindowAttention):
            rows, columns = layer.window_size
            yield layer, (rows, columns), 0


FAMILIES = (
    Family(VisionTransformer, (PluggedMultiheadAttention,), vit_parts),
    Family(SwinTransformer, (PluggedShiftedWindows, PluggedShiftedWindowsV2), swin_parts),
)
