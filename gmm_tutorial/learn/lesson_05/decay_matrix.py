"""Exercise 05.decay_matrix: what is left of each key for each query."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import causal_decay
from gmm_tutorial.learn.exercise import Exercise


def decay_cases() -> list[dict[str, Any]]:
    """One decay to be read by eye, then as many heads as tokens, so that gamma on a wrong axis still runs.

    In the last one a negative age is too much for float32: 0.01^-23 is 10^46.
    """
    made = [([0.5], 3), ([0.5, 1.0, 0.25], 3), ([0.9, 0.75, 0.2, 0.6, 1.0], 5), ([0.01], 24)]
    return [{"gamma": torch.tensor(gamma), "n": n} for gamma, n in made]


exercise = Exercise(
    "05.decay_matrix",
    causal_decay,
    decay_cases,
    unit="matrices",
    hints=(
        "Begin with the age of every pair, query minus key, an (n, n) table: a column of places minus a row of them.",
        "A power of that table is right on and below the diagonal. What is above it has to be 0, not a power.",
        "Give gamma two axes of length 1 at its end, so that each head raises to the whole table, and multiply by "
        "whether the age is at least 0. Raise to ages that are not below 0, or the powers there may overflow.",
    ),
)


@exercise.mistake
def anti_causal(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is transposed: it looks into the future. Rows are queries, columns keys, and a key comes first."""
    return causal_decay(gamma, n).mT


@exercise.mistake
def to_both_sides(gamma: Tensor, n: int) -> Tensor:
    """Your decay goes to both sides: you take the distance. A key that comes after its query counts 0 here."""
    return causal_decay(gamma, n) + causal_decay(gamma, n).mT.triu(1)


@exercise.mistake
def not_masked(gamma: Tensor, n: int) -> Tensor:
    """Your matrix grows above the diagonal, where n - j is negative: keys after the query need a 0."""
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place)


@exercise.mistake
def clamped_only(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is 1 above the diagonal: clamped ages are safe powers, but keys after the query still need a 0."""
    return causal_decay(gamma, n) + torch.ones(n, n).triu(1)


@exercise.mistake
def already_faded(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too high: a token sees itself in full, gamma^0 = 1 stands on the diagonal."""
    return causal_decay(gamma, n) * gamma[:, None, None]


@exercise.mistake
def self_left_out(gamma: Tensor, n: int) -> Tensor:
    """Your diagonal is 0: a token also sees itself, so the condition is j <= n and not j < n."""
    return causal_decay(gamma, n).tril(-1)


@exercise.mistake
def heads_last(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the wrong axis: the heads come last, (n, n, H). They are the first axis, (H, n, n)."""
    return causal_decay(gamma, n).permute(1, 2, 0)


@exercise.mistake
def gamma_on_keys(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the wrong axis, that of the keys. Each head has its own matrix: give it two axes at its end."""
    place = torch.arange(n)
    return gamma ** (place[:, None] - place).clamp(min=0) * (place[:, None] >= place)


@exercise.mistake
def growing(gamma: Tensor, n: int) -> Tensor:
    """Your weights grow with age: the power is query minus key, which is not negative below the diagonal."""
    place = torch.arange(n)
    return (gamma[:, None, None] ** (place - place[:, None])).tril()


@exercise.mistake
def steps_without_powers(gamma: Tensor, n: int) -> Tensor:
    """You multiply gamma by the number of steps; each step multiplies once more, so it is a power."""
    place = torch.arange(n)
    return (gamma[:, None, None] * (place[:, None] - place)).tril()


def unclamped(gamma: Tensor, n: int) -> Tensor:
    """gamma (H,) -> (H, n, n): gamma^(n-j), above the diagonal too."""
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place)


@exercise.mistake
def overflowing(gamma: Tensor, n: int) -> Tensor:
    """Your powers above the diagonal overflow, and inf times 0 is NaN: clamp the ages at 0 before you raise."""
    return unclamped(gamma, n) * torch.ones(n, n).tril()


@exercise.mistake
def overflowing_backward(gamma: Tensor, n: int) -> Tensor:
    """Your values are right, but the powers that you cut off overflow, so gamma's gradient is NaN: clamp ages at 0."""
    return unclamped(gamma, n).tril()


@exercise.mistake
def overflowing_without_self(gamma: Tensor, n: int) -> Tensor:
    """Your diagonal is 0, but a token also sees itself, j <= n. And clamp the ages at 0: powers above it overflow."""
    return unclamped(gamma, n) * torch.ones(n, n).tril(-1)


@exercise.mistake
def overflowing_anti_causal(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is transposed: rows are queries, columns keys. And clamp the ages at 0: powers below 0 overflow."""
    return (unclamped(gamma, n) * torch.ones(n, n).tril()).mT


@exercise.mistake
def overflowing_faded(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too high, for gamma^0 = 1 stands on the diagonal. And clamp ages at 0, or they overflow."""
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place + 1) * torch.ones(n, n).tril()


@exercise.mistake
def overflowing_on_keys(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the axis of the keys: give it two axes at its end. And clamp the ages at 0, or they overflow."""
    place = torch.arange(n)
    return gamma ** (place[:, None] - place) * torch.ones(n, n).tril()
