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
        "Fold v onto the grid, one picture a channel. Then: transform both, multiply, transform back. torch.fft.fft2 "
        "works on the last two axes.",
        "The plain product of two spectra adds up kernel[a - b] v[b]. We want kernel[b - a]: one of the two spectra "
        "is conjugated. Which one? Move v by one step: the result has to move the same way.",
        "It is the kernel's spectrum. After the way back, ifft2, nothing imaginary is left but rounding: keep .real.",
    ),
)


@exercise.mistake
def not_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is mirrored: the plain product of spectra is the offset query - key. Conjugate the kernel's."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft2(torch.fft.fft2(kernel) * torch.fft.fft2(maps)).real, "D h w -> (h w) D")


@exercise.mistake
def wrong_one_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your picture is mirrored: you conjugate the spectrum of v. It is the kernel's that is conjugated."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft2(torch.fft.fft2(kernel) * torch.fft.fft2(maps).conj()).real, "D h w -> (h w) D")


@exercise.mistake
def flipped_instead(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your result is one step off: a flip turns the kernel around, but moves offset 0 to the end. Conjugate instead."""
    return not_conjugated(kernel.flip(0, 1), v, grid)


@exercise.mistake
def forward_twice(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You never come back: the last transform is the inverse one, ifft2."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(maps)
    return rearrange(torch.fft.fft2(spectrum).real, "D h w -> (h w) D")


@exercise.mistake
def absolute_value(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value at the end, and lose the sign: take the real part."""
    return by_fft(kernel, v, grid).abs()


@exercise.mistake
def one_axis_only(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform along x only, so rows of the picture never meet: use both axes."""
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
    """fft2 takes the last two axes, columns and channels of (h, w, D): put channels in front, or say dim=(0, 1)."""
    maps = v.view(*grid, -1)
    spectrum = torch.fft.fft2(kernel).conj()[..., None] * torch.fft.fft2(maps)
    return torch.fft.ifft2(spectrum).real.reshape(v.shape)


@exercise.mistake
def torus_scrambled(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold (N, D) as if it were (D, N): transpose v first, then fold, and the same on the way back."""
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(v.view(-1, *grid))
    return torch.fft.ifft2(spectrum).real.reshape(v.shape)


@exercise.mistake
def torus_not_transposed_before(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You come out right, but go in wrong: v is (N, D), tokens first, so transpose it before you fold it."""
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(v.view(-1, *grid))
    return torch.fft.ifft2(spectrum).real.flatten(1).T
