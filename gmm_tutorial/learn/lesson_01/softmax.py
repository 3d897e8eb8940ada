"""Exercise 01.softmax: from scores to weights, row by row."""

import math
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def softmax_over_keys(scores: Tensor) -> Tensor:
    """(..., N, M) -> (..., N, M): positive, and each row sums to 1."""
    return scores.softmax(dim=-1)


def softmax_cases() -> list[dict[str, Any]]:
    """Logarithms of small numbers, whose weights are plain fractions; scores too large for exp; many heads."""
    tiny = torch.tensor([[0, 0, math.log(2)], [0, math.log(3), 0]])
    large = torch.tensor([[1000.0, 0], [0, 1000], [-1000, -2000], [200, 100]])
    return [{"scores": tiny}, {"scores": large}, {"scores": 3 * torch.randn(2, 3, 4, 5)}]


def shifted_by(scores: Tensor, shift: Tensor) -> Tensor:
    """Softmax after something was subtracted from the scores."""
    powers = (scores - shift).exp()
    return powers / powers.sum(-1, keepdim=True)


exercise = Exercise(
    "01.softmax",
    softmax_over_keys,
    softmax_cases,
    hints=(
        "Two steps turn scores into weights: first make every number positive, then make every row sum to 1.",
        "Take exponentials, then divide each row by its own sum. With keepdim=True the sums form a column, "
        "so that each of them divides its own row.",
        "Subtracting the same number from every score of a row does not change the fraction. If that number is the "
        "largest score of the row, no exponential is larger than 1.",
    ),
)


@exercise.mistake
def overflows(scores: Tensor) -> Tensor:
    """Right for small scores, but exp(1000) is infinite: subtract each row's largest score first."""
    return scores.exp() / scores.exp().sum(-1, keepdim=True)


@exercise.mistake
def one_maximum_for_all(scores: Tensor) -> Tensor:
    """You subtract the largest score of all rows. A row far below it becomes 0 / 0: use each row's own maximum."""
    return shifted_by(scores, scores.max())


@exercise.mistake
def over_queries(scores: Tensor) -> Tensor:
    """Your columns sum to 1, but the rows must: each query divides its attention among the keys, axis -1."""
    return scores.softmax(dim=-2)


@exercise.mistake
def over_queries_and_overflows(scores: Tensor) -> Tensor:
    """Two problems: your columns sum to 1, but the rows must; and exp(1000) is infinite."""
    return scores.exp() / scores.exp().sum(-2, keepdim=True)


@exercise.mistake
def over_everything(scores: Tensor) -> Tensor:
    """All your weights together sum to 1, but each row must sum to 1: divide each row by its own sum."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum()


@exercise.mistake
def over_everything_and_overflows(scores: Tensor) -> Tensor:
    """Two problems: all your weights together sum to 1, but each row must; and exp(1000) is infinite."""
    return scores.exp() / scores.exp().sum()


@exercise.mistake
def not_normalized(scores: Tensor) -> Tensor:
    """The exponentials are there, but a row does not sum to 1 yet: divide it by its sum."""
    return (scores - scores.amax(-1, keepdim=True)).exp()


@exercise.mistake
def only_exponentials(scores: Tensor) -> Tensor:
    """You return the exponentials alone: large scores overflow, and a row does not sum to 1 yet."""
    return scores.exp()


@exercise.mistake
def no_exponential(scores: Tensor) -> Tensor:
    """You divide the scores themselves by their sum, which can be 0 or negative: where is the exponential?"""
    return scores / scores.sum(-1, keepdim=True)


@exercise.mistake
def minus_the_mean(scores: Tensor) -> Tensor:
    """You subtract the mean of each row. A large score can still overflow: subtract the row's largest score."""
    return shifted_by(scores, scores.mean(-1, keepdim=True))


@exercise.mistake
def minus_the_smallest(scores: Tensor) -> Tensor:
    """You subtract the smallest score of each row, so a large one still overflows: subtract the largest."""
    return shifted_by(scores, scores.amin(-1, keepdim=True))


@exercise.mistake
def minus_the_first(scores: Tensor) -> Tensor:
    """You subtract the first score of each row. A later one can be much larger: subtract the row's largest score."""
    return shifted_by(scores, scores[..., :1])


@exercise.mistake
def minus_the_last(scores: Tensor) -> Tensor:
    """You subtract the last score of each row. An earlier one can be much larger: subtract the row's largest score."""
    return shifted_by(scores, scores[..., -1:])


@exercise.mistake
def over_the_first_axis(scores: Tensor) -> Tensor:
    """You normalize over the first axis, which can be images. The keys are always the last axis, -1."""
    return scores.softmax(dim=0)


@exercise.mistake
def over_axis_1(scores: Tensor) -> Tensor:
    """You normalize over axis 1, which is the heads if there are any. The keys are always the last axis, -1."""
    return scores.softmax(dim=1)


@exercise.mistake
def base_2(scores: Tensor) -> Tensor:
    """You raise 2 to the scores. Softmax uses the exponential, with base e."""
    return (scores * math.log(2)).softmax(-1)


@exercise.mistake
def only_the_numerator_shifted(scores: Tensor) -> Tensor:
    """You subtract the largest score above the fraction line only. It cancels only if it is subtracted below too."""
    return (scores - scores.amax(-1, keepdim=True)).exp() / scores.exp().sum(-1, keepdim=True)


@exercise.mistake
def divided_by_the_largest(scores: Tensor) -> Tensor:
    """You divide by the largest score, which changes the weights. Subtracting it does not."""
    return (scores / scores.amax(-1, keepdim=True)).softmax(-1)


@exercise.mistake
def clamped(scores: Tensor) -> Tensor:
    """You cut large scores off, so that two large scores get equal weights. Subtract the row's largest score."""
    powers = scores.clamp(max=80).exp()
    return powers / powers.sum(-1, keepdim=True)


@exercise.mistake
def nan_replaced(scores: Tensor) -> Tensor:
    """You replace NaN by 0, but the largest score of a row must get the largest weight: avoid the overflow."""
    return (scores.exp() / scores.exp().sum(-1, keepdim=True)).nan_to_num(0)


@exercise.mistake
def sigmoid(scores: Tensor) -> Tensor:
    """You apply a sigmoid to each score by itself. The weights of a row must sum to 1."""
    return scores.sigmoid()


@exercise.mistake
def hard_maximum(scores: Tensor) -> Tensor:
    """You give all weight to the largest score. Softmax gives a positive weight to every key."""
    return (scores == scores.amax(-1, keepdim=True)).float()


@exercise.mistake
def squares(scores: Tensor) -> Tensor:
    """You square the scores, so that -2 counts as much as 2. Use the exponential."""
    return scores**2 / (scores**2).sum(-1, keepdim=True)


@exercise.mistake
def without_itself(scores: Tensor) -> Tensor:
    """You leave each key out of its own sum. The sum runs over all keys of the row."""
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (powers.sum(-1, keepdim=True) - powers)
