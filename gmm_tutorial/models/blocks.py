"""The parts that every backbone is made of: patches, the feed-forward layer, the pre-norm block."""

import torch
from einops import rearrange
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from gmm_tutorial._checks import check_count, check_finite, check_input, check_number

__all__ = ["Block", "Mlp", "PatchEmbed", "check_images"]


class PatchEmbed(nn.Module):
    """Cut an image into patches and project each.

    Args:
        image_size: Side of the images S, in pixels.
        patch_size: Side of a patch, in pixels.
        dim: Number of channels of a token.
        conv: Whether the projection is a convolution with stride `patch_size`, as published for Swin and PiT, instead
            of a linear layer. Both compute the same function, but Xavier's start differs, because it counts every
            place of a convolution's patch as an output.

    Raises:
        ValueError: If a size is not a positive integer, or patches do not fill the image.

    Example:
        >>> PatchEmbed(32, 4, dim=16)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 64, 16])
    """

    def __init__(self, image_size: int, patch_size: int, dim: int, *, conv: bool = False) -> None:
        super().__init__()
        check_count("dim", dim)
        if check_count("image_size", image_size) % check_count("patch_size", patch_size):
            raise ValueError(f"patch_size is {patch_size}, but it must divide image_size, {image_size}")
        side = image_size // patch_size
        self.image_size, self.patch_size, self.grid = image_size, patch_size, (side, side)
        self.proj: nn.Module = nn.Linear(3 * patch_size**2, dim)
        if conv:
            self.proj = nn.Conv2d(3, dim, patch_size, stride=patch_size)

    def forward(self, images: Tensor) -> Tensor:
        """Embed images.

        Args:
            images: Normalized images, shape (B, 3, S, S).

        Returns:
            One token per patch in raster order, shape (B, N, dim) with N = (S / patch_size)^2.

        Raises:
            TypeError: If `images` is not of the dtype of the weights.
            ValueError: If `images` has another size or device than the layer needs.
        """
        check_images(images, self.image_size, self.proj)
        if isinstance(self.proj, nn.Conv2d):
            return rearrange(self.proj(images), "B C h w -> B (h w) C")
        side = self.patch_size
        return self.proj(rearrange(images, "B C (h p) (w q) -> B (h w) (p q C)", p=side, q=side))


def check_images(images: Tensor, size: int, layer: nn.Module) -> Tensor:
    """Return images after checking that a model can take them.

    Args:
        images: Normalized images.
        size: Side of the images that the model was made for, in pixels.
        layer: The layer that sees the images first.

    Returns:
        The same images.

    Raises:
        TypeError: If `images` is not a tensor of the dtype of the layer's weights.
        ValueError: If `images` is not (B, 3, size, size), or on another device than the layer.
    """
    return check_input("images", images, ("B", 3, size, size), layer, "this model needs")


class Mlp(nn.Module):
    """The feed-forward layer, which transforms each token by itself.

    Args:
        dim: Number of channels.
        hidden: Number of hidden channels.

    Raises:
        ValueError: If an argument is not a positive integer.
    """

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(check_count("dim", dim), check_count("hidden", hidden))
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """Transform tokens x (..., dim), keeping their shape."""
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    """A pre-norm transformer block: (..., dim) -> (..., dim).

    Args:
        dim: Number of channels.
        attn: The layer in which tokens meet, for tokens in a row or on a grid.
        mlp: The layer in which each token is by itself; `Mlp` if None.
        mlp_ratio: Hidden channels of that `Mlp`, in multiples of `dim`.
        drop_path: The chance that an image skips a layer, from 0 to 1.
        layer_scale: If not None, a learned scale multiplies each channel of what a layer adds, and starts here.
        norm_eps: Added to the variance by the norms.

    Raises:
        ValueError: If an argument is out of range.

    Source:
        The layer scale is CaiT's, arXiv 2103.17239.
    """

    def __init__(
        self,
        dim: int,
        attn: nn.Module,
        mlp: nn.Module | None = None,
        *,
        mlp_ratio: float = 2.0,
        drop_path: float = 0.0,
        layer_scale: float | None = None,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(check_count("dim", dim), check_number("norm_eps", norm_eps, 0, 1))
        self.attn = attn
        self.norm2 = nn.LayerNorm(dim, norm_eps)
        self.mlp = Mlp(dim, int(dim * check_finite("mlp_ratio", mlp_ratio))) if mlp is None else mlp
        self.drop_path = StochasticDepth(check_number("drop_path", drop_path, 0, 1), mode="row")
        if layer_scale is not None:
            check_finite("layer_scale", layer_scale)
        self.scale1, self.scale2 = (
            None if layer_scale is None else nn.Parameter(torch.full((dim,), layer_scale)) for _ in range(2)
        )

    def forward(self, x: Tensor, *context: Tensor) -> Tensor:
        """Return the tokens x (B, N, dim) or (B, h, w, dim) with what both layers add, the same shape.

        Attention gets `context` as well, as it is: what a class token reads, for example.
        """
        x = x + self.drop_path(scaled(self.attn(self.norm1(x), *context), self.scale1))
        return x + self.drop_path(scaled(self.mlp(self.norm2(x)), self.scale2))


def scaled(x: Tensor, scale: Tensor | None) -> Tensor:
    """Multiply each channel of x by its scale if there is one."""
    return x if scale is None else x * scale
