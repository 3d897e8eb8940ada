"""A small plain ConvNet: what the transformers are held against where locality is the question."""

from itertools import pairwise
from typing import Any

from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count
from gmm_tutorial.models.backbone import Backbone, init_xavier_normal
from gmm_tutorial.models.blocks import check_images

__all__ = ["SIZES", "ConvNet"]

# as in `vit`, the options at each scale that trainings have; about as many parameters as the ViT there
SIZES: dict[str, dict[str, Any]] = {
    "ci": {"dim": 32, "depth": 2},
    "learn": {"dim": 120, "depth": 2},
    "full": {"dim": 352, "depth": 2},
}


class ConvNet(Backbone):
    """Plain convolutional network: (B, 3, S, S) -> (B, num_classes).

    Every layer is a 3 x 3 convolution, BatchNorm and GELU. Those of the stem have stride 2 and end on the 8 x 8 grid of
    our ViT; the others stay there. By default it has as many parameters as the published ViT, and it is shallow on
    purpose: at 32 x 32 a token sees 23 x 23 pixels, so that there is an outside.

    Args:
        image_size: Side of the images S in pixels, 8 times a power of 2 and at least 16.
        num_classes: Number of classes.
        dim: Channels on the 8 x 8 grid, a multiple of the power of 2 by which the stem doubles up to it.
        depth: Number of layers on the 8 x 8 grid.

    Raises:
        ValueError: If an argument is not a positive integer, or does not fit the stem.

    Example:
        >>> import torch
        >>> ConvNet(dim=16)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        image_size: int = 32,
        num_classes: int = 10,
        dim: int = 352,
        depth: int = 2,
    ) -> None:
        super().__init__()
        check_count("image_size", image_size)
        steps = (image_size // 8).bit_length() - 1  # how often the sides are halved on the way to 8 x 8
        if steps < 1 or image_size != 8 * 2**steps:
            raise ValueError(f"image_size is {image_size}, but it must be 16, 32, 64 or so: 8 times a power of 2")
        if check_count("dim", dim) % 2 ** (steps - 1):
            raise ValueError(
                f"dim is {dim}, but it must be a multiple of {2 ** (steps - 1)}: the stem doubles up to it"
            )
        self.image_size, self.grid = image_size, (8, 8)
        widths = [3, *(dim >> step for step in reversed(range(steps)))]
        self.stem = nn.Sequential(*(layer(a, b, stride=2) for a, b in pairwise(widths)))
        self.blocks = nn.Sequential(*(layer(dim, dim) for _ in range(check_count("depth", depth))))
        self.head = nn.Linear(dim, check_count("num_classes", num_classes))
        self.apply(init_xavier_normal)

    def embed(self, images: Tensor) -> Tensor:
        """Return what the stem makes of the images, shape (B, dim, 8, 8)."""
        return self.stem(check_images(images, self.image_size, self.stem.get_submodule("0.0")))

    def features(self, images: Tensor) -> Tensor:
        """Return the tokens of the 8 x 8 grid in raster order, shape (B, N, dim), for images (B, 3, S, S)."""
        return rearrange(super().features(images), "B C h w -> B (h w) C")

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return the mean of all tokens, shape (B, dim); the last layer has normed them."""
        return tokens.mean(dim=1)


def layer(width_in: int, width_out: int, stride: int = 1) -> nn.Sequential:
    """Make a layer (B, width_in, h, w) -> (B, width_out, h / stride, w / stride). BatchNorm has a bias of its own."""
    convolution = nn.Conv2d(width_in, width_out, 3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(width_out), nn.GELU())
