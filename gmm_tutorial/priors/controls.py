"""Controls for the other priors: what of a mask remains when its places are taken away."""

import torch
from torch import Tensor, nn

from gmm_tutorial.grid import Grid
from gmm_tutorial.priors.base import Prior
from gmm_tutorial.priors.learned import GaussianMixtureMask

__all__ = ["ShuffledMixture", "Temperature"]


class Temperature(Prior):
    """A control for the other priors: one learned factor per head on all logits, which knows no positions.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.

    Raises:
        ValueError: If `grid` is not two positive integers, or `heads` is not a positive integer.

    Attributes:
        scale: The factors, shape (H, 1, 1), learned. They start at 1, where they change nothing.

    Example:
        >>> Temperature((1, 2), heads=1)().tolist()
        [[[1.0, 1.0], [1.0, 1.0]]]
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__(grid, heads)
        self.scale = nn.Parameter(torch.ones(heads, 1, 1))

    def forward(self) -> Tensor:
        """Return the same factor for every pair, shape (H, N, N)."""
        tokens = self.grid[0] * self.grid[1]
        return self.scale.expand(-1, tokens, tokens)


class ShuffledMixture(Prior):
    """A control for the mixture: the weights of its local start at random places, and nothing to learn.

    A model with this prior has masks of the same values as `GaussianMixtureMask(..., init="local")` at its start, but
    near and far mean nothing to them.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.

    Raises:
        ValueError: If `grid` is not two positive integers, or `heads` is not a positive integer.

    Attributes:
        mask: The weights, shape (H, N, N), a buffer: each head's are shuffled when the prior is made.

    Source:
        None: a control of ours.

    Example:
        >>> prior, local = ShuffledMixture((8, 8), 2), GaussianMixtureMask((8, 8), 2, init="local")
        >>> torch.equal(prior().flatten(1).sort().values, local().flatten(1).sort().values)
        True
        >>> torch.equal(prior(), local())
        False
    """

    combine = "scale"
    mask: Tensor

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__(grid, heads)
        local = GaussianMixtureMask(grid, heads, init="local")().detach()
        places = torch.rand(heads, local[0].numel()).argsort(dim=1)
        # saved with the weights, since the places are drawn
        self.register_buffer("mask", local.flatten(1).gather(1, places).view_as(local))

    def forward(self) -> Tensor:
        """Return the mask, shape (H, N, N)."""
        return self.mask
