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
        "On and below the diagonal, the answer is a power with that table as the exponent. Above it, the answer is 0.",
        "Give gamma two axes of length 1 at its end, so that each head is raised to the whole table, and multiply by "
        "whether the age is at least 0. To avoid an overflow, let no age below 0 into the power.",
    ),
)


def ages(n: int) -> Tensor:
    """Query minus key, (n, n)."""
    return torch.arange(n)[:, None] - torch.arange(n)


def power(gamma: Tensor, exponents: Tensor) -> Tensor:
    """gamma (H,), exponents (n, n) -> (H, n, n)."""
    return gamma[:, None, None] ** exponents


@exercise.mistake
def anti_causal(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is transposed: it looks into the future. Rows are queries, columns are keys, and keys come first."""
    return causal_decay(gamma, n).mT


@exercise.mistake
def to_both_sides(gamma: Tensor, n: int) -> Tensor:
    """Your decay goes to both sides because you use the distance. A key that comes after its query must get 0."""
    return power(gamma, ages(n).abs())


@exercise.mistake
def not_masked(gamma: Tensor, n: int) -> Tensor:
    """Your matrix grows above the diagonal, where a - b is negative: keys after the query must get 0."""
    return power(gamma, ages(n))


@exercise.mistake
def clamped_only(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is 1 above the diagonal: clamping avoids the overflow, but keys after the query must get 0."""
    return power(gamma, ages(n).clamp(min=0))


@exercise.mistake
def minus_infinity(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is -inf above the diagonal, as for scores before a softmax. Here the weights must be 0."""
    return causal_decay(gamma, n).masked_fill(ages(n) < 0, -torch.inf)


@exercise.mistake
def already_faded(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too high: a token sees itself in full, so gamma^0 = 1 is on the diagonal."""
    return causal_decay(gamma, n) * gamma[:, None, None]


@exercise.mistake
def fades_too_late(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too low below the diagonal: the token right before the query is one step away."""
    return power(gamma, (ages(n) - 1).clamp(min=0)).tril()


@exercise.mistake
def self_left_out(gamma: Tensor, n: int) -> Tensor:
    """Your diagonal is 0: a token also sees itself, so the condition is b <= a and not b < a."""
    return causal_decay(gamma, n).tril(-1)


@exercise.mistake
def heads_last(gamma: Tensor, n: int) -> Tensor:
    """Your heads are on the last axis, (n, n, H): they must be on the first, (H, n, n)."""
    return causal_decay(gamma, n).permute(1, 2, 0)


@exercise.mistake
def gamma_on_keys(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the axis of the keys. It belongs to the heads: give it two axes of length 1 at its end."""
    return gamma ** ages(n).clamp(min=0) * (ages(n) >= 0)


@exercise.mistake
def one_rate(gamma: Tensor, n: int) -> Tensor:
    """You use the gamma of the first head for all heads: each head has its own."""
    return causal_decay(gamma[:1].expand(len(gamma)), n)


@exercise.mistake
def growing(gamma: Tensor, n: int) -> Tensor:
    """Your weights grow with age: the exponent is query minus key, which is positive below the diagonal."""
    return power(gamma, -ages(n)).tril()


@exercise.mistake
def steps_without_powers(gamma: Tensor, n: int) -> Tensor:
    """You multiply gamma by the number of steps, but every step multiplies by gamma once more: take the power."""
    return (gamma[:, None, None] * ages(n)).tril()


@exercise.mistake
def gamma_once(gamma: Tensor, n: int) -> Tensor:
    """Your weights do not depend on age: gamma must be raised to the power a - b."""
    return causal_decay(gamma**0, n) * gamma[:, None, None]


@exercise.mistake
def base_and_exponent(gamma: Tensor, n: int) -> Tensor:
    """You raise the age to the power gamma: it is gamma that is raised to the power of the age."""
    return (ages(n).clamp(min=0) ** gamma[:, None, None]).tril()


@exercise.mistake
def exponential(gamma: Tensor, n: int) -> Tensor:
    """You compute exp(-gamma * age), in which a larger gamma fades faster: expected is gamma to the power age."""
    return torch.exp(-gamma[:, None, None] * ages(n)).tril()


@exercise.mistake
def what_is_lost(gamma: Tensor, n: int) -> Tensor:
    """You use powers of 1 - gamma, the share that is lost at a step: gamma is the share that is left."""
    return power(1 - gamma, ages(n).clamp(min=0)).tril()


@exercise.mistake
def age_at_the_end(gamma: Tensor, n: int) -> Tensor:
    """Your age is counted from the last token for all queries: it is the query's place minus the key's, a - b."""
    return power(gamma, n - 1 - torch.arange(n).expand(n, n)).tril()


@exercise.mistake
def age_of_the_query(gamma: Tensor, n: int) -> Tensor:
    """Your exponent is the query's place alone: it must be the query's place minus the key's, a - b."""
    return power(gamma, torch.arange(n)[:, None].expand(n, n)).tril()


@exercise.mistake
def squared_age(gamma: Tensor, n: int) -> Tensor:
    """You square the age: every step must take away the same share, so the exponent is a - b itself."""
    return power(gamma, ages(n).square()).tril()


@exercise.mistake
def overflowing(gamma: Tensor, n: int) -> Tensor:
    """Your powers above the diagonal overflow, and inf times 0 is NaN: clamp the ages at 0 first."""
    return power(gamma, ages(n)) * torch.ones(n, n).tril()


@exercise.mistake
def overflowing_backward(gamma: Tensor, n: int) -> Tensor:
    """Your values are right, but powers that you cut off overflow, so gamma's gradient is NaN: clamp the ages at 0."""
    return power(gamma, ages(n)).tril()


@exercise.mistake
def overflowing_without_self(gamma: Tensor, n: int) -> Tensor:
    """Your diagonal is 0, but a token also sees itself, b <= a. Also clamp the ages at 0, or powers overflow."""
    return power(gamma, ages(n)) * torch.ones(n, n).tril(-1)


@exercise.mistake
def overflowing_anti_causal(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is transposed: rows are queries, columns are keys. Also clamp the ages at 0, or powers overflow."""
    return (power(gamma, ages(n)) * torch.ones(n, n).tril()).mT


@exercise.mistake
def overflowing_faded(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too high: gamma^0 = 1 is on the diagonal. Also clamp the ages at 0, or powers overflow."""
    return power(gamma, ages(n) + 1) * torch.ones(n, n).tril()


@exercise.mistake
def overflowing_on_keys(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the axis of the keys: give it two axes at its end. Also clamp ages at 0, or powers overflow."""
    return gamma ** ages(n) * torch.ones(n, n).tril()
