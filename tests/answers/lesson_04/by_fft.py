"""Answers to 04.by_fft."""

from itertools import product

import torch
from torch.fft import fft2, ifft2
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates


def pictures(v, grid):
    return v.T.reshape(-1, *grid)


def back(spectra):
    return ifft2(spectra).real.flatten(1).T


@right
def real_transforms(kernel, v, grid):
    product = torch.fft.rfft2(kernel).conj() * torch.fft.rfft2(pictures(v, grid))
    return torch.fft.irfft2(product, s=grid).flatten(1).T


@right
def rolls(kernel, v, grid):
    picture, out = v.view(*grid, -1), 0
    for dy, dx in product(range(grid[0]), range(grid[1])):
        out = out + kernel[dy, dx] * picture.roll((-dy, -dx), (0, 1))
    return out.flatten(0, 1)


@right
def tokens_first(kernel, v, grid):
    spectra = torch.fft.fftn(v.view(*grid, -1), dim=(0, 1))
    return torch.fft.ifftn(fft2(kernel).conj()[..., None] * spectra, dim=(0, 1)).real.flatten(0, 1)


@right
def flipped_and_rolled(kernel, v, grid):
    mirrored = kernel.flip(0, 1).roll((1, 1), (0, 1))
    return back(fft2(mirrored) * fft2(pictures(v, grid)))


@right
def circulant_matrix_in_float64(kernel, v, grid):
    places = coordinates(grid)
    dy, dx = ((places[None] - places[:, None]) % torch.tensor(grid)).unbind(-1)
    return kernel.double()[dy, dx] @ v.double()


@wrong("Your kernel is mirrored")
def not_conjugated(kernel, v, grid):
    return back(fft2(kernel) * fft2(pictures(v, grid)))


@wrong("Your result is mirrored")
def values_conjugated(kernel, v, grid):
    return back(fft2(kernel) * fft2(pictures(v, grid)).conj())


@wrong("You conjugate both spectra")
def both_conjugated(kernel, v, grid):
    return back(fft2(kernel).conj() * fft2(pictures(v, grid)).conj())


@wrong("You conjugate both spectra")
def product_conjugated(kernel, v, grid):
    return back((fft2(kernel) * fft2(pictures(v, grid))).conj())


@wrong("Your result is one step off in y and in x")
def flipped_without_a_roll(kernel, v, grid):
    return back(fft2(kernel.flip(0, 1)) * fft2(pictures(v, grid)))


@wrong("Your result is one step off in y and in x")
def rolled_by_one(kernel, v, grid):
    return back(fft2(kernel.roll((1, 1), (0, 1))).conj() * fft2(pictures(v, grid)))


@wrong("You move the kernel by half the grid")
def middle_shifted_to_the_center(kernel, v, grid):
    return back(fft2(torch.fft.fftshift(kernel)).conj() * fft2(pictures(v, grid)))


@wrong("You move the kernel by half the grid")
def middle_taken_from_the_center(kernel, v, grid):
    return back(fft2(torch.fft.ifftshift(kernel)).conj() * fft2(pictures(v, grid)))


@wrong("You fold v without transposing it")
def pictures_not_transposed(kernel, v, grid):
    return back(fft2(kernel).conj() * fft2(v.reshape(-1, *grid)))


@wrong("You reshape the result where it must be transposed")
def result_not_transposed(kernel, v, grid):
    return ifft2(fft2(kernel).conj() * fft2(pictures(v, grid))).real.reshape(v.shape)


@wrong("fft2 uses the last two axes")
def transform_of_the_last_axes(kernel, v, grid):
    spectra = fft2(v.view(*grid, -1))
    return ifft2(fft2(kernel).conj()[..., None] * spectra).real.flatten(0, 1)


