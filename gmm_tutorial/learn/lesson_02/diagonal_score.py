"""Exercise 02.diagonal_score: how far the diagonal of a mask stands out."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.learn.exercise import Exercise


def diagonal_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; then larger masks, with a diagonal above the mean too, and several at once."""
    return [
        {"mask": torch.tensor([[0.0, 14], [8, 6]])},
        {"mask": 3 * torch.randn(6, 6) + 1 + 4 * torch.eye(6)},
        {"mask": torch.randn(3, 5, 5) * torch.tensor([1.0, 2, 5]).view(3, 1, 1) - torch.eye(5)},
    ]


exercise = Exercise(
    "02.diagonal_score",
    analysis.diagonal_score,
    diagonal_cases,
    unit="masks",
    hints=(
        "You need three numbers per mask: the mean of its diagonal, the mean of all entries, and their spread.",
        "The score is a difference of two means, divided by the spread. Below the mean it must come out negative.",
        "Every mean and spread is over the last two axes, so that each mask of a stack is measured by itself.",
    ),
)


def diagonal_mean(mask: Tensor) -> Tensor:
    """(..., N, N) -> (...)."""
    return mask.diagonal(dim1=-2, dim2=-1).mean(-1)


def spread(mask: Tensor) -> Tensor:
    """The standard deviation of all entries: (..., N, N) -> (...)."""
    return mask.std((-2, -1), correction=0)


def off_diagonal(mask: Tensor) -> Tensor:
    """(..., N, N) -> (..., N (N - 1))."""
    return mask[..., ~torch.eye(mask.shape[-1], dtype=torch.bool)]


@exercise.mistake
def not_divided(mask: Tensor) -> Tensor:
    """This is the plain difference. Divide it by the standard deviation, so that masks of any scale can be compared."""
    return diagonal_mean(mask) - mask.mean((-2, -1))


@exercise.mistake
def brackets_missing(mask: Tensor) -> Tensor:
    """You divide only the mask's mean by the standard deviation. Put brackets around the difference."""
    return diagonal_mean(mask) - mask.mean((-2, -1)) / spread(mask)


@exercise.mistake
def trace(mask: Tensor) -> Tensor:
    """You use the sum of the diagonal, but it must be its mean."""
    return (mask.diagonal(dim1=-2, dim2=-1).sum(-1) - mask.mean((-2, -1))) / spread(mask)


@exercise.mistake
def spread_of_the_diagonal(mask: Tensor) -> Tensor:
    """You divide by the standard deviation of the diagonal. It must be that of all entries."""
    return not_divided(mask) / mask.diagonal(dim1=-2, dim2=-1).std(-1, correction=0)


@exercise.mistake
def spread_of_the_others(mask: Tensor) -> Tensor:
    """You divide by the standard deviation of the entries off the diagonal. It must be that of all entries."""
    return not_divided(mask) / off_diagonal(mask).std(-1, correction=0)


@exercise.mistake
def spread_of_row_means(mask: Tensor) -> Tensor:
    """You divide by the standard deviation of the row means. It must be that of all entries."""
    return not_divided(mask) / mask.mean(-1).std(-1, correction=0)


@exercise.mistake
def standard_error(mask: Tensor) -> Tensor:
    """You multiply by the square root of N, as for a standard error. Divide by the standard deviation alone."""
    return analysis.diagonal_score(mask) * mask.shape[-1] ** 0.5


@exercise.mistake
def against_the_others(mask: Tensor) -> Tensor:
    """You subtract the mean of the entries off the diagonal. It must be the mean of all entries."""
    return (diagonal_mean(mask) - off_diagonal(mask).mean(-1)) / spread(mask)


@exercise.mistake
def row_by_row(mask: Tensor) -> Tensor:
    """You use the mean and the spread of each row. A mask has one mean and one spread, over all its entries."""
    return ((mask.diagonal(dim1=-2, dim2=-1) - mask.mean(-1)) / mask.std(-1, correction=0)).mean(-1)


@exercise.mistake
def column_by_column(mask: Tensor) -> Tensor:
    """You use the mean and the spread of each column. A mask has one mean and one spread, over all its entries."""
    return row_by_row(mask.mT)


@exercise.mistake
def other_sign(mask: Tensor) -> Tensor:
    """The sign is wrong: a diagonal below the mean must give a negative score."""
    return -analysis.diagonal_score(mask)


@exercise.mistake
def divided_by_variance(mask: Tensor) -> Tensor:
    """You divide by the variance. Divide by its square root, the standard deviation."""
    return not_divided(mask) / mask.var((-2, -1), correction=0)


@exercise.mistake
def sample_spread(mask: Tensor) -> Tensor:
    """Nearly: .std() divides by one less than the number of entries. Here it must be correction=0."""
    return not_divided(mask) / mask.std((-2, -1))


@exercise.mistake
def not_centered(mask: Tensor) -> Tensor:
    """You do not subtract the mean of the mask, so that even a constant diagonal in a constant mask stands out."""
    return diagonal_mean(mask) / spread(mask)


@exercise.mistake
def median(mask: Tensor) -> Tensor:
    """You use the median of the diagonal, but it must be its mean."""
    return (mask.diagonal(dim1=-2, dim2=-1).median(-1).values - mask.mean((-2, -1))) / spread(mask)


@exercise.mistake
def one_for_the_stack(mask: Tensor) -> Tensor:
    """You take mean and spread over the whole stack. Each mask has its own, over its last two axes."""
    return (diagonal_mean(mask) - mask.mean()) / mask.std(correction=0)


@exercise.mistake
def mean_of_the_stack(mask: Tensor) -> Tensor:
    """You subtract the mean of the whole stack. Each mask has a mean of its own, over its last two axes."""
    return (diagonal_mean(mask) - mask.mean()) / spread(mask)


@exercise.mistake
def spread_of_the_stack(mask: Tensor) -> Tensor:
    """You divide by the spread of the whole stack. Each mask has a spread of its own, over its last two axes."""
    return not_divided(mask) / mask.std(correction=0)


@exercise.mistake
def antidiagonal(mask: Tensor) -> Tensor:
    """You read the other diagonal. The weight of a token for itself is at [a, a]."""
    return analysis.diagonal_score(mask.flip(-1))
