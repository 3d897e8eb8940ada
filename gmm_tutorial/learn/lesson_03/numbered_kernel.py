"""A kernel whose entries can be told apart, for the cases of `window`, `unfold` and `unfold_by_index`."""

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid


def numbered(grid: Grid) -> Tensor:
    """The kernel of a grid, (2h-1, 2w-1), with the numbers 0, 1, 2, ... in it."""
    h, w = grid
    return torch.arange((2 * h - 1) * (2 * w - 1)).view(2 * h - 1, 2 * w - 1).float()
