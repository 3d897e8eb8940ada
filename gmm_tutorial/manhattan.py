"""Manhattan attention (MaSA, RMT, arXiv 2309.11523): attention that fades by gamma a step, along rows and columns.

D2d = gamma^(|dy| + |dx|). The paper multiplies it onto the attention weights; the published code, which is followed
here, adds its logarithm to the logits. That is the same, with each row then divided by its sum.

    full         every query meets every key                                              O(N^2 D)
    decomposed   every query meets its row, then every row's result its column            O(N (h + w) D)
    retention    no softmax, so that the sum over keys can be carried along the axes      O(N D^2)
"""

from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_gamma
from gmm_tutorial.attention.function import AttentionInputs, attend, attention
from gmm_tutorial.attention.layer import AttentionLayer, under_prior
from gmm_tutorial.decay import axis_distances, manhattan_gamma
from gmm_tutorial.grid import Grid, check_grid, coordinates
from gmm_tutorial.retention import check_retention
from gmm_tutorial.rotary import rotate


def manhattan_attention(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Full Manhattan attention: softmax(S + log D2d) V (RMT, Eq. 5, with normalised rows, as published).

    q, k, v: (B, H, N, D); gamma: (H,), above 0 and at most 1; grid: (h, w), N = h w. Returns (B, H, N, D).
    Raises ValueError for sizes that disagree or a gamma out of range.
    """
    check_tokens(q, k, v, gamma, grid)
    return attend_fully(q, k, v, gamma.log(), grid)


def decomposed_manhattan_attention(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Decomposed Manhattan attention: along rows first, then along columns, as published (RMT, Eq. 6).

    Arguments, result and errors are those of `manhattan_attention`. No N x N matrix is formed. From the query (y, x)
    the key (y', x') has the weight A_H[x; y, y'] A_W[y'; x, x']: a path down the query's column, then along the row.
    """
    check_tokens(q, k, v, gamma, grid)
    return attend_by_axes(q, k, v, gamma.log(), grid)


def manhattan_retention(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Retention on a grid, each token seeing all: (Q K^T * D2d) V, without scale, softmax, or an N x N matrix.

    q, k: (B, H, N, D); v: (B, H, N, Dv); gamma: (H,); grid: (h, w). Returns (B, H, N, Dv). Errors as above.
    """
    check_tokens(q, k, v, gamma, grid)
    states = rearrange(k[..., :, None] * v[..., None, :], "B H N D E -> B H N (D E)")
    states = rearrange(decay_scan(states, gamma, grid), "B H N (D E) -> B H N D E", E=v.shape[-1])
    return (q[..., None, :] @ states).squeeze(-2)


def attend_fully(q: Tensor, k: Tensor, v: Tensor, log_gamma: Tensor, grid: Grid) -> Tensor:
    """`manhattan_attention` by the logarithm of gamma, which does not run out of float32 far away."""
    y, x = coordinates(grid, log_gamma.device).to(log_gamma.dtype).unbind(-1)
    steps = (y[:, None] - y).abs() + (x[:, None] - x).abs()  # (N, N)
    return attention(q, k, v, bias=log_gamma[:, None, None] * steps)


def attend_by_axes(q: Tensor, k: Tensor, v: Tensor, log_gamma: Tensor, grid: Grid) -> Tensor:
    """`decomposed_manhattan_attention` by the logarithm of gamma."""
    h, w = grid
    log_decay_h, log_decay_w = (log_gamma[:, None, None] * axis_distances(n, q.device) for n in (h, w))
    q, k, v = (rearrange(t, "B H (h w) D -> B h H w D", h=h, w=w) for t in (q, k, v))
    v = attend_lines(q, k, v, log_decay_w)
    q, k, v = (rearrange(t, "B h H w D -> B w H h D") for t in (q, k, v))
    out = attend_lines(q, k, v, log_decay_h)
    return rearrange(out, "B w H h D -> B H (h w) D")


def attend_lines(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """Attention within each line of a grid: (B, lines, H, n, D) and bias (H, n, n) -> (B, lines, H, n, D)."""
    out = attention(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), bias=bias)
    return out.unflatten(0, q.shape[:2])


def decay_scan(x: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """D2d x in O(N), without D2d: D2d is a product of the two axes, and a decay along an axis is two scans.

    x: (B, H, N, C), tokens in raster order; gamma: (H,). Returns (B, H, N, C).
    """
    h, w = check_grid(grid)
    x = rearrange(x, "B H (h w) C -> B H h w C", h=h, w=w)
    for axis in (2, 3):
        forwards, backwards = scan(x, gamma, axis), scan(x.flip(axis), gamma, axis).flip(axis)
        x = forwards + backwards - x  # each has counted the token itself
    return rearrange(x, "B H h w C -> B H (h w) C")


def scan(x: Tensor, gamma: Tensor, axis: int) -> Tensor:
    """Along one axis of (B, H, h, w, C), each place becomes itself plus gamma times what the one before it became."""
    total, out = torch.zeros_like(x.select(axis, 0)), []
    for place in x.unbind(axis):  # (B, H, w or h, C)
        total = gamma[:, None, None] * total + place
        out.append(total)
    return torch.stack(out, dim=axis)


class ManhattanAttention(AttentionLayer):
    """The released layer: (B, h, w, C) -> (B, h, w, C), with raster rotation and local enhancement (RMT, Eq. 7).

    dim: C; heads: H; grid: (h, w) if no other is to be accepted; decomposed: along rows, then columns, or fully;
    rotate: whether q and k turn with the token's raster index, as in the released code and not in the paper;
    start, span: of the rates, see `decay.manhattan_gamma`; a start of infinity is no decay at all; prior: one that
    takes the decay's place; then attention is full. `lepe`, the local enhancement, is a 5 x 5 depthwise convolution of
    v, or None when it is to be left out.
    """

    log_gamma: Tensor  # (H,)
    lepe: nn.Module | None

    def __init__(
        self,
        dim: int,
        heads: int,
        grid: Grid | None = None,
        decomposed: bool = True,
        rotate: bool = True,
        start: float = 2.0,
        span: float = 4.0,
        *,
        prior: nn.Module | None = None,
    ) -> None:
        super().__init__()
        if dim % check_count("heads", heads):
            raise ValueError(f"dim is {dim}, but it must be a multiple of heads, {heads}")
        if rotate and dim % (2 * heads):
            raise ValueError(f"dim is {dim}, but to rotate pairs it must be a multiple of twice heads, 2 * {heads}")
        self.grid = None if grid is None else check_grid(grid)
        self.num_heads, self.decomposed, self.rotate = heads, decomposed, rotate
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(dim, dim) for _ in range(4))
        self.lepe = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        gamma = check_gamma(manhattan_gamma(heads, start, span), heads)
        self.register_buffer("log_gamma", gamma.log(), persistent=False)
        self.prior = prior

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x: (B, h, w, C) -> q, k, v, each (B, H, N, D), rotated."""
        projections = (proj(x) for proj in (self.q_proj, self.k_proj, self.v_proj))
        q, k, v = (rearrange(y, "B h w (H D) -> B H (h w) D", H=self.num_heads) for y in projections)
        if self.rotate:
            place = torch.arange(q.shape[-2], device=x.device)
            q, k = rotate(q, place), rotate(k, place)
        return q, k, v

    def attend(self, q: Tensor, k: Tensor, v: Tensor, grid: Grid) -> Tensor:
        """Attention in the layer's own way: (B, H, N, D) -> (B, H, N, D)."""
        if self.prior is not None:
            return attend(under_prior(AttentionInputs(q, k, v), self.prior))
        return (attend_by_axes if self.decomposed else attend_fully)(q, k, v, self.log_gamma, grid)

    def weights(self, x: Tensor) -> Tensor:
        """x: (B, h, w, C) -> the matrix by which v is multiplied, in effect, when decomposed: (B, H, N, N)."""
        q, k, _ = self.project(x)
        identity = torch.eye(q.shape[-2], dtype=x.dtype, device=x.device).expand(*q.shape[:2], -1, -1)
        return self.attend(q, k, identity, (x.shape[1], x.shape[2]))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, h, w, C) -> (B, h, w, C)."""
        grid = x.shape[1], x.shape[2]
        made_for = self.grid if self.prior is None else getattr(self.prior, "grid", self.grid)
        if made_for is not None and grid != tuple(made_for):
            raise ValueError(f"x is {tuple(x.shape)}, but this layer was made for the grid {made_for}")
        q, k, v = self.project(x)
        out = rearrange(self.attend(q, k, v, grid), "B H (h w) D -> B h w (H D)", h=grid[0])
        if self.lepe is not None:
            out = out + channels_last(self.lepe, rearrange(v, "B H (h w) D -> B h w (H D)", h=grid[0]))
        return self.out_proj(out)


def channels_last(convolution: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a function of (B, C, h, w) to x: (B, h, w, C) -> (B, h', w', C')."""
    return convolution(x.movedim(-1, 1)).movedim(1, -1)


def check_tokens(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> None:
    """Raise ValueError, naming the argument, unless the arguments of Manhattan attention fit together."""
    check_retention(q, k, v, gamma)
    h, w = check_grid(grid)
    if q.shape[-2] != h * w:
        raise ValueError(f"q is {tuple(q.shape)}, but a grid of {h} x {w} needs {h * w} tokens")
