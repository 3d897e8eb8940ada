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
    tiny = {
        "q": torch.tensor([[2.0, 0, 0, 2], [0, 4, 2, 0]]),
        "k": torch.tensor([[1.0, 0, 0, 1], [0, 3, 0, 1], [5, 0, 1, 0]]),
    }
    shapes = [((3, 5), (3, 5)), ((2, 3, 6, 4), (2, 3, 6, 4)), ((2, 2, 4, 9), (2, 2, 6, 9))]
    return [tiny, *({"q": torch.randn(a), "k": torch.randn(b)} for a, b in shapes)]


exercise = Exercise(
    "01.scores",
    scaled_scores,
    score_cases,
    hints=(
        "Before you write code, write down the shapes: q is (..., N, D), k is (..., M, D). Which axis is summed over?",
        "A matrix product sums over the last axis of its left factor and the second-to-last axis of its right factor. "
        "So the last two axes of k must be swapped; all other axes stay where they are.",
        "The product of q and the transposed k holds all dot products. Divide it by the square root of D, "
        "the length of the last axis.",
    ),
)


@exercise.mistake
def no_scaling(q: Tensor, k: Tensor) -> Tensor:
    """The dot products are right, but they are not scaled yet: divide them by sqrt(D)."""
    return q @ k.transpose(-2, -1)


@exercise.mistake
def divided_by_width(q: Tensor, k: Tensor) -> Tensor:
    """You divide by D, but the standard deviation of a dot product is sqrt(D): divide by the square root."""
    return q @ k.transpose(-2, -1) / q.shape[-1]


@exercise.mistake
def multiplied(q: Tensor, k: Tensor) -> Tensor:
    """You multiply by sqrt(D). Divide by it, so that the scores do not grow with D."""
    return q @ k.transpose(-2, -1) * q.shape[-1] ** 0.5


@exercise.mistake
def root_of_keys(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the square root of the number of keys. D is the length of a key, the last axis."""
    return q @ k.transpose(-2, -1) * k.shape[-2] ** -0.5


@exercise.mistake
def root_of_queries(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the square root of N, the number of queries. D is the length of a query, the last axis."""
    return q @ k.transpose(-2, -1) * q.shape[-2] ** -0.5


@exercise.mistake
def root_of_first_axis(q: Tensor, k: Tensor) -> Tensor:
    """You take D from the first axis of q. That axis can be images or heads; D is always the last axis."""
    return q @ k.transpose(-2, -1) * q.shape[0] ** -0.5


@exercise.mistake
def swapped(q: Tensor, k: Tensor) -> Tensor:
    """You have swapped queries and keys: each row belongs to a query and each column to a key."""
    return k @ q.transpose(-2, -1) * q.shape[-1] ** -0.5


@exercise.mistake
def cosines(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the lengths of the two vectors, which gives their cosine. A score divides by sqrt(D) only."""
    return (q / q.norm(dim=-1, keepdim=True)) @ (k / k.norm(dim=-1, keepdim=True)).transpose(-2, -1)


@exercise.mistake
def root_of_second_axis(q: Tensor, k: Tensor) -> Tensor:
    """You take D from axis 1 of q. That axis can be heads or tokens; D is always the last axis, -1."""
    return q @ k.transpose(-2, -1) * q.shape[1] ** -0.5


@exercise.mistake
def fourth_root(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the fourth root of D. If you scale only once, divide by the square root."""
    return q @ k.transpose(-2, -1) * q.shape[-1] ** -0.25


@exercise.mistake
def distances(q: Tensor, k: Tensor) -> Tensor:
    """You compute distances. A score is a dot product: multiply entry by entry, then add up."""
    return torch.cdist(q, k) * q.shape[-1] ** -0.5


@exercise.mistake
def root_of_the_scores(q: Tensor, k: Tensor) -> Tensor:
    """You take the square root of the dot products too. Take it of D only."""
    return (q @ k.transpose(-2, -1) / q.shape[-1]) ** 0.5
