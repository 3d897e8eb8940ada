"""Exercise 02.masked_weights: attention weights under a mask."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.attention import attention_weights
from gmm_tutorial.learn.exercise import Exercise


def masked_weights(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """softmax(mask * S), S = q k^T / sqrt(D): (B, H, N, D) twice and (1, N, N) -> (B, H, N, N)."""
    return attention_weights(q, k, k, mask, combine="scale")


def masked_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; one mask for all heads; a mask for each head; the published start."""
    q = torch.tensor([[[[2.0, 0, 0, 0], [0, 2, 0, 0]]]])
    k = torch.tensor([[[[1.0, 0, 0, 0], [2, 3, 0, 0]]]])
    return [
        {"q": q, "k": k, "mask": torch.tensor([[[1.0, 0], [2, 1]]])},
        {"q": torch.randn(2, 2, 6, 9), "k": torch.randn(2, 2, 6, 9), "mask": torch.randn(1, 6, 6)},
        {"q": torch.randn(1, 3, 4, 2), "k": torch.randn(1, 3, 4, 2), "mask": torch.randn(3, 4, 4)},
        {"q": torch.randn(2, 2, 6, 4), "k": torch.randn(2, 2, 6, 4), "mask": torch.zeros(1, 6, 6)},
    ]


exercise = Exercise(
    "02.masked_weights",
    masked_weights,
    masked_cases,
    unit="masks",
    hints=(
        "Start with lesson 01's scores: every query against every key, divided by the square root of D.",
        "The mask has one number for each score. Where must it act so that every row still sums to 1?",
        "Multiply mask and scores entry by entry, and take the softmax of the product over the keys.",
    ),
)


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    """S = q k^T / sqrt(D): (B, H, N, N)."""
    return q @ k.mT * q.shape[-1] ** -0.5


@exercise.mistake
def after_the_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You multiply after the softmax, and the rows no longer sum to 1: the mask belongs on the scores."""
    return mask * scaled_scores(q, k).softmax(-1)


@exercise.mistake
def added(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You add the mask to the scores, which is another member of the family: ELM multiplies."""
    return (mask + scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def transposed_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your mask is transposed: its rows are queries and its columns are keys, as in the scores."""
    return (mask.mT * scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def over_queries(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your columns sum to 1, not your rows: over which axis goes the softmax?"""
    return (mask * scaled_scores(q, k)).softmax(-2)


@exercise.mistake
def unscaled(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your scores are too large: where is the division by the square root of D?"""
    return (mask * (q @ k.mT)).softmax(-1)


@exercise.mistake
def divided_by_d(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your scores are too small: they are divided by D, not by its square root."""
    return (mask * (q @ k.mT) / q.shape[-1]).softmax(-1)


@exercise.mistake
def without_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """This is vanilla attention: where does the mask come in?"""
    return scaled_scores(q, k).softmax(-1)


@exercise.mistake
def zero_forbids(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You forbid the pairs whose mask is 0. ELM only multiplies: a score of 0 still gets its share, exp(0) = 1."""
    return (mask * scaled_scores(q, k)).masked_fill(mask == 0, -torch.inf).softmax(-1)


@exercise.mistake
def no_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """These are the masked scores: they still need the softmax that makes weights of them."""
    return mask * scaled_scores(q, k)
