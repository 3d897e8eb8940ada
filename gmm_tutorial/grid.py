"""Token grids: where tokens are, how far apart, and how a kernel over offsets becomes a mask over pairs.

The one alphabet of the project:
    B  batch            H  heads                 N  tokens, N = h w       (h, w)  the token grid
    C  channels         D  channels of a head    K  kernels in a mixture
Tokens are in raster order: the token in row y and column x has the index y * w + x.
"""

import torch
from torch import Tensor

from gmm_tutorial._checks import check_axes, check_type
from gmm_tutorial.windows import Unfold

__all__ = ["Grid", "check_grid", "coordinates", "distances", "kernel_offsets", "unfold_kernel"]

Grid = tuple[int, int]


def check_grid(grid: Grid) -> Grid:
    """Return a grid as a pair, after checking that it is one.

    Args:
        grid: Rows and columns of the token grid, (h, w), as a tuple or a list.

    Returns:
        The same numbers as a tuple (h, w).

    Raises:
        ValueError: If `grid` is not two positive integers.

    Example:
        >>> check_grid([8, 8])
        (8, 8)
    """
    if (
        not isinstance(grid, (tuple, list))
        or len(grid) != 2
        or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in grid)
    ):
        raise ValueError(f"grid is {grid!r}, but it must be two positive integers (h, w)")
    return grid[0], grid[1]


def coordinates(grid: Grid, device: torch.device | None = None) -> Tensor:
    """Return the position (y, x) of each token, in patches.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        device: Where to put the result; PyTorch's default device if None.

    Returns:
        Row and column of each token in raster order, shape (N, 2), int64.

    Raises:
        ValueError: If `grid` is not two positive integers.

    Example:
        >>> coordinates((2, 2)).tolist()
        [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    h, w = check_grid(grid)
    return torch.cartesian_prod(torch.arange(h, device=device), torch.arange(w, device=device)).view(-1, 2)


def kernel_offsets(grid: Grid) -> Tensor:
    """Return every offset that two tokens of the grid can have.

    An offset is the key's position minus the query's, (dy, dx). A row can differ by at most h-1 and a column by at most
    w-1 in either direction, which is why a kernel over offsets has 2h-1 rows and 2w-1 columns.

    Args:
        grid: Rows and columns of the token grid, (h, w).

    Returns:
        The offsets, shape (2h-1, 2w-1, 2), int64. The offset (0, 0) is in the center, at [h-1, w-1].

    Raises:
        ValueError: If `grid` is not two positive integers.

    Example:
        >>> kernel_offsets((1, 2)).tolist()
        [[[0, -1], [0, 0], [0, 1]]]
    """
    h, w = check_grid(grid)
    dy, dx = torch.meshgrid(torch.arange(1 - h, h), torch.arange(1 - w, w), indexing="ij")
    return torch.stack((dy, dx), dim=-1)


def distances(grid: Grid) -> Tensor:
    """Return the Euclidean distance between every two tokens.

    Args:
        grid: Rows and columns of the token grid, (h, w).

    Returns:
        The distances in patches, shape (N, N), float32.

    Raises:
        ValueError: If `grid` is not two positive integers.

    Example:
        >>> distances((1, 3))
        tensor([[0., 1., 2.],
                [1., 0., 1.],
                [2., 1., 0.]])
    """
    h, w = check_grid(grid)
    kernel = kernel_offsets(grid).float().norm(dim=-1)
    return unfold_kernel(kernel[None], (h, w))[0]


def unfold_kernel(kernel: Tensor, grid: Grid) -> Tensor:
    """Slide an (h, w) window over a kernel of offsets: the paper's reverse convolution.

    Each position of the window is one row of the mask: the weights that one query gives to all keys. Entry [a, b] is
    ``kernel[y_b - y_a + h-1, x_b - x_a + w-1]``.

    Args:
        kernel: One weight per offset, key minus query, shape (H, 2h-1, 2w-1).
        grid: Rows and columns of the token grid, (h, w).

    Returns:
        One weight per pair of tokens, shape (H, N, N) with N = h * w, in raster order.

    Raises:
        TypeError: If `kernel` is not a tensor.
        ValueError: If the kernel's size does not fit the grid.

    Source:
        GMM, arXiv 2309.05375.

    Example:
        >>> unfold_kernel(torch.arange(3.0).view(1, 1, 3), (1, 2))
        tensor([[[1., 2.],
                 [0., 1.]]])
    """
    h, w = check_grid(grid)
    check_type("kernel", kernel, Tensor, "a tensor")
    heads = kernel.shape[0] if kernel.ndim == 3 else "H"
    check_axes("kernel", kernel, (heads, 2 * h - 1, 2 * w - 1), f"a grid of {h} x {w} needs")
    return Unfold.apply(kernel, (h, w)).view(len(kernel), h * w, h * w)
