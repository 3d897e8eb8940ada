"""Answers to 03.unfold."""

import torch
from einops import rearrange
from verdicts import right, wrong


@wrong("Your mask is mirrored: is the window sliding the wrong")
def mirrored(kernel, grid):
    h, w = grid
    rows = [kernel[:, y : y + h, x : x + w].flatten(1) for y in range(h) for x in range(w)]
    return torch.stack(rows, dim=1)


@wrong("Axes -3 and -2 have changed places")
def heads_in_the_middle(kernel, grid):
    h, w = grid
    rows = [
        kernel[:, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten(1) for y in range(h) for x in range(w)
    ]
    return torch.stack(rows)


@wrong("Your mask is transposed")
def stacked_as_columns(kernel, grid):
    h, w = grid
    rows = [
        kernel[:, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten(1) for y in range(h) for x in range(w)
    ]
    return torch.stack(rows, dim=-1)


@wrong("The rows of your mask are in the wrong order")
def queries_by_columns(kernel, grid):
    h, w = grid
    rows = [
        kernel[:, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten(1) for x in range(w) for y in range(h)
    ]
    return torch.stack(rows, dim=1)


@wrong("You flatten each window column by column; raster order reads it row by row")
def keys_by_columns(kernel, grid):
    h, w = grid
    rows = [
        kernel[:, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].transpose(1, 2).flatten(1)
        for y in range(h)
        for x in range(w)
    ]
    return torch.stack(rows, dim=1)


@wrong("Only the first part along axis -3 is there")
def first_head_only(kernel, grid):
    h, w = grid
    rows = [
        kernel[0, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten() for y in range(h) for x in range(w)
    ]
    return torch.stack(rows)


@wrong("Every head gets the mask of the first head")
def first_head_for_all(kernel, grid):
    h, w = grid
    rows = [
        kernel[:1, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten(1) for y in range(h) for x in range(w)
    ]
    return torch.stack(rows, dim=1).expand(len(kernel), -1, -1)


@wrong("Your mask is mirrored: is the window sliding the wrong")
def strides_without_a_flip(kernel, grid):
    h, w = grid
    return kernel.unfold(1, h, 1).unfold(2, w, 1).reshape(-1, h * w, h * w)


@wrong("Along axis -2, the tokens are in reverse order within each row of the")
def one_axis_flipped(kernel, grid):
    h, w = grid
    return kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1).reshape(-1, h * w, h * w)


@wrong("The values are in reverse order along the last axis")
def keys_flipped_too(kernel, grid):
    h, w = grid
    return kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1, 2, 3, 4).reshape(-1, h * w, h * w)


@wrong("Your windows start one row and one column too late")
def one_window_too_far(kernel, grid):
    h, w = grid
    padded = torch.nn.functional.pad(kernel, (0, 1, 0, 1))
    rows = [padded[:, h - y : 2 * h - y, w - x : 2 * w - x].flatten(1) for y in range(h) for x in range(w)]
    return torch.stack(rows, dim=1)


@wrong("All rows of your mask are the same")
def always_the_first_window(kernel, grid):
    h, w = grid
    return kernel[:, None, h - 1 :, w - 1 :].flatten(2).expand(-1, h * w, -1)


@wrong("raised RuntimeError")
def square_grids_only(kernel, grid):
    h = grid[0]
    rows = [
        kernel[:, h - 1 - y : 2 * h - 1 - y, h - 1 - x : 2 * h - 1 - x].flatten(1) for y in range(h) for x in range(h)
    ]
    return torch.stack(rows, dim=1)


@wrong("The numbers are right and in the right order")
def five_axes_left(kernel, grid):
    h, w = grid
    return kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1, 2)


@wrong("You take the absolute value of the offset")
def absolute_offset(kernel, grid):
    h, w = grid
    y, x = (axis.flatten() for axis in torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"))
    return kernel[:, (y[None] - y[:, None]).abs() + h - 1, (x[None] - x[:, None]).abs() + w - 1]


@wrong("Your result is right where the two numbers of `grid` are equal")
def h_for_the_columns_middle(kernel, grid):
    h, w = grid
    y, x = (axis.flatten() for axis in torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"))
    return kernel[:, y[None] - y[:, None] + h - 1, (x[None] - x[:, None] + h - 1) % (2 * w - 1)]


@wrong("no gradient comes back")
def without_its_gradient(kernel, grid):
    h, w = grid
    rows = [
        kernel.detach()[:, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x].flatten(1)
        for y in range(h)
        for x in range(w)
    ]
    return torch.stack(rows, dim=1)


@wrong("It is what is expected, with one more softmax over the last")
def softmax_over_keys(kernel, grid):
    h, w = grid
    return kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1, 2).reshape(-1, h * w, h * w).softmax(-1)


@wrong("You index the kernel with the offset itself")
def wraps_around(kernel, grid):
    h, w = grid
    y, x = (axis.flatten() for axis in torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"))
    return kernel[:, y[None] - y[:, None], x[None] - x[:, None]]


@right
def by_pairs(kernel, grid):
    h, w = grid
    places = [(y, x) for y in range(h) for x in range(w)]
    pairs = [kernel[:, v - y + h - 1, u - x + w - 1] for y, x in places for v, u in places]
    return torch.stack(pairs, dim=1).unflatten(1, (h * w, h * w))


@right
def by_stride(kernel, grid):
    h, w = grid
    windows = kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1, 2)
    return rearrange(windows, "H y x h w -> H (y x) (h w)")


@right
def filled_in_place(kernel, grid):
    h, w = grid
    mask = kernel.new_zeros(len(kernel), h, w, h, w)
    for y in range(h):
        for x in range(w):
            mask[:, y, x] = kernel[:, h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]
    return mask.reshape(len(kernel), h * w, h * w)


@right
def in_float64(kernel, grid):
    h, w = grid
    return kernel.double().unfold(1, h, 1).unfold(2, w, 1).flip(1, 2).reshape(-1, h * w, h * w)


@right
def by_convolving_unit_images(kernel, grid):
    h, w = grid
    units = torch.eye(h * w).view(h * w, 1, h, w).to(kernel)
    maps = torch.nn.functional.conv2d(units, kernel[:, None], padding=(h - 1, w - 1))  # (key, H, query)
    return rearrange(maps, "key H y x -> H (y x) key")
