"""Exercise 06.biased_weights: attention weights under a decay."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_06.manhattan_decay import manhattan_decay


def biased_weights(scores: Tensor, decay: Tensor) -> Tensor:
    """scores (..., H, N, N), decay (H, N, N) -> (..., H, N, N): softmax(S + log D) by rows."""
    return (scores + decay.log()).softmax(dim=-1)


def weight_cases() -> list[dict[str, Any]]:
    """No preference of its own, then some, then a batch; at last, scores too large for exp, and an uneven decay."""
    made = [
        (torch.zeros(1, 2, 2), manhattan_decay(torch.tensor([0.25]), (1, 2))),
        (torch.tensor([[[2.0, 0, 1], [1, 0, 2], [0, 0, -1]]]), manhattan_decay(torch.tensor([0.5]), (1, 3))),
        (torch.randn(2, 2, 6, 6), manhattan_decay(torch.tensor([0.5, 0.9]), (2, 3))),
        (200 * torch.randn(2, 3, 2, 4, 4), 0.1 + torch.rand(2, 4, 4)),
    ]
    return [{"scores": scores, "decay": decay} for scores, decay in made]


exercise = Exercise(
    "06.biased_weights",
    biased_weights,
    weight_cases,
    unit="weights",
    hints=(
        "A weight of 1 must leave a score alone, and 0 must send it to minus infinity. Which function does that?",
        "Adding to a logit multiplies what is inside the softmax: exp(s + log d) is d times exp(s).",
        "Add the logarithm of the decay to the scores, and let softmax normalise over the keys, the last axis.",
    ),
)


@exercise.mistake
def without_log(scores: Tensor, decay: Tensor) -> Tensor:
    """You add the decay itself. What is added to a logit must be its logarithm."""
    return (scores + decay).softmax(-1)


@exercise.mistake
def multiplied_on_logits(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply the decay onto the scores, as ELM and GMM do: a score far away then goes to 0, not to -infinity."""
    return (scores * decay).softmax(-1)


@exercise.mistake
def wrong_dimension(scores: Tensor, decay: Tensor) -> Tensor:
    """Your columns sum to 1, not your rows: a query, which is a row, shares its attention among the keys."""
    return (scores + decay.log()).softmax(-2)


@exercise.mistake
def gate(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply after softmax, as in the paper's formula: your rows no longer sum to 1. Divide, or add the log."""
    return scores.softmax(-1) * decay


@exercise.mistake
def log_subtracted(scores: Tensor, decay: Tensor) -> Tensor:
    """You subtract the logarithm, so that far keys gain: the log of a number below 1 is negative already."""
    return (scores - decay.log()).softmax(-1)


@exercise.mistake
def log_after_softmax(scores: Tensor, decay: Tensor) -> Tensor:
    """You add the logarithm after softmax: your weights are negative. It belongs to the logits, before softmax."""
    return scores.softmax(-1) + decay.log()


@exercise.mistake
def softmax_forgotten(scores: Tensor, decay: Tensor) -> Tensor:
    """You return logits: softmax is missing."""
    return scores + decay.log()
