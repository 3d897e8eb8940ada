"""Exercise 04.offset_share: how much of a matrix is a convolution."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.analysis.maps import by_distance, by_offset
from gmm_tutorial.grid import Grid, distances, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise


def offset_share(matrix: Tensor, grid: Grid) -> Tensor:
    """(H, N, N) -> (H,): the share of each matrix's variance that a function of the offset explains."""
    return explained(matrix, unfold_kernel(by_offset(matrix, grid), grid))


def explained(matrix: Tensor, fit: Tensor) -> Tensor:
    """(H, N, N) each -> (H,): R squared, a matrix at a time."""
    spread = (matrix - matrix.mean((-2, -1), keepdim=True)).square().sum((-2, -1))
    return 1 - (matrix - fit).square().sum((-2, -1)) / spread


def offset_share_cases() -> list[dict[str, Any]]:
    """Three tokens in a row, one entry off; then matrices that are partly a convolution, several at a time."""
    small = torch.tensor([[[2.0, 1.0, 0.0], [5.0, 2.0, 1.0], [9.0, 5.0, 8.0]]])
    made = [{"matrix": small, "grid": (1, 3)}]
    for heads, (h, w) in ((1, (2, 2)), (2, (2, 3)), (3, (4, 3))):
        mask = unfold_kernel(torch.randn(heads, 2 * h - 1, 2 * w - 1) + 1, (h, w))
        made.append({"matrix": mask + 0.5 * torch.randn(mask.shape), "grid": (h, w)})
    return made


exercise = Exercise(
    "04.offset_share",
    offset_share,
    offset_share_cases,
    unit="stacks of matrices",
    hints=(
        "It is the R squared of lesson 03. What is the fit?",
        "The nearest matrix that depends on the offset alone has, at each offset, the mean over all pairs with this "
        "offset. analysis.by_offset gives those means as a kernel, and unfold_kernel makes a matrix of it.",
        "One minus the squared error of that fit over the squared spread around the mean, each summed over the last "
        "two axes only, so that every head keeps its own number.",
    ),
)


@exercise.mistake
def unexplained(matrix: Tensor, grid: Grid) -> Tensor:
    """That is the share that the offset does *not* explain: a true convolution would get 0."""
    return 1 - offset_share(matrix, grid)


@exercise.mistake
def not_centred(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide by the sum of all squares: take the mean off first, or a flat matrix counts as explained."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return 1 - rest.square().sum((-2, -1)) / matrix.square().sum((-2, -1))


@exercise.mistake
def one_less_below(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide a mean over all pairs by torch's var, which divides by one less: set correction=0, or use sums."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return 1 - rest.square().mean((-2, -1)) / matrix.var((-2, -1))


@exercise.mistake
def correlation(matrix: Tensor, grid: Grid) -> Tensor:
    """That is the correlation of the matrix with its fit. The share of the variance is its square."""
    return offset_share(matrix, grid).sqrt()


@exercise.mistake
def by_distance_instead(matrix: Tensor, grid: Grid) -> Tensor:
    """You fit a function of the distance: a convolution may tell left from right, so take the offset."""
    radii, means = by_distance(matrix, grid)
    return explained(matrix, means[:, torch.searchsorted(radii, distances(grid))])


@exercise.mistake
def as_a_row(matrix: Tensor, grid: Grid) -> Tensor:
    """You average along the whole diagonals, as if all tokens stood in one row: tokens have an offset in y and in x."""
    row = (1, grid[0] * grid[1])
    return explained(matrix, unfold_kernel(by_offset(matrix, row), row))


@exercise.mistake
def kernel_unweighted(matrix: Tensor, grid: Grid) -> Tensor:
    """You compare the spread of the kernel with that of the matrix: unfold it first, offsets have unlike many pairs."""
    return by_offset(matrix, grid).var((-2, -1), correction=0) / matrix.var((-2, -1), correction=0)


@exercise.mistake
def kernel_unweighted_one_less(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide the kernel's var by the matrix's: unfold the kernel first, so that every pair counts once."""
    return by_offset(matrix, grid).var((-2, -1)) / matrix.var((-2, -1))


@exercise.mistake
def one_mean_for_all(matrix: Tensor, grid: Grid) -> Tensor:
    """You take off one mean for all matrices: each has a mean of its own, over its last two axes."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return 1 - rest.square().sum((-2, -1)) / (matrix - matrix.mean()).square().sum((-2, -1))


@exercise.mistake
def heads_together(matrix: Tensor, grid: Grid) -> Tensor:
    """You sum over the heads as well: each has a share of its own, (H,)."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return (1 - rest.square().sum() / (matrix - matrix.mean()).square().sum()).expand(len(matrix))
