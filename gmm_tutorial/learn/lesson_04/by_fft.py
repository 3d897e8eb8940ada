"""Exercise 04.by_fft: on a torus a convolution is a product of spectra."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def by_fft(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """kernel (h, w), v (N, D) -> (N, D): out[a] is the sum over b of kernel[(b - a) mod (h, w)] v[b]."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(maps)
    return rearrange(torch.fft.ifft2(spectrum).real, "D h w -> (h w) D")


def by_fft_cases() -> list[dict[str, Any]]:
    """A ring of three tokens with whole numbers, then rectangles."""
    ring = {"kernel": torch.tensor([[1.0, 2.0, 0.0]]), "v": torch.tensor([[1.0], [0.0], [5.0]]), "grid": (1, 3)}
    sizes: list[tuple[Grid, int]] = [((2, 3), 1), ((3, 4), 2), ((5, 3), 3)]
    return [ring] + [{"kernel": torch.randn(g), "v": torch.randn(g[0] * g[1], d), "grid": g} for g, d in sizes]


exercise = Exercise(
    "04.by_fft",
    by_fft,
    by_fft_cases,
    unit="tori",
    hints=(
        "Fold v onto the grid, with one image per channel. Then multiply spectra. torch.fft.fft2 works on the last two "
        "axes.",
        "The plain product of two spectra belongs to the sum of kernel[a - b] v[b]. We need kernel[b - a], so one of "
        "the two spectra must be conjugated. To find out which, move v by one step: the result must move the same way.",
        "A conjugated spectrum belongs to the mirrored signal, and it is the kernel that must be mirrored. After the "
        "inverse transform, the imaginary part is only rounding error.",
    ),
)


@exercise.mistake
def not_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is mirrored: a plain product of spectra uses query - key. Conjugate the kernel's spectrum."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft2(torch.fft.fft2(kernel) * torch.fft.fft2(maps)).real, "D h w -> (h w) D")


@exercise.mistake
def wrong_one_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your result is mirrored: you conjugate the spectrum of v. Conjugate the kernel's spectrum."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft2(torch.fft.fft2(kernel) * torch.fft.fft2(maps).conj()).real, "D h w -> (h w) D")


@exercise.mistake
def flipped_instead(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your result is one step off in y and in x: offset 0 must stay at kernel[0, 0], and a flip or a roll moves it."""
    return not_conjugated(kernel.flip(0, 1), v, grid)


@exercise.mistake
def forward_twice(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your last transform is fft2: to come back from frequencies, use the inverse, ifft2."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(maps)
    return rearrange(torch.fft.fft2(spectrum).real, "D h w -> (h w) D")


@exercise.mistake
def absolute_value(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value at the end, which loses the sign: take the real part."""
    return by_fft(kernel, v, grid).abs()


@exercise.mistake
def one_axis_only(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform along x only, so different rows of the image never mix: use both axes."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft(torch.fft.fft(kernel).conj() * torch.fft.fft(maps)).real, "D h w -> (h w) D")


@exercise.mistake
def channels_transformed(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform the axis of the channels as well: only the two axes of the grid are places."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fftn(maps)
    return rearrange(torch.fft.ifft2(spectrum).real, "D h w -> (h w) D")


@exercise.mistake
def torus_by_columns(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold the tokens column by column: raster order fills the rows of the grid first."""
    h, w = grid
    rows = by_fft(kernel, rearrange(v, "(w h) D -> (h w) D", h=h), grid)
    return rearrange(rows, "(h w) D -> (w h) D", h=h)


@exercise.mistake
def channels_last(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """fft2 uses the last two axes, here the columns and channels of (h, w, D): move the channels, or set dim=(0, 1)."""
    maps = v.view(*grid, -1)
    spectrum = torch.fft.fft2(kernel).conj()[..., None] * torch.fft.fft2(maps)
    return torch.fft.ifft2(spectrum).real.reshape(v.shape)


@exercise.mistake
def torus_scrambled(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold (N, D) as if it were (D, N): transpose v before you fold it, and again after the way back."""
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(v.view(-1, *grid))
    return torch.fft.ifft2(spectrum).real.reshape(v.shape)


@exercise.mistake
def torus_not_transposed_before(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold v without transposing it: v is (N, D), tokens first. The way back is right."""
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(v.view(-1, *grid))
    return torch.fft.ifft2(spectrum).real.flatten(1).T


@exercise.mistake
def not_transposed_back(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You reshape the result where it must be transposed: it is (D, h, w), which flattens to (D, N)."""
    return by_fft(kernel, v, grid).T.reshape(v.shape)


@exercise.mistake
def centered(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You move the kernel by half the grid, as fftshift does: offset 0 is already at kernel[0, 0]."""
    return by_fft(torch.fft.fftshift(kernel), v, grid)


@exercise.mistake
def centered_back(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You move the kernel by half the grid, as ifftshift does: offset 0 is already at kernel[0, 0]."""
    return by_fft(torch.fft.ifftshift(kernel), v, grid)


@exercise.mistake
def rows_only(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform along y only, so different columns of the image never mix: use both axes."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft(kernel, dim=0).conj() * torch.fft.fft(maps, dim=1)
    return rearrange(torch.fft.ifft(spectrum, dim=1).real, "D h w -> (h w) D")


@exercise.mistake
def along_the_raster(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You convolve along the raster, as if all tokens stood in one row: fold them onto the grid and use fft2."""
    return by_fft(kernel.reshape(1, -1), v, (1, len(v)))


@exercise.mistake
def zeros_around(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your border does not wrap around: on a torus, a step to the right from the last column leads to the first."""
    y, x = torch.meshgrid(*map(torch.arange, grid), indexing="ij")
    dy, dx = (each.flatten() - each.flatten()[:, None] for each in (y, x))
    return (kernel[dy, dx] * ((dy >= 0) & (dx >= 0))) @ v


@exercise.mistake
def phases_lost(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You use only the absolute values of the kernel's spectrum: its phases say where the weights are."""
    spectrum = torch.fft.fft2(kernel).abs() * torch.fft.fft2(rearrange(v, "(h w) D -> D h w", h=grid[0]))
    return rearrange(torch.fft.ifft2(spectrum).real, "D h w -> (h w) D")


@exercise.mistake
def real_part_of_the_spectrum(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You keep only the real part of the kernel's spectrum: take the real part after the inverse transform."""
    spectrum = torch.fft.fft2(kernel).real * torch.fft.fft2(rearrange(v, "(h w) D -> D h w", h=grid[0]))
    return rearrange(torch.fft.ifft2(spectrum).real, "D h w -> (h w) D")


@exercise.mistake
def imaginary_part(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You return the imaginary part, which is only rounding error: the result is in the real part."""
    return torch.zeros_like(by_fft(kernel, v, grid))


@exercise.mistake
def channels_summed(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Every channel of your result is the sum of all channels: convolve each column of v by itself."""
    return by_fft(kernel, v.sum(1, keepdim=True).expand_as(v), grid)


@exercise.mistake
def both_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You conjugate both spectra, or their product, which mirrors the result: conjugate the kernel's spectrum alone."""
    spectrum = torch.fft.fft2(kernel) * torch.fft.fft2(rearrange(v, "(h w) D -> D h w", h=grid[0]))
    return rearrange(torch.fft.ifft2(spectrum.conj()).real, "D h w -> (h w) D")
