"""Manhattan attention as functions: in full, and decomposed into the two axes of the grid."""

from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.decay import axis_distances
from gmm_tutorial.grid import Grid, check_grid, kernel_offsets
from gmm_tutorial.priors.base import Prior
from gmm_tutorial.retention import check_retention

__all__ = ["decomposed_manhattan_attention", "manhattan_attention"]


def manhattan_attention(
    q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid, *, backend: str = "dense"
) -> Tensor:
    r"""Compute Manhattan attention in full, between all pairs of tokens.

    .. math:: \mathrm{softmax}\left(\frac{Q K^T}{\sqrt{D}} + \log D_{2d}\right) V

    Args:
        q: Queries, shape (B, H, N, D), tokens in raster order.
        k: Keys, shape (B, H, N, D).
        v: Values, shape (B, H, N, Dv).
        gamma: Rates of decay, each above 0 and at most 1, shape (H,).
        grid: Rows and columns of the token grid, (h, w), with N = h * w.
        backend: How to compute it, as in `attention`. By default with the matrix of all weights, so that its cost is
            that of the formula.

    Returns:
        What each query gets, shape (B, H, N, Dv).

    Raises:
        TypeError: If a tensor is not floating point, or `q`, `k` and `v` differ in dtype.
        ValueError: If sizes or devices disagree, `gamma` is out of range, or `backend` is unknown.

    Source:
        RMT, arXiv 2309.11523, Eq. 5, with normalized rows as in its released code.

    Example:
        >>> import torch
        >>> q = k = torch.zeros(1, 1, 2, 4)
        >>> v = torch.eye(2).view(1, 1, 2, 2)
        >>> manhattan_attention(q, k, v, torch.tensor([0.25]), (1, 2))
        tensor([[[[0.8000, 0.2000],
                  [0.2000, 0.8000]]]])
    """
    check_tokens(q, k, v, gamma, grid)
    return attend_fully(q, k, v, gamma.log(), grid, backend)


def decomposed_manhattan_attention(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Compute Manhattan attention along the rows first, then along the columns, without an N x N matrix.

    The query (y, x) gives the key (y', x') the weight A_H[x; y, y'] A_W[y'; x, x']: down the query's column to the
    key's row, then along that row.

    Args:
        q: Queries, shape (B, H, N, D), tokens in raster order.
        k: Keys, shape (B, H, N, D).
        v: Values, shape (B, H, N, Dv).
        gamma: Rates of decay, each above 0 and at most 1, shape (H,).
        grid: Rows and columns of the token grid, (h, w), with N = h * w.

    Returns:
        What each query gets, shape (B, H, N, Dv).

    Raises:
        TypeError: As in `manhattan_attention`.
        ValueError: As in `manhattan_attention`.

    Source:
        RMT, arXiv 2309.11523, Eq. 6, in the order of its released code.

    Example:
        On a single row there is nothing to decompose:

        >>> import torch
        >>> q, k, v = torch.randn(3, 1, 2, 5, 4)
        >>> gamma = torch.tensor([0.5, 0.9])
        >>> full = manhattan_attention(q, k, v, gamma, (1, 5))
        >>> torch.allclose(decomposed_manhattan_attention(q, k, v, gamma, (1, 5)), full, atol=1e-6)
        True
    """
    check_tokens(q, k, v, gamma, grid)
    return attend_by_axes(q, k, v, gamma.log(), grid)


class Decay(Prior):
    """The decay by the logarithm of its rates, which does not run out of float32 far away."""

    combine = "bias"

    def __init__(self, log_gamma: Tensor, grid: Grid) -> None:
        super().__init__(grid, len(log_gamma))
        self.log_gamma = log_gamma

    def log_kernel(self) -> Tensor:
        """Return the logarithm at every offset, shape (H, 2h-1, 2w-1)."""
        steps = kernel_offsets(self.grid).abs().sum(-1).to(self.log_gamma.device)
        return self.log_gamma[:, None, None] * steps

    def kernel(self) -> Tensor:
        """Return the decay at every offset, shape (H, 2h-1, 2w-1)."""
        return self.log_kernel().exp()


def attend_fully(q: Tensor, k: Tensor, v: Tensor, log_gamma: Tensor, grid: Grid, backend: str = "auto") -> Tensor:
    """Compute `manhattan_attention` by the logarithm of gamma."""
    return attention(q, k, v, Decay(log_gamma, grid), backend=backend)


def attend_by_axes(q: Tensor, k: Tensor, v: Tensor, log_gamma: Tensor, grid: Grid) -> Tensor:
    """Compute `decomposed_manhattan_attention` by the logarithm of gamma."""
    h, w = grid
    log_decay_h, log_decay_w = (log_gamma[:, None, None] * axis_distances(n, q.device) for n in (h, w))
    q, k, v = (rearrange(t, "B H (h w) D -> B h H w D", h=h, w=w) for t in (q, k, v))
    v = attend_lines(q, k, v, log_decay_w)
    q, k, v = (rearrange(t, "B h H w D -> B w H h D") for t in (q, k, v))
    out = attend_lines(q, k, v, log_decay_h)
    return rearrange(out, "B w H h D -> B H (h w) D")


def attend_lines(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Compute attention within each line of a grid: (B, lines, H, n, D) and bias (H, n, n) -> (B, lines, H, n, D)."""
    out = attention(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), bias=bias)
    return out.unflatten(0, q.shape[:2])


def check_tokens(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> None:
    """Raise an error that names the argument unless the arguments of Manhattan attention fit together."""
    check_retention(q, k, v, gamma)
    h, w = check_grid(grid)
    if q.shape[-2] != h * w:
        raise ValueError(f"q is {tuple(q.shape)}, but a grid of {h} x {w} needs {h * w} tokens")
