"""Exercise 03.mixture: from alpha and sigma to a kernel."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, kernel_offsets
from gmm_tutorial.learn.exercise import Exercise


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


exercise = Exercise(
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


@exercise.mistake
def sigma_not_squared(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians have the wrong width: you divide by 2 sigma, not by 2 sigma squared."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * (sigma[..., None, None] + 1e-5))))


@exercise.mistake
def two_forgotten(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians are too narrow by a factor of sqrt(2): where is the 2 below the fraction bar?"""
    return summed(alpha, torch.exp(-2 * precision(sigma) * kernel_offsets(grid).square().sum(-1)))


@exercise.mistake
def distance_not_squared(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is a tent, not a bell: in the exponent the distance is squared."""
    return summed(alpha, torch.exp(-precision(sigma) * kernel_offsets(grid).square().sum(-1).sqrt()))


@exercise.mistake
def alpha_inside(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your alpha is inside of exp: there it changes the width. It belongs outside, as the height."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return torch.exp(-alpha[..., None, None] * precision(sigma) * squared_distance).sum(0)


@exercise.mistake
def sign_forgotten(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians grow with distance: the exponent needs a minus."""
    return summed(alpha, torch.exp(precision(sigma) * kernel_offsets(grid).square().sum(-1)))


@exercise.mistake
def height_and_width_swapped(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel lies on its side: it is (H, 2w-1, 2h-1). A grid is (h, w), rows first."""
    return mixture(alpha, sigma, grid).mT


@exercise.mistake
def one_quarter(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is only as large as the grid: a key can also lie above the query, or left of it."""
    h, w = grid
    return mixture(alpha, sigma, grid)[:, h - 1 :, w - 1 :]


@exercise.mistake
def averaged(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You take the mean of the K Gaussians; a mixture is their sum."""
    return mixture(alpha, sigma, grid) / len(alpha)


@exercise.mistake
def normalised(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """You divide by sigma sqrt(2 pi), as a probability would. Here alpha alone is the height at distance 0."""
    return mixture(alpha / (sigma * (2 * torch.pi) ** 0.5), sigma, grid)


@exercise.mistake
def divided_by_zero(alpha: Tensor, sigma: Tensor, grid: Grid) -> Tensor:
    """Your kernel is not a number where sigma is 0: that is what the 1e-5 is for."""
    squared_distance = kernel_offsets(grid).square().sum(-1)
    return summed(alpha, torch.exp(-squared_distance / (2 * sigma[..., None, None] ** 2)))
