"""RMT: a pyramid of stages under Manhattan attention (arXiv 2309.11523, as in its released code)."""

import math
from functools import partial
from typing import Any

from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_one_of
from gmm_tutorial.manhattan import ManhattanAttention, channels_last
from gmm_tutorial.models.backbone import Pyramid, check_stages, drop_paths, init_truncated_normal
from gmm_tutorial.models.blocks import Mlp, check_images
from gmm_tutorial.models.rmt_blocks import (
    ConvMlp,
    Downsample,
    RMTBlock,
    Stem,
    make_stage,
)

__all__ = ["CONFIGURATIONS", "RMT", "SIZES"]

BASE: dict[str, Any] = {"dims": (64, 128, 256, 512), "num_heads": (4, 4, 8, 16), "spans": (4, 4, 6, 6)}
LARGE: dict[str, Any] = {
    "depths": (4, 8, 25, 8),
    "mlp_ratios": (4, 4, 3, 3),
    "decomposed": (True, True, True, False),
    "layer_scale": (None, None, 1e-6, 1e-6),
}
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "rmt-t": BASE | {"depths": (2, 2, 8, 2), "mlp_ratios": (3, 3, 3, 3), "decomposed": (True, True, False, False)},
    "rmt-s": BASE | {"depths": (3, 4, 18, 4), "mlp_ratios": (4, 4, 3, 3), "decomposed": (True, True, True, False)},
    "rmt-b": LARGE | {"dims": (80, 160, 320, 512), "num_heads": (5, 5, 10, 16), "spans": (5, 5, 6, 6)},
    "rmt-l": LARGE | {"dims": (112, 224, 448, 640), "num_heads": (7, 7, 14, 20), "spans": (6, 6, 6, 6)},
    # For 32 x 32, ours. The stem halves once, not twice: 16 x 16 tokens are the first grid on which decomposing saves
    # much (8 times the products), 8 x 8 the first on which full attention is cheap, and the grid of our ViT.
    "rmt-cifar": {
        "dims": (96, 192),
        "depths": (3, 8),
        "num_heads": (4, 8),
        "spans": (4, 6),
        "mlp_ratios": (3, 3),
        "decomposed": (True, False),
        "stem_stride": 2,
    },
}

# as in `vit`, all options but drop_path at each scale that trainings have, of the RMT that is made for small images
_WHOLE: dict[str, Any] = {"spans": [4, 6], "mlp_ratios": [3, 3], "decomposed": [True, False], "layer_scale": None}
_WHOLE |= {"stem_stride": 2, "version": "released", "decay": True, "lepe": True, "pos_conv": True}
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dims": [16, 32], "depths": [1, 1], "num_heads": [2, 2], **_WHOLE},
    "learn": {"dims": [32, 96], "depths": [1, 2], "num_heads": [2, 4], **_WHOLE},
    "full": {"dims": [96, 192], "depths": [3, 8], "num_heads": [4, 8], **_WHOLE},
}


class RMT(Pyramid):
    """Vision transformer in stages, each on half the grid of the one before: (B, 3, S, S) -> (B, num_classes).

    Args:
        image_size: Side of the images S, in pixels.
        num_classes: Number of classes.
        dims: Channels of each stage.
        depths: Blocks of each stage.
        num_heads: Heads of each stage.
        spans: How much the exponents of the rates grow in each stage, see `decay.manhattan_gamma`.
        mlp_ratios: Hidden channels of the feed-forward layers of each stage, in multiples of its channels.
        decomposed: Whether attention in each stage goes along rows, then columns, instead of in full.
        layer_scale: Where the learned scales of each stage start, see `Block`; None for no scale in any stage.
        stem_stride: By how much the stem makes the image smaller, 4 as published, or 2.
        version: "released", or "paper" for the earlier code, which is closer to the paper's equations: no rotation of q
            and k, no convolution in the feed-forward layer, no layer of 1024 channels before the classifier.
        drop_path: The chance that an image skips a layer; it grows from 0 in the first block to this in the last.
        decay: Whether attention decays with distance.
        lepe: Whether to have the local enhancement, a convolution of v.
        pos_conv: Whether to have the 3 x 3 convolution before each block.

    Raises:
        ValueError: If an argument is out of range, or does not have one entry per stage.

    Source:
        RMT, arXiv 2309.11523, and its released code.

    Example:
        >>> import torch
        >>> model = RMT(image_size=32, num_classes=10, **CONFIGURATIONS["rmt-cifar"]).eval()
        >>> model(torch.zeros(1, 3, 32, 32)).shape
        torch.Size([1, 10])
    """

    def __init__(
        self,
        *,
        image_size: int,
        num_classes: int,
        dims: tuple[int, ...],
        depths: tuple[int, ...],
        num_heads: tuple[int, ...],
        spans: tuple[float, ...],
        mlp_ratios: tuple[float, ...],
        decomposed: tuple[bool, ...],
        layer_scale: tuple[float | None, ...] | None = None,
        stem_stride: int = 4,
        version: str = "released",
        drop_path: float = 0.0,
        decay: bool = True,
        lepe: bool = True,
        pos_conv: bool = True,
    ) -> None:
        super().__init__()
        released = check_one_of("version", version, ("released", "paper")) == "released"
        check_one_of("stem_stride", stem_stride, (2, 4))
        check_stages(
            dims, depths=depths, num_heads=num_heads, spans=spans, mlp_ratios=mlp_ratios, decomposed=decomposed
        )
        layer_scale = (None,) * len(dims) if layer_scale is None else layer_scale
        check_stages(dims, layer_scale=layer_scale)
        self.image_size = check_count("image_size", image_size)
        self.stem = Stem(dims[0], stem_stride)
        self.stages, self.downsamples = nn.ModuleList(), nn.ModuleList()
        drops = drop_paths(drop_path, depths)
        side = math.ceil(image_size / stem_stride)
        for i, dim in enumerate(dims):
            attention = partial(
                ManhattanAttention,
                *(dim, num_heads[i], (side, side), decomposed[i]),
                rotate=released,
                start=2.0 if decay else math.inf,
                span=spans[i],
            )
            mlp = partial(ConvMlp if released else Mlp, dim, int(dim * mlp_ratios[i]))
            self.stages.append(make_stage(dim, attention, mlp, drops[i], layer_scale[i]))
            if i + 1 < len(dims):
                self.downsamples.append(Downsample(dim, dims[i + 1]))
                side = math.ceil(side / 2)
        tail = 1024 if released else dims[-1]
        self.proj = nn.Linear(dims[-1], tail) if released else nn.Identity()
        self.norm = nn.BatchNorm2d(tail)
        self.act = nn.SiLU() if released else nn.Identity()
        self.head = nn.Linear(tail, check_count("num_classes", num_classes))
        self.apply(init_truncated_normal)
        # With the same seed, models that are compared start from the same weights: what may be left out is drawn before
        # it is left out.
        for block in self.modules():
            if isinstance(block, RMTBlock):
                block.attn.lepe = block.attn.lepe if lepe else None
                block.pos = block.pos if pos_conv else None

    def embed(self, images: Tensor) -> Tensor:
        """Return what the stem makes of the images, shape (B, h, w, C)."""
        return self.stem(check_images(images, self.image_size, self.stem[0]))

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return the mean over tokens of what the layer before the classifier makes of them, shape (B, 1024)."""
        # as a grid of one row, because the batch norm is for grids
        return self.act(channels_last(self.norm, self.proj(tokens)[:, None])).mean(dim=(1, 2))
