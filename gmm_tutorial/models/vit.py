"""ViT for small images (arXiv 2010.11929, as configured by the code beside arXiv 2309.05375)."""

from typing import Any

import torch
from torch import Tensor, nn

from gmm_tutorial.attention import Attention
from gmm_tutorial.models.blocks import Block, PatchEmbed, init_xavier_normal
from gmm_tutorial.retention import MultiScaleRetention

# All options but drop_path, which is the recipe's, at each scale that trainings have: written out, so that a default
# that changes later changes none of the trainings that are planned or done.
_WHOLE: dict[str, Any] = {"patch_size": None, "mlp_ratio": 2.0, "pool": "mean", "pos_embed": True, "mixer": "attention"}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dim": 32, "depth": 2, "num_heads": 2, **_WHOLE},
    "learn": {"dim": 96, "depth": 4, "num_heads": 4, **_WHOLE},
    "full": {"dim": 192, "depth": 9, "num_heads": 12, **_WHOLE},
}


class ViT(nn.Module):
    """Vision transformer: (B, 3, S, S) -> (B, num_classes).

    pool: "mean" of all tokens, or "cls", a class token of its own. The published comparison pools its baseline by
    "cls" and its masked model by "mean"; here both are open to both.
    pos_embed: whether tokens are told where they are. Without, a prior is all that knows.
    mixer: how tokens meet: by "attention"; by "retention" along the raster, each token seeing those before it; by
    "retention2d" on the grid, each seeing all. Retention has its own decay, and takes no prior.
    patch_size: S / 8 unless given, an 8 x 8 grid; the published table doubles the patch with the image.
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
        mixer: str = "attention",
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if pool not in ("mean", "cls"):
            raise ValueError(f"pool is {pool!r}, but it must be 'mean' or 'cls'")
        if mixer not in ("attention", "retention", "retention2d"):
            raise ValueError(f"mixer is {mixer!r}, but it must be 'attention', 'retention' or 'retention2d'")
        if mixer != "attention" and pool == "cls":
            raise ValueError(f"mixer is {mixer!r}, which needs pool='mean', but pool is {pool!r}")
        self.pool = pool
        self.patch_embed = PatchEmbed(image_size, image_size // 8 if patch_size is None else patch_size, dim)
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
        self.head = nn.Linear(dim, num_classes)
        self.apply(init_xavier_normal)
        # What can be left out is drawn after all else, and positions are drawn even if they are not used: with the same
        # seed, models that are compared start from the same weights.
        cls_token, positions = torch.randn(1, 1, dim), torch.randn(1, prefix + self.grid[0] * self.grid[1], dim)
        self.cls_token = nn.Parameter(cls_token) if pool == "cls" else None
        self.pos_embed = nn.Parameter(positions) if pos_embed else None

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> the last block's tokens, (B, tokens, dim), a class token first if there is one."""
        x = self.patch_embed(images)
        if self.cls_token is not None:
            x = torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1)
        if self.pos_embed is not None:
            x = x + self.pos_embed
        return self.blocks(x)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> logits (B, num_classes)."""
        x = self.features(images)
        # as published: pooled first, normed after, which for a mean over tokens is another model than normed first
        return self.head(self.norm(x[:, 0] if self.pool == "cls" else x.mean(dim=1)))
