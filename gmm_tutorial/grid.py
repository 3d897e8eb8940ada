"""Token grids: where tokens are, how far apart, and how a kernel over offsets becomes a mask over pairs.

The one alphabet of the project:
    B  batch            H  heads                 N  tokens, N = h w       (h, w)  the token grid
    C  channels         D  channels of a head    K  kernels in a mixture
Tokens are in raster order: the token in row y and column x has the index y * w + x.
"""

import torch
from einops import rearrange
from torch import Tensor

Grid = tuple[int, int]


def check_grid(grid: Grid) -> Grid:
    """Return `grid` as a pair (h, w). Raises ValueError unless it is two positive integers."""
    if (
        not isinstance(grid, (tuple, list))
        or len(grid) != 2
        or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in grid)
    ):
        raise ValueError(f"grid is {grid!r}, but it must be two positive integers (h, w)")
    return grid[0], grid[1]


def coordinates(grid: Grid, device: torch.device | None = None) -> Tensor:
    """The place (y, x) of each token, in patches: (N, 2), int64, in raster order."""
    h, w = check_grid(grid)
    return torch.cartesian_prod(torch.arange(h, device=device), torch.arange(w, device=device)).view(-1, 2)


def kernel_offsets(grid: Grid) -> Tensor:
    """Every offset (dy, dx) = key - query that two tokens of the grid can have: (2h-1, 2w-1, 2), int64.

    The offset (0, 0) is in the middle, at [h-1, w-1].
    """
    h, w = check_grid(grid)
    dy, dx = torch.meshgrid(torch.arange(1 - h, h), torch.arange(1 - w, w), indexing="ij")
    return torch.stack((dy, dx), dim=-1)


def distances(grid: Grid) -> Tensor:
    """Euclidean distance between every two tokens, in patches: (N, N), float32."""
    h, w = check_grid(grid)
    kernel = kernel_offsets(grid).float().norm(dim=-1)
    return unfold_kernel(kernel[None], (h, w))[0]


def unfold_kernel(kernel: Tensor, grid: Grid) -> Tensor:
    """Reverse convolution: slide an (h, w) window over the kernel, one row of the mask a position.

    kernel: (H, 2h-1, 2w-1), indexed by the offset key - query; grid: (h, w).
    Returns (H, N, N), N = h w, in raster order: entry [a, b] is kernel[y_b - y_a + h-1, x_b - x_a + w-1].
    Raises ValueError when the sizes disagree.
    """
    h, w = check_grid(grid)
    if kernel.ndim != 3 or kernel.shape[1:] != (2 * h - 1, 2 * w - 1):
        heads = kernel.shape[0] if kernel.ndim == 3 else "H"
        raise ValueError(
            f"kernel is {tuple(kernel.shape)}, but a grid of {h} x {w} needs ({heads}, {2 * h - 1}, {2 * w - 1})"
        )
    # a gather: measured faster than the strided view, forward and backward (benchmarks/masks.py)
    mask = kernel.flatten(1).index_select(1, unfold_index((h, w), kernel.device))
    return rearrange(mask, "H (a b) -> H a b", a=h * w)


def unfold_index(grid: Grid, device: torch.device | None = None) -> Tensor:
    """Where in a flattened kernel the offset of each pair of tokens stands: (N * N,), int64."""
    h, w = grid
    # Number the tokens by their place in the *kernel*, whose rows are 2w-1 long. Then the difference of two such
    # numbers, moved to the middle, is the place of their offset: the window's slide is one subtraction.
    y, x = coordinates(grid, device).unbind(-1)
    place = y * (2 * w - 1) + x
    index = place[None, :] - place[:, None] + (h - 1) * (2 * w - 1) + (w - 1)
    return index.flatten()
