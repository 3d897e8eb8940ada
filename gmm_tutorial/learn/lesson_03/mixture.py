"""Exercise 03.mixture: from alpha and sigma to a kernel."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, distances, kernel_offsets
from gmm_tutorial.learn.exercise import Exercise


def mixture(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """alpha, sigma (K, H) -> kernel (H, 2h-1, 2w-1): the sum of K Gaussians of the offset."""
    return of_squares(alpha, sigma, kernel_offsets(grid).square().sum(-1))


def of_squares(alpha: Tensor, sigma: Tensor, squared_distance: Tensor) -> Tensor:
    """The mixture of a table of squared distances, (H, *table)."""
    return summed(alpha, torch.exp(-precision(sigma) * squared_distance))


def summed(alpha: Tensor, gaussians: Tensor) -> Tensor:
    """alpha (K, H), gaussians (K, H, ...) -> (H, ...): weighted, and added up over the Gaussians."""
    return torch.einsum("kh,kh...->h...", alpha, gaussians)


def precision(sigma: Tensor) -> Tensor:
    """1 / (2 (sigma^2 + 1e-5)), with two axes for the offsets: (K, H, 1, 1)."""
    return (1 / (2 * (sigma.square() + 1e-5)))[..., None, None]


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


exercise = Exercise(
    "03.mixture",
    mixture,
    mixture_cases,
    unit="mixtures",
    hints=(
        "Everything except alpha and sigma is one table, the squared distance of each offset, (2h-1, 2w-1). It is "
        "printed above the exercise.",
        "sigma is (K, H) and the table is (2h-1, 2w-1). Give sigma two axes of length 1 at its end. Broadcasting then "
        "makes all K H Gaussians at once, (K, H, 2h-1, 2w-1).",
        "Multiply each Gaussian by its alpha, which needs the same two axes at its end. Then add up over the first "
        "axis, that of the K Gaussians. The heads stay separate.",
    ),
)


@exercise.mistake
def sigma_not_squared(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians have the wrong width: you divide by 2 sigma, not by 2 sigma squared."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * (sigma[..., None, None] + 1e-5))))


@exercise.mistake
def two_forgotten(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians are too narrow by a factor of sqrt(2): the factor 2 in the denominator is missing."""
    return of_squares(alpha, sigma, 2 * kernel_offsets(grid).square().sum(-1))


@exercise.mistake
def bracket_multiplied(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You divide by 2 only and multiply by sigma squared: the whole denominator needs brackets, d2 / (2 * ...)."""
    width = (sigma.square() + 1e-5)[..., None, None]
    return summed(alpha, torch.exp(-kernel_offsets(grid).square().sum(-1) / 2 * width))


@exercise.mistake
def distance_not_squared(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel has a sharp peak instead of a bell: the distance in the exponent must be squared."""
    return of_squares(alpha, sigma, kernel_offsets(grid).square().sum(-1).sqrt())


@exercise.mistake
def city_blocks(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You square |dy| + |dx|. The squared Euclidean distance is dy squared plus dx squared."""
    return of_squares(alpha, sigma, kernel_offsets(grid).abs().sum(-1).square())


@exercise.mistake
def rows_only(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians depend on dy alone: add the square of dx."""
    return of_squares(alpha, sigma, kernel_offsets(grid)[..., 0].square())


@exercise.mistake
def columns_only(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians depend on dx alone: add the square of dy."""
    return of_squares(alpha, sigma, kernel_offsets(grid)[..., 1].square())


@exercise.mistake
def alpha_inside(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your alpha is inside the exponential, where it changes the width. It is the height and belongs outside."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return torch.exp(-alpha[..., None, None] * precision(sigma) * squared_distance).sum(0)


@exercise.mistake
def sign_forgotten(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians grow with distance: the exponent needs a minus sign."""
    return of_squares(alpha, sigma, -kernel_offsets(grid).square().sum(-1))


@exercise.mistake
def height_and_width_swapped(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel has its axes swapped: it is (H, 2w-1, 2h-1). A grid is (h, w), rows first."""
    return mixture(alpha, sigma, grid).mT


@exercise.mistake
def one_quarter(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is only as large as the grid, but a key can also lie above the query, or to its left."""
    h, w = grid
    return mixture(alpha, sigma, grid)[:, h - 1 :, w - 1 :]


@exercise.mistake
def center_at_h(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians are centered one row and one column too late: offset 0 is at [h-1, w-1], counted from 0."""
    h, w = grid
    return of_squares(alpha, sigma, from_place((h, w), grid))


@exercise.mistake
def center_in_the_corner(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians are centered at the kernel's corner [0, 0]. Offset 0 is in its middle, at [h-1, w-1]."""
    return of_squares(alpha, sigma, from_place((0, 0), grid))


def from_place(place: tuple[int, int], grid: Grid) -> Tensor:
    """The squared distance of each entry of the kernel from one of its places, (2h-1, 2w-1)."""
    (h, w), (y, x) = grid, place
    return (torch.arange(2 * h - 1) - y).square()[:, None] + (torch.arange(2 * w - 1) - x).square()


@exercise.mistake
def a_mask_already(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You compute one weight per pair of tokens, (H, N, N). The kernel has one per offset, (H, 2h-1, 2w-1)."""
    return of_squares(alpha, sigma, distances(grid).square().round())


@exercise.mistake
def averaged(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You take the mean of the K Gaussians; a mixture is their sum."""
    return mixture(alpha, sigma, grid) / len(alpha)


@exercise.mistake
def multiplied(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You multiply the K Gaussians; a mixture is their sum."""
    gaussians = torch.exp(-precision(sigma) * kernel_offsets(grid).square().sum(-1))
    return (alpha[..., None, None] * gaussians).prod(0)


@exercise.mistake
def first_only(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You use the first Gaussian only: add up all K of them."""
    return mixture(alpha[:1], sigma[:1], grid)


@exercise.mistake
def heads_added_up(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You add up over the heads, axis 1. The Gaussians are on axis 0, and each head keeps a kernel of its own."""
    return mixture(alpha.T, sigma.T, grid)


@exercise.mistake
def normalized(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You divide by sigma sqrt(2 pi), as for a probability density. Here alpha alone is the height at distance 0."""
    return mixture(alpha / (sigma * (2 * torch.pi) ** 0.5), sigma, grid)


@exercise.mistake
def adding_up_to_one(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You scale each Gaussian so that it adds up to 1. Here alpha alone is the height at distance 0."""
    gaussians = torch.exp(-precision(sigma) * kernel_offsets(grid).square().sum(-1))
    return summed(alpha, gaussians / gaussians.sum((-2, -1), keepdim=True))


@exercise.mistake
def divided_by_zero(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is NaN where sigma is 0: add the 1e-5 to sigma squared."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * sigma[..., None, None] ** 2)))
