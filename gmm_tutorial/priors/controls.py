"""Controls for the other priors: what of a mask remains when its places are taken away."""

import torch
from torch import Tensor, nn

from gmm_tutorial.grid import Grid
from gmm_tutorial.priors.base import Prior
from gmm_tutorial.priors.learned import GaussianMixtureMask

__all__ = ["FrozenMixture", "Temperature"]


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


class FrozenMixture(Prior):
    """A control for the mixture: the mask of its local start, which never changes; its weights can be shuffled.

    Frozen, a model has the shape of the mask and cannot adapt it. Frozen and shuffled, it has masks of the same values,
    but near and far mean nothing to them.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.
        shuffled: Whether the N^2 weights of each head are put at random places.

    Raises:
        ValueError: If `grid` is not two positive integers, or `heads` is not a positive integer.

    Attributes:
        mask: The weights, shape (H, N, N), a buffer.

    Source:
        None: a control of ours.

    Example:
        >>> frozen, local = FrozenMixture((8, 8), 2, shuffled=True), GaussianMixtureMask((8, 8), 2, init="local")
        >>> torch.equal(frozen().flatten(1).sort().values, local().flatten(1).sort().values)
        True
        >>> torch.equal(frozen(), local())
        False
    """

    combine = "scale"
    mask: Tensor

    def __init__(self, grid: Grid, heads: int, shuffled: bool = False) -> None:
        super().__init__(grid, heads)
        mask = GaussianMixtureMask(grid, heads, init="local")().detach()
        if shuffled:
            places = torch.rand(heads, mask[0].numel()).argsort(dim=1)
            mask = mask.flatten(1).gather(1, places).view_as(mask)
        # saved with the weights, since the places are drawn
        self.register_buffer("mask", mask)

    def forward(self) -> Tensor:
        """Return the mask, shape (H, N, N)."""
        return self.mask
