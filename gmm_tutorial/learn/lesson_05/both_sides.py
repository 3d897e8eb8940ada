"""Exercise 05.both_sides: a decay to the left and to the right, by two running sums."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import axis_distances, causal_decay
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.manhattan import decay_scan


def both_sides(x: Tensor, gamma: Tensor) -> Tensor:
    """x (B, H, N, C), gamma (H,) -> the same shape: at each a the sum over all b of gamma^|a-b| x_b."""
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
        "One running sum gives each token itself and everything on its left. Which sum gives everything on its right?",
        "Flip the tokens, take the running sum, and flip the result back: this is a running sum from the right end.",
        "Add the two running sums. How often does the result now contain the token itself?",
    ),
)


def from_left(x: Tensor, gamma: Tensor) -> Tensor:
    """x (B, H, N, C) -> the same shape, each token and the faded ones before it."""
    return causal_decay(gamma, x.shape[2]) @ x


def from_right(x: Tensor, gamma: Tensor) -> Tensor:
    """x (B, H, N, C) -> the same shape, each token and the faded ones after it."""
    return causal_decay(gamma, x.shape[2]).mT @ x


def by_distance(x: Tensor, gamma: Tensor, distance: Tensor) -> Tensor:
    """gamma (H,) to the power of a distance (N, N), times x (B, H, N, C)."""
    return gamma[:, None, None] ** distance @ x


@exercise.mistake
def self_twice(x: Tensor, gamma: Tensor) -> Tensor:
    """Each token counts itself twice, once in each running sum: subtract it once."""
    return from_left(x, gamma) + from_right(x, gamma)


@exercise.mistake
def self_never(x: Tensor, gamma: Tensor) -> Tensor:
    """The token itself is missing: it is in both running sums and must stay in one, so subtract it only once."""
    return from_left(x, gamma) + from_right(x, gamma) - 2 * x


@exercise.mistake
def self_by_half(x: Tensor, gamma: Tensor) -> Tensor:
    """You subtract half of the token itself: both running sums contain all of it, so subtract all of it, once."""
    return from_left(x, gamma) + from_right(x, gamma) - x / 2


@exercise.mistake
def self_faded(x: Tensor, gamma: Tensor) -> Tensor:
    """You subtract gamma times the token, but both running sums contain it in full, gamma^0 = 1: subtract x."""
    return from_left(x, gamma) + from_right(x, gamma) - gamma[:, None, None] * x


@exercise.mistake
def one_side(x: Tensor, gamma: Tensor) -> Tensor:
    """Your decay reaches only tokens on the left: add a running sum from the other end."""
    return from_left(x, gamma)


@exercise.mistake
def other_side(x: Tensor, gamma: Tensor) -> Tensor:
    """Your decay reaches only tokens on the right: add the running sum from the left end."""
    return from_right(x, gamma)


@exercise.mistake
def not_flipped_back(x: Tensor, gamma: Tensor) -> Tensor:
    """Your second sum is in reverse order: flip it back before you add it."""
    return from_left(x, gamma) + from_right(x, gamma).flip(2) - x


@exercise.mistake
def result_flipped(x: Tensor, gamma: Tensor) -> Tensor:
    """You flip the result of the first sum: flip the tokens, take a new running sum, and flip its result back."""
    return from_left(x, gamma) + from_left(x, gamma).flip(2) - x


@exercise.mistake
def one_after_the_other(x: Tensor, gamma: Tensor) -> Tensor:
    """You take the second sum of the result of the first. Both must start from x; then add them."""
    return from_right(from_left(x, gamma), gamma)


@exercise.mistake
def never_flipped(x: Tensor, gamma: Tensor) -> Tensor:
    """Both of your running sums start at the left end: flip the axis of the tokens, axis 2, for the second."""
    return 2 * from_left(x, gamma) - x


@exercise.mistake
def heads_flipped(x: Tensor, gamma: Tensor) -> Tensor:
    """You flip the heads, axis 1, and your second sum runs from the left with another head's gamma: flip axis 2."""
    return from_left(x, gamma) + from_left(x.flip(1), gamma).flip(1) - x


@exercise.mistake
def all_flipped(x: Tensor, gamma: Tensor) -> Tensor:
    """You flip the heads as well as the tokens, so a head gets another head's gamma: flip axis 2 only."""
    return from_left(x, gamma) + from_right(x.flip(1), gamma).flip(1) - x


@exercise.mistake
def mean(x: Tensor, gamma: Tensor) -> Tensor:
    """You take the mean of the two running sums: add them, and subtract the token once."""
    return (from_left(x, gamma) + from_right(x, gamma)) / 2


@exercise.mistake
def maximum(x: Tensor, gamma: Tensor) -> Tensor:
    """You take the larger of the two running sums: add them, and subtract the token once."""
    return torch.maximum(from_left(x, gamma), from_right(x, gamma))


@exercise.mistake
def product(x: Tensor, gamma: Tensor) -> Tensor:
    """You multiply the two running sums: add them, and subtract the token once."""
    return from_left(x, gamma) * from_right(x, gamma) - x


@exercise.mistake
def around_the_end(x: Tensor, gamma: Tensor) -> Tensor:
    """Your distance goes around the end, as on a ring: the first and the last token are N - 1 steps apart."""
    steps = axis_distances(x.shape[2])
    return by_distance(x, gamma, torch.minimum(steps, x.shape[2] - steps))


@exercise.mistake
def squared_distance(x: Tensor, gamma: Tensor) -> Tensor:
    """You square the distance: the weight of a token d steps away must be gamma^d."""
    return by_distance(x, gamma, axis_distances(x.shape[2]).square())


@exercise.mistake
def one_step_more(x: Tensor, gamma: Tensor) -> Tensor:
    """Your powers are one too high: a token counts itself in full, gamma^0 = 1."""
    return by_distance(x, gamma, axis_distances(x.shape[2]) + 1)


@exercise.mistake
def one_rate(x: Tensor, gamma: Tensor) -> Tensor:
    """You use the gamma of the first head for all heads: each head has its own."""
    return by_distance(x, gamma[:1].expand(len(gamma)), axis_distances(x.shape[2]))


@exercise.mistake
def normalized(x: Tensor, gamma: Tensor) -> Tensor:
    """You divide by the sum of the weights. Expected is the plain sum."""
    ones = torch.ones_like(x[..., :1])
    return by_distance(x, gamma, axis_distances(x.shape[2])) / by_distance(ones, gamma, axis_distances(x.shape[2]))
