"""Exercise 01.softmax: from scores to weights, row by row."""

import math
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def softmax_over_keys(scores: Tensor) -> Tensor:
    """(..., N, M) -> (..., N, M): positive, and each row sums to 1."""
    return scores.softmax(dim=-1)


def softmax_cases() -> list[dict[str, Any]]:
    """Logarithms of small numbers, whose weights are plain fractions; scores too large for exp; many heads."""
    tiny = torch.tensor([[0, 0, math.log(2)], [0, math.log(3), 0]])
    large = torch.tensor([[1000.0, 0], [0, 1000], [-1000, -1000]])
    return [{"scores": tiny}, {"scores": large}, {"scores": 3 * torch.randn(2, 3, 4, 5)}]


exercise = Exercise(
    "01.softmax",
    softmax_over_keys,
    softmax_cases,
    hints=(
        "Two steps make weights of scores: something that is never negative, then something that makes rows sum to 1.",
        "Exponentials first, then each row over its own sum. keepdim=True keeps the sum a column, "
        "so that it divides row by row.",
        "A number taken off a whole row cancels in the fraction. Take off the row's largest score, "
        "and no exponential is above 1.",
    ),
)


@exercise.mistake
def overflows(scores: Tensor) -> Tensor:
    """Right for small scores, but exp(1000) is infinite in float32: take each row's largest score off first."""
    return scores.exp() / scores.exp().sum(-1, keepdim=True)


@exercise.mistake
def one_maximum_for_all(scores: Tensor) -> Tensor:
    """You take off the largest score of all rows. A row far below it turns into 0 / 0: use each row's own."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(-1, keepdim=True)


@exercise.mistake
def over_queries(scores: Tensor) -> Tensor:
    """Your columns sum to 1. A query shares its attention among the keys: it is the rows that must."""
    return scores.softmax(dim=-2)


@exercise.mistake
def over_queries_and_overflows(scores: Tensor) -> Tensor:
    """Two things: your columns sum to 1 where the rows should, and exp(1000) is infinite in float32."""
    return scores.exp() / scores.exp().sum(-2, keepdim=True)


@exercise.mistake
def over_everything(scores: Tensor) -> Tensor:
    """All your weights together sum to 1. Each query has its own 1 to share: divide each row by its own sum."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum()


@exercise.mistake
def over_everything_and_overflows(scores: Tensor) -> Tensor:
    """Two things: all your weights together sum to 1, where each row should, and exp(1000) is infinite in float32."""
    return scores.exp() / scores.exp().sum()


@exercise.mistake
def not_normalised(scores: Tensor) -> Tensor:
    """The exponentials are there, but a row does not sum to 1 yet: divide it by its sum."""
    return (scores - scores.amax(-1, keepdim=True)).exp()


@exercise.mistake
def only_exponentials(scores: Tensor) -> Tensor:
    """These are the bare exponentials: large scores overflow, and a row does not sum to 1 yet."""
    return scores.exp()


@exercise.mistake
def no_exponential(scores: Tensor) -> Tensor:
    """You divide the scores themselves by their sum, which may be 0 or negative: where is the exponential?"""
    return scores / scores.sum(-1, keepdim=True)
