"""Retention: attention without softmax, under a decay (RetNet, arXiv 2307.08621).

Along a sequence, o_n = sum over m <= n of gamma^(n-m) (q_n . k_m) v_m. Without a softmax the sum can be taken in any
order, so three forms give the same numbers: `parallel` forms the N x N matrix, O(N^2 D), and is fast to train;
`recurrent` carries a D x D state from token to token, O(N D^2), at the same cost for each new token; `chunkwise` does
the first within chunks and the second between them.
"""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import (
    check_axes,
    check_count,
    check_device,
    check_divides,
    check_floating,
    check_gamma,
    check_input,
    check_like,
    check_number,
)
from gmm_tutorial.decay import causal_powers, retnet_gamma
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors import ManhattanDecay
from gmm_tutorial.rotary import rotate

__all__ = ["MultiScaleRetention", "chunkwise", "parallel", "recurrent"]


def parallel(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    r"""Compute retention for all tokens at once, by the N x N matrix; q k^T is not scaled.

    .. math:: O = (Q K^T \odot D) V, \qquad D_{nm} = \gamma^{n-m} \text{ for } n \ge m, \text{ else } 0

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, N, D).
        v: Values, shape (B, H, N, Dv).
        gamma: Rates of decay, each above 0 and at most 1, shape (H,). They should be float32 or wider, even where `q`
            is in half precision, which would round rates close to 1 to exactly 1.

    Returns:
        What each token retains, shape (B, H, N, Dv), of the dtype of `v`.

    Raises:
        TypeError: If a tensor is not floating point, or `q`, `k` and `v` differ in dtype.
        ValueError: If sizes or devices disagree, or `gamma` is out of range or wider than float32 and `q`.

    Source:
        RetNet, arXiv 2307.08621, Eq. 5, without its rotation, for which there is `rotary.rotate`.

    Example:
        >>> q = k = v = torch.ones(1, 1, 3, 1)
        >>> parallel(q, k, v, torch.tensor([0.5])).flatten()
        tensor([1.0000, 1.5000, 1.7500])
    """
    check_retention(q, k, v, gamma)
    return retain(q, k, v, causal_powers(gamma, q.shape[-2]))


def recurrent(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    r"""Compute retention one token after the other, by a state of the same size however long the sequence is.

    .. math:: S_n = \gamma S_{n-1} + K_n^T V_n, \qquad o_n = Q_n S_n

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, N, D).
        v: Values, shape (B, H, N, Dv).
        gamma: Rates of decay, as in `parallel`, shape (H,).

    Returns:
        The result of `parallel`, shape (B, H, N, Dv).

    Raises:
        TypeError: As in `parallel`.
        ValueError: As in `parallel`.

    Source:
        RetNet, arXiv 2307.08621, Eq. 6.

    Example:
        >>> q = k = v = torch.ones(1, 1, 3, 1)
        >>> recurrent(q, k, v, torch.tensor([0.5])).flatten()
        tensor([1.0000, 1.5000, 1.7500])
    """
    check_retention(q, k, v, gamma)
    state = new_state(q, v, gamma)
    out = [torch.empty_like(v[..., :0, :])]  # so that there may be no token at all
    for q_n, k_n, v_n in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2), strict=True):  # (B, H, D) and (B, H, Dv)
        state = gamma[:, None, None] * state + k_n[..., :, None] * v_n[..., None, :]
        out.append((q_n[..., None, :].to(state.dtype) @ state).to(v.dtype))
    return torch.cat(out, dim=-2)


def chunkwise(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, chunk: int) -> Tensor:
    """Compute retention in chunks: the parallel form within them, the recurrent one between them.

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, N, D).
        v: Values, shape (B, H, N, Dv).
        gamma: Rates of decay, as in `parallel`, shape (H,).
        chunk: Number of tokens in a chunk. The last chunk is shorter when it does not divide N.

    Returns:
        The result of `parallel`, shape (B, H, N, Dv).

    Raises:
        TypeError: As in `parallel`.
        ValueError: As in `parallel`, or if `chunk` is not a positive integer.

    Source:
        RetNet, arXiv 2307.08621, Eq. 7.

    Example:
        >>> q = k = v = torch.ones(1, 1, 3, 1)
        >>> chunkwise(q, k, v, torch.tensor([0.5]), chunk=2).flatten()
        tensor([1.0000, 1.5000, 1.7500])
    """
    check_retention(q, k, v, gamma)
    check_count("chunk", chunk)
    state = new_state(q, v, gamma)
    out = []
    for q_i, k_i, v_i in zip(q.split(chunk, -2), k.split(chunk, -2), v.split(chunk, -2), strict=True):
        size = q_i.shape[-2]
        steps = torch.arange(size, device=q.device)
        xi = gamma[:, None] ** (steps + 1)  # (H, size): how far the state has faded when a query reads it
        zeta = gamma[:, None] ** (size - 1 - steps)  # how far a key will have faded at the end of its chunk
        within = retain(q_i, k_i, v_i, causal_powers(gamma, size))
        out.append(within + ((q_i.to(state.dtype) @ state) * xi[..., None]).to(v.dtype))
        state = gamma[:, None, None] ** size * state + k_i.mT.to(state.dtype) @ (v_i * zeta[..., None])
    return torch.cat(out, dim=-2)


