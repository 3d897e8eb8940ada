"""Fitting a mixture of Gaussians to a mask that was learned freely."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import least_squares
from torch import Tensor

from gmm_tutorial._checks import check_count, check_floating
from gmm_tutorial.analysis.maps import by_offset
from gmm_tutorial.grid import Grid, kernel_offsets, unfold_kernel


@dataclass(frozen=True)
class Fit:
    """A mixture, with heights alpha (K,) and widths sigma (K,), and the (N, N) mask that it unfolds to."""

    alpha: Tensor
    sigma: Tensor
    mask: Tensor


def r_squared(target: Tensor, fit: Tensor) -> float:
    """Compute the share of a target's variance that a fit explains.

    It is ``1 - |target - fit|^2 / |target - mean|^2``.

    Args:
        target: What was fitted, of any shape.
        fit: The fit, of the same shape, or one number.

    Returns:
        1 for a perfect fit, 0 for one that is no better than the mean, and less for a worse one.

    Example:
        >>> r_squared(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 2.0, 2.0]))
        0.5
    """
    residual = (target - fit).square().sum()
    return float(1 - residual / (target - target.mean()).square().sum())


def fit_mixture(mask: Tensor, grid: Grid, kernels: int, starts: int = 20, seed: int = 0) -> Fit:
    """Find the K isotropic Gaussians nearest to a mask, in least squares over all of its pairs.

    Given the widths, the best heights are a linear least squares problem, so the search is over the widths alone
    (variable projection). It can end in a local minimum, and therefore starts from several random widths; the best end
    counts.

    Args:
        mask: The mask of one head, shape (N, N).
        grid: Rows and columns of the token grid, (h, w), with N = h w.
        kernels: K, how many Gaussians.
        starts: From how many random widths the search begins.
        seed: Of these widths.

    Returns:
        The mixture, its Gaussians in the order of their widths, and the mask that it unfolds to.

    Raises:
        ValueError: If the mask does not fit the grid, or `kernels` or `starts` is not at least 1.
    """
    check_count("kernels", kernels)
    check_count("starts", starts)
    if check_floating("mask", mask).ndim != 2:
        raise ValueError(f"mask is {tuple(mask.shape)}, but it must be the mask of one head, (N, N)")
    # A mixture gives all pairs of one offset the same value, so their mean, weighted by their number, is all it sees.
    h, w = grid
    dy, dx = kernel_offsets(grid).double().unbind(-1)
    weight = ((h - dy.abs()) * (w - dx.abs())).sqrt().flatten().numpy()
    target = weight * by_offset(mask.detach().double(), grid).flatten().numpy()
    squared_distance = (dy.square() + dx.square()).flatten().numpy()

    def gaussians(log_sigma: np.ndarray) -> np.ndarray:
        return weight[:, None] * np.exp(-squared_distance[:, None] / (2 * (np.exp(2 * log_sigma) + 1e-5)))

    def heights(log_sigma: np.ndarray) -> np.ndarray:
        return np.linalg.lstsq(gaussians(log_sigma), target, rcond=None)[0]

    def residual(log_sigma: np.ndarray) -> np.ndarray:
        return gaussians(log_sigma) @ heights(log_sigma) - target

    widths = np.random.default_rng(seed).uniform(np.log(0.2), np.log(2 * max(grid)), (starts, kernels))
    ends = [least_squares(residual, start, bounds=(np.log(0.05), np.log(20 * max(grid)))) for start in widths]
    log_sigma = np.sort(min(ends, key=lambda end: end.cost).x)
    alpha, sigma = torch.from_numpy(heights(log_sigma)), torch.from_numpy(np.exp(log_sigma))
    kernel = torch.from_numpy(gaussians(log_sigma) @ alpha.numpy() / weight).view(1, 2 * h - 1, 2 * w - 1)
    return Fit(alpha.float(), sigma.float(), unfold_kernel(kernel, grid)[0].float())
