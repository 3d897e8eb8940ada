"""Checks of lesson 03: a kernel of Gaussians, the window of one query, all windows, and how much a fit explains."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, coordinates, kernel_offsets, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise

# ---- 03.mixture: from alpha and sigma to a kernel


def mixture(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """alpha, sigma (K, H) -> kernel (H, 2h-1, 2w-1): the sum of K Gaussians of the offset."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * (sigma[..., None, None] ** 2 + 1e-5))))


def summed(alpha: Tensor, gaussians: Tensor) -> Tensor:
    """alpha (K, H), gaussians (K, H, ...) -> (H, ...): weighted, and added up over the kernels."""
    return torch.einsum("kh,kh...->h...", alpha, gaussians)


def mixture_cases() -> list[dict[str, Any]]:
    """One Gaussian on a row of tokens, one that is infinitely narrow, then more; most grids are not square."""
    made: list[tuple[Tensor, Tensor, Grid]] = [
        (torch.tensor([[1.0]]), torch.tensor([[2.0]]), (1, 3)),
        (torch.tensor([[3.0]]), torch.tensor([[0.0]]), (1, 2)),
        (torch.tensor([[2.0], [-1.0]]), torch.tensor([[2.0], [1.0]]), (2, 3)),
        (torch.randn(3, 2), 1 + 2 * torch.rand(3, 2), (4, 3)),
        (torch.randn(2, 3), torch.tensor([[1.5, -1.5, 2.0], [2.5, 0.7, 4.0]]), (3, 3)),
    ]
    return [{"alpha": alpha, "sigma": sigma, "grid": grid} for alpha, sigma, grid in made]


kernel_of_gaussians = Exercise(
    "03.mixture",
    mixture,
    mixture_cases,
    unit="mixtures",
    hints=(
        "Everything except alpha and sigma is a table: squared distance, (2h-1, 2w-1). You have printed it above.",
        "sigma is (K, H), the table (2h-1, 2w-1). Give sigma two axes of length 1 at its end, and broadcasting makes "
        "all K H Gaussians at once, (K, H, 2h-1, 2w-1).",
        "Weigh each Gaussian by its alpha, which needs the same two axes at its end, then add up over the first axis, "
        "the K kernels. The heads stay apart.",
    ),
)


def precision(sigma: Tensor) -> Tensor:
    """1 / (2 (sigma^2 + 1e-5)), with two axes for the offsets: (K, H, 1, 1)."""
    return (1 / (2 * (sigma.square() + 1e-5)))[..., None, None]


