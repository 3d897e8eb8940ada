"""Retention on a grid in time O(N): sums that decay with Manhattan distance are carried along the axes."""

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial._checks import check_axes, check_device, check_floating, check_gamma
from gmm_tutorial.grid import Grid, check_grid
from gmm_tutorial.manhattan.function import check_tokens

__all__ = ["decay_scan", "manhattan_retention"]


def manhattan_retention(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    r"""Compute retention on a grid, in which each token sees all others, without an N x N matrix.

    .. math:: (Q K^T \odot D_{2d}) V

    Args:
        q: Queries, shape (B, H, N, D), tokens in raster order.
        k: Keys, shape (B, H, N, D).
        v: Values, shape (B, H, N, Dv).
        gamma: Rates of decay, each above 0 and at most 1, shape (H,).
        grid: Rows and columns of the token grid, (h, w), with N = h * w.

    Returns:
        What each token retains, shape (B, H, N, Dv), of the dtype of `v`. There is no scale and no softmax.

    Raises:
        TypeError: As in `manhattan_attention`.
        ValueError: As in `manhattan_attention`.

    Example:
        >>> q = k = v = torch.ones(1, 1, 3, 1)
        >>> manhattan_retention(q, k, v, torch.tensor([0.5]), (1, 3)).flatten()
        tensor([1.7500, 2.0000, 1.7500])
    """
    check_tokens(q, k, v, gamma, grid)
    states = rearrange(k[..., :, None] * v[..., None, :], "B H N D E -> B H N (D E)")
    states = scan_axes(states, gamma, grid).unflatten(-1, (k.shape[-1], v.shape[-1]))
    return (q[..., None, :].to(states.dtype) @ states).squeeze(-2).to(v.dtype)


def decay_scan(x: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Multiply by the decay D2d in time O(N), without forming it.

    D2d is a product of the two axes, and multiplying by the decay along one axis takes two scans.

    Args:
        x: Anything per token, shape (B, H, N, C), tokens in raster order.
        gamma: Rates of decay, each above 0 and at most 1, shape (H,).
        grid: Rows and columns of the token grid, (h, w), with N = h * w.

    Returns:
        D2d x, shape (B, H, N, C).

    Raises:
        TypeError: If a tensor is not floating point.
        ValueError: If sizes or devices disagree, or `gamma` is out of range.

    Example:
        >>> decay_scan(torch.ones(1, 1, 3, 1), torch.tensor([0.5]), (1, 3)).flatten()
        tensor([1.7500, 2.0000, 1.7500])
    """
    h, w = check_grid(grid)
    check_axes("x", check_floating("x", x), ("B", "H", h * w, "C"), f"a grid of {h} x {w} needs")
    check_device("gamma", check_gamma(gamma, x.shape[1]), "x", x)
    return scan_axes(x, gamma, grid)


def scan_axes(x: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Compute `decay_scan` of arguments that have been checked."""
    x = x.unflatten(2, grid)  # (B, H, h, w, C)
    for axis in (2, 3):
        forwards, backwards = scan(x, gamma, axis), scan(x.flip(axis), gamma, axis).flip(axis)
        x = forwards + backwards - x  # each has counted the token itself
    return rearrange(x, "B H h w C -> B H (h w) C")


def scan(x: Tensor, gamma: Tensor, axis: int) -> Tensor:
    """Scan one axis of (B, H, h, w, C): each place becomes itself plus gamma times what the one before it became."""
    total, out = torch.zeros_like(x.select(axis, 0)), []
    for place in x.unbind(axis):  # (B, H, w or h, C)
        total = gamma[:, None, None] * total + place
        out.append(total)
    return torch.stack(out, dim=axis)
