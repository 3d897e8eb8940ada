"""PiT for small images (arXiv 2103.16302, as configured by the code beside arXiv 2309.05375)."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_divides
from gmm_tutorial.attention import Attention
from gmm_tutorial.grid import Grid
from gmm_tutorial.models.backbone import Pyramid, check_stages, init_xavier_normal
from gmm_tutorial.models.blocks import Block, PatchEmbed

__all__ = ["SIZES", "PiT", "Pool"]

# as in `vit`, all options but drop_path at each scale that trainings have
_WHOLE: dict[str, Any] = {"patch_size": None, "mlp_ratio": 2.0}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dims": [16, 32], "depths": [1, 1], "num_heads": [1, 2], **_WHOLE},
    "learn": {"dims": [32, 64, 128], "depths": [1, 2, 1], "num_heads": [1, 2, 4], **_WHOLE},
    "full": {"dims": [96, 192, 384], "depths": [2, 6, 4], "num_heads": [2, 4, 8], **_WHOLE},
}


class PiT(Pyramid):
    """Vision transformer that pools its tokens between stages: (B, 3, S, S) -> (B, num_classes).

    Args:
        image_size: Side of the images S, in pixels.
        num_classes: Number of classes.
        patch_size: Side of a patch in pixels. If None, S / 16, which gives a 16 x 16 grid.
        dims: Channels of each stage, each a multiple of those before; a stage has half the grid of the one before.
        depths: Blocks of each stage.
        num_heads: Heads of each stage.
        mlp_ratio: Hidden channels of the feed-forward layers, in multiples of a stage's channels.
        drop_path: The chance that an image skips a layer, from 0 to 1.

    Raises:
        ValueError: If an argument is out of range, or does not have one entry per stage.

    Source:
        PiT, arXiv 2103.16302, in the configuration of the code beside GMM, arXiv 2309.05375.

    Example:
        >>> model = PiT(dims=(8, 16), depths=(1, 1), num_heads=(1, 2))
        >>> model(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        image_size: int = 32,
        num_classes: int = 10,
        patch_size: int | None = None,
        dims: tuple[int, ...] = (96, 192, 384),
        depths: tuple[int, ...] = (2, 6, 4),
        num_heads: tuple[int, ...] = (2, 4, 8),
        mlp_ratio: float = 2.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        check_stages(dims, depths=depths, num_heads=num_heads)
        patch_size = check_count("image_size", image_size) // 16 if patch_size is None else patch_size
        self.patch_embed = PatchEmbed(image_size, patch_size, dims[0], conv=True)
        self.grid = grid = self.patch_embed.grid
        self.stages, self.downsamples = nn.ModuleList(), nn.ModuleList()
        for i, dim in enumerate(dims):
            layers = [Attention(dim, num_heads[i], grid=grid, num_prefix_tokens=1) for _ in range(depths[i])]
            blocks = (Block(dim, attn, mlp_ratio=mlp_ratio, drop_path=drop_path) for attn in layers)
            self.stages.append(nn.Sequential(*blocks))
            if i + 1 < len(dims):
                self.downsamples.append(Pool(dim, dims[i + 1], grid))
                grid = ((grid[0] + 1) // 2, (grid[1] + 1) // 2)
        self.norm = nn.LayerNorm(dims[-1])
        self.head = nn.Linear(dims[-1], check_count("num_classes", num_classes))
        self.apply(init_xavier_normal)
        self.cls_token = nn.Parameter(torch.randn(1, 1, dims[0]))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + self.grid[0] * self.grid[1], dims[0]))

    def embed(self, images: Tensor) -> Tensor:
        """Return the class token and the patches as tokens, shape (B, 1 + N, C), with their positions."""
        x = self.patch_embed(images)
        return torch.cat((self.cls_token.expand(len(x), -1, -1), x), dim=1) + self.pos_embed

    def features(self, images: Tensor) -> Tensor:
        """Return the last stage's tokens, shape (B, 1 + N, C), for images (B, 3, S, S); the class token comes first."""
        return self.pyramid(images)[-1]

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return the class token, normed, shape (B, C)."""
        return self.norm(tokens[:, 0])


class Pool(nn.Module):
    """To half the grid, rounded up, and more channels: (B, 1 + h w, C) -> (B, 1 + h w / 4, out).

    A depthwise convolution with stride 2 and one of 1 x 1 take the patches; the class token has a layer of its own.

    Args:
        dim: Number of channels C.
        out: Channels of the result, a multiple of C.
        grid: Rows and columns of the token grid, (h, w).

    Raises:
        ValueError: If `out` is not a multiple of `dim`.
    """

    def __init__(self, dim: int, out: int, grid: Grid) -> None:
        super().__init__()
        check_divides("dims", out, "the one before", dim)
        self.grid = grid
        self.depthwise = nn.Conv2d(dim, out, 3, stride=2, padding=1, groups=dim)
        self.pointwise = nn.Conv2d(out, out, 1)
        self.cls = nn.Linear(dim, out)

    def forward(self, x: Tensor) -> Tensor:
        """Pool the tokens x (B, 1 + h w, C), of which the class token comes first."""
        patches = rearrange(x[:, 1:], "B (h w) C -> B C h w", h=self.grid[0])
        patches = self.pointwise(self.depthwise(patches))
        return torch.cat((self.cls(x[:, :1]), rearrange(patches, "B C h w -> B (h w) C")), dim=1)
