"""Exercise 10.recompute: the gradients of one block of attention, from its inputs alone."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise

Gradients = tuple[Tensor, Tensor, Tensor, Tensor]


def recompute(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, grad: Tensor) -> Gradients:
    """q, grad (n, D), k, v (N, D), mask (n, N) -> the gradients with respect to q, k, v and the mask.

    grad: the gradient of the loss with respect to softmax(mask * q k^T / sqrt(D)) v.
    """
    return backward(q, k, v, mask, grad)


def backward(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor,
    grad: Tensor,
    *,
    centered: bool = True,
    weighted: bool = True,
    center_axis: int = 1,
    by_uniform: bool = False,
    root_forward: bool = True,
    root_back: bool = True,
    root_mask: bool = True,
    masked_forward: bool = True,
    masked_back: bool = True,
    mask_by_scores: bool = True,
) -> Gradients:
    """The gradients, in which steps can be left out."""
    root = q.shape[1] ** -0.5
    products = q @ k.T
    scores = products * (root if root_forward else 1.0)
    weights = (mask * scores if masked_forward else scores).softmax(dim=1)
    by_weights = grad @ v.T
    mixed = by_weights.mean(1, keepdim=True) if by_uniform else (weights * by_weights).sum(center_axis, keepdim=True)
    by_logits = by_weights - mixed if centered else by_weights
    by_logits = weights * by_logits if weighted else by_logits
    by_scores = (by_logits * mask if masked_back else by_logits) * (root if root_back else 1.0)
    by_mask = by_logits * (scores if root_mask else products) if mask_by_scores else by_logits
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_mask


def recompute_cases() -> list[dict[str, Any]]:
    """One query and two keys; then one row of a square grid, and rows of two rectangles."""
    small = {
        "q": torch.tensor([[1.0]]),
        "k": torch.tensor([[1.0], [2.0]]),
        "v": torch.tensor([[4.0], [0.0]]),
        "mask": torch.tensor([[1.0, 0.5]]),
        "grad": torch.tensor([[1.0]]),
    }
    sizes: list[tuple[Grid, int]] = [((3, 3), 4), ((2, 4), 3), ((5, 2), 2)]
    larger = []
    for (h, w), channels in sizes:
        q, k, v, grad = (torch.randn(n, channels) for n in (w, h * w, h * w, w))
        larger.append({"q": q, "k": k, "v": v, "mask": torch.rand(w, h * w) + 0.5, "grad": grad})
    return [small, *larger]


exercise = Exercise(
    "10.recompute",
    recompute,
    recompute_cases,
    unit="blocks",
    differentiates=True,
    hints=(
        "Make the weights A again, as in the forward pass. The output is the product A v. The gradient "
        "of a product of two matrices gives the gradients of both factors, here those of A and of v.",
        "Next, go back through the softmax. Let dA be the gradient with respect to A. In each row, the gradient with "
        "respect to the logits is A times (dA minus the sum of A times dA over the row).",
        "The logits are the mask times the scores, entry by entry, so the gradient of each factor is the gradient of "
        "the logits times the other factor. The scores are q k^T / sqrt(D), so the root appears again at the end.",
        "In order: the weights A, then dA, then the gradient of the logits, then that of the scores. The gradient of v "
        "needs A, that of the mask needs the gradient of the logits, and those of q and k need that of the scores.",
    ),
)

LEFT_OUT: dict[str, dict[str, Any]] = {
    "Your softmax is not centered in the backward pass: subtract the sum of A * dA over the row from dA first.": {
        "centered": False
    },
    "You forget the factor A in the gradient of the softmax: it is A * (dA - sum of A * dA).": {"weighted": False},
    "Your softmax passes its gradient on unchanged: the gradient of the logits is A * (dA - sum of A * dA), not dA.": {
        "weighted": False,
        "centered": False,
    },
    "You subtract the sum of A * dA over the queries: sum over the keys of one query, which are a row.": {
        "center_axis": 0
    },
    "You subtract the plain mean of dA: subtract its mean weighted by A, which is the sum of A * dA over the row.": {
        "by_uniform": True
    },
    "You make the weights without dividing the scores by sqrt(D): they must be those of the forward pass.": {
        "root_forward": False
    },
    "The factor 1 / sqrt(D) is missing in the gradients of q and k.": {"root_back": False},
    "The factor 1 / sqrt(D) is missing in the gradient of the mask, which multiplies the scaled scores.": {
        "root_mask": False
    },
    "You make the weights without the mask: they must be those of the forward pass.": {"masked_forward": False},
    "The mask is missing in the gradients of q and k: it multiplies the scores, so it multiplies their gradient.": {
        "masked_back": False
    },
    "Your mask's gradient is that of the logits: multiply it by the scores, because the logits are mask * scores.": {
        "mask_by_scores": False
    },
}

for message, options in LEFT_OUT.items():
    exercise.mistake_by_options(backward, message, **options)


@exercise.mistake
def values_and_keys_exchanged(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, grad: Tensor) -> Gradients:
    """You exchange the gradients of k and v: return those of q, k, v and the mask, in this order."""
    by_q, by_k, by_v, by_mask = recompute(q, k, v, mask, grad)
    return by_q, by_v, by_k, by_mask


@exercise.mistake
def mask_first(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, grad: Tensor) -> Gradients:
    """Your four gradients are right, but in another order: return those of q, k, v and the mask."""
    by_q, by_k, by_v, by_mask = recompute(q, k, v, mask, grad)
    return by_mask, by_q, by_k, by_v


@exercise.mistake
def negated(q: Tensor, k: Tensor, v: Tensor, mask: Tensor, grad: Tensor) -> Gradients:
    """Your sign is wrong: a gradient points to where the loss grows, so nothing is negated."""
    by_q, by_k, by_v, by_mask = recompute(q, k, v, mask, grad)
    return -by_q, -by_k, -by_v, -by_mask
