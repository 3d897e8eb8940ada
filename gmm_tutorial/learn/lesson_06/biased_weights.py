"""Exercise 06.biased_weights: attention weights under a decay."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_06.manhattan_decay import manhattan_decay


def biased_weights(scores: Tensor, decay: Tensor) -> Tensor:
    """scores (..., H, N, N), decay (H, N, N) -> (..., H, N, N): softmax(S + log(decay)) by rows."""
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
        "A decay of 1 must leave a score unchanged, and a decay of 0 must send it to minus infinity. Which function of "
        "the decay, added to the score, does both?",
        "What you add to a score becomes a factor of its exponential: exp(s + log g) is g times exp(s).",
        "The logarithm of the decay joins the scores before the softmax, which runs over the keys, the last axis.",
    ),
)


@exercise.mistake
def without_log(scores: Tensor, decay: Tensor) -> Tensor:
    """You add the decay itself to the scores. Add its logarithm."""
    return (scores + decay).softmax(-1)


@exercise.mistake
def multiplied_on_logits(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply the scores by the decay, as ELM and GMM do: far scores then go to 0, not to minus infinity."""
    return (scores * decay).softmax(-1)


@exercise.mistake
def wrong_dimension(scores: Tensor, decay: Tensor) -> Tensor:
    """Your columns sum to 1. Each query is a row, and its weights must sum to 1: normalize over the last axis."""
    return (scores + decay.log()).softmax(-2)


@exercise.mistake
def gate(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply by the decay after softmax, as in the paper's formula: your rows no longer sum to 1."""
    return scores.softmax(-1) * decay


@exercise.mistake
def log_subtracted(scores: Tensor, decay: Tensor) -> Tensor:
    """You subtract the logarithm, so far keys gain weight: the logarithm of a number below 1 is negative already."""
    return (scores - decay.log()).softmax(-1)


@exercise.mistake
def log_after_softmax(scores: Tensor, decay: Tensor) -> Tensor:
    """You add the logarithm after softmax, so weights can be negative. Add it to the scores, before softmax."""
    return scores.softmax(-1) + decay.log()


@exercise.mistake
def softmax_forgotten(scores: Tensor, decay: Tensor) -> Tensor:
    """You return the logits: the softmax is missing."""
    return scores + decay.log()


@exercise.mistake
def multiplied_by_log(scores: Tensor, decay: Tensor) -> Tensor:
    """You multiply the scores by the logarithm of the decay. Add it to them."""
    return (scores * decay.log()).softmax(-1)


@exercise.mistake
def base_two(scores: Tensor, decay: Tensor) -> Tensor:
    """Your logarithm has the base 2. Softmax uses exp, and exp undoes the natural logarithm only."""
    return (scores + decay.log2()).softmax(-1)


@exercise.mistake
def base_ten(scores: Tensor, decay: Tensor) -> Tensor:
    """Your logarithm has the base 10. Softmax uses exp, and exp undoes the natural logarithm only."""
    return (scores + decay.log10()).softmax(-1)


@exercise.mistake
def log_of_one_more(scores: Tensor, decay: Tensor) -> Tensor:
    """You add log(1 + decay), which is never negative: far keys must lose weight. Add log(decay)."""
    return (scores + decay.log1p()).softmax(-1)


@exercise.mistake
def divided_by_decay(scores: Tensor, decay: Tensor) -> Tensor:
    """You divide the weights by the decay, so far keys gain weight."""
    return scores.softmax(-1) / decay


@exercise.mistake
def first_head_for_all(scores: Tensor, decay: Tensor) -> Tensor:
    """All of your heads use the decay of the first head."""
    return (scores + decay[:1].log()).softmax(-1)


@exercise.mistake
def mean_for_all(scores: Tensor, decay: Tensor) -> Tensor:
    """All of your heads use the same decay, the mean over heads. Each head has a decay of its own."""
    return (scores + decay.mean(0).log()).softmax(-1)


@exercise.mistake
def over_heads(scores: Tensor, decay: Tensor) -> Tensor:
    """Your softmax runs over the heads, axis -3. It must run over the keys, the last axis."""
    return (scores + decay.log()).softmax(-3)


@exercise.mistake
def over_axis_one(scores: Tensor, decay: Tensor) -> Tensor:
    """Your softmax runs over axis 1. There may be any number of axes before the heads: use the last axis, -1."""
    return (scores + decay.log()).softmax(1)


@exercise.mistake
def columns_divided(scores: Tensor, decay: Tensor) -> Tensor:
    """You divide by the sums of the columns. Each query is a row: divide by the sums of the rows."""
    return gate(scores, decay) / gate(scores, decay).sum(-2, keepdim=True)


@exercise.mistake
def softmax_twice(scores: Tensor, decay: Tensor) -> Tensor:
    """You apply softmax twice: add the logarithm to the scores themselves, then apply softmax once."""
    return (scores.softmax(-1) + decay.log()).softmax(-1)


@exercise.mistake
def not_divided(scores: Tensor, decay: Tensor) -> Tensor:
    """You return exp(S + log(decay)): each row must still be divided by its sum."""
    return (scores + decay.log()).exp()


@exercise.mistake
def logits_scaled(scores: Tensor, decay: Tensor) -> Tensor:
    """You divide the logits by a square root. The scores are scaled already, and the decay needs no scale."""
    return ((scores + decay.log()) / decay.shape[-1] ** 0.5).softmax(-1)
