"""T2T-ViT for small images (arXiv 2101.11986, as configured by the code beside arXiv 2309.05375)."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count
from gmm_tutorial.attention import Attention, AttentionInputs
from gmm_tutorial.attention.dense import attend
from gmm_tutorial.grid import Grid
from gmm_tutorial.models.backbone import Backbone, drop_paths, init_truncated_normal
from gmm_tutorial.models.blocks import Block, check_images

__all__ = ["SIZES", "T2T", "DoubledSkip", "TokenBlock"]

# as in `vit`, all options but drop_path at each scale that trainings have
_WHOLE: dict[str, Any] = {"mlp_ratio": 2.0, "doubled_skip": True}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dim": 32, "depth": 2, "num_heads": 2, "token_dim": 16, **_WHOLE},
    "learn": {"dim": 96, "depth": 4, "num_heads": 4, "token_dim": 32, **_WHOLE},
    "full": {"dim": 256, "depth": 12, "num_heads": 4, "token_dim": 64, **_WHOLE},
}


class T2T(Backbone):
    """Vision transformer that makes its tokens in steps, of overlapping patches: (B, 3, S, S) -> (B, num_classes).

    A soft split takes the 3 x 3 neighborhood of every second token in every second row as one token of the next grid.
    In the grids before the last, 8 x 8, tokens attend to each other before they are split.

    The published code also has parameters that never get a gradient: a class token, and a norm of the last split's
    tokens. They are left out here, and `load_published` passes over them.

    Args:
        image_size: Side of the images S in pixels, 8 times a power of 2 and at least 16.
        num_classes: Number of classes.
        dim: Number of channels.
        depth: Number of blocks on the 8 x 8 grid.
        num_heads: Number of heads there; before it there is one.
        token_dim: Number of channels before the 8 x 8 grid.
        mlp_ratio: Hidden channels of the feed-forward layers of the 8 x 8 grid, in multiples of `dim`.
        doubled_skip: Whether attention adds its normed input once more to what the block adds anyway, as published:
            x + norm(x) + attention(norm(x)). It looks like a slip, which False leaves out.
        drop_path: The chance that an image skips a layer; it grows from 0 in the first block to this in the last.

    Raises:
        ValueError: If an argument is out of range.

    Source:
        T2T-ViT, arXiv 2101.11986, in the configuration of the code beside GMM, arXiv 2309.05375.

    Example:
        >>> model = T2T(dim=24, depth=2, token_dim=8)
        >>> model(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    pos_embed: Tensor  # (1, N, dim), fixed

    def __init__(
        self,
        *,
        image_size: int = 32,
        num_classes: int = 10,
        dim: int = 256,
        depth: int = 12,
        num_heads: int = 4,
        token_dim: int = 64,
        mlp_ratio: float = 2.0,
        doubled_skip: bool = True,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        splits = (check_count("image_size", image_size) // 8).bit_length() - 1
        if splits < 1 or image_size != 8 * 2**splits:
            raise ValueError(f"image_size is {image_size}, but it must be 16, 32, 64 or so: 8 times a power of 2")
        self.image_size, self.grid = image_size, (8, 8)
        grids = [(image_size >> i, image_size >> i) for i in range(1, splits)]
        widths = [9 * 3, *(9 * check_count("token_dim", token_dim) for _ in grids)]
        self.token_blocks = nn.ModuleList(
            TokenBlock(width, token_dim, grid) for width, grid in zip(widths, grids, strict=False)
        )
        self.project = nn.Linear(widths[-1], dim)
        kind = DoubledSkip if doubled_skip else Attention
        (drops,) = drop_paths(drop_path, [check_count("depth", depth)])
        self.blocks = nn.Sequential(
            *(Block(dim, kind(dim, num_heads, grid=self.grid), mlp_ratio=mlp_ratio, drop_path=drop) for drop in drops)
        )
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, check_count("num_classes", num_classes))
        self.apply(init_truncated_normal)
        self.register_buffer("pos_embed", sinusoids(64, dim)[None], persistent=False)

    def embed(self, images: Tensor) -> Tensor:
        """Return the tokens of the 8 x 8 grid, shape (B, N, dim), with their positions."""
        x = soft_split(check_images(images, self.image_size, self.project))
        for block in self.token_blocks:
            x = block(x)
            x = soft_split(rearrange(x, "B (h w) C -> B C h w", h=math.isqrt(x.shape[1])))
        return self.project(x) + self.pos_embed


class TokenBlock(Block):
    """The block of the grids before the last: (B, N, dim) -> (B, N, out).

    Attention adds to v, because its input has another width than its output.

    Args:
        dim: Number of channels of the input.
        out: Number of channels of the result.
        grid: Rows and columns of the token grid, (h, w).
    """

    def __init__(self, dim: int, out: int, grid: Grid) -> None:
        super().__init__(out, TokenAttention(dim, out, grid), mlp_ratio=1.0)
        self.norm1 = nn.LayerNorm(dim)

    def forward(self, x: Tensor, *context: Tensor) -> Tensor:
        """Return the new tokens, shape (B, N, out), for tokens x (B, N, dim)."""
        x = self.attn(self.norm1(x), *context)
        return x + self.mlp(self.norm2(x))


class TokenAttention(Attention):
    """Attention with one head that adds to v what it gives: (B, N, dim) -> (B, N, out).

    As published, the logits are divided by the square root of the input's channels, not of the head's.
    """

    def __init__(self, dim: int, out: int, grid: Grid) -> None:
        super().__init__(dim, 1, head_dim=out, out_dim=out, grid=grid)

    def inputs(self, x: Tensor, bias: Tensor | None = None) -> AttentionInputs:
        """Return what attention is computed from, for tokens x (B, N, dim)."""
        # taken apart, as torch.compile cannot follow `_replace` in PyTorch 2.8
        q, k, v, scale, bias, gate, normalized = super().inputs(x, bias)
        return AttentionInputs(q * (q.shape[-1] / self.dim) ** 0.5, k, v, scale, bias, gate, normalized)

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return v, shape (B, N, out), with what attention adds, for tokens x (B, N, dim)."""
        inputs = self.inputs(x, bias)
        return (inputs.v + self.proj(attend(inputs))).squeeze(1)  # the one head


class DoubledSkip(Attention):
    """Attention that adds its input, which the block around it does as well."""

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return the tokens x (B, N, C) with what attention adds, the same shape."""
        return x + super().forward(x, bias)


def soft_split(x: Tensor) -> Tensor:
    """Take the 3 x 3 neighborhood of every second token in every second row: (B, C, h, w) -> (B, h w / 4, 9 C)."""
    return F.unfold(x, 3, stride=2, padding=1).transpose(1, 2)


def sinusoids(tokens: int, dim: int) -> Tensor:
    """Return fixed position embeddings (N, dim): sines and cosines in turn, each pair slower than the one before."""
    channel = torch.arange(dim, dtype=torch.float64)
    angle = torch.arange(tokens)[:, None] / 10000 ** (channel // 2 * 2 / dim)
    return torch.where(channel % 2 == 0, angle.sin(), angle.cos()).to(torch.get_default_dtype())
