"""Answers to 03.unfold_by_index."""

import torch
import torch.nn.functional as F
from einops import rearrange
from verdicts import right, wrong


def places(grid):
    """Row and column in the kernel for each pair, (N, N) each."""
    h, w = grid
    y, x = (axis.flatten() for axis in torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij"))
    return y[None] - y[:, None] + h - 1, x[None] - x[:, None] + w - 1


def gathered(kernel, grid):
    row, column = places(grid)
    return kernel[:, row, column]


def accumulated(kernel, grad_mask, grid):
    row, column = places(grid)
    grad = torch.zeros_like(kernel)
    for head, each in zip(grad, grad_mask, strict=True):
        head.index_put_((row, column), each, accumulate=True)
    return grad


@wrong("several pairs share an offset")
def gradient_assigned(kernel, grad_mask, grid):
    row, column = places(grid)
    grad = torch.zeros_like(kernel)
    grad[:, row, column] = grad_mask
    return gathered(kernel, grid), grad


@wrong("several pairs share an offset")
def gradient_assigned_with_plus(kernel, grad_mask, grid):
    row, column = places(grid)
    grad = torch.zeros_like(kernel)
    grad[:, row, column] += grad_mask
    return gathered(kernel, grid), grad


@wrong("you average the gradients of the pairs with the same offset")
def gradient_averaged(kernel, grad_mask, grid):
    row, column = places(grid)
    index = (row * kernel.shape[-1] + column).flatten().expand(len(kernel), -1)
    grad = torch.zeros_like(kernel).flatten(1)
    grad = grad.scatter_reduce(1, index, grad_mask.flatten(1), "mean", include_self=False)
    return gathered(kernel, grid), grad.view_as(kernel)


@wrong("1 of 3 values differ")
def largest_gradient(kernel, grad_mask, grid):
    row, column = places(grid)
    index = (row * kernel.shape[-1] + column).flatten().expand(len(kernel), -1)
    grad = torch.zeros_like(kernel).flatten(1)
    grad = grad.scatter_reduce(1, index, grad_mask.flatten(1), "amax", include_self=False)
    return gathered(kernel, grid), grad.view_as(kernel)


@wrong("Your offsets are query - key")
def offsets_from_key_to_query(kernel, grad_mask, grid):
    return gathered(kernel, grid).mT, accumulated(kernel, grad_mask.mT, grid)


@wrong("each gradient goes to the opposite offset")
def gradient_of_the_opposite_offset(kernel, grad_mask, grid):
    return gathered(kernel, grid), accumulated(kernel, grad_mask.mT, grid)


@wrong("the result is transposed")
def mask_of_the_opposite_offset(kernel, grad_mask, grid):
    return gathered(kernel, grid).mT, accumulated(kernel, grad_mask, grid)


@wrong("the windows of your mask are in reverse order")
def unfold_without_a_flip(kernel, grad_mask, grid):
    (h, w), n = grid, grid[0] * grid[1]
    mask = kernel.unfold(1, h, 1).unfold(2, w, 1).reshape(-1, n, n)
    return mask, accumulated(kernel, grad_mask, grid)


@wrong("when `grad_mask` is reversed along axis -2")
def fold_without_a_flip(kernel, grad_mask, grid):
    (h, w), n = grid, grid[0] * grid[1]
    mask = kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1, 2).reshape(-1, n, n)
    grad = F.fold(grad_mask.mT, (2 * h - 1, 2 * w - 1), (h, w))
    return mask, grad[:, 0]


@wrong("Your windows are in reverse order")
def no_flips_at_all(kernel, grad_mask, grid):
    h, w = grid
    mask = F.unfold(kernel[:, None], (h, w)).mT
    return mask, F.fold(grad_mask.mT, (2 * h - 1, 2 * w - 1), (h, w))[:, 0]


@wrong("the result is transposed")
def windows_as_columns(kernel, grad_mask, grid):
    h, w = grid
    return F.unfold(kernel[:, None], (h, w)).flip(-1), accumulated(kernel, grad_mask, grid)


@wrong("You count w numbers per row of the flattened kernel")
def row_length_of_the_grid(kernel, grad_mask, grid):
    (h, w), (row, column) = grid, places(grid)
    index = (row * w + column).flatten()
    grad = torch.zeros_like(kernel).flatten(1).index_add(1, index, grad_mask.flatten(1))
    return kernel.flatten(1)[:, index].unflatten(1, (h * w, h * w)), grad.view_as(kernel)


