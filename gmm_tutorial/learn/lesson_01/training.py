"""One training step of a small classifier that reads the output of attention, in parts that can be replaced."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

Step = tuple[Tensor, Tensor, Tensor]


def mixed(tokens: Tensor, scale: float | None = None) -> Tensor:
    """(B, N, C) -> (B, N, C): one head whose q, k and v are the tokens; a scale other than 1 / sqrt(C) is a mistake."""
    return F.scaled_dot_product_attention(tokens, tokens, tokens, scale=scale)


def pooled(tokens: Tensor) -> Tensor:
    """(B, N, C) -> (B, C): the mean of what attention returns."""
    return mixed(tokens).mean(dim=1)


def one_hot(logits: Tensor, labels: Tensor) -> Tensor:
    """(B,) -> (B, classes): 1 for the right class of each image, 0 for the others."""
    return F.one_hot(labels, logits.shape[-1])


def softmax_minus_label(logits: Tensor, labels: Tensor) -> Tensor:
    """The gradient of each image's cross-entropy with respect to its logits, (B, classes)."""
    return logits.softmax(-1) - one_hot(logits, labels)


def step(
    weight: Tensor,
    velocity: Tensor,
    tokens: Tensor,
    labels: Tensor,
    lr: float,
    momentum: float,
    *,
    pool: Callable[[Tensor], Tensor] = pooled,
    error: Callable[[Tensor, Tensor], Tensor] = softmax_minus_label,
    scale: float = 1.0,
) -> Step:
    """The step of the exercise, with parts that the usual mistakes replace."""
    features = pool(tokens)
    logits = features @ weight
    gradient = scale * features.T @ error(logits, labels) / len(labels)
    velocity = momentum * velocity + gradient
    return F.cross_entropy(logits, labels), weight - lr * velocity, velocity


def drawn(images: int, tokens: int, channels: int, classes: int, lr: float, momentum: float) -> dict[str, Any]:
    """A case of random numbers, whose velocity is not 0."""
    return {
        "weight": torch.randn(channels, classes),
        "velocity": torch.randn(channels, classes),
        "tokens": torch.randn(images, tokens, channels),
        "labels": torch.arange(images).flip(0) % classes,
        "lr": lr,
        "momentum": momentum,
    }
