"""The parts that every backbone is made of: patches, the feed-forward layer, the pre-norm block, the initialisation."""

import torch
from einops import rearrange
from torch import Tensor, nn
from torchvision.ops import StochasticDepth


class PatchEmbed(nn.Module):
    """Cut an image into patches and project each: (B, 3, S, S) -> (B, N, dim), N = (S / patch_size)^2."""

    def __init__(self, image_size: int, patch_size: int, dim: int) -> None:
        super().__init__()
        if patch_size < 1 or image_size % patch_size:
            raise ValueError(f"patch_size is {patch_size}, but it must divide image_size, {image_size}")
        side = image_size // patch_size
        self.image_size, self.patch_size, self.grid = image_size, patch_size, (side, side)
        # A convolution with stride patch_size is the same function, but Xavier's start would then be another: for the
        # convolution it counts every place of a patch as an output.
        self.proj = nn.Linear(3 * patch_size**2, dim)

    def forward(self, images: Tensor) -> Tensor:
        """images: (B, 3, S, S) -> (B, N, dim), in raster order."""
        patches = rearrange(
            check_images(images, self.image_size),
            "B C (h p) (w q) -> B (h w) (p q C)",
            p=self.patch_size,
            q=self.patch_size,
        )
        return self.proj(patches)


def check_images(images: Tensor, size: int) -> Tensor:
    """Return `images`. Raises ValueError unless they are (B, 3, size, size)."""
    if images.ndim != 4 or images.shape[1:] != (3, size, size):
        raise ValueError(f"images is {tuple(images.shape)}, but this model needs (B, 3, {size}, {size})")
    return images


class Mlp(nn.Module):
    """The feed-forward layer: (B, N, dim) -> (B, N, dim), each token by itself."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, N, dim) -> (B, N, dim)."""
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    """A pre-norm transformer block: (..., dim) -> (..., dim).

    attn, mlp: the two layers, for tokens in a row or on a grid, as they take them; mlp: `Mlp` with `mlp_ratio` unless
    given; drop_path: the chance that an image skips a layer; layer_scale: where the learned scale of each channel of
    what a layer adds starts, if there is to be one (CaiT, arXiv 2103.17239).
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
        self.norm1 = nn.LayerNorm(dim, norm_eps)
        self.attn = attn
        self.norm2 = nn.LayerNorm(dim, norm_eps)
        self.mlp = Mlp(dim, int(dim * mlp_ratio)) if mlp is None else mlp
        self.drop_path = StochasticDepth(drop_path, mode="row")
        self.scale1, self.scale2 = (
            None if layer_scale is None else nn.Parameter(torch.full((dim,), layer_scale)) for _ in range(2)
        )

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, N, dim) or (B, h, w, dim) -> the same shape."""
        x = x + self.drop_path(scaled(self.attn(self.norm1(x)), self.scale1))
        return x + self.drop_path(scaled(self.mlp(self.norm2(x)), self.scale2))


def scaled(x: Tensor, scale: Tensor | None) -> Tensor:
    """x, each channel times its scale if there is one."""
    return x if scale is None else x * scale


def init_xavier_normal(module: nn.Module) -> None:
    """The published start of ViT, CaiT and PiT, for `Module.apply`: Xavier normal weights, biases 0."""
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
