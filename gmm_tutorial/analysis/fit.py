"""Fitting a mixture of Gaussians to a mask that was learned freely."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import least_squares
from torch import Tensor

from gmm_tutorial.analysis.maps import by_offset
from gmm_tutorial.grid import Grid, kernel_offsets, unfold_kernel


@dataclass(frozen=True)
class Fit:
    """A mixture, alpha and sigma (K,), and the (N, N) mask that it unfolds to."""

    alpha: Tensor
    sigma: Tensor
    mask: Tensor


def r_squared(target: Tensor, fit: Tensor) -> float:
    """The share of a target's variance that a fit explains: 1 - |target - fit|^2 / |target - mean|^2."""
    residual = (target - fit).square().sum()
    return float(1 - residual / (target - target.mean()).square().sum())


def fit_mixture(mask: Tensor, grid: Grid, kernels: int, starts: int = 20, seed: int = 0) -> Fit:
    """The K isotropic Gaussians nearest to a mask, in least squares over all of its pairs.

    mask: (N, N); grid: (h, w); kernels: K; starts: from how many random widths the search begins, the best end counts.
    Given the widths, the heights are a linear least squares, so only sigma is searched for (variable projection).
    """
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
