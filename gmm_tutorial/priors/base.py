"""What all spatial priors have in common."""

from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_positive
from gmm_tutorial.grid import Grid, check_grid, unfold_kernel

__all__ = ["Prior"]


class Prior(nn.Module):
    """Base class of spatial priors: made for a grid and a number of heads, called without arguments.

    If a prior depends only on the offset between two tokens, define `kernel`; its mask follows, and attention can read
    the kernel where the mask would be too large. Otherwise define `forward`. If a prior is positive by construction,
    define `log_kernel` or `log` as well, so that the logarithm is computed without going through exp and back.

    Args:
        grid: Rows and columns of the token grid, (h, w).
        heads: Number of heads H.

    Raises:
        ValueError: If `grid` is not two positive integers, or `heads` is not a positive integer.

    Attributes:
        combine: How its authors apply it to attention, one of `attention.COMBINE`.

    Example:
        >>> import torch
        >>> class Vertical(Prior):
        ...     def kernel(self):
        ...         rows = torch.arange(1.0 - self.grid[0], self.grid[0]).abs()
        ...         return (0.5**rows)[None, :, None].expand(self.heads, -1, 2 * self.grid[1] - 1)
        >>> Vertical((2, 1), heads=1)()
        tensor([[[1.0000, 0.5000],
                 [0.5000, 1.0000]]])
    """

    combine = "scale"
    grid: Grid
    heads: int

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__()
        self.grid, self.heads = check_grid(grid), check_count("heads", heads)

    def kernel(self) -> Tensor:
        """Return the prior at every offset, key minus query.

        Returns:
            One weight per offset, shape (H, 2h-1, 2w-1).

        Raises:
            NotImplementedError: If this prior does not depend on the offset alone.
        """
        raise NotImplementedError(f"{type(self).__name__} is not a function of the offset alone: it has no kernel")

    def log_kernel(self) -> Tensor:
        """Return the logarithm of the prior at every offset, key minus query.

        Returns:
            One logarithm per offset, shape (H, 2h-1, 2w-1).

        Raises:
            NotImplementedError: If this prior does not depend on the offset alone.
            ValueError: If an entry of the kernel is not positive.
        """
        return check_positive(self.kernel(), "bias").log()

    def log(self) -> Tensor:
        """Return the logarithm of the prior, which `combine="bias"` adds to the logits.

        Returns:
            The logarithms, shape (H, N, N).

        Raises:
            ValueError: If an entry of the prior is not positive.
        """
        if type(self).log_kernel is not Prior.log_kernel:
            return unfold_kernel(self.log_kernel(), self.grid)
        return check_positive(self(), "bias").log()

    def forward(self) -> Tensor:
        """Return the prior of every pair of tokens.

        Returns:
            One weight per pair, query by key, shape (H, N, N), or (1, N, N) if all heads share it.
        """
        return unfold_kernel(self.kernel(), self.grid)
