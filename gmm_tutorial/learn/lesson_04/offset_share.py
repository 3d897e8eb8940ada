"""Exercise 04.offset_share: how much of a matrix, beside its diagonal, is a convolution."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.analysis.maps import by_distance, by_offset
from gmm_tutorial.grid import Grid, distances, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise


def offset_share(matrix: Tensor, grid: Grid) -> Tensor:
    """(H, N, N) -> (H,): the share of the variance beside the diagonal that the offset explains."""
    return explained(beside(matrix), beside(nearest(matrix, grid)))


def beside(matrix: Tensor) -> Tensor:
    """(H, N, N) -> (H, N (N - 1)): the entries beside the diagonal."""
    return matrix[:, ~torch.eye(matrix.shape[-1], dtype=torch.bool)]


def nearest(matrix: Tensor, grid: Grid) -> Tensor:
    """(H, N, N) -> (H, N, N): at each offset the mean over all pairs that have it."""
    return unfold_kernel(by_offset(matrix, grid), grid)


def explained(entries: Tensor, fit: Tensor) -> Tensor:
    """(H, n) each -> (H,): R squared, a row at a time."""
    return 1 - (entries - fit).square().sum(1) / (entries - entries.mean(1, keepdim=True)).square().sum(1)


def offset_share_cases() -> list[dict[str, Any]]:
    """Three tokens in a row with whole numbers; then matrices that are partly a convolution, with a strong diagonal."""
    small = torch.tensor([[[9.0, 1.0, 0.0], [5.0, 9.0, 3.0], [2.0, 7.0, 8.0]]])
    made = [{"matrix": small, "grid": (1, 3)}]
    for heads, (h, w) in ((1, (2, 2)), (2, (2, 3)), (3, (4, 3))):
        mask = unfold_kernel(torch.randn(heads, 2 * h - 1, 2 * w - 1) + 1, (h, w))
        diagonal = torch.diag_embed(3 + torch.rand(heads, h * w))
        made.append({"matrix": mask + 0.5 * torch.randn(mask.shape) + diagonal, "grid": (h, w)})
    return made


exercise = Exercise(
    "04.offset_share",
    offset_share,
    offset_share_cases,
    unit="stacks of matrices",
    may_use=("analysis.by_offset",),
    hints=(
        "Begin with the fit. Which single number, given to all pairs with the same offset, has the smallest sum of "
        "squared errors to their entries?",
        "It is their mean. analysis.by_offset gives these means as a kernel. To compare the kernel with the matrix, "
        "give every pair the mean of its offset.",
        "A boolean matrix that is False on the diagonal selects the same entries from the matrix and from the fit. "
        "From there on it is R squared over those entries, with their own mean, one head at a time.",
    ),
)


@exercise.mistake
def diagonal_included(matrix: Tensor, grid: Grid) -> Tensor:
    """You include the diagonal: leave its N entries out of the error, out of the spread and out of the mean."""
    return explained(matrix.flatten(1), nearest(matrix, grid).flatten(1))


@exercise.mistake
def diagonal_in_the_spread(matrix: Tensor, grid: Grid) -> Tensor:
    """You leave the diagonal out of the error, but not out of the spread below it: take the same entries in both."""
    rest = beside(matrix) - beside(nearest(matrix, grid))
    return 1 - rest.square().mean(1) / matrix.var((-2, -1), correction=0)


@exercise.mistake
def diagonal_in_the_mean(matrix: Tensor, grid: Grid) -> Tensor:
    """Your mean still includes the diagonal: take the mean over the entries beside the diagonal."""
    rest = beside(matrix) - beside(nearest(matrix, grid))
    return 1 - rest.square().sum(1) / (beside(matrix) - matrix.mean((-2, -1))[:, None]).square().sum(1)


@exercise.mistake
def diagonal_set_to_zero(matrix: Tensor, grid: Grid) -> Tensor:
    """You set the diagonal to 0, and those zeros are still counted: select the other entries instead."""
    return diagonal_included(matrix * (1 - torch.eye(matrix.shape[-1])), grid)


@exercise.mistake
def upper_triangle(matrix: Tensor, grid: Grid) -> Tensor:
    """You use only the entries above the diagonal: those below it have offsets of their own, so include them."""
    rows, columns = matrix.shape[1:]
    above = tuple(torch.triu_indices(rows, columns, 1))
    return explained(matrix[:, *above], nearest(matrix, grid)[:, *above])


@exercise.mistake
def unexplained(matrix: Tensor, grid: Grid) -> Tensor:
    """This is the share that the offset does *not* explain. A convolution must get 1."""
    return 1 - offset_share(matrix, grid)


@exercise.mistake
def not_centered(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide by the sum of all squares: subtract the mean first, or a constant matrix counts as explained."""
    entries = beside(matrix)
    return 1 - (entries - beside(nearest(matrix, grid))).square().sum(1) / entries.square().sum(1)