@wrong("You transform along y only")
def rows_only(kernel, v, grid):
    spectra = torch.fft.fft(kernel, dim=-2).conj() * torch.fft.fft(pictures(v, grid), dim=-2)
    return torch.fft.ifft(spectra, dim=-2).real.flatten(1).T


@wrong("You transform along x only")
def columns_only(kernel, v, grid):
    spectra = torch.fft.fft(kernel).conj() * torch.fft.fft(pictures(v, grid))
    return torch.fft.ifft(spectra).real.flatten(1).T


@wrong("You convolve along the raster")
def one_dimension_of_the_raster(kernel, v, grid):
    spectra = torch.fft.fft(kernel.flatten()).conj()[:, None] * torch.fft.fft(v, dim=0)
    return torch.fft.ifft(spectra, dim=0).real


@wrong("It returns a complex64 tensor")
def still_complex(kernel, v, grid):
    return ifft2(fft2(kernel).conj() * fft2(pictures(v, grid))).flatten(1).T


@wrong("You take the absolute value at the end")
def absolute_value(kernel, v, grid):
    return ifft2(fft2(kernel).conj() * fft2(pictures(v, grid))).abs().flatten(1).T


@wrong("You return the imaginary part")
def imaginary_part(kernel, v, grid):
    return ifft2(fft2(kernel).conj() * fft2(pictures(v, grid))).imag.flatten(1).T


@wrong("Your last transform is fft2")
def forward_again(kernel, v, grid):
    return fft2(fft2(kernel).conj() * fft2(pictures(v, grid))).real.flatten(1).T


@wrong("Each value is the expected one divided by `v.shape[-2]` or `h * w`")
def divided_again(kernel, v, grid):
    return back(fft2(kernel).conj() * fft2(pictures(v, grid))) / len(v)


@wrong("Each value is the expected one divided by the square root of `v.shape[-2]` or `h * w`")
def orthonormal_transforms(kernel, v, grid):
    spectra = fft2(kernel, norm="ortho").conj() * fft2(pictures(v, grid), norm="ortho")
    return ifft2(spectra, norm="ortho").real.flatten(1).T


@wrong("You use only the absolute values of the kernel's spectrum")
def magnitudes_only(kernel, v, grid):
    return back(fft2(kernel).abs() * fft2(pictures(v, grid)))


@wrong("You keep only the real part of the kernel's spectrum")
def real_part_of_the_spectrum(kernel, v, grid):
    return back(fft2(kernel).real * fft2(pictures(v, grid)))


@wrong("It has the shape (2, 1), but (3, 1) is expected.")
def width_of_the_real_transform_lost(kernel, v, grid):
    spectra = torch.fft.rfft2(kernel).conj() * torch.fft.rfft2(pictures(v, grid))
    return torch.fft.irfft2(spectra).flatten(1).T


@wrong("raised RuntimeError")
def kernel_transposed(kernel, v, grid):
    return back(fft2(kernel.T).conj() * fft2(pictures(v, grid)))


@wrong("Only the first entry along axis -2 is right")
def grid_swapped(kernel, v, grid):
    return back(fft2(kernel.reshape(grid[::-1])).conj() * fft2(v.T.reshape(-1, *grid[::-1])))


@wrong("The shape is right, but 2 of 3 values differ, firs")
def spectra_added(kernel, v, grid):
    return back(fft2(kernel).conj() + fft2(pictures(v, grid)))


@wrong("Your border does not wrap around")
def zeros_around(kernel, v, grid):
    h, w = grid
    out = torch.zeros(h, w, v.shape[1])
    picture = v.view(h, w, -1)
    for dy, dx in product(range(h), range(w)):
        out[: h - dy, : w - dx] += kernel[dy, dx] * picture[dy:, dx:]
    return out.flatten(0, 1)


@wrong("Every channel of your result is the sum of all channels")
def channels_summed(kernel, v, grid):
    return back(fft2(kernel).conj() * fft2(pictures(v, grid))).sum(1, keepdim=True).expand(v.shape)
