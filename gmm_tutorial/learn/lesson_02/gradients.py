"""Exercise 02.gradients: how the loss changes with the scores, and with the mask that they share."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def gradients(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """How the loss changes with the scores, (B, H, N, N), and with the mask, (1, N, N).

    upstream: how it changes with the product mask * scores; scores: both (B, H, N, N); mask: (1, N, N).
    """
    return mask * upstream, (scores * upstream).sum((0, 1))[None]


def gradient_cases() -> list[dict[str, Any]]:
    """One image and two heads in whole numbers; then more of everything; then a mask of zeros."""
    upstream, scores = torch.tensor([[[[1.0, 2], [3, 4]], [[1, 0], [-1, 2]]]]), torch.ones(1, 2, 2, 2)
    scores[0, 1] = torch.tensor([[3.0, 5], [2, 0]])
    return [
        {"upstream": upstream, "scores": scores, "mask": torch.tensor([[[0.0, 1], [2, 10]]])},
        {"upstream": torch.randn(2, 3, 4, 4), "scores": torch.randn(2, 3, 4, 4), "mask": torch.randn(1, 4, 4)},
        {"upstream": torch.randn(3, 1, 6, 6), "scores": torch.randn(3, 1, 6, 6), "mask": torch.zeros(1, 6, 6)},
    ]


exercise = Exercise(
    "02.gradients",
    gradients,
    gradient_cases,
    unit="masks",
    differentiates=True,
    hints=(
        "Take one pair in one head: its product is m times s. What is its derivative with respect to s, and to m?",
        "Each derivative is the other factor. The chain rule multiplies it by the upstream gradient of this pair.",
        "All images and all heads use the same mask, so their contributions to the gradient of one entry add up.",
    ),
)


def by_the_mask(upstream: Tensor, scores: Tensor) -> Tensor:
    """The right gradient of the mask: (1, N, N)."""
    return (scores * upstream).sum((0, 1))[None]


@exercise.mistake
def not_summed_over_heads(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient has one value per head. All heads use the same mask, so sum over the heads, too."""
    return mask * upstream, (scores * upstream).sum(0)


@exercise.mistake
def not_summed_over_images(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient has one value per image. All images use the same mask, so sum over the batch, too."""
    return mask * upstream, (scores * upstream).sum(1)


@exercise.mistake
def first_head(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient comes from the first head alone. Sum over all heads."""
    return mask * upstream, by_the_mask(upstream[:, :1], scores[:, :1])


@exercise.mistake
def first_image(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient comes from the first image alone. Sum over all images."""
    return mask * upstream, by_the_mask(upstream[:1], scores[:1])


@exercise.mistake
def averaged(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient is an average over images and heads, but it must be their sum."""
    return mask * upstream, (scores * upstream).mean((0, 1))[None]


@exercise.mistake
def not_summed(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient has the shape of the scores, but it must have that of the mask, (1, N, N)."""
    return mask * upstream, scores * upstream


@exercise.mistake
def summed_for_the_scores(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """You sum the first gradient over images and heads. Every image and head has scores of its own: do not sum it."""
    return (mask * upstream).sum((0, 1)).expand_as(scores), by_the_mask(upstream, scores)


@exercise.mistake
def summed_first(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """You sum the scores and the upstream gradient separately. Multiply them first, then sum."""
    return mask * upstream, (scores.sum((0, 1)) * upstream.sum((0, 1)))[None]


@exercise.mistake
def without_scores(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient does not use the scores: the derivative of m * s with respect to m is s."""
    return mask * upstream, upstream.sum((0, 1))[None]


@exercise.mistake
def without_mask(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your gradient of the scores does not use the mask: the derivative of m * s with respect to s is m."""
    return upstream, by_the_mask(upstream, scores)


@exercise.mistake
def mask_kept(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient still contains the mask: the derivative of m * s with respect to m is s alone."""
    return mask * upstream, by_the_mask(upstream, mask * scores)


@exercise.mistake
def own_factor(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both factors are exchanged: the derivative of m * s with respect to s is m, and with respect to m it is s."""
    return scores * upstream, (mask * upstream).sum((0, 1))[None]


@exercise.mistake
def swapped(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both are right, but in the other order: return the gradient of the scores first, then that of the mask."""
    return by_the_mask(upstream, scores), mask * upstream


@exercise.mistake
def of_mask_at_scores(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """These are the gradients of a matrix product, mask @ scores. The mask multiplies the scores entry by entry."""
    return mask.mT @ upstream, (upstream @ scores.mT).sum((0, 1))[None]


@exercise.mistake
def of_scores_at_mask(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """These are the gradients of a matrix product, scores @ mask. The mask multiplies the scores entry by entry."""
    return upstream @ mask.mT, (scores.mT @ upstream).sum((0, 1))[None]


@exercise.mistake
def divided(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """You divide by the mask for the gradient of the scores. The derivative of m * s with respect to s is m."""
    return upstream / mask, by_the_mask(upstream, scores)


@exercise.mistake
def through_the_softmax(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """You go back through the softmax. `upstream` already has: it is the gradient with respect to the product."""
    weights = (mask * scores).softmax(-1)
    inner = weights * (upstream - (weights * upstream).sum(-1, keepdim=True))
    return mask * inner, by_the_mask(inner, scores)
