"""Priors that are fixed: decays with distance, whose logarithm is added to the logits."""

from torch import Tensor

from gmm_tutorial.decay import alibi_slopes, axis_distances, manhattan_gamma
from gmm_tutorial.grid import Grid, kernel_offsets
from gmm_tutorial.priors.base import Prior

__all__ = ["ALiBi2d", "ManhattanDecay"]


class ManhattanDecay(Prior):
    r"""Manhattan decay, fixed; its logarithm is added to the logits, as in the published code.

    .. math:: D_h(\Delta y, \Delta x) = \gamma_h^{|\Delta y| + |\Delta x|}

    Eq. 5 of the paper multiplies it onto the weights after softmax instead (`combine="gate"`).

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.
        start: Exponent of the first head's rate, see `decay.manhattan_gamma`.
        span: How much the exponents grow over the heads, see `decay.manhattan_gamma`.

    Raises:
        ValueError: If `grid` is not two positive integers, `heads` is not a positive integer, or a rate would not be
            above 0 and at most 1.

    Attributes:
        gamma: The rates, shape (H,), a buffer.

    Source:
        RMT, arXiv 2309.11523, Eq. 4 and 8, and its released code.

    Example:
        >>> ManhattanDecay((1, 3), heads=1, start=1.0)()
        tensor([[[1.0000, 0.5000, 0.2500],
                 [0.5000, 1.0000, 0.5000],
                 [0.2500, 0.5000, 1.0000]]])
    """

    combine = "bias"
    gamma: Tensor
    steps: Tensor  # (2h-1, 2w-1), |dy| + |dx|

    def __init__(self, grid: Grid, heads: int, start: float = 2.0, span: float = 4.0) -> None:
        super().__init__(grid, heads)
        self.register_buffer("gamma", manhattan_gamma(heads, start, span), persistent=False)
        self.register_buffer("steps", kernel_offsets(self.grid).abs().sum(-1), persistent=False)

    def kernel(self) -> Tensor:
        """Return the decay at every offset, key minus query, shape (H, 2h-1, 2w-1)."""
        return self.gamma[:, None, None] ** self.steps

    def axes(self) -> tuple[Tensor, Tensor]:
        """Return the decay along each axis of the grid, whose Kronecker product is the whole decay.

        Returns:
            The decay between rows, shape (H, h, h), and between columns, shape (H, w, w).
        """
        along_h, along_w = (axis_distances(n, self.gamma.device) for n in self.grid)
        return self.gamma[:, None, None] ** along_h, self.gamma[:, None, None] ** along_w

    def log_kernel(self) -> Tensor:
        """Return the logarithm of the decay at every offset, computed without it, shape (H, 2h-1, 2w-1)."""
        return self.gamma.log()[:, None, None] * self.steps


class ALiBi2d(Prior):
    r"""ALiBi on a grid: a slope times the Euclidean distance d is subtracted from the logits.

    .. math:: P_h = \exp(-m_h d), \qquad m_h = 2^{-8h/H}, \qquad h = 1, \dots, H

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H. The source treats powers of two; here it can be any number.

    Raises:
        ValueError: If `grid` is not two positive integers, or `heads` is not a positive integer.

    Attributes:
        slopes: The slopes, shape (H,), a buffer.

    Source:
        ALiBi, arXiv 2108.12409, for sequences. The distance on a grid is our choice.

    Example:
        >>> ALiBi2d((1, 3), heads=8).log()[0]
        tensor([[-0.0000, -0.5000, -1.0000],
                [-0.5000, -0.0000, -0.5000],
                [-1.0000, -0.5000, -0.0000]])
    """

    combine = "bias"
    slopes: Tensor
    distances: Tensor  # (2h-1, 2w-1)

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__(grid, heads)
        self.register_buffer("slopes", alibi_slopes(heads), persistent=False)
        self.register_buffer("distances", kernel_offsets(self.grid).float().norm(dim=-1), persistent=False)

    def log_kernel(self) -> Tensor:
        """Return what is added to the logits at every offset, key minus query, shape (H, 2h-1, 2w-1)."""
        return -self.slopes[:, None, None] * self.distances

    def kernel(self) -> Tensor:
        """Return the prior at every offset, key minus query, shape (H, 2h-1, 2w-1)."""
        return self.log_kernel().exp()