@wrong("You index the kernel with the offset itself")
def not_moved_to_the_middle(kernel, grad_mask, grid):
    (h, w), (row, column) = grid, places(grid)
    row, column = row - h + 1, column - w + 1
    grad = torch.zeros_like(kernel)
    for head, each in zip(grad, grad_mask, strict=True):
        head.index_put_((row, column), each, accumulate=True)
    return kernel[:, row, column], grad


@wrong("You return the gradient first")
def gradient_in_front(kernel, grad_mask, grid):
    return accumulated(kernel, grad_mask, grid), gathered(kernel, grid)


@wrong("but a tuple of 2 values")
def mask_only(kernel, grad_mask, grid):
    return gathered(kernel, grid)


@wrong("Your second result has one number per pair of tokens")
def gradient_per_pair(kernel, grad_mask, grid):
    return gathered(kernel, grid), grad_mask * 1.0


@wrong("The second result has the shape (1, 2, 2)")
def gradient_unfolded_again(kernel, grad_mask, grid):
    return gathered(kernel, grid), gathered(accumulated(kernel, grad_mask, grid), grid)


@wrong("you add up the gradients of all heads")
def gradient_of_all_heads(kernel, grad_mask, grid):
    grad = accumulated(kernel[:1], grad_mask.sum(0, keepdim=True), grid)
    return gathered(kernel, grid), grad.expand_as(kernel)


@wrong("only the first part along axis -3 is there")
def heads_dropped(kernel, grad_mask, grid):
    return gathered(kernel, grid)[0], accumulated(kernel, grad_mask, grid)[0]


@wrong("you multiply the gradient by the kernel")
def gradient_times_kernel(kernel, grad_mask, grid):
    return gathered(kernel, grid), accumulated(kernel, grad_mask * gathered(kernel, grid), grid)


@wrong("you count the pairs of each offset")
def counts_instead(kernel, grad_mask, grid):
    return gathered(kernel, grid), accumulated(kernel, torch.ones_like(grad_mask), grid)


@wrong("Your gradient is flat, (H, (2h-1)(2w-1)): give it the kernel's shape,")
def flat_gradient(kernel, grad_mask, grid):
    return gathered(kernel, grid), accumulated(kernel, grad_mask, grid).flatten(1)


@wrong("the tokens are counted column by column")
def grid_read_as_w_h(kernel, grad_mask, grid):
    h, w = grid
    return gathered(kernel.mT, (w, h)), accumulated(kernel.mT, grad_mask, (w, h)).mT


@right
def by_two_tables(kernel, grad_mask, grid):
    return gathered(kernel, grid), accumulated(kernel, grad_mask, grid)


@right
def by_autograd(kernel, grad_mask, grid):
    kernel = kernel.detach().requires_grad_()
    mask = gathered(kernel, grid)
    return mask.detach(), torch.autograd.grad(mask, kernel, grad_mask)[0]


@right
def by_unfold_and_fold(kernel, grad_mask, grid):
    h, w = grid
    mask = F.unfold(kernel[:, None], (h, w)).mT.flip(1)
    return mask, F.fold(grad_mask.flip(1).mT, (2 * h - 1, 2 * w - 1), (h, w)).squeeze(1)


@right
def by_as_strided(kernel, grad_mask, grid):
    h, w = grid
    kernel = kernel.contiguous()
    head, row, column = kernel.stride()
    windows = kernel.flip(1, 2).as_strided((len(kernel), h, w, h, w), (head, row, column, row, column))
    mask = rearrange(windows, "H y x v u -> H (y x) (v u)").flip(2)
    return mask, accumulated(kernel, grad_mask, grid)


@right
def by_one_hot(kernel, grad_mask, grid):
    row, column = places(grid)
    read = F.one_hot(row * kernel.shape[-1] + column, kernel[0].numel()).to(kernel)  # (N, N, offsets)
    mask = torch.einsum("abo,ho->hab", read, kernel.flatten(1))
    return mask, torch.einsum("abo,hab->ho", read, grad_mask).view_as(kernel)


@right
def as_a_list_in_float64(kernel, grad_mask, grid):
    return [gathered(kernel.double(), grid), accumulated(kernel.double(), grad_mask.double(), grid)]
