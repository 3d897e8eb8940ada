"""Exercise 04.by_padded_fft: a mask times v by spectra, on a grid with borders."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor
from torch.fft import fft2, ifft2

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def by_padded_fft(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """kernel (H, 2h-1, 2w-1), v (B, H, N, D) -> (B, H, N, D): the unfolded kernel times v."""
    return correlate(kernel, v, grid, (2 * grid[0] - 1, 2 * grid[1] - 1), (grid[0] - 1, grid[1] - 1))


def correlate(kernel: Tensor, v: Tensor, grid: Grid, size: Grid, start: Grid) -> Tensor:
    """Correlate on a torus of `size`; the result's first row and column are those at -start."""
    maps = rearrange(v, "B H (h w) D -> B D H h w", h=grid[0])
    spectrum = fft2(kernel, s=size).conj() * fft2(maps, s=size)
    whole = ifft2(spectrum).real.roll(start, (-2, -1))
    return rearrange(whole[..., : grid[0], : grid[1]], "B D H h w -> B H (h w) D")


def by_padded_fft_cases() -> list[dict[str, Any]]:
    """Two tokens with whole numbers; then several images, heads and channels on grids that are not square."""
    small = {"kernel": torch.tensor([[[1.0, 2.0, 3.0]]]), "v": torch.tensor([[[[1.0], [5.0]]]]), "grid": (1, 2)}
    sizes: list[tuple[int, int, Grid, int]] = [(1, 2, (2, 3), 1), (2, 3, (3, 4), 2), (3, 2, (5, 3), 4)]
    return [small] + [
        {"kernel": torch.randn(H, 2 * h - 1, 2 * w - 1), "v": torch.randn(B, H, h * w, D), "grid": (h, w)}
        for B, H, (h, w), D in sizes
    ]


exercise = Exercise(
    "04.by_padded_fft",
    by_padded_fft,
    by_padded_fft_cases,
    unit="batches",
    hints=(
        "A torus of h x w tokens lets the left edge see the right one. How large must the torus be so that no offset "
        "of the kernel leads from one token around the torus to another?",
        "An offset goes up to h - 1 rows and w - 1 columns, so a torus of 2h - 1 by 2w - 1 is large enough. The "
        "argument `s` of fft2 adds zeros at the end of the last two axes.",
        "The kernel fills this torus. With the kernel's spectrum conjugated, the inverse transform gives at a the sum "
        "of kernel[i] v[a + i]. Offset 0 has the index i = (h-1, w-1). At which a is the result of token (0, 0)?",
        "It is h - 1 rows before row 0 and w - 1 columns before column 0. On a torus, these are rows and columns at "
        "the end. Bring them to the start by a roll of the result or of the kernel. What is then outside the grid?",
    ),
)


@exercise.mistake
def not_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is mirrored: a plain product of spectra uses query - key. Conjugate the kernel's spectrum."""
    return by_padded_fft(kernel.flip(-2, -1), v, grid)