@exercise.mistake
def one_less_below(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide a mean over all pairs by torch's var, which divides by one less: set correction=0, or use sums."""
    rest = beside(matrix) - beside(nearest(matrix, grid))
    return 1 - rest.square().mean(1) / beside(matrix).var(1)


@exercise.mistake
def correlation(matrix: Tensor, grid: Grid) -> Tensor:
    """This is the correlation of the entries with their fit. The share of the variance is its square."""
    return offset_share(matrix, grid).sqrt()


@exercise.mistake
def ratio_of_spreads(matrix: Tensor, grid: Grid) -> Tensor:
    """You compare standard deviations: the share of the variance compares their squares."""
    return 1 - (1 - offset_share(matrix, grid)).sqrt()


@exercise.mistake
def absolute_errors(matrix: Tensor, grid: Grid) -> Tensor:
    """You sum absolute errors: a variance is made of squares, above and below."""
    entries, fit = beside(matrix), beside(nearest(matrix, grid))
    return 1 - (entries - fit).abs().sum(1) / (entries - entries.mean(1, keepdim=True)).abs().sum(1)


@exercise.mistake
def by_distance_instead(matrix: Tensor, grid: Grid) -> Tensor:
    """You fit a function of the distance: a convolution can treat left and right differently, so use the offset."""
    radii, means = by_distance(matrix, grid)
    return explained(beside(matrix), beside(means[:, torch.searchsorted(radii, distances(grid))]))


@exercise.mistake
def on_a_torus(matrix: Tensor, grid: Grid) -> Tensor:
    """Your offsets wrap around at the border: offsets -1 and w - 1 are two different offsets with a mean each."""
    h, w = grid
    rows, columns = torch.arange(h), torch.arange(w)
    dy, dx = (rows - rows[:, None]) % h, (columns - columns[:, None]) % w
    kind = (dy[:, None, :, None] * w + dx[None, :, None, :]).reshape(h * w, h * w)
    fit = torch.zeros_like(matrix)
    for each in range(1, h * w):
        fit = torch.where(kind == each, matrix[:, kind == each].mean(1)[:, None, None], fit)
    return explained(beside(matrix), beside(fit))


@exercise.mistake
def as_a_row(matrix: Tensor, grid: Grid) -> Tensor:
    """You average along whole diagonals, as if all tokens stood in one row: an offset has a part in y and one in x."""
    return explained(beside(matrix), beside(nearest(matrix, (1, grid[0] * grid[1]))))


@exercise.mistake
def kernel_unweighted(matrix: Tensor, grid: Grid) -> Tensor:
    """You take the variance of the kernel: unfold it first, because offsets differ in how many pairs they have."""
    return by_offset(matrix, grid).var((-2, -1), correction=0) / beside(matrix).var(1, correction=0)


@exercise.mistake
def one_mean_for_all(matrix: Tensor, grid: Grid) -> Tensor:
    """You subtract one mean from all matrices: each has its own mean."""
    entries = beside(matrix)
    rest = entries - beside(nearest(matrix, grid))
    return 1 - rest.square().sum(1) / (entries - entries.mean()).square().sum(1)


@exercise.mistake
def one_fit_for_all(matrix: Tensor, grid: Grid) -> Tensor:
    """You fit the mean of all heads: each head has a nearest convolution of its own."""
    return explained(beside(matrix), beside(nearest(matrix.mean(0, keepdim=True), grid)))


@exercise.mistake
def heads_together(matrix: Tensor, grid: Grid) -> Tensor:
    """You sum over the heads as well: each head has its own share, (H,)."""
    entries = beside(matrix)
    rest = entries - beside(nearest(matrix, grid))
    return (1 - rest.square().sum() / (entries - entries.mean()).square().sum()).expand(len(matrix))


@exercise.mistake
def sums_divided_by_n(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide the sum at each offset by N: divide by the number of pairs with this offset, which is smaller."""
    shares = [(n - (torch.arange(n) - torch.arange(n)[:, None]).abs()) / n for n in grid]
    return explained(beside(matrix), beside(nearest(matrix, grid) * torch.kron(*shares)))
