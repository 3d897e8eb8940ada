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
        "Take a single pair and a single head: the product is m * s. What is its derivative by s? And by m?",
        "Each derivative is the other factor. The chain rule multiplies it by what comes from above.",
        "All images and all heads share the mask, so what they say about one of its entries is added up.",
    ),
)


@exercise.mistake
def one_head_only(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient still has a value for each head: one mask serves them all, so add over the heads too."""
    return mask * upstream, (scores * upstream).sum(0)


@exercise.mistake
def one_image_only(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient still has a value for each image: one mask serves them all, so add over the batch too."""
    return mask * upstream, (scores * upstream).sum(1)


@exercise.mistake
def averaged(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient is an average over images and heads: the chain rule adds."""
    return mask * upstream, (scores * upstream).mean((0, 1))[None]


@exercise.mistake
def not_summed(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient has the shape of the scores: a gradient has that of what it belongs to, here (1, N, N)."""
    return mask * upstream, scores * upstream


@exercise.mistake
def summed_first(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """You add up the scores and what comes from above each by itself: multiply first, then add."""
    return mask * upstream, (scores.sum((0, 1)) * upstream.sum((0, 1)))[None]


@exercise.mistake
def without_scores(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient does not depend on the scores: the derivative of m * s by m is s."""
    return mask * upstream, upstream.sum((0, 1))[None]


@exercise.mistake
def own_factor(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Each gradient has the wrong factor: the derivative of m * s by s is m, and by m it is s."""
    return scores * upstream, (mask * upstream).sum((0, 1))[None]


@exercise.mistake
def swapped(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both are right, but in the other order: first the gradient of the scores, then that of the mask."""
    return (scores * upstream).sum((0, 1))[None], mask * upstream