@kernel_of_gaussians.mistake
def sigma_not_squared(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians have the wrong width: you divide by 2 sigma, not by 2 sigma squared."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * (sigma[..., None, None] + 1e-5))))


@kernel_of_gaussians.mistake
def two_forgotten(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians are too narrow by a factor of sqrt(2): where is the 2 below the fraction bar?"""
    return summed(alpha, torch.exp(-2 * precision(sigma) * kernel_offsets(grid).square().sum(-1)))


@kernel_of_gaussians.mistake
def distance_not_squared(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is a tent, not a bell: in the exponent the distance is squared."""
    return summed(alpha, torch.exp(-precision(sigma) * kernel_offsets(grid).square().sum(-1).sqrt()))


@kernel_of_gaussians.mistake
def alpha_inside(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your alpha is inside of exp: there it changes the width. It belongs outside, as the height."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return torch.exp(-alpha[..., None, None] * precision(sigma) * squared_distance).sum(0)


@kernel_of_gaussians.mistake
def sign_forgotten(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians grow with distance: the exponent needs a minus."""
    return summed(alpha, torch.exp(precision(sigma) * kernel_offsets(grid).square().sum(-1)))


@kernel_of_gaussians.mistake
def height_and_width_swapped(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel lies on its side: it is (H, 2w-1, 2h-1). A grid is (h, w), rows first."""
    return mixture(alpha, sigma, grid).mT


@kernel_of_gaussians.mistake
def one_quarter(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is only as large as the grid: a key can also lie above the query, or left of it."""
    h, w = grid
    return mixture(alpha, sigma, grid)[:, h - 1 :, w - 1 :]


@kernel_of_gaussians.mistake
def averaged(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You take the mean of the K Gaussians; a mixture is their sum."""
    return mixture(alpha, sigma, grid) / len(alpha)


@kernel_of_gaussians.mistake
def normalised(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You divide by sigma sqrt(2 pi), as a probability would. Here alpha alone is the height at distance 0."""
    return mixture(alpha / (sigma * (2 * torch.pi) ** 0.5), sigma, grid)


@kernel_of_gaussians.mistake
def divided_by_zero(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is not a number where sigma is 0: that is what the 1e-5 is for."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * sigma[..., None, None] ** 2)))


# ---- 03.window: what one query sees of a kernel


def window(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """kernel (2h-1, 2w-1), query (y, x) -> (h, w): the part of the kernel that lies over the grid."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]


def window_cases() -> list[dict[str, Any]]:
    """Kernels of whole numbers, each number once, and queries in corners and inside."""
    places: list[tuple[tuple[int, int], Grid]] = [
        ((0, 0), (1, 2)),
        ((0, 1), (1, 3)),
        ((1, 0), (2, 3)),
        ((1, 2), (2, 3)),
        ((2, 1), (4, 3)),
        ((3, 1), (5, 7)),
    ]
    return [{"kernel": numbered(grid), "query": query, "grid": grid} for query, grid in places]


def numbered(grid: Grid) -> Tensor:
    """The kernel of a grid, (2h-1, 2w-1), with the numbers 0, 1, 2, ... in it."""
    h, w = grid
    return torch.arange((2 * h - 1) * (2 * w - 1)).view(2 * h - 1, 2 * w - 1).float()


one_window = Exercise(
    "03.window",
    window,
    window_cases,
    unit="queries",
    hints=(
        "Take the first query, (0, 0): the middle of the kernel, at [h-1, w-1], is the top left corner of its window. "
        "And for the last query, (h-1, w-1)?",
        "The window is always h rows high and w columns wide. When the query moves one down, the window moves one up.",
        "The first row of the window is h-1 for the query's row 0, h-2 for row 1, and so on down to 0 for row h-1. "
        "Columns go the same way.",
    ),
)


@one_window.mistake
def slides_along(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window slides the wrong way: it starts at [y, x]. The query has to lie on the kernel's middle."""
    (h, w), (y, x) = grid, query
    return kernel[y : y + h, x : x + w]


@one_window.mistake
def upside_down(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window is turned by 180 degrees: offsets are key - query, not query - key."""
    return window(kernel, query, grid).flip(0, 1)


@one_window.mistake
def one_too_far(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window starts one row and one column too late: the middle of the kernel is [h-1, w-1], counted from 0."""
    (h, w), (y, x) = grid, query
    return kernel[h - y : 2 * h - y, w - x : 2 * w - x]


@one_window.mistake
def end_not_included(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window lacks its last row and column: the end of a slice is not included."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 2 - y, w - 1 - x : 2 * w - 2 - x]


@one_window.mistake
def window_on_its_side(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window lies on its side: it is w rows high and h columns wide."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : h - 1 - y + w, w - 1 - x : w - 1 - x + h]


@one_window.mistake
def query_ignored(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window is the same for every query: it is the one of the query (0, 0)."""
    h, w = grid
    return kernel[h - 1 :, w - 1 :]


@one_window.mistake
def query_swapped(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """You take the query for (x, y). It is (y, x): rows first, as in the grid."""
    (h, w), (x, y) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]


# ---- 03.unfold: the windows of all queries


def unfold_cases() -> list[dict[str, Any]]:
    """A kernel of whole numbers, small enough to be printed with its mask, then random ones."""
    sizes: list[tuple[Grid, int]] = [((2, 3), 2), ((3, 3), 1), ((5, 4), 2)]
    small: list[tuple[Tensor, Grid]] = [(numbered((1, 3))[None], (1, 3)), (numbered((2, 2))[None], (2, 2))]
    larger = [(torch.randn(heads, 2 * h - 1, 2 * w - 1), (h, w)) for (h, w), heads in sizes]
    return [{"kernel": kernel, "grid": grid} for kernel, grid in (*small, *larger)]


all_windows = Exercise(
    "03.unfold",
    unfold_kernel,
    unfold_cases,
    unit="grids",
    hints=(
        "Row a of the mask is the window of query a, read row by row. You have a function for one window.",
        "Go through the queries in raster order: y outside, x inside. The window of a kernel with heads is cut from "
        "its last two axes.",
        "Collect the N windows, each flattened to (H, N), in a list, and stack them along a new axis 1.",
    ),
)


@all_windows.mistake
def mirrored(kernel: Tensor, grid: Grid) -> Tensor:
    """Your mask is mirrored: is the window sliding the wrong way?"""
    return unfold_kernel(kernel, grid).flip(1)


@all_windows.mistake
def transposed(kernel: Tensor, grid: Grid) -> Tensor:
    """Your mask is transposed: rows are queries, columns are keys, and the offset is key - query."""
    return unfold_kernel(kernel, grid).mT


def by_columns(grid: Grid) -> Tensor:
    """The tokens' numbers in the order in which columns are read."""
    h, w = grid
    return torch.arange(h * w).view(h, w).T.flatten()


@all_windows.mistake
def windows_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """The rows of your mask are in the wrong order: go through the queries row by row, x in the inner loop."""
    return unfold_kernel(kernel, grid)[:, by_columns(grid)]


@all_windows.mistake
def flattened_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """You flatten each window column by column; raster order reads it row by row."""
    return unfold_kernel(kernel, grid)[:, :, by_columns(grid)]


@all_windows.mistake
def all_by_columns(kernel: Tensor, grid: Grid) -> Tensor:
    """You count queries and keys column by column: your tokens are not in raster order."""
    return unfold_kernel(kernel, grid)[:, by_columns(grid)][:, :, by_columns(grid)]


@all_windows.mistake
def wrapped(kernel: Tensor, grid: Grid) -> Tensor:
    """Your kernel wraps around at the border, as on a torus. A photo has edges: the window slides, it never rolls."""
    h, w = grid
    y, x = coordinates(grid).unbind(-1)
    dy, dx = (y[None] - y[:, None]) % h, (x[None] - x[:, None]) % w
    return kernel[:, dy + h - 1, dx + w - 1]


# ---- 03.r_squared: how much of a mask a fit explains


def r_squared(target: Tensor, fit: Tensor) -> Tensor:
    """The share of a target's variance that a fit explains: 1 - |target - fit|^2 / |target - mean|^2, a tensor ()."""
    return 1 - (target - fit).square().sum() / (target - target.mean()).square().sum()


def r_squared_cases() -> list[dict[str, Any]]:
    """Numbers to be checked by hand, then masks with an error; all means are far from 0."""
    target = torch.randn(6, 6) + 3
    return [
        {"target": torch.tensor([1.0, 2.0, 3.0]), "fit": torch.tensor([1.0, 2.0, 2.0])},
        {"target": torch.tensor([[2.0, 4.0], [6.0, 8.0]]), "fit": torch.tensor([[3.0, 4.0], [6.0, 9.0]])},
        {"target": target, "fit": 0.7 * target + 0.5 + 0.1 * torch.randn(6, 6)},
    ]


explained = Exercise(
    "03.r_squared",
    r_squared,
    r_squared_cases,
    unit="fits",
    hints=(
        "Two sums of squares: how far the fit is from the target, and how far the target is from its own mean.",
        "A perfect fit leaves an error of 0 and has an R squared of 1. A fit that only knows the mean has 0.",
        "R squared is what is missing to 1 when you divide the first sum by the second. No square root anywhere.",
    ),
)


@explained.mistake
def not_centred(target: Tensor, fit: Tensor) -> Tensor:
    """You compare with the target itself, not with its spread: subtract the mean below the fraction bar."""
    return 1 - (target - fit).square().sum() / target.square().sum()


@explained.mistake
def unexplained(target: Tensor, fit: Tensor) -> Tensor:
    """That is the share that is *not* explained: a perfect fit would get 0."""
    return (target - fit).square().sum() / (target - target.mean()).square().sum()


@explained.mistake
def correlation(target: Tensor, fit: Tensor) -> Tensor:
    """That is the squared correlation. It forgives a fit that has the wrong height, R squared does not."""
    a, b = target - target.mean(), fit - fit.mean()
    return (a * b).sum().square() / (a.square().sum() * b.square().sum())


@explained.mistake
def roles_swapped(target: Tensor, fit: Tensor) -> Tensor:
    """You divide by the spread of the fit; it is the target's that is to be explained."""
    return r_squared(fit, target)


@explained.mistake
def absolute(target: Tensor, fit: Tensor) -> Tensor:
    """You add up absolute values; both sums are of squares."""
    return 1 - (target - fit).abs().sum() / (target - target.mean()).abs().sum()


@explained.mistake
def mixed_means(target: Tensor, fit: Tensor) -> Tensor:
    """Above the bar you divide by n, below it var() divides by n - 1: take sums, or tell var to do the same."""
    return 1 - (target - fit).square().mean() / target.var()


@explained.mistake
def square_roots(target: Tensor, fit: Tensor) -> Tensor:
    """You take the root of the ratio: R squared compares squares with squares."""
    return 1 - (target - fit).norm() / (target - target.mean()).norm()


EXERCISES = (kernel_of_gaussians, one_window, all_windows, explained)
