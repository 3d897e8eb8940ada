"""Exercise 03.unfold_by_index: all windows at once, and the gradient that comes back to the kernel."""

from collections.abc import Callable
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid, coordinates, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_03.numbered_kernel import numbered

Both = tuple[Tensor, Tensor]


def unfold_by_index(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """Kernel (H, 2h-1, 2w-1), grad_mask (H, N, N) -> mask (H, N, N), grad_kernel (H, 2h-1, 2w-1)."""
    return unfold_kernel(kernel, grid), scattered(kernel, grad_mask, unfold_index(grid))


def unfold_index(grid: Grid) -> Tensor:
    """Where in a flattened kernel the offset of each pair of tokens is: (N * N,)."""
    h, w = grid
    # Number the tokens by their place in the *kernel*, whose rows are 2w-1 long. Then the difference of two such
    # numbers, moved to the middle, is the place of their offset: the window's slide is one subtraction.
    y, x = coordinates(grid).unbind(-1)
    place = y * (2 * w - 1) + x
    index = place[None, :] - place[:, None] + (h - 1) * (2 * w - 1) + (w - 1)
    return index.flatten()


def scattered(kernel: Tensor, grad_mask: Tensor, index: Tensor) -> Tensor:
    """Add each pair's gradient to the entry of the kernel that the pair was read from."""
    grad = torch.zeros_like(kernel).flatten(1)
    return grad.index_add(1, index, grad_mask.flatten(1)).view_as(kernel)


def unfold_by_index_cases() -> list[dict[str, Any]]:
    """Whole numbers that can be checked by hand, then random ones; two heads on grids with unequal sides."""

    def case(grid: Grid, kernel: Tensor) -> dict[str, Any]:
        tokens, heads = grid[0] * grid[1], len(kernel)
        grad_mask = 1 + torch.arange(heads * tokens**2).view(heads, tokens, tokens) % 7
        return {"kernel": kernel, "grad_mask": grad_mask.float(), "grid": grid}

    small = [case(grid, numbered(grid)[None]) for grid in ((1, 2), (2, 1), (2, 2))]
    larger = [case((h, w), torch.randn(2, 2 * h - 1, 2 * w - 1)) for h, w in ((2, 3), (3, 2), (5, 4))]
    return small + larger


exercise = Exercise(
    "03.unfold_by_index",
    unfold_by_index,
    unfold_by_index_cases,
    unit="grids",
    hints=(
        "For every pair of tokens you need the kernel's row and column: the offset of the pair, plus h-1 and w-1. "
        "Broadcasting a column of query positions against a row of key positions gives all N x N of them.",
        "Two (N, N) tables of whole numbers, one of rows and one of columns, index the kernel's last two axes at once. "
        "That is the whole forward pass.",
        "An entry of the kernel is copied to every pair that has its offset. Changing that entry changes the loss "
        "through all these pairs, and by the chain rule its gradient is the sum of theirs.",
        "Start with a kernel of zeros and add each pair's gradient at the place it was read from. Plain indexed "
        "assignment keeps only one of several values for the same place, so look for an operation that accumulates.",
    ),
    differentiates=True,
)


def mistaken_gradient(change: Callable[[Tensor, Tensor, Grid], Tensor]) -> Callable[[Tensor, Tensor, Grid], Both]:
    """A mistake whose mask is right and whose gradient is what `change` makes of kernel, grad_mask and grid."""

    def mistake(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
        return unfold_kernel(kernel, grid), change(kernel, grad_mask, grid)

    mistake.__doc__ = change.__doc__
    mistake.__name__ = change.__name__
    exercise.mistake(mistake)
    return mistake


@mistaken_gradient
def not_accumulated(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but several pairs share an offset, and the kernel's gradient keeps only one: add them up."""
    grad = torch.zeros_like(kernel).flatten(1)
    grad[:, unfold_index(grid)] = grad_mask.flatten(1)
    return grad.view_as(kernel)


@mistaken_gradient
def averaged(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but you average the gradients of the pairs with the same offset: the chain rule adds them."""
    total, count = (scattered(kernel, each, unfold_index(grid)) for each in (grad_mask, torch.ones_like(grad_mask)))
    return total / count


@mistaken_gradient
def gradient_mirrored(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but each gradient goes to the opposite offset: use the index that the mask was read with."""
    return scattered(kernel, grad_mask, unfold_index(grid)).flip(1, 2)


@mistaken_gradient
def gradient_times_kernel(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but you multiply the gradient by the kernel: copying a number has the derivative 1."""
    return kernel * scattered(kernel, grad_mask, unfold_index(grid))


@mistaken_gradient
def counted(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but you count the pairs of each offset: add up their gradients, `grad_mask`."""
    return scattered(kernel, torch.ones_like(grad_mask), unfold_index(grid))


@mistaken_gradient
def first_query_only(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but you collect the gradient of the first query only: all N queries read from the kernel."""
    first = torch.zeros_like(grad_mask)
    first[:, 0] = grad_mask[:, 0]
    return scattered(kernel, first, unfold_index(grid))


@mistaken_gradient
def heads_added_up(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Tensor:
    """Your mask is right, but you add up the gradients of all heads: each head has a kernel of its own."""
    return scattered(kernel, grad_mask, unfold_index(grid)).sum(0, keepdim=True).expand_as(kernel)


@exercise.mistake
def all_mirrored(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """Your offsets are query - key, in the mask and in the gradient. They must be key - query."""
    mask, grad = unfold_by_index(kernel, grad_mask.mT, grid)
    return mask.mT, grad


@exercise.mistake
def strides_not_flipped(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """Your gradient is right, but the windows of your mask are in reverse order: the first one is the last query's."""
    mask, grad = unfold_by_index(kernel, grad_mask, grid)
    return mask.flip(1), grad


@exercise.mistake
def strides_never_flipped(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """Your windows are in reverse order, in the mask and in the gradient: the first one is the last query's."""
    mask, grad = unfold_by_index(kernel, grad_mask.flip(1), grid)
    return mask.flip(1), grad


@exercise.mistake
def rows_too_short(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """You count w numbers per row of the flattened kernel, but its rows are 2w-1 long."""
    (h, w), (y, x) = grid, coordinates(grid).unbind(-1)
    index = ((y[None] - y[:, None] + h - 1) * w + x[None] - x[:, None] + w - 1).flatten()
    mask = rearrange(kernel.flatten(1)[:, index], "H (a b) -> H a b", a=h * w)
    return mask, scattered(kernel, grad_mask, index)


@exercise.mistake
def negative_index(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """You index the kernel with the offset itself: offset 0 is at [h-1, w-1], and a negative index wraps around."""
    (h, w), (y, x) = grid, coordinates(grid).unbind(-1)
    dy, dx = y[None] - y[:, None], x[None] - x[:, None]
    index = (dy % (2 * h - 1) * (2 * w - 1) + dx % (2 * w - 1)).flatten()
    return kernel[:, dy, dx], scattered(kernel, grad_mask, index)


@exercise.mistake
def swapped(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """You return the gradient first: the mask comes first, then the gradient."""
    mask, grad = unfold_by_index(kernel, grad_mask, grid)
    return grad, mask


@exercise.mistake
def mask_instead_of_gradient(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """Your second result has one number per pair of tokens. The gradient must have the kernel's shape."""
    return unfold_kernel(kernel, grid), grad_mask.clone()


@exercise.mistake
def left_flat(kernel: Tensor, grad_mask: Tensor, grid: Grid) -> Both:
    """Your gradient is flat, (H, (2h-1)(2w-1)): give it the kernel's shape, (H, 2h-1, 2w-1)."""
    mask, grad = unfold_by_index(kernel, grad_mask, grid)
    return mask, grad.flatten(1)
