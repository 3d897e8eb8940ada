"""The parts of RMT: its stem, its downsampling, its block and its feed-forward layer."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from gmm_tutorial._checks import check_count
from gmm_tutorial.manhattan import ManhattanAttention, channels_last
from gmm_tutorial.models.blocks import Block, Mlp

__all__ = ["ConvMlp", "Downsample", "RMTBlock", "Stem"]


class Stem(nn.Sequential):
    """From pixels to the first grid by four 3 x 3 convolutions (the paper says five).

    Args:
        dim: Channels of the first stage, at least 2.
        stride: By how much the image gets smaller, 2 or 4.
    """

    def __init__(self, dim: int, stride: int) -> None:
        half = check_count("dim", dim, least=2) // 2
        super().__init__(
            *convolution(3, half, stride=2), nn.GELU(),
            *convolution(half, half), nn.GELU(),
            *convolution(half, dim, stride=stride // 2), nn.GELU(),
            *convolution(dim, dim),
        )  # fmt: skip

    def forward(self, images: Tensor) -> Tensor:
        """Embed images (B, 3, S, S) as tokens on their grid, shape (B, h, w, dim)."""
        return super().forward(images).movedim(1, -1)


class Downsample(nn.Sequential):
    """To half the grid, rounded up, by a 3 x 3 convolution.

    Args:
        dim: Channels of the tokens.
        out: Channels of the result.
    """

    def __init__(self, dim: int, out: int) -> None:
        super().__init__(*convolution(dim, out, stride=2))

    def forward(self, x: Tensor) -> Tensor:
        """Halve the grid of tokens x (B, h, w, dim), to shape (B, h/2, w/2, out)."""
        return channels_last(super().forward, x)


class RMTBlock(Block):
    """The pre-norm block, after a 3 x 3 depthwise convolution that tells tokens about their neighbors.

    Args:
        dim: Number of channels.
        attn: The attention layer.
        mlp: The feed-forward layer.
        **options: Further arguments of `Block`.

    Attributes:
        pos: The convolution, or None to leave it out.
    """

    attn: ManhattanAttention
    pos: nn.Module | None

    def __init__(self, dim: int, attn: ManhattanAttention, mlp: nn.Module, **options: Any) -> None:
        super().__init__(dim, attn, mlp, **options)
        self.pos = nn.Conv2d(dim, dim, 3, padding=1, groups=dim)

    def forward(self, x: Tensor, *context: Tensor) -> Tensor:
        """Return the tokens x (B, h, w, dim) with what both layers add, the same shape."""
        return super().forward(x if self.pos is None else x + channels_last(self.pos, x), *context)


class ConvMlp(Mlp):
    """The feed-forward layer with a 3 x 3 depthwise convolution on its hidden channels, for tokens on a grid.

    Args:
        dim: Number of channels.
        hidden: Number of hidden channels.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__(dim, hidden)
        self.conv = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens x (B, h, w, dim), keeping their shape."""
        x = self.act(self.fc1(x))
        return self.fc2(x + channels_last(self.conv, x))


def convolution(dim: int, out: int, stride: int = 1) -> tuple[nn.Module, nn.Module]:
    """Make a 3 x 3 convolution and its batch norm."""
    return nn.Conv2d(dim, out, 3, stride, padding=1), nn.BatchNorm2d(out)


def make_stage(
    dim: int,
    attention: Callable[[], ManhattanAttention],
    mlp: Callable[[], Mlp],
    drops: Sequence[float],
    layer_scale: float | None,
) -> nn.Sequential:
    """Make a stage: one block for each chance of being skipped."""
    options: dict[str, Any] = {"layer_scale": layer_scale, "norm_eps": 1e-6}
    return nn.Sequential(*(RMTBlock(dim, attention(), mlp(), drop_path=drop, **options) for drop in drops))
