"""RMT: a pyramid of stages under Manhattan attention (arXiv 2309.11523, as in its released code)."""

import math
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial.manhattan import ManhattanAttention, channels_last
from gmm_tutorial.models.blocks import Block, Mlp, check_images

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


class RMT(nn.Module):
    """Vision transformer in stages, each on half the grid of the one before: (B, 3, S, S) -> (B, num_classes).

    dims, depths, num_heads, spans, mlp_ratios, decomposed, layer_scale: one entry a stage. spans: of the rates, see
    `decay.manhattan_gamma`; decomposed: whether attention goes along rows and columns; layer_scale: see `Block`.
    stem_stride: by how much the stem makes the image smaller, 4 as published, or 2.
    version: "released", or "paper" for the earlier code, which is closer to the paper's equations: no rotation of q and
    k, no convolution in the feed-forward layer, no layer of 1024 channels before the classifier.
    decay, lepe, pos_conv: whether to have the decay, the local enhancement, the 3 x 3 convolution before each block.
    drop_path: grows from 0 in the first block to this in the last.
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
        if version not in ("released", "paper"):
            raise ValueError(f"version is {version!r}, but it must be 'released' or 'paper'")
        if stem_stride not in (2, 4):
            raise ValueError(f"stem_stride is {stem_stride!r}, but it must be 2 or 4")
        stages = len(dims)
        layer_scale = layer_scale or (None,) * stages
        each = {"depths": depths, "num_heads": num_heads, "spans": spans, "mlp_ratios": mlp_ratios}
        for name, values in (each | {"decomposed": decomposed, "layer_scale": layer_scale}).items():
            if len(values) != stages:
                raise ValueError(f"{name} has {len(values)} entries, but dims has {stages}: one a stage")
        self.image_size, released = image_size, version == "released"
        self.stem = Stem(dims[0], stem_stride)
        drop = iter(torch.linspace(0, drop_path, sum(depths)).tolist())
        self.stages, self.downsamples = nn.ModuleList(), nn.ModuleList()
        blocks: list[list[RMTBlock]] = [[] for _ in dims]
        side = math.ceil(image_size / stem_stride)
        for i, (dim, depth) in enumerate(zip(dims, depths, strict=True)):
            for _ in range(depth):
                attn = ManhattanAttention(
                    dim,
                    num_heads[i],
                    (side, side),
                    decomposed=decomposed[i],
                    rotate=released,
                    start=2.0 if decay else math.inf,
                    span=spans[i],
                )
                mlp = (ConvMlp if released else Mlp)(dim, int(dim * mlp_ratios[i]))
                options = {"drop_path": next(drop), "layer_scale": layer_scale[i], "norm_eps": 1e-6}
                blocks[i].append(RMTBlock(dim, attn, mlp, **options))
            self.stages.append(nn.Sequential(*blocks[i]))
            if i + 1 < stages:
                self.downsamples.append(Downsample(dim, dims[i + 1]))
                side = math.ceil(side / 2)
        tail = 1024 if released else dims[-1]
        self.proj = nn.Linear(dims[-1], tail) if released else nn.Identity()
        self.norm = nn.BatchNorm2d(tail)
        self.act = nn.SiLU() if released else nn.Identity()
        self.head = nn.Linear(tail, num_classes)
        self.apply(init_truncated_normal)
        # With the same seed, models that are compared start from the same weights: what may be left out is drawn before
        # it is left out.
        for block in (block for stage in blocks for block in stage):
            block.attn.lepe = block.attn.lepe if lepe else None
            block.pos = block.pos if pos_conv else None

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """(B, 3, S, S) -> what each stage gives, (B, h, w, C), the finest first."""
        maps = [self.stages[0](self.stem(check_images(images, self.image_size)))]
        for downsample, stage in zip(self.downsamples, self.stages[1:], strict=True):
            maps.append(stage(downsample(maps[-1])))
        return maps

    def features(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> the last stage's tokens, (B, N, C)."""
        return rearrange(self.pyramid(images)[-1], "B h w C -> B (h w) C")

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) -> logits (B, num_classes)."""
        x = self.act(channels_last(self.norm, self.proj(self.pyramid(images)[-1])))
        return self.head(x.mean(dim=(1, 2)))


class Stem(nn.Sequential):
    """From pixels to the first grid: four 3 x 3 convolutions (the paper says five), (B, 3, S, S) -> (B, h, w, dim)."""

    def __init__(self, dim: int, stride: int) -> None:
        half = dim // 2
        super().__init__(
            *convolution(3, half, stride=2), nn.GELU(),
            *convolution(half, half), nn.GELU(),
            *convolution(half, dim, stride=stride // 2), nn.GELU(),
            *convolution(dim, dim),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """images: (B, 3, S, S) -> (B, h, w, dim)."""
        return super().forward(images).movedim(1, -1)


class Downsample(nn.Sequential):
    """To half the grid: (B, h, w, dim) -> (B, h/2, w/2, out), rounded up."""

    def __init__(self, dim: int, out: int) -> None:
        super().__init__(*convolution(dim, out, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, h, w, dim) -> (B, h/2, w/2, out)."""
        return channels_last(super().forward, x)


class RMTBlock(Block):
    """The pre-norm block, after a 3 x 3 depthwise convolution that tells tokens of their neighbours."""

    attn: ManhattanAttention
    pos: nn.Module | None

    def __init__(self, dim: int, attn: ManhattanAttention, mlp: nn.Module, **options: Any) -> None:
        super().__init__(dim, attn, mlp, **options)
        self.pos = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, h, w, dim) -> (B, h, w, dim)."""
        return super().forward(x if self.pos is None else x + channels_last(self.pos, x))


class ConvMlp(Mlp):
    """The feed-forward layer with a 3 x 3 depthwise convolution among its hidden channels, for tokens on a grid."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__(dim, hidden)
        self.conv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, h, w, dim) -> (B, h, w, dim)."""
        x = self.act(self.fc1(x))
        return self.fc2(x + channels_last(self.conv, x))


def convolution(dim: int, out: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    """A 3 x 3 convolution and its batch norm."""
    return nn.Conv2d(dim, out, 3, stride, padding=1), nn.BatchNorm2d(out)


def init_truncated_normal(module: nn.Module) -> None:
    """The published start of RMT, for `Module.apply`: truncated normal linear weights, biases 0."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
