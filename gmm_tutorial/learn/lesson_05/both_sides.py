"""Exercise 05.both_sides: a decay to the left and to the right, by two running sums."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import causal_decay
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.manhattan import decay_scan


def both_sides(x: Tensor, gamma: Tensor) -> Tensor:
    """x (B, H, N, C), gamma (H,) -> the same shape: at each n the sum over j of gamma^|n-j| x_j."""
    return decay_scan(x, gamma, (1, x.shape[2]))


def both_sides_cases() -> list[dict[str, Any]]:
    """A single number that fades to both sides, then random ones under several decays, and one that never fades."""
    single = torch.tensor([0.0, 8.0, 0.0, 4.0])[None, None, :, None]
    return [
        {"x": single, "gamma": torch.tensor([0.5])},
        {"x": torch.randn(2, 3, 6, 4), "gamma": torch.tensor([0.5, 0.9, 1.0])},
    ]


exercise = Exercise(
    "05.both_sides",
    both_sides,
    both_sides_cases,
    unit="sequences",
    hints=(
        "One running sum has all that lies to the left of a token, and the token. What has all that lies to the right?",
        "Flip the tokens, let the running sum go, and flip the result back: that is a running sum from the right end.",
        "Add the two. How often is the token itself in there now?",
    ),
)


def from_left(x: Tensor, gamma: Tensor) -> Tensor:
    """x (B, H, N, C) -> the same shape, each token and the faded ones before it."""
    return causal_decay(gamma, x.shape[2]) @ x


def from_right(x: Tensor, gamma: Tensor) -> Tensor:
    """x (B, H, N, C) -> the same shape, each token and the faded ones after it."""
    return causal_decay(gamma, x.shape[2]).mT @ x


@exercise.mistake
def self_twice(x: Tensor, gamma: Tensor) -> Tensor:
    """Each token counts itself twice, once in each running sum: take it away once."""
    return from_left(x, gamma) + from_right(x, gamma)


@exercise.mistake
def self_never(x: Tensor, gamma: Tensor) -> Tensor:
    """You took the token itself away twice: it should count once, in full."""
    return from_left(x, gamma) + from_right(x, gamma) - 2 * x


@exercise.mistake
def one_side(x: Tensor, gamma: Tensor) -> Tensor:
    """Your decay goes to one side only: add a running sum from the other end."""
    return from_left(x, gamma)


@exercise.mistake
def not_flipped_back(x: Tensor, gamma: Tensor) -> Tensor:
    """Your second sum stands in reverse order: flip it back before you add it."""
    return from_left(x, gamma) + from_right(x, gamma).flip(2) - x


@exercise.mistake
def one_after_the_other(x: Tensor, gamma: Tensor) -> Tensor:
    """You let the second sum run over the result of the first. Both start from x, and are then added."""
    return from_right(from_left(x, gamma), gamma)


@exercise.mistake
def never_flipped(x: Tensor, gamma: Tensor) -> Tensor:
    """Both of your sums come from the left: flip the tokens for the second."""
    return 2 * from_left(x, gamma) - x
