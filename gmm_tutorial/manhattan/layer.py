"""The released layer of Manhattan attention."""

from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_divides, check_input
from gmm_tutorial.attention.function import attention
from gmm_tutorial.attention.layer import AttentionLayer, check_prior
from gmm_tutorial.decay import manhattan_gamma
from gmm_tutorial.grid import Grid, check_grid
from gmm_tutorial.manhattan.function import attend_by_axes, attend_fully
from gmm_tutorial.rotary import rotate

__all__ = ["ManhattanAttention", "channels_last"]


class ManhattanAttention(AttentionLayer):
    """The released layer: (B, h, w, C) -> (B, h, w, C), with raster rotation and local enhancement.

    Args:
        dim: Number of channels C.
        heads: Number of heads H.
        grid: Rows and columns of the token grid, (h, w), if the layer should refuse every other.
        decomposed: Whether tokens attend along rows, then columns, instead of in full.
        rotate: Whether q and k are rotated by the token's raster index, as in the released code and not in the paper.
        start: Exponent of the first head's rate, see `decay.manhattan_gamma`. Infinity switches the decay off.
        span: How much the exponents grow over the heads, see `decay.manhattan_gamma`.
        prior: A prior that takes the place of the decay. Attention is then in full.

    Raises:
        TypeError: If `prior` is not a module.
        ValueError: If `dim` is not a multiple of `heads`, or of twice `heads` with rotation; if `grid` is not two
            positive integers; or if a rate would not be above 0 and at most 1.

    Attributes:
        lepe: The local enhancement, a 5 x 5 depthwise convolution of v, or None to leave it out.

    Source:
        RMT, arXiv 2309.11523, Eq. 7, and its released code.

    Example:
        >>> layer = ManhattanAttention(16, heads=2)
        >>> layer(torch.zeros(3, 5, 7, 16)).shape
        torch.Size([3, 5, 7, 16])
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
        check_divides("dim", dim, "heads", heads)
        check_divides("dim", dim, "heads", heads, factor=2 if rotate else 1)
        self.grid = None if grid is None else check_grid(grid)
        self.dim, self.num_heads, self.decomposed, self.rotate = dim, heads, decomposed, rotate
        self.q_proj, self.k_proj, self.v_proj, self.out_proj = (nn.Linear(dim, dim) for _ in range(4))
        self.lepe = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.register_buffer("log_gamma", manhattan_gamma(heads, start, span).log(), persistent=False)
        self.prior = check_prior(prior)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, q and k rotated.

        Args:
            x: Tokens on their grid, shape (B, h, w, C).

        Returns:
            q, k and v, each of shape (B, H, N, D).

        Raises:
            TypeError: If `x` is not of the dtype of the layer.
            ValueError: If `x` has another size, grid or device than the layer needs.
        """
        check_input("x", x, ("B", "h", "w", self.dim), self.q_proj)
        grid = self.grid if self.prior is None else getattr(self.prior, "grid", self.grid)
        if grid is not None and x.shape[1:3] != tuple(grid):
            raise ValueError(f"x is {tuple(x.shape)}, but this layer was made for the grid {grid}")
        projections = (proj(x) for proj in (self.q_proj, self.k_proj, self.v_proj))
        q, k, v = (rearrange(y, "B h w (H D) -> B H (h w) D", H=self.num_heads) for y in projections)
        if self.rotate:
            place = torch.arange(q.shape[-2], device=x.device)
            q, k = rotate(q, place), rotate(k, place)
        return q, k, v

    def attend(self, q: Tensor, k: Tensor, v: Tensor, grid: Grid) -> Tensor:
        """Attend in the layer's own way.

        Args:
            q: Queries, shape (B, H, N, D).
            k: Keys, shape (B, H, N, D).
            v: Values, shape (B, H, N, Dv).
            grid: Rows and columns of the token grid, (h, w), with N = h * w.

        Returns:
            What each query gets, shape (B, H, N, Dv).
        """
        if self.prior is not None:
            return attention(q, k, v, self.prior)
        return (attend_by_axes if self.decomposed else attend_fully)(q, k, v, self.log_gamma, grid)

    def weights(self, x: Tensor) -> Tensor:
        """Return the matrix that multiplies v, shape (B, H, N, N), for x (B, h, w, C).

        Decomposed attention never forms this matrix, but it has the same effect as one.
        """
        q, k, _ = self.project(x)
        identity = torch.eye(q.shape[-2], dtype=q.dtype, device=x.device).expand(*q.shape[:2], -1, -1)
        return self.attend(q, k, identity, (x.shape[1], x.shape[2]))

    def forward(self, x: Tensor) -> Tensor:
        """Let the tokens attend to each other.

        Args:
            x: Tokens on their grid, shape (B, h, w, C).

        Returns:
            The new tokens, shape (B, h, w, C).

        Raises:
            TypeError: If `x` is not of the dtype of the layer.
            ValueError: If `x` has another size, grid or device than the layer needs.
        """
        q, k, v = self.project(x)
        grid = x.shape[1], x.shape[2]
        out = rearrange(self.attend(q, k, v, grid), "B H (h w) D -> B h w (H D)", h=grid[0])
        if self.lepe is not None:
            out = out + channels_last(self.lepe, rearrange(v, "B H (h w) D -> B h w (H D)", h=grid[0]))
        return self.out_proj(out)


def channels_last(convolution: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Apply a function of channels-first maps to channels-last ones.

    Args:
        convolution: A function (B, C, h, w) -> (B, C', h', w'), such as a convolution.
        x: Tokens on their grid, shape (B, h, w, C).

    Returns:
        The result with its channels last, shape (B, h', w', C').

    Example:
        >>> channels_last(nn.Conv2d(3, 8, 1), torch.zeros(2, 5, 7, 3)).shape
        torch.Size([2, 5, 7, 8])
    """
    return convolution(x.movedim(-1, 1)).movedim(1, -1)
