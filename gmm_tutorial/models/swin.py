"""Swin for small images (arXiv 2103.14030, as configured by the code beside arXiv 2309.05375)."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count
from gmm_tutorial.attention import Attention
from gmm_tutorial.grid import Grid, unfold_kernel
from gmm_tutorial.models.backbone import Pyramid, check_stages, drop_paths, init_truncated_normal
from gmm_tutorial.models.blocks import Block, PatchEmbed

__all__ = ["SIZES", "PatchMerging", "Swin", "WindowAttention"]

# as in `vit`, all options but drop_path at each scale that trainings have
_WHOLE: dict[str, Any] = {"patch_size": None, "window": 4, "mlp_ratio": 2.0}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dims": [16, 32], "depths": [2, 1], "num_heads": [1, 2], **_WHOLE},
    "learn": {"dims": [32, 64, 128], "depths": [2, 2, 1], "num_heads": [1, 2, 4], **_WHOLE},
    "full": {"dims": [96, 192, 384], "depths": [2, 6, 4], "num_heads": [3, 6, 12], **_WHOLE},
}


class Swin(Pyramid):
    """Vision transformer in stages, with attention inside windows: (B, 3, S, S) -> (B, num_classes).

    Args:
        image_size: Side of the images S, in pixels.
        num_classes: Number of classes.
        patch_size: Side of a patch in pixels. If None, S / 16, which gives a 16 x 16 grid.
        dims: Channels of each stage; each stage has half the grid of the one before.
        depths: Blocks of each stage. Every second block shifts its windows by half of their side.
        num_heads: Heads of each stage.
        window: Side of a window, in patches. A grid that is not larger is one window, which is never shifted.
        mlp_ratio: Hidden channels of the feed-forward layers, in multiples of a stage's channels.
        drop_path: The chance that an image skips a layer; it grows from 0 in the first block to this in the last.

    Raises:
        ValueError: If an argument is out of range, or does not have one entry per stage.

    Source:
        Swin, arXiv 2103.14030, in the configuration of the code beside GMM, arXiv 2309.05375.

    Example:
        >>> model = Swin(dims=(8, 16), depths=(2, 1), num_heads=(1, 2))
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
        num_heads: tuple[int, ...] = (3, 6, 12),
        window: int = 4,
        mlp_ratio: float = 2.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        check_stages(dims, depths=depths, num_heads=num_heads)
        patch_size = check_count("image_size", image_size) // 16 if patch_size is None else patch_size
        self.patch_embed = PatchEmbed(image_size, patch_size, dims[0], conv=True)
        self.patch_norm = nn.LayerNorm(dims[0])
        self.grid = grid = self.patch_embed.grid
        self.stages, self.downsamples = nn.ModuleList(), nn.ModuleList()
        for i, drops in enumerate(drop_paths(drop_path, depths)):
            blocks = []
            for block, drop in enumerate(drops):
                attn = WindowAttention(dims[i], num_heads[i], grid=grid, window=window, shifted=block % 2 == 1)
                blocks.append(Block(dims[i], attn, mlp_ratio=mlp_ratio, drop_path=drop))
            self.stages.append(nn.Sequential(*blocks))
            if i + 1 < len(dims):
                self.downsamples.append(PatchMerging(dims[i], dims[i + 1]))
                grid = (grid[0] // 2, grid[1] // 2)
        self.norm = nn.LayerNorm(dims[-1])
        self.head = nn.Linear(dims[-1], check_count("num_classes", num_classes))
        self.apply(init_truncated_normal)
        self.pos_embed = nn.Parameter(torch.empty(1, self.grid[0] * self.grid[1], dims[0]))
        nn.init.trunc_normal_(self.pos_embed, std=0.02)

    def embed(self, images: Tensor) -> Tensor:
        """Return the patches as tokens on their grid, shape (B, h, w, C), normed, with their positions."""
        x = self.patch_norm(self.patch_embed(images)) + self.pos_embed
        return rearrange(x, "B (h w) C -> B h w C", h=self.grid[0])


class WindowAttention(nn.Module):
    """Attention inside windows, with one learned bias per head and offset: (B, h, w, C) -> (B, h, w, C).

    Args:
        dim: Number of channels C.
        num_heads: Number of heads H.
        grid: Rows and columns of the token grid, (h, w).
        window: Side of a window; that of the grid if it is smaller.
        shifted: Whether to shift the windows by half of their side. The grid is rolled for it, and tokens that only
            the roll has brought together do not see each other.

    Raises:
        ValueError: If an argument is not a positive integer, or windows do not fill the grid.

    Attributes:
        attn: The attention in a window, whose `grid` is that of a window: a prior is made for it.
        relative_position_bias_table: The biases, shape (offsets, H), in Swin's order: query minus key.
    """

    hidden: Tensor  # (windows, 1, N, N), added to the logits

    def __init__(self, dim: int, num_heads: int, *, grid: Grid, window: int, shifted: bool = False) -> None:
        super().__init__()
        side = min(check_count("window", window), *grid)
        if grid[0] % side or grid[1] % side:
            raise ValueError(f"window is {window}, but it must divide the grid of {grid[0]} x {grid[1]}")
        self.attn = Attention(dim, num_heads, qkv_bias=True, grid=(side, side))
        self.window = side
        self.shift = side // 2 if shifted and side < min(grid) else 0
        self.windows = (grid[0] // side, grid[1] // side)
        self.relative_position_bias_table = nn.Parameter(torch.empty((2 * side - 1) ** 2, num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)
        # the roll takes the first tokens across an edge: inside a window, they and the others do not see each other
        rows, columns = ((torch.arange(length) < self.shift).long() for length in grid)
        crossed = self.partition((2 * rows[:, None] + columns)[None, :, :, None])
        apart = crossed != crossed.transpose(1, 2)
        self.register_buffer("hidden", torch.where(apart, -100.0, 0.0)[:, None], persistent=False)  # -100 as published

    def partition(self, x: Tensor) -> Tensor:
        """Cut tokens x (B, h, w, C) into windows, each in raster order: (B windows, N, C)."""
        i, j = self.windows
        x = x.roll((-self.shift, -self.shift), dims=(1, 2))
        return rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", i=i, j=j)

    def forward(self, x: Tensor) -> Tensor:
        """Let the tokens x (B, h, w, C) of each window attend to each other."""
        (i, j), side = self.windows, self.window
        kernel = rearrange(self.relative_position_bias_table, "(y x) H -> H y x", y=2 * side - 1)
        # flipped, because our offsets are key minus query
        bias = unfold_kernel(kernel.flip(-2, -1), (side, side)) + self.hidden
        x = self.attn(self.partition(x), bias.repeat(len(x), 1, 1, 1))
        x = rearrange(x, "(B i j) (p q) C -> B (i p) (j q) C", i=i, j=j, p=side)
        return x.roll((self.shift, self.shift), dims=(1, 2))


class PatchMerging(nn.Module):
    """To half the grid: the channels of 2 x 2 tokens in a row, normed, projected: (B, h, w, C) -> (B, h/2, w/2, out).

    Args:
        dim: Number of channels C.
        out: Channels of the result.
    """

    def __init__(self, dim: int, out: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, out, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Merge the tokens x (B, h, w, C)."""
        return self.reduction(self.norm(rearrange(x, "B (h p) (w q) C -> B h w (q p C)", p=2, q=2)))
