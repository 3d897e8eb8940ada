"""The reverse convolution along one axis of the grid after the other, and its transpose."""

from typing import Any

import torch
from torch import Tensor

__all__ = ["Unfold", "slide_columns"]


class Unfold(torch.autograd.Function):
    """A kernel's windows, one for each query: (H, 2h-1, 2w-1) -> (H, h, w, h, w).

    A window slides along the columns, then along the rows, so both are copies of whole slices. The gradient takes the
    same steps back: each entry of the kernel gets the sum over all pairs of tokens that have its offset. It is written
    out, because the derivative of a slice is a whole tensor of zeros with a slice in it.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(kernel: Tensor, grid: tuple[int, int]) -> Tensor:
        """Return the windows, shape (H, h, w, h, w): query's row and column, then the key's."""
        h, w = grid
        lines = slide_columns(kernel, w)
        return torch.stack([lines.narrow(2, h - 1 - y, h) for y in range(h)], dim=1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, tuple[int, int]], output: Tensor) -> None:
        """Keep the grid, which is all that the gradient needs."""
        ctx.grid = inputs[1]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Add up the gradients of all pairs with the same offset: along the rows first, then along the columns."""
        h, w = ctx.grid
        lines = grad.new_zeros(len(grad), w, 2 * h - 1, w)
        for y in range(h):
            lines.narrow(2, h - 1 - y, h).add_(grad.select(1, y))
        return add_columns(lines), None


def slide_columns(kernel: Tensor, w: int) -> Tensor:
    """Slide a window along the columns only: (H, 2h-1, 2w-1) -> (H, w, 2h-1, w), the query's column first.

    The weights that the queries of row y give to all keys are the slice [:, :, h-1-y : 2h-1-y] of this.
    """
    backward = torch.arange(w - 1, -1, -1, device=kernel.device)  # the query in column 0 has the last window
    return kernel.unfold(2, w, 1).transpose(1, 2).index_select(1, backward)


def add_columns(lines: Tensor) -> Tensor:
    """The transpose of `slide_columns`: (H, w, 2h-1, w) -> (H, 2h-1, 2w-1)."""
    heads, w, rows, _ = lines.shape
    kernel = lines.new_zeros(heads, rows, 2 * w - 1)
    for x in range(w):
        kernel.narrow(2, w - 1 - x, w).add_(lines.select(1, x))
    return kernel
