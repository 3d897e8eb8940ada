"""Exercise 01.scores: every query against every key, over the square root of D."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    """(..., N, D), (..., M, D) -> (..., N, M): dot products over sqrt(D)."""
    return q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5


def score_cases() -> list[dict[str, Any]]:
    """D = 4 first, whose root is a whole number; as many keys as queries, and more; with and without heads."""
    tiny = {"q": torch.tensor([[2.0, 0, 0, 2]]), "k": torch.tensor([[1.0, 0, 0, 1], [0, 3, 0, 1]])}
    shapes = [((3, 5), (3, 5)), ((2, 3, 6, 4), (2, 3, 6, 4)), ((2, 2, 4, 9), (2, 2, 6, 9))]
    return [tiny, *({"q": torch.randn(a), "k": torch.randn(b)} for a, b in shapes)]


exercise = Exercise(
    "01.scores",
    scaled_scores,
    score_cases,
    hints=(
        "Before the code, write down the shapes: q is (..., N, D), k is (..., M, D). Which axis must go away?",
        "A matrix product sums over the last axis of the left and the last but one of the right. "
        "So the last two axes of k change places, and whatever stands before them stays.",
        "The product of q with k, its last two axes exchanged, holds all dot products; divide it by the root of D, "
        "the length of the last axis.",
    ),
)


@exercise.mistake
def no_scaling(q: Tensor, k: Tensor) -> Tensor:
    """The dot products are right, but nothing divides them: where is sqrt(D)?"""
    return q @ k.transpose(-2, -1)


@exercise.mistake
def divided_by_width(q: Tensor, k: Tensor) -> Tensor:
    """You divide by D. The scores of wide vectors shrink to nothing then: divide by the square root of D."""
    return q @ k.transpose(-2, -1) / q.shape[-1]


@exercise.mistake
def multiplied(q: Tensor, k: Tensor) -> Tensor:
    """You multiply by sqrt(D); dividing by it is what keeps the scores small."""
    return q @ k.transpose(-2, -1) * q.shape[-1] ** 0.5


@exercise.mistake
def root_of_keys(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the root of the number of keys. D says how long a key is, not how many there are."""
    return q @ k.transpose(-2, -1) * k.shape[-2] ** -0.5


@exercise.mistake
def root_of_queries(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the root of N, the number of queries. D is the last axis, the length of each of them."""
    return q @ k.transpose(-2, -1) * q.shape[-2] ** -0.5


@exercise.mistake
def root_of_first_axis(q: Tensor, k: Tensor) -> Tensor:
    """You take D from the first axis of q. What stands there depends on the axes in front: D is always the last."""
    return q @ k.transpose(-2, -1) * q.shape[0] ** -0.5


@exercise.mistake
def swapped(q: Tensor, k: Tensor) -> Tensor:
    """Queries and keys have changed places: a row belongs to a query, a column to a key."""
    return k @ q.transpose(-2, -1) * q.shape[-1] ** -0.5


@exercise.mistake
def cosines(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the lengths of the two vectors: that is their cosine. A score keeps the lengths."""
    return (q / q.norm(dim=-1, keepdim=True)) @ (k / k.norm(dim=-1, keepdim=True)).transpose(-2, -1)
