"""Exercise 04.convolve: mask @ v without the mask."""

from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise


def convolve(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """kernel (2h-1, 2w-1), v (N, D) -> (N, D): what the unfolded kernel times v gives."""
    return unfold_kernel(kernel[None], grid)[0] @ v


def convolve_cases() -> list[dict[str, Any]]:
    """A row of tokens with whole numbers, then channels, then rectangles."""
    row = {
        "kernel": torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]),
        "v": torch.tensor([[1.0], [0.0], [2.0]]),
        "grid": (1, 3),
    }
    sizes: list[tuple[Grid, int]] = [((2, 2), 2), ((2, 3), 1), ((4, 3), 3), ((5, 5), 2)]
    return [row] + [
        {"kernel": torch.randn(2 * h - 1, 2 * w - 1), "v": torch.randn(h * w, d), "grid": (h, w)} for (h, w), d in sizes
    ]


def slide(kernel: Tensor, maps: Tensor, padding: tuple[int, int]) -> Tensor:
    """kernel (a, b), maps (D, h, w) -> (D, ...): each map by itself."""
    return F.conv2d(maps[:, None], kernel[None, None], padding=padding)[:, 0]


exercise = Exercise(
    "04.convolve",
    convolve,
    convolve_cases,
    unit="grids",
    hints=(
        "conv2d expects a batch of images: fold the N tokens of v back onto the grid, with one image per channel.",
        "Imagine the kernel's center on the top left token. How many rows of the kernel stick out above the image, and "
        "how many columns on the left? That is the padding.",
        "In v, tokens come before channels, and images come before places: the axes must move before you fold. After "
        "conv2d, undo the steps in reverse order.",
    ),
)


@exercise.mistake
def flipped(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is turned by 180 degrees: conv2d, like our mask, uses the offset key - query, so do not flip it."""
    return convolve(kernel.flip(0, 1), v, grid)


@exercise.mistake
def channels_scrambled(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold (N, D) as if it were (D, N): transpose v first, then fold, and the same on the way back."""
    maps = v.reshape(v.shape[1], *grid)
    return slide(kernel, maps, (grid[0] - 1, grid[1] - 1)).reshape(v.shape)


@exercise.mistake
def not_transposed_before(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold v without transposing it: v is (N, D), tokens first. The way back from conv2d is right."""
    maps = v.reshape(v.shape[1], *grid)
    return slide(kernel, maps, (grid[0] - 1, grid[1] - 1)).flatten(1).T


@exercise.mistake
def not_transposed_back(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You reshape the result where it must be transposed: conv2d gives (D, 1, h, w), which flattens to (D, N)."""
    return convolve(kernel, v, grid).T.reshape(v.shape)


@exercise.mistake
def shape_not_undone(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You return (D, N), channels first: tokens come first, (N, D)."""
    return convolve(kernel, v, grid).T


@exercise.mistake
def by_columns(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold the tokens column by column: raster order fills the rows of the grid first."""
    h, w = grid
    maps = slide(kernel, rearrange(v, "(w h) D -> D h w", h=h), (h - 1, w - 1))
    return rearrange(maps, "D h w -> (w h) D")


@exercise.mistake
def around_the_border(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your border wraps around: outside the image there are zeros, not its opposite edge."""
    h, w = grid
    maps = rearrange(v, "(h w) D -> D 1 h w", h=h)
    return slide(kernel, F.pad(maps, (w - 1, w - 1, h - 1, h - 1), mode="circular")[:, 0], (0, 0)).flatten(1).T


@exercise.mistake
def channels_added(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You add up the channels: each column of v is convolved by itself, as an image of its own in the batch."""
    return convolve(kernel, v.sum(1, keepdim=True), grid)


@exercise.mistake
def channels_added_in_each(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Every channel of your result is the sum of all channels: convolve each column of v by itself."""
    return convolve(kernel, v.sum(1, keepdim=True).expand_as(v), grid)


@exercise.mistake
def too_few_zeros(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Too few zeros: the kernel's center is its entry (h-1, w-1), so it needs h-1 rows and w-1 columns on each side."""
    h, w = grid
    return slide(kernel, rearrange(v, "(h w) D -> D h w", h=h), (h // 2, w // 2)).flatten(1).T


@exercise.mistake
def one_step_off(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your result lies one row and one column off: pad by (h-1, w-1), not by (h, w), then nothing has to be cropped."""
    maps = slide(kernel, rearrange(v, "(h w) D -> D h w", h=grid[0]), grid)
    return maps[:, : grid[0], : grid[1]].flatten(1).T


@exercise.mistake
def border_repeated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You repeat the edge of the image beyond the border: outside the image there are zeros."""
    h, w = grid
    maps = rearrange(v, "(h w) D -> D 1 h w", h=h)
    return slide(kernel, F.pad(maps, (w - 1, w - 1, h - 1, h - 1), mode="replicate")[:, 0], (0, 0)).flatten(1).T


@exercise.mistake
def divided_by_the_weights(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You divide each token by the sum of the weights that it uses: here the sum is not normalized."""
    return convolve(kernel, v, grid) / convolve(kernel, torch.ones_like(v), grid)


@exercise.mistake
def kernel_normalized(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You divide the kernel by its sum: use its weights as they are."""
    return convolve(kernel / kernel.sum(), v, grid)


@exercise.mistake
def offset_as_index(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You use offsets as indices: offset (0, 0) is at entry (h-1, w-1) of the kernel, and -1 is the entry before it."""
    return convolve(kernel.roll((grid[0] - 1, grid[1] - 1), (0, 1)), v, grid)


@exercise.mistake
def nearest_neighbors_only(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You use only the 3 x 3 weights in the middle of the kernel: use all of them."""
    offsets = [torch.arange(1 - n, n).abs() <= 1 for n in grid]
    return convolve(kernel * offsets[0][:, None] * offsets[1], v, grid)
