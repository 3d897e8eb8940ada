"""Retention: attention without softmax, under a decay (RetNet, arXiv 2307.08621).

Along a sequence, o_n = sum over m <= n of gamma^(n-m) (q_n . k_m) v_m. Without a softmax the sum can be taken in any
order, so the same numbers come out of three forms: `parallel` forms the N x N matrix, O(N^2 D), fast to train;
`recurrent` carries a D x D state from token to token, O(N D^2), the same cost for each new token; `chunkwise` does the
first within chunks and the second between them.
"""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_gamma
from gmm_tutorial.decay import causal_decay, retnet_gamma
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors import ManhattanDecay
from gmm_tutorial.rotary import rotate


def parallel(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """All tokens at once: (Q K^T * D) V, D_nm = gamma^(n-m) for n >= m, else 0 (RetNet, Eq. 5, without its rotation).

    q, k: (B, H, N, D); v: (B, H, N, Dv); gamma: (H,), above 0 and at most 1. Returns (B, H, N, Dv). q k^T is not
    scaled. Raises ValueError for sizes that disagree or a gamma out of range, as the other two forms do.
    """
    check_retention(q, k, v, gamma)
    return retain(q, k, v, causal_decay(gamma, q.shape[-2]))


def recurrent(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """One token after the other: S_n = gamma S_{n-1} + K_n^T V_n, o_n = Q_n S_n (RetNet, Eq. 6).

    Arguments and result are those of `parallel`. The state S is (B, H, D, Dv), however long the sequence.
    """
    check_retention(q, k, v, gamma)
    state = q.new_zeros(*q.shape[:2], q.shape[-1], v.shape[-1])
    out = []
    for q_n, k_n, v_n in zip(q.unbind(-2), k.unbind(-2), v.unbind(-2), strict=True):  # (B, H, D) and (B, H, Dv)
        state = gamma[:, None, None] * state + k_n[..., :, None] * v_n[..., None, :]
        out.append((q_n[..., None, :] @ state).squeeze(-2))
    return torch.stack(out, dim=-2)


def chunkwise(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, chunk: int) -> Tensor:
    """Parallel within chunks, recurrent between them (RetNet, Eq. 7).

    chunk: how many tokens, at least 1; the last chunk is shorter when it does not divide N. Otherwise as `parallel`.
    """
    check_retention(q, k, v, gamma)
    check_count("chunk", chunk)
    state = q.new_zeros(*q.shape[:2], q.shape[-1], v.shape[-1])
    out = []
    for q_i, k_i, v_i in zip(q.split(chunk, -2), k.split(chunk, -2), v.split(chunk, -2), strict=True):
        size = q_i.shape[-2]
        steps = torch.arange(size, device=q.device)
        xi = gamma[:, None] ** (steps + 1)  # (H, size): how far the state has faded when a query reads it
        zeta = gamma[:, None] ** (size - 1 - steps)  # how far a key will have faded at the end of its chunk
        out.append(retain(q_i, k_i, v_i, causal_decay(gamma, size)) + (q_i @ state) * xi[..., None])
        state = gamma[:, None, None] ** size * state + k_i.mT @ (v_i * zeta[..., None])
    return torch.cat(out, dim=-2)


def retain(q: Tensor, k: Tensor, v: Tensor, decay: Tensor) -> Tensor:
    """(Q K^T * decay) V: q, k (B, H, N, D), v (B, H, N, Dv), decay (H, N, N) -> (B, H, N, Dv), of v's dtype."""
    return (q @ k.mT * decay).to(v.dtype) @ v


class MultiScaleRetention(nn.Module):
    """The published layer around retention: (B, N, C) -> (B, N, C) (RetNet, Eq. 8).

    dim: C; num_heads: H, with C / H even. grid: None for the published layer, in which a token sees those before it,
    under gamma_h = 1 - 2^(-5-h); (h, w) for one that sees all tokens of a grid, under Manhattan decay. eps: of the norm
    of each head, by its root mean square and without weights; the paper calls it group norm.
    """

    def __init__(self, dim: int, num_heads: int, *, grid: Grid | None = None, eps: float = 1e-6) -> None:
        super().__init__()
        if dim % (2 * check_count("num_heads", num_heads)):
            raise ValueError(f"dim is {dim}, but it must be a multiple of twice num_heads, 2 * {num_heads}")
        self.num_heads, self.eps = num_heads, eps
        self.prior = None if grid is None else ManhattanDecay(grid, num_heads)
        self.q_proj = nn.Linear(dim, dim, bias=False)
        self.k_proj = nn.Linear(dim, dim, bias=False)
        self.v_proj = nn.Linear(dim, dim, bias=False)
        self.g_proj = nn.Linear(dim, dim, bias=False)
        self.out_proj = nn.Linear(dim, dim, bias=False)

    def decay(self, x: Tensor) -> Tensor:
        """The weight of each pair of tokens of x, (B, N, C): (H, N, N), float32 or wider."""
        if self.prior is None:
            gamma = retnet_gamma(self.num_heads).to(x.device, torch.promote_types(x.dtype, torch.float32))
            return causal_decay(gamma, x.shape[1])
        return self.prior()

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, N, C) -> (B, N, C)."""
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
    """Raise ValueError, naming the argument, unless the arguments of retention fit together."""
    if q.ndim != 4:
        raise ValueError(f"q is {tuple(q.shape)}, but it must be (B, H, N, D)")
    if k.shape != q.shape:
        raise ValueError(f"k is {tuple(k.shape)}, but q, {tuple(q.shape)}, needs the same")
    if v.ndim != 4 or v.shape[:3] != q.shape[:3]:
        batch, heads, tokens, _ = q.shape
        raise ValueError(f"v is {tuple(v.shape)}, but q, {tuple(q.shape)}, needs ({batch}, {heads}, {tokens}, Dv)")
    if torch.promote_types(q.dtype, gamma.dtype) != q.dtype:
        raise ValueError(f"gamma is {gamma.dtype}, but q is {q.dtype}, and gamma must not be wider")
    check_gamma(gamma, q.shape[1])
