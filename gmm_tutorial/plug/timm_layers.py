"""timm's families: ViT and DeiT, Swin, CaiT and PiT. Imported only where timm is in use."""

from collections.abc import Iterator
from typing import Any

import torch
from timm.layers import Attention, PatchEmbed
from timm.models.cait import Cait, TalkingHeadAttn
from timm.models.pit import PoolingVisionTransformer
from timm.models.swin_transformer import SwinTransformer, WindowAttention
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from gmm_tutorial.attention.dense import AttentionInputs, gated, score
from gmm_tutorial.grid import Grid
from gmm_tutorial.plug.layer import Family, Plugged, PluggedLayer, split_heads

__all__ = ["FAMILIES"]


class PluggedPatchEmbed(Plugged, PatchEmbed):
    """Refuses images with another grid. A ViT with `dynamic_img_size` would take them."""

    original = PatchEmbed

    def forward(self, x: Tensor) -> Tensor:
        """Embed images."""
        h, w = x.shape[-2:]
        self.check_grid(self.dynamic_feat_size((h, w)))
        return super().forward(x)


class PluggedAttention(PluggedLayer, Attention):
    """The attention of ViT, DeiT and PiT."""

    original = Attention

    def inputs(self, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> AttentionInputs:
        """Return what attention is computed from; a mask is added after the prior."""
        if is_causal:
            raise ValueError("is_causal is True, but it must be False: a prior looks in all directions on a grid")
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            attn_mask = x.new_zeros(attn_mask.shape).masked_fill(~attn_mask, -torch.inf)
        q, k, v = split_heads(self.qkv(x), self.num_heads)
        return self.under_prior((self.q_norm(q), self.k_norm(k), v), attn_mask)

    def forward(self, x: Tensor, attn_mask: Tensor | None = None, is_causal: bool = False) -> Tensor:
        """Let the tokens attend to each other."""
        out = self.norm(self.attend(self.inputs(x, attn_mask, is_causal), self.attn_drop.p))
        gate = getattr(self, "gate", None)  # older versions have none
        if gate is not None:
            out = out * gate(x).sigmoid()
        return self.proj_drop(self.proj(out))


class PluggedWindowAttention(PluggedLayer, WindowAttention):
    """The attention of Swin within windows: (B windows, N, C) -> (B windows, N, C)."""

    original = WindowAttention

    def inputs(self, x: Tensor, mask: Tensor | None = None) -> AttentionInputs:
        """Return what attention is computed from; the relative bias and the shift mask come after the prior."""
        self.check_grid(self.window_size)
        bias = self._get_rel_pos_bias()
        if mask is not None:  # (windows, N, N)
            bias = bias + mask.repeat(x.shape[0] // mask.shape[0], 1, 1)[:, None]
        return self.under_prior(split_heads(self.qkv(x), self.num_heads), bias)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Let the tokens of each window attend to each other."""
        return self.proj_drop(self.proj(self.attend(self.inputs(x, mask), self.attn_drop.p)))


class PluggedTalkingHeads(PluggedLayer, TalkingHeadAttn):
    """The attention of CaiT between patches, whose heads are mixed before and after the softmax."""

    original = TalkingHeadAttn

    def inputs(self, x: Tensor) -> AttentionInputs:
        """Return what attention is computed from."""
        return self.under_prior(split_heads(self.qkv(x), self.num_heads))

    def weigh(self, inputs: AttentionInputs) -> Tensor:
        """Compute the matrix that multiplies v: a prior of a head acts on that head, before the heads are mixed."""
        logits = self.proj_l(score(inputs).movedim(1, -1)).movedim(-1, 1)
        return self.proj_w(gated(logits.softmax(dim=-1), inputs).movedim(1, -1)).movedim(-1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Let the tokens attend to each other."""
        return self.proj_drop(self.proj(self.attend(self.inputs(x), self.attn_drop.p)))


def vit_parts(model: Any) -> Iterator[tuple[nn.Module, Grid, int]]:
    """One grid, that of the patches; class, distillation and register tokens come before it."""
    yield model.patch_embed, model.patch_embed.grid_size, 0
    yield model.blocks, model.patch_embed.grid_size, model.num_prefix_tokens


def swin_parts(model: Any) -> Iterator[tuple[nn.Module, Grid, int]]:
    """The grid of each layer is its window."""
    for layer in model.modules():
        if isinstance(layer, WindowAttention):
            yield layer, layer.window_size, 0


def cait_parts(model: Any) -> Iterator[tuple[nn.Module, Grid, int]]:
    """One grid; the class token comes only in the class attention, which is not among these blocks."""
    yield model.patch_embed, model.patch_embed.grid_size, 0
    yield model.blocks, model.patch_embed.grid_size, 0


def pit_parts(model: Any) -> Iterator[tuple[nn.Module, Grid, int]]:
    """A grid for each stage. No attribute has those after the first, so each pooling is tried on an empty map."""
    grid = model.patch_embed.grid_size
    for stage in model.transformers:
        if stage.pool is not None:
            pool = stage.pool.conv
            with torch.no_grad():
                grid = tuple(pool(pool.weight.new_zeros(1, pool.in_channels, *grid)).shape[2:])
        yield stage, grid, model.num_tokens


FAMILIES = (
    Family(VisionTransformer, (PluggedAttention, PluggedPatchEmbed), vit_parts),
    Family(SwinTransformer, (PluggedWindowAttention,), swin_parts),
    Family(Cait, (PluggedTalkingHeads, PluggedPatchEmbed), cait_parts),
    Family(PoolingVisionTransformer, (PluggedAttention,), pit_parts),
)
