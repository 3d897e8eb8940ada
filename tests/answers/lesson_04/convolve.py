"""Answers to 04.convolve."""

import torch
import torch.nn.functional as F
from torch.nn.functional import conv2d
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates, unfold_kernel


def pictures(v, grid):
    return v.T.reshape(-1, 1, *grid)


def slide(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None], padding=(grid[0] - 1, grid[1] - 1)).flatten(1).T


@right
def depthwise(kernel, v, grid):
    weight = kernel.expand(v.shape[1], 1, *kernel.shape)
    out = F.conv2d(v.T.reshape(1, -1, *grid), weight, padding=(grid[0] - 1, grid[1] - 1), groups=v.shape[1])
    return out.flatten(2)[0].T


@right
def loops(kernel, v, grid):
    h, w = grid
    rows = []
    for a in range(h * w):
        row = 0
        for b in range(h * w):
            row = row + kernel[b // w - a // w + h - 1, b % w - a % w + w - 1] * v[b]
        rows.append(row)
    return torch.stack(rows)


@right
def matrix_in_float64(kernel, v, grid):
    return unfold_kernel(kernel[None].double(), grid)[0] @ v.double()


@right
def patches(kernel, v, grid):
    columns = F.unfold(pictures(v, grid), kernel.shape, padding=(grid[0] - 1, grid[1] - 1))  # (D, offsets, N)
    return torch.einsum("o,don->nd", kernel.flatten(), columns)


@wrong("Your kernel is turned by 180 degrees")
def kernel_flipped(kernel, v, grid):
    return slide(kernel.flip(0, 1), v, grid)


@wrong("This is what comes out when `kernel` is reversed along axis -2")
def rows_flipped(kernel, v, grid):
    return slide(kernel.flip(0), v, grid)


@wrong("This is what comes out when `kernel` is reversed along its last axis")
def columns_flipped(kernel, v, grid):
    return slide(kernel.flip(1), v, grid)


@wrong("Your kernel is turned by 180 degrees")
def mask_transposed(kernel, v, grid):
    return unfold_kernel(kernel[None], grid)[0].T @ v


@wrong("raised RuntimeError")
def padding_swapped(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None], padding=(grid[1] - 1, grid[0] - 1)).flatten(1).T


@wrong("raised RuntimeError")
def no_padding(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None]).flatten(1).T


@wrong("It has the shape (15, 1), but (3, 1) is expected.")
def padding_of_the_grid(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None], padding=grid).flatten(1).T


@wrong("Too few zeros: the kernel's center is its entry (h")
def padding_of_half_the_grid(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None], padding=(grid[0] // 2, grid[1] // 2)).flatten(1).T


@wrong("Your result lies one row and one column off")
def one_too_many_and_cropped(kernel, v, grid):
    out = conv2d(pictures(v, grid), kernel[None, None], padding=grid)
    return out[:, :, : grid[0], : grid[1]].flatten(1).T


@wrong("raised RuntimeError")
def one_padding_for_both_axes(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None], padding=grid[0] - 1).flatten(1).T


@wrong("You fold v without transposing it")
def pictures_not_transposed(kernel, v, grid):
    padding = grid[0] - 1, grid[1] - 1
    return conv2d(v.reshape(-1, 1, *grid), kernel[None, None], padding=padding).flatten(1).T


@wrong("You reshape the result where it must be transposed")
def result_not_transposed(kernel, v, grid):
    return conv2d(pictures(v, grid), kernel[None, None], padding=(grid[0] - 1, grid[1] - 1)).reshape(v.shape)


@wrong("You fold (N, D) as if it were (D, N): transpose v ")
def neither_transposed(kernel, v, grid):
    padding = grid[0] - 1, grid[1] - 1
    return conv2d(v.reshape(-1, 1, *grid), kernel[None, None], padding=padding).reshape(v.shape)


@wrong("You return (D, N), channels first: tokens come fir")
def channels_before_tokens(kernel, v, grid):
    return slide(kernel, v, grid).T


@wrong("You fold the tokens column by column")
def grid_swapped(kernel, v, grid):
    h, w = grid
    out = conv2d(v.T.reshape(-1, 1, w, h), kernel.T[None, None], padding=(w - 1, h - 1))
    return out.flatten(1).T


@wrong("Your border wraps around")
def border_wraps_around(kernel, v, grid):
    (h, w), picture = grid, pictures(v, grid)
    ring = F.pad(picture, (w - 1, w - 1, h - 1, h - 1), mode="circular")
    return conv2d(ring, kernel[None, None]).flatten(1).T


@wrong("You repeat the edge of the image beyond the border")
def border_repeated(kernel, v, grid):
    (h, w), picture = grid, pictures(v, grid)
    edge = F.pad(picture, (w - 1, w - 1, h - 1, h - 1), mode="replicate")
    return conv2d(edge, kernel[None, None]).flatten(1).T


@wrong("You divide the kernel by its sum")
def kernel_normalized(kernel, v, grid):
    return slide(kernel / kernel.sum(), v, grid)


@wrong("You divide each token by the sum of the weights that it uses")
def each_row_divided_by_its_sum(kernel, v, grid):
    return slide(kernel, v, grid) / slide(kernel, torch.ones_like(v), grid)


@wrong("Each value is the expected one divided by `v.shape[-2]` or `h * w`")
def mean_of_the_tokens(kernel, v, grid):
    return slide(kernel, v, grid) / len(v)


@wrong("Every channel of your result is the sum of all channels")
def channels_summed(kernel, v, grid):
    return slide(kernel, v, grid).sum(1, keepdim=True).expand(v.shape)


@wrong("Only the first entry along the last axis is right")
def only_the_first_channel(kernel, v, grid):
    return slide(kernel, v[:, :1], grid).expand(v.shape)


@wrong("raised RuntimeError")
def channels_as_one_image(kernel, v, grid):
    picture = v.T.reshape(1, -1, *grid)
    return conv2d(picture, kernel[None, None], padding=(grid[0] - 1, grid[1] - 1)).flatten(2)[0].T


@wrong("You use offsets as indices")
def index_without_the_middle(kernel, v, grid):
    places = coordinates(grid)
    dy, dx = (places[None] - places[:, None]).unbind(-1)
    return kernel[dy, dx] @ v


@wrong("Only the first entry along axis -2 is right")
def distance_without_its_sign(kernel, v, grid):
    places = coordinates(grid)
    dy, dx = (places[None] - places[:, None]).abs().unbind(-1)
    return kernel[dy + grid[0] - 1, dx + grid[1] - 1] @ v


@wrong("The values are right")
def without_gradient(kernel, v, grid):
    return slide(kernel, v.detach(), grid)


@wrong("You use only the 3 x 3 weights in the middle of the kernel")
def only_three_by_three(kernel, v, grid):
    h, w = grid
    small = kernel[h - 2 : h + 1, w - 2 : w + 1]
    return conv2d(pictures(v, grid), small[None, None], padding="same").flatten(1).T