def new_state(q: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """Make the state before the first token: (B, H, D, Dv), zeros in the wider dtype of q and gamma."""
    dtype = torch.promote_types(q.dtype, gamma.dtype)
    return q.new_zeros(*q.shape[:2], q.shape[-1], v.shape[-1], dtype=dtype)


def retain(q: Tensor, k: Tensor, v: Tensor, decay: Tensor) -> Tensor:
    """Compute (Q K^T * decay) V: q, k (B, H, N, D), v (B, H, N, Dv), decay (H, N, N) -> (B, H, N, Dv), of v's dtype."""
    return (q @ k.mT * decay).to(v.dtype) @ v


class MultiScaleRetention(nn.Module):
    """The published layer around retention: (B, N, C) -> (B, N, C).

    Args:
        dim: Number of channels C.
        num_heads: Number of heads H, with C / H even.
        grid: None for the published layer, in which a token sees those before it under the rates of
            `decay.retnet_gamma`; (h, w) for one in which a token sees all tokens of a grid, under Manhattan decay.
        eps: Added to the mean square by which each head is normalized. The norm has no weights; the paper calls it
            group norm.

    Raises:
        ValueError: If `dim` is not a multiple of twice `num_heads`, `grid` is not two positive integers, or `eps` is
            negative.

    Source:
        RetNet, arXiv 2307.08621, Eq. 8.

    Example:
        >>> MultiScaleRetention(16, num_heads=2)(torch.zeros(3, 10, 16)).shape
        torch.Size([3, 10, 16])
    """

    def __init__(self, dim: int, num_heads: int, *, grid: Grid | None = None, eps: float = 1e-6) -> None:
        super().__init__()
        check_divides("dim", dim, "num_heads", num_heads, factor=2)
        self.dim, self.num_heads, self.eps = dim, num_heads, check_number("eps", eps, least=0)
        self.prior = None if grid is None else ManhattanDecay(grid, num_heads)
        self.q_proj = nn.Linear(dim, dim, bias=False)
        self.k_proj = nn.Linear(dim, dim, bias=False)
        self.v_proj = nn.Linear(dim, dim, bias=False)
        self.g_proj = nn.Linear(dim, dim, bias=False)
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def decay(self, x: Tensor) -> Tensor:
        """Return the weight of each pair of tokens, shape (H, N, N), float32 or wider, for tokens x (B, N, C)."""
        if self.prior is None:
            gamma = retnet_gamma(self.num_heads).to(x.device, torch.promote_types(x.dtype, torch.float32))
            return causal_powers(gamma, x.shape[1])
        return self.prior()

    def forward(self, x: Tensor) -> Tensor:
        """Let the tokens retain each other.

        Args:
            x: Tokens, shape (B, N, C).

        Returns:
            The new tokens, shape (B, N, C).

        Raises:
            TypeError: If `x` is not of the dtype of the layer.
            ValueError: If `x` has another size or device than the layer needs.
        """
        check_input("x", x, ("B", "N", self.dim), self.q_proj)
        if self.prior is not None and x.shape[1] != math.prod(self.prior.grid):
            raise ValueError(f"x is {tuple(x.shape)}, but this layer was made for the grid {self.prior.grid}")
        heads = (proj(x) for proj in (self.q_proj, self.k_proj, self.v_proj))
        q, k, v = (rearrange(y, "B N (H D) -> B H N D", H=self.num_heads) for y in heads)
        place = torch.arange(x.shape[1], device=x.device)
        q, k = rotate(q, place), rotate(k * k.shape[-1] ** -0.5, place)
        out = retain(q, k, v, self.decay(x))
        # a sum without softmax grows with the number of tokens; the norm takes its size away, and keeps its direction
        out = F.rms_norm(out, out.shape[-1:], eps=self.eps)
        return self.out_proj(F.silu(self.g_proj(x)) * rearrange(out, "B H N D -> B N (H D)"))


def check_retention(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> None:
    """Raise an error that names the argument unless the arguments of retention fit together."""
    check_axes("q", check_floating("q", q), ("B", "H", "N", "D"))
    batch, heads, tokens, channels = q.shape
    check_axes("k", check_floating("k", k), (batch, heads, tokens, channels), f"q, {tuple(q.shape)}, needs")
    check_axes("v", check_floating("v", v), (batch, heads, tokens, "Dv"), f"q, {tuple(q.shape)}, needs")
    check_like("k", k, "q", q)
    check_like("v", v, "q", q)
    check_device("gamma", check_gamma(gamma, heads), "q", q)
    widest = torch.promote_types(q.dtype, torch.float32)
    if torch.promote_types(widest, gamma.dtype) != widest:
        raise ValueError(f"gamma is {gamma.dtype}, but q is {q.dtype}, and gamma must not be wider than {widest}")
