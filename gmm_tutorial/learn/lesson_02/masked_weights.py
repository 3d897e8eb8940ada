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
    """Two tokens in whole numbers; several images; several heads; the published start."""
    q = torch.tensor([[[[2.0, 0, 0, 0], [0, 2, 0, 0]]]])
    k = torch.tensor([[[[1.0, 0, 0, 0], [2, 3, 0, 0]]]])
    return [
        {"q": q, "k": k, "mask": torch.tensor([[[1.0, 0], [2, 1]]])},
        {"q": torch.randn(3, 2, 6, 9), "k": torch.randn(3, 2, 6, 9), "mask": torch.randn(1, 6, 6)},
        {"q": torch.randn(1, 3, 4, 2), "k": torch.randn(1, 3, 4, 2), "mask": torch.randn(1, 4, 4)},
        {"q": torch.randn(2, 2, 6, 4), "k": torch.randn(2, 2, 6, 4), "mask": torch.zeros(1, 6, 6)},
    ]


exercise = Exercise(
    "02.masked_weights",
    masked_weights,
    masked_cases,
    unit="masks",
    hints=(
        "Start with the scores of lesson 01: every query times every key, divided by the square root of D.",
        "The mask has one number per score. Where must it act so that every row of the result still sums to 1?",
        "Multiply the scores by the mask entry by entry first. Then each query distributes its weight over the keys.",
    ),
)


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    """S = q k^T / sqrt(D): (B, H, N, N)."""
    return q @ k.mT * q.shape[-1] ** -0.5


@exercise.mistake
def after_the_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You multiply by the mask after the softmax, so the rows no longer sum to 1. ELM multiplies the scores."""
    return mask * scaled_scores(q, k).softmax(-1)


@exercise.mistake
def divided_by_the_sum(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You multiply by the mask after the softmax and divide each row by its sum. ELM multiplies before the softmax."""
    gated = after_the_softmax(q, k, mask)
    return gated / gated.sum(-1, keepdim=True)


@exercise.mistake
def added(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You add the mask to the scores. That is another way to apply a prior; ELM multiplies."""
    return (mask + scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def one_added(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You multiply the scores by 1 plus the mask. ELM multiplies them by the mask alone."""
    return ((1 + mask) * scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def logarithm_added(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You add the logarithm of the mask, which a negative mask does not have. ELM multiplies the scores by the mask."""
    return (mask.log() + scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def mask_times_scores(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You take the matrix product of mask and scores. Multiply them entry by entry: * instead of @."""
    return (mask @ scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def scores_times_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You take the matrix product of scores and mask. Multiply them entry by entry: * instead of @."""
    return (scaled_scores(q, k) @ mask).softmax(-1)


@exercise.mistake
def transposed_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your mask is transposed. Its rows belong to queries and its columns to keys, like those of the scores."""
    return (mask.mT * scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def over_queries(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your columns sum to 1, but the rows must: take the softmax over the keys, which are the last axis."""
    return (mask * scaled_scores(q, k)).softmax(-2)


@exercise.mistake
def over_heads(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your weights sum to 1 over the heads. Take the softmax over the keys, which are the last axis."""
    return (mask * scaled_scores(q, k)).softmax(-3)


@exercise.mistake
def unscaled(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your scores are too large: divide q k^T by the square root of D."""
    return (mask * (q @ k.mT)).softmax(-1)


@exercise.mistake
def divided_by_d(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your scores are too small: you divide by D in all, and it must be the square root of D."""
    return (mask * (q @ k.mT) / q.shape[-1]).softmax(-1)


@exercise.mistake
def divided_by_tokens(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You divide by the square root of N, the number of tokens. It must be that of D, the last axis of q."""
    return (mask * (q @ k.mT) * q.shape[-2] ** -0.5).softmax(-1)


@exercise.mistake
def multiplied_by_the_root(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You multiply by the square root of D. Divide by it."""
    return (mask * (q @ k.mT) * q.shape[-1] ** 0.5).softmax(-1)


@exercise.mistake
def without_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """These are the weights of attention without a mask: multiply the scores by the mask."""
    return scaled_scores(q, k).softmax(-1)


@exercise.mistake
def mask_through_a_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You take a softmax of the mask itself. The mask multiplies the scores as it is."""
    return (mask.softmax(-1) * scaled_scores(q, k)).softmax(-1)


@exercise.mistake
def zero_forbids(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You forbid the pairs whose mask is 0. ELM only multiplies: a score of 0 still has the exponential exp(0) = 1."""
    return (mask * scaled_scores(q, k)).masked_fill(mask == 0, -torch.inf).softmax(-1)


@exercise.mistake
def negative_forbids(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You forbid the pairs whose mask is negative. ELM only multiplies, whatever the sign."""
    return (mask * scaled_scores(q, k)).masked_fill(mask < 0, -torch.inf).softmax(-1)


@exercise.mistake
def no_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """These are the masked scores. A softmax over the keys turns them into weights."""
    return mask * scaled_scores(q, k)
