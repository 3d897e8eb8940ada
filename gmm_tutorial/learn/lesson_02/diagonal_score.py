"""Exercise 02.diagonal_score: how far the diagonal of a mask stands out."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.learn.exercise import Exercise


def diagonal_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; then larger masks, and several at once."""
    return [
        {"mask": torch.tensor([[0.0, 4], [2, 2]])},
        {"mask": 3 * torch.randn(6, 6) + 1},
        {"mask": torch.randn(3, 5, 5) * torch.tensor([1.0, 2, 5]).view(3, 1, 1) - torch.eye(5)},
    ]


exercise = Exercise(
    "02.diagonal_score",
    analysis.diagonal_score,
    diagonal_cases,
    unit="masks",
    hints=(
        "Three numbers for each mask: the mean of its diagonal, the mean of all its entries, and their spread.",
        "The score is a difference divided by a spread. .diagonal(dim1=-2, dim2=-1) works for a stack of masks too.",
        "Subtract the mean of all entries from the mean of the diagonal; divide by .std(..., correction=0) of all.",
    ),
)


def diagonal_mean(mask: Tensor) -> Tensor:
    """(..., N, N) -> (...)."""
    return mask.diagonal(dim1=-2, dim2=-1).mean(-1)


@exercise.mistake
def not_divided(mask: Tensor) -> Tensor:
    """This is the plain difference. Divide it by the standard deviation, so that masks of any scale compare."""
    return diagonal_mean(mask) - mask.mean((-2, -1))


@exercise.mistake
def spread_of_the_diagonal(mask: Tensor) -> Tensor:
    """You divide by the spread of the diagonal: the measuring stick is the spread of the whole mask."""
    return not_divided(mask) / mask.diagonal(dim1=-2, dim2=-1).std(-1, correction=0)


@exercise.mistake
def against_the_others(mask: Tensor) -> Tensor:
    """You compare the diagonal with the entries off it: the score compares it with the mean of all entries."""
    n = mask.shape[-1]
    others = mask[..., ~torch.eye(n, dtype=torch.bool)]
    return (diagonal_mean(mask) - others.mean(-1)) / mask.std((-2, -1), correction=0)


@exercise.mistake
def other_sign(mask: Tensor) -> Tensor:
    """Your sign is turned around: a diagonal below the mean is to give a negative score."""
    return -analysis.diagonal_score(mask)


@exercise.mistake
def divided_by_variance(mask: Tensor) -> Tensor:
    """You divide by the variance: is a root missing?"""
    return not_divided(mask) / mask.var((-2, -1), correction=0)


@exercise.mistake
def sample_spread(mask: Tensor) -> Tensor:
    """Nearly: .std() divides by one less than the number of entries. They are all here, so say correction=0."""
    return not_divided(mask) / mask.std((-2, -1))


@exercise.mistake
def not_centred(mask: Tensor) -> Tensor:
    """You do not subtract the mean of the mask: the diagonal of a constant mask would look special."""
    return diagonal_mean(mask) / mask.std((-2, -1), correction=0)


@exercise.mistake
def one_spread_for_all(mask: Tensor) -> Tensor:
    """You take mean and spread over the whole stack: each mask has its own, over its last two axes."""
    return (diagonal_mean(mask) - mask.mean()) / mask.std(correction=0)


@exercise.mistake
def antidiagonal(mask: Tensor) -> Tensor:
    """You read the other diagonal: a token's weight for itself stands at [a, a]."""
    return analysis.diagonal_score(mask.flip(-1))
