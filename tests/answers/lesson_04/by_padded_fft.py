"""Answers to 04.by_padded_fft."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch.fft import fft2, ifft2, irfft2, rfft2
from verdicts import right, wrong

from gmm_tutorial.grid import unfold_kernel


def images(v, grid):
    return rearrange(v, "B H (h w) D -> B D H h w", h=grid[0])


def tokens(maps):
    return rearrange(maps, "B D H h w -> B H (h w) D")


def doubled(grid):
    return 2 * grid[0] - 1, 2 * grid[1] - 1


def spectra(kernel, v, grid):
    return fft2(kernel), fft2(images(v, grid), s=doubled(grid))


@right
def rolled_kernel_in_real_transforms(kernel, v, grid):
    (h, w), size = grid, doubled(grid)
    ready = kernel.roll((1 - h, 1 - w), (-2, -1))
    whole = irfft2(rfft2(ready).conj() * rfft2(images(v, grid), s=size), s=size)
    return tokens(whole[..., :h, :w])


@right
def flipped_kernel_cropped_in_the_middle(kernel, v, grid):
    (h, w), size = grid, (2 * grid[0] + 5, 4 * grid[1])
    whole = ifft2(fft2(kernel.flip(-2, -1), s=size) * fft2(images(v, grid), s=size)).real
    return tokens(whole[..., h - 1 : 2 * h - 1, w - 1 : 2 * w - 1])


@right
def padded_by_hand_before(kernel, v, grid):
    h, w = grid
    maps = F.pad(images(v, grid), (w - 1, 0, h - 1, 0))
    return tokens(ifft2(fft2(kernel).conj() * fft2(maps)).real[..., :h, :w])


@right
def mask_in_float64(kernel, v, grid):
    return unfold_kernel(kernel.double(), grid) @ v.double()


@right
def one_image_and_head_at_a_time(kernel, v, grid):
    (h, w), size, out = grid, doubled(grid), []
    for image in v:
        for head, each in zip(kernel, image, strict=True):
            maps = each.T.reshape(-1, h, w)
            whole = ifft2(fft2(head).conj() * fft2(maps, s=size)).real.roll((h - 1, w - 1), (1, 2))
            out.append(whole[:, :h, :w].flatten(1).T)
    return torch.stack(out).unflatten(0, v.shape[:2])


@wrong("Your kernel is mirrored")
def not_conjugated(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k * x).real[..., h - 1 :, w - 1 :])


@wrong("Your kernel is mirrored and your crop begins at the wrong place")
def not_conjugated_cropped_at_the_start(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k * x).real[..., :h, :w])


@wrong("You crop at the start")
def conjugated_cropped_at_the_start(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real[..., :h, :w])


@wrong("You crop at (h-1, w-1), which fits a plain convolu")
def conjugated_cropped_in_the_middle(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real[..., h - 1 :, w - 1 :])


@wrong("You crop at (h-1, w-1), which fits a plain convolu")
def last_rows_and_columns(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real[..., -h:, -w:])


@wrong("You conjugate the spectrum of v")
def values_conjugated(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k * x.conj()).real[..., h - 1 :, w - 1 :])


@wrong("You conjugate both spectra")
def both_conjugated(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x.conj()).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("You conjugate both spectra")
def product_conjugated(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2((k * x).conj()).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("You transform on a torus of ")
def torus_of_the_grid(kernel, v, grid):
    h, w = grid
    whole = ifft2(fft2(kernel, s=grid).conj() * fft2(images(v, grid))).real
    return tokens(whole.roll((h - 1, w - 1), (-2, -1)))


@wrong("You transform on a torus of ")
def torus_of_the_grid_not_moved(kernel, v, grid):
    return tokens(ifft2(fft2(kernel, s=grid).conj() * fft2(images(v, grid))).real)


@wrong("You transform on a torus of ")
def torus_of_the_grid_flipped(kernel, v, grid):
    return tokens(ifft2(fft2(kernel, s=grid) * fft2(images(v, grid))).real)


@wrong("Your border wraps around")
def border_wraps_around(kernel, v, grid):
    from gmm_tutorial.grid import coordinates

    h, w = grid
    places, total = coordinates(grid), 0
    for y in (-h, 0, h):
        for x in (-w, 0, w):
            dy, dx = (places[None] - places[:, None] + torch.tensor([y, x])).unbind(-1)
            inside = (dy.abs() < h) & (dx.abs() < w)
            total = total + kernel[:, (dy + h - 1).clamp(0, 2 * h - 2), (dx + w - 1).clamp(0, 2 * w - 2)] * inside
    return total @ v


@wrong("raised RuntimeError")
def padded_by_too_little(kernel, v, grid):
    (h, w), size = grid, (2 * grid[0] - 2, 2 * grid[1] - 2)
    whole = ifft2(fft2(kernel, s=size).conj() * fft2(images(v, grid), s=size)).real
    return tokens(whole.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("The shape is right, but all values differ, first a")
def padded_to_twice_the_grid_and_cropped_at_the_end(kernel, v, grid):
    (h, w), size = grid, (2 * grid[0], 2 * grid[1])
    whole = ifft2(fft2(kernel, s=size).conj() * fft2(images(v, grid), s=size)).real
    return tokens(whole[..., h:, w:])


@wrong("You crop at (h-1, w-1), which fits a plain convolu")
def one_row_and_column_off(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real.roll((h, w), (-2, -1))[..., :h, :w])


@wrong("You move the result by h-1 rows")
def moved_along_rows_only(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real.roll(h - 1, -2)[..., :h, :w])


@wrong("You move by w-1 rows and h-1 columns")
def moves_exchanged(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real.roll((w - 1, h - 1), (-2, -1))[..., :h, :w])


@wrong("You crop at (h-1, w-1), which fits a plain convolu")
def moved_the_other_way(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real.roll((1 - h, 1 - w), (-2, -1))[..., :h, :w])


@wrong("It has the shape (1, 1, 3, 1), but (1, 1, 2, 1) is")
def not_cropped(kernel, v, grid):
    k, x = spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).real)


@wrong("You take the absolute value at the end")
def absolute_value(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).abs().roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("It returns a complex64 tensor")
def still_complex(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x).roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("Your last transform is fft2")
def forward_again(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(fft2(k.conj() * x).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("The shape is right, but all values differ, first a")
def width_of_the_real_transform_lost(kernel, v, grid):
    (h, w), size = grid, doubled(grid)
    whole = irfft2(rfft2(kernel).conj() * rfft2(images(v, grid), s=size))
    return tokens(whole.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("You use the kernel of the first head for all heads")
def first_head_for_all(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k[:1].conj() * x).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("You use the mean kernel for all heads")
def heads_averaged(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.mean(0, keepdim=True).conj() * x).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("Only the first entry along axis -4 is right")
def only_one_image(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v[:1], grid)
    out = tokens(ifft2(k.conj() * x).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])
    return out.expand(v.shape)


@wrong("You reshape (N, D) as if it were (D, N): move the ")
def channels_not_moved(kernel, v, grid):
    (h, w), size = grid, doubled(grid)
    maps = v.reshape(*v.shape[:2], -1, h, w).transpose(1, 2)
    whole = ifft2(fft2(kernel).conj() * fft2(maps, s=size)).real.roll((h - 1, w - 1), (-2, -1))
    return whole[..., :h, :w].transpose(1, 2).reshape(v.shape)


@wrong("You fold the tokens column by column")
def grid_swapped(kernel, v, grid):
    maps = rearrange(v, "B H (w h) D -> B D H h w", h=grid[0])
    (h, w), size = grid, doubled(grid)
    whole = ifft2(fft2(kernel).conj() * fft2(maps, s=size)).real.roll((h - 1, w - 1), (-2, -1))
    return rearrange(whole[..., :h, :w], "B D H h w -> B H (w h) D")


@wrong("The values are right")
def without_gradient(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel.detach(), v, grid)
    return tokens(ifft2(k.conj() * x).real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])


@wrong("Your values are (2h-1)(2w-1) times too large: ifft")
def divided_by_the_size(kernel, v, grid):
    (h, w), (k, x) = grid, spectra(kernel, v, grid)
    return tokens(ifft2(k.conj() * x, norm="forward").real.roll((h - 1, w - 1), (-2, -1))[..., :h, :w])
