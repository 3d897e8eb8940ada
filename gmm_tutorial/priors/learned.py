"""Priors that are learned: a weight for every pair, a mixture of Gaussians, and a weight for every offset."""

import torch
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_finite, check_one_of
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors.base import Prior

__all__ = ["ElementwiseMask", "FreeKernel", "GaussianMixtureMask"]


class ElementwiseMask(Prior):
    """ELM: a free weight for every pair of tokens, multiplied onto the scaled logits.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of masks, 1 (as published) for one that all heads share.
        init: The value that every entry starts with. With 0, as published, attention starts uniform; with 1 it starts
            as vanilla attention.

    Raises:
        ValueError: If `grid` is not two positive integers, `heads` is not a positive integer, or `init` is not finite.

    Attributes:
        mask: The weights, shape (heads, N, N), learned.

    Source:
        The code beside arXiv 2309.05375.

    Example:
        >>> ElementwiseMask((1, 2), init=1.0)().tolist()
        [[[1.0, 1.0], [1.0, 1.0]]]
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int = 1, init: float = 0.0) -> None:
        super().__init__(grid, heads)
        tokens = self.grid[0] * self.grid[1]
        self.mask = nn.Parameter(torch.full((heads, tokens, tokens), float(check_finite("init", init))))

    def forward(self) -> Tensor:
        """Return the mask, shape (heads, N, N)."""
        return self.mask


class GaussianMixtureMask(Prior):
    r"""GMM: a sum of K isotropic Gaussians of the offset between two tokens, multiplied onto the scaled logits.

    .. math:: M_h(\Delta y, \Delta x) = \sum_{k=1}^K \alpha_{kh}
        \exp\left(-\frac{\Delta y^2 + \Delta x^2}{2 (\sigma_{kh}^2 + 10^{-5})}\right)

    The published initialization is nearly flat on an 8 x 8 grid, and negative in about half of the heads.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.
        kernels: Number of Gaussians per head, K.
        init: "paper" draws alpha from N(0, 2^2) and sigma from N(10, 10^2), as published. "local" starts every mask
            positive and falling with distance: each alpha at 1/K, and widths from one patch to half of the grid. The
            other two tell which of the two matters: "positive" has the heights of "local" and the widths of "paper",
            "narrow" the heights of "paper" and the widths of "local".

    Raises:
        ValueError: If `grid` is not two positive integers, a count is not a positive integer, or `init` is unknown.

    Attributes:
        alpha: The heights, shape (K, H), learned.
        sigma: The widths in patches, shape (K, H), learned. Only their squares matter.

    Source:
        GMM, arXiv 2309.05375, and the code beside it.

    Example:
        >>> prior = GaussianMixtureMask((8, 8), heads=12, kernels=5)
        >>> prior().shape
        torch.Size([12, 64, 64])
        >>> sum(p.numel() for p in prior.parameters())
        120
    """

    combine = "scale"
    squared_steps: Tensor  # (2h-1 + 2w-1), dy^2 and then dx^2

    def __init__(self, grid: Grid, heads: int, kernels: int = 5, init: str = "paper") -> None:
        super().__init__(grid, heads)
        shape = check_count("kernels", kernels), heads
        check_one_of("init", init, ("paper", "local", "positive", "narrow"))
        if init in ("paper", "narrow"):
            alpha = 2.0 * torch.randn(shape)
        else:  # every mask is 1 at distance 0
            alpha = torch.full(shape, 1.0 / kernels)
        if init in ("paper", "positive"):
            sigma = 10.0 + 10.0 * torch.randn(shape)
        else:  # the K H widths go geometrically from one patch to half the grid
            sigma = torch.logspace(0, 1, kernels * heads, base=max(1.0, max(self.grid) / 2)).view(shape)
        self.alpha, self.sigma = nn.Parameter(alpha), nn.Parameter(sigma)
        squared_steps = torch.cat([torch.arange(1 - n, n).square() for n in self.grid]).to(sigma.dtype)
        self.register_buffer("squared_steps", squared_steps, persistent=False)

    def kernel(self) -> Tensor:
        """Return the mixture at every offset, key minus query, shape (H, 2h-1, 2w-1)."""
        # The exponent is formed before exp is taken. The published code takes exp(-d^2) first and a root of it
        # after, which is 0 in float32 from a distance of about 10 patches on, however wide the Gaussian is.
        # And exp(-dy^2 - dx^2) = exp(-dy^2) exp(-dx^2): Gaussians along each axis give those of the plane as products.
        twice_variance = 2 * (self.sigma.square() + 1e-5)
        gaussians = torch.exp(-self.squared_steps / twice_variance[..., None])
        along_h, along_w = gaussians.split([2 * n - 1 for n in self.grid], dim=-1)  # (K, H, 2h-1), (K, H, 2w-1)
        return torch.einsum("khy,khx->hyx", self.alpha[..., None] * along_h, along_w)


class FreeKernel(Prior):
    """A free weight for every offset between two tokens, multiplied onto the scaled logits.

    It lies between the other two: as ELM, it can take any shape; as GMM, it does the same everywhere on the grid.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.
        init: The value that every weight starts with. With 1, attention starts as vanilla attention.

    Raises:
        ValueError: If `grid` is not two positive integers, `heads` is not a positive integer, or `init` is not finite.

    Attributes:
        weight: The weights, shape (H, 2h-1, 2w-1), learned.

    Source:
        None: a control of ours for the shape of a mixture.

    Example:
        >>> prior = FreeKernel((8, 8), heads=4)
        >>> prior().shape, prior.weight.numel()
        (torch.Size([4, 64, 64]), 900)
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int, init: float = 1.0) -> None:
        super().__init__(grid, heads)
        offsets = [2 * n - 1 for n in self.grid]
        self.weight = nn.Parameter(torch.full((heads, *offsets), float(check_finite("init", init))))

    def kernel(self) -> Tensor:
        """Return the weights, shape (H, 2h-1, 2w-1)."""
        return self.weight