@exercise.mistake
def not_padded(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your border wraps around: transform v padded with zeros to (2h-1, 2w-1), or the left edge sees the right one."""
    h, w = grid
    ends = kernel.roll((1 - h, 1 - w), (-2, -1))
    rows, columns = torch.arange(2 * h - 1), torch.arange(2 * w - 1)
    rows, columns = (rows - (2 * h - 1) * (rows >= h)) % h, (columns - (2 * w - 1) * (columns >= w)) % w
    index = (rows[:, None] * w + columns).flatten()
    torus = torch.zeros(len(kernel), h * w).to(kernel).index_add(1, index, ends.flatten(1)).unflatten(1, grid)
    return correlate(torus, v, grid, grid, (0, 0))


@exercise.mistake
def kernel_cut(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform on a torus of (h, w), which cuts the kernel off: both need the size (2h-1, 2w-1)."""
    return correlate(kernel, v, grid, grid, (grid[0] - 1, grid[1] - 1))


@exercise.mistake
def cut_and_cropped_at_the_start(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform on a torus of (h, w), and offset 0 is in the wrong place: pad both to (2h-1, 2w-1) first."""
    return correlate(kernel, v, grid, grid, (0, 0))


@exercise.mistake
def cropped_at_the_start(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You crop at the start, as if offset 0 were the kernel's first entry: it is the entry (h-1, w-1)."""
    return correlate(kernel, v, grid, (2 * grid[0] - 1, 2 * grid[1] - 1), (0, 0))


@exercise.mistake
def cropped_at_the_middle(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You crop at (h-1, w-1), which fits a plain convolution, or roll the wrong way: a conjugate needs the opposite."""
    return correlate(kernel, v, grid, (2 * grid[0] - 1, 2 * grid[1] - 1), (1 - grid[0], 1 - grid[1]))


@exercise.mistake
def mirrored_and_cropped_at_the_start(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is mirrored and your crop begins at the wrong place: conjugate, then move offset 0 to the start."""
    return correlate(kernel.flip(-2, -1), v, grid, (2 * grid[0] - 1, 2 * grid[1] - 1), (-1, -1))


@exercise.mistake
def values_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You conjugate the spectrum of v, which mirrors the image: conjugate the kernel's spectrum."""
    size = (2 * grid[0] - 1, 2 * grid[1] - 1)
    maps = fft2(rearrange(v, "B H (h w) D -> B D H h w", h=grid[0]), s=size)
    whole = ifft2(fft2(kernel) * maps.conj()).real.roll((1 - grid[0], 1 - grid[1]), (-2, -1))
    return rearrange(whole[..., : grid[0], : grid[1]], "B D H h w -> B H (h w) D")


@exercise.mistake
def absolute_value(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value at the end, which loses the sign: take the real part."""
    return by_padded_fft(kernel, v, grid).abs()


@exercise.mistake
def first_head_only(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You use the kernel of the first head for all heads: there is one kernel per head."""
    return by_padded_fft(kernel[:1].expand_as(kernel), v, grid)


@exercise.mistake
def by_columns(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold the tokens column by column: raster order fills the rows of the grid first."""
    folded = rearrange(v, "B H (w h) D -> B H (h w) D", h=grid[0])
    return rearrange(by_padded_fft(kernel, folded, grid), "B H (h w) D -> B H (w h) D", h=grid[0])


@exercise.mistake
def not_transposed(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You reshape (N, D) as if it were (D, N): move the channels before you fold the tokens onto the grid."""
    folded = rearrange(v.reshape(*v.shape[:2], v.shape[3], -1), "B H D N -> B H N D")
    return rearrange(by_padded_fft(kernel, folded, grid), "B H N D -> B H D N").reshape(v.shape)


@exercise.mistake
def cut_and_not_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform on a torus of (h, w) and conjugate nothing: pad both to (2h-1, 2w-1), conjugate the kernel's."""
    maps = rearrange(v, "B H (h w) D -> B D H h w", h=grid[0])
    return rearrange(ifft2(fft2(kernel, s=grid) * fft2(maps)).real, "B D H h w -> B H (h w) D")


@exercise.mistake
def both_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You conjugate both spectra, which mirrors the result: conjugate the kernel's spectrum alone."""
    size = (2 * grid[0] - 1, 2 * grid[1] - 1)
    maps = fft2(rearrange(v, "B H (h w) D -> B D H h w", h=grid[0]), s=size)
    whole = ifft2((fft2(kernel) * maps).conj()).real.roll((grid[0] - 1, grid[1] - 1), (-2, -1))
    return rearrange(whole[..., : grid[0], : grid[1]], "B D H h w -> B H (h w) D")


@exercise.mistake
def forward_twice(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your last transform is fft2: to come back from frequencies, use the inverse, ifft2."""
    size = (2 * grid[0] - 1, 2 * grid[1] - 1)
    maps = fft2(rearrange(v, "B H (h w) D -> B D H h w", h=grid[0]), s=size)
    whole = fft2(fft2(kernel).conj() * maps).real.roll((grid[0] - 1, grid[1] - 1), (-2, -1))
    return rearrange(whole[..., : grid[0], : grid[1]], "B D H h w -> B H (h w) D")


@exercise.mistake
def scale_missing(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your values are (2h-1)(2w-1) times too large: ifft2 divides by the number of frequencies unless told not to."""
    return by_padded_fft(kernel, v, grid) * kernel[0].numel()


@exercise.mistake
def moved_along_one_axis(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You move the result by h-1 rows, but by no columns: it must move by w-1 columns as well."""
    return correlate(kernel, v, grid, (2 * grid[0] - 1, 2 * grid[1] - 1), (grid[0] - 1, 0))


@exercise.mistake
def moves_exchanged(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You move by w-1 rows and h-1 columns: rows belong to h and columns to w."""
    return correlate(kernel, v, grid, (2 * grid[0] - 1, 2 * grid[1] - 1), (grid[1] - 1, grid[0] - 1))


@exercise.mistake
def heads_averaged(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You use the mean kernel for all heads: there is one kernel per head."""
    return by_padded_fft(kernel.mean(0, keepdim=True).expand_as(kernel), v, grid)
