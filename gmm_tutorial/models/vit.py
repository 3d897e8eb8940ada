"""ViT for small images (arXiv 2010.11929, as configured by the code beside arXiv 2309.05375)."""

from typing import Any

import torch
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_number, check_one_of
from gmm_tutorial.attention import Attention
from gmm_tutorial.models.backbone import Backbone, init_xavier_normal
from gmm_tutorial.models.blocks import Block, PatchEmbed
from gmm_tutorial.retention import MultiScaleRetention

__all__ = ["SIZES", "ViT"]

# All options but drop_path, which is the recipe's, at each scale that trainings have: written out, so that a default
# that changes later changes none of the trainings that are planned or done.
_WHOLE: dict[str, Any] = {"patch_size": None, "mlp_ratio": 2.0, "pool": "mean", "pos_embed": True, "pos_std": 1.0}
_WHOLE |= {"mixer": "attention"}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dim": 32, "depth": 2, "num_heads": 2, **_WHOLE},
    "learn": {"dim": 96, "depth": 4, "num_heads": 4, **_WHOLE},
    "full": {"dim": 192, "depth": 9, "num_heads": 12, **_WHOLE},
}


class ViT(Backbone):
    """Vision transformer: (B, 3, S, S) -> (B, num_classes).

    Args:
        image_size: Side of the images S, in pixels.
        num_classes: Number of classes.
        patch_size: Side of a patch in pixels. If None, S / 8, which gives an 8 x 8 grid; the published table doubles
            the patch with the image.
        dim: Number of channels.
        depth: Number of blocks.
        num_heads: Number of heads.
        mlp_ratio: Hidden channels of the feed-forward layers, in multiples of `dim`.
        pool: What is classified: the "mean" of all tokens, or "cls", a class token. The published comparison pools its
            baseline by "cls" and its masked model by "mean"; here each can be had with and without a prior.
        pos_embed: Whether each position has a learned embedding. Without, only a prior knows where tokens are.
        pos_std: Spread of the position embeddings at the start; 1 as published, 0.02 in most other code.
        mixer: How tokens meet: by "attention"; by "retention" along the raster, where a token sees those before it; or
            by "retention2d" on the grid, where it sees all. Retention has its own decay and takes no prior.
        drop_path: The chance that an image skips a layer, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range, or two do not fit together.

    Source:
        ViT, arXiv 2010.11929, in the configuration of the code beside GMM, arXiv 2309.05375.

    Example:
        >>> model = ViT(dim=24, depth=2, num_heads=3)
        >>> model(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        image_size: int = 32,
        num_classes: int = 10,
        patch_size: int | None = None,
        dim: int = 192,
        depth: int = 9,
        num_heads: int = 12,
        mlp_ratio: float = 2.0,
        pool: str = "mean",
        pos_embed: bool = True,
        pos_std: float = 1.0,
        mixer: str = "attention",
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        check_one_of("pool", pool, ("mean", "cls"))
        check_one_of("mixer", mixer, ("attention", "retention", "retention2d"))
        check_count("depth", depth)
        check_number("pos_std", pos_std, 0, 10)
        if mixer != "attention" and pool == "cls":
            raise ValueError(f"mixer is {mixer!r}, which needs pool='mean', but pool is {pool!r}")
        self.pool = pool
        self.patch_embed = PatchEmbed(
            image_size, check_count("image_size", image_size) // 8 if patch_size is None else patch_size, dim
        )
        self.grid = self.patch_embed.grid
        prefix = 1 if pool == "cls" else 0
        layers: list[nn.Module]
        if mixer == "attention":
            layers = [Attention(dim, num_heads, grid=self.grid, num_prefix_tokens=prefix) for _ in range(depth)]
        else:
            grid = self.grid if mixer == "retention2d" else None
            layers = [MultiScaleRetention(dim, num_heads, grid=grid) for _ in range(depth)]
        self.blocks = nn.Sequential(*(Block(dim, attn, mlp_ratio=mlp_ratio, drop_path=drop_path) for attn in layers))
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, check_count("num_classes", num_classes))
        self.apply(init_xavier_normal)
        # What can be left out is drawn after all else, and positions are drawn even if they are not used: with the same
        # seed, models that are compared start from the same weights.
        cls_token, positions = torch.randn(1, 1, dim), torch.randn(1, prefix + self.grid[0] * self.grid[1], dim)
        self.cls_token = nn.Parameter(cls_token) if pool == "cls" else None
        self.pos_embed = nn.Parameter(pos_std * positions) if pos_embed else None

    def embed(self, images: Tensor) -> Tensor:
        """Return the patches as tokens, shape (B, N, dim), with their positions; a class token comes first."""
        x = self.patch_embed(images)
        if self.cls_token is not None:
            x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1)
        return x if self.pos_embed is None else x + self.pos_embed

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return the class token or the mean of all tokens, then normed, shape (B, dim)."""
        # as published: pooled first, normed after, which for a mean over tokens is another model than normed first
        return self.norm(tokens[:, 0] if self.pool == "cls" else tokens.mean(dim=1))
