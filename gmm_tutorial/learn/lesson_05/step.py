"""Exercise 05.step: the recurrent form, one token."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_05.fading import faded


def outer(k: Tensor, v: Tensor) -> Tensor:
    """k (..., D), v (..., Dv) -> (..., D, Dv)."""
    return k[..., :, None] * v[..., None, :]


def read(q: Tensor, state: Tensor) -> Tensor:
    """q (..., D), state (..., D, Dv) -> (..., Dv)."""
    return (q[..., None, :] @ state).squeeze(-2)


def step(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """state (B, H, D, Dv), q, k (B, H, D), v (B, H, Dv), gamma (H,) -> the new state, the output (B, H, Dv)."""
    state = faded(gamma, state) + outer(k, v)
    return state, read(q, state)


def step_cases() -> list[dict[str, Any]]:
    """Whole numbers first. H = D = Dv, so that what is swapped or on a wrong axis runs and is told by numbers."""
    small = {
        "state": torch.tensor([[[[4.0, 0.0], [2.0, 8.0]]]]),
        "q": torch.tensor([[[1.0, 2.0]]]),
        "k": torch.tensor([[[1.0, 0.0]]]),
        "v": torch.tensor([[[3.0, 5.0]]]),
        "gamma": torch.tensor([0.5]),
    }
    larger = {
        "state": torch.randn(2, 3, 3, 3),
        **{name: torch.randn(2, 3, 3) for name in ("q", "k", "v")},
        "gamma": torch.tensor([0.9, 0.5, 1.0]),
    }
    return [small, larger]


exercise = Exercise(
    "05.step",
    step,
    step_cases,
    unit="states",
    hints=(
        "Three things that the loop above does, in the same order: fade, add, read. Only the axes B and H are new.",
        "An outer product for many keys at once: give k an axis of length 1 at its end, v one before its last, "
        "multiply, and broadcasting does the rest. gamma needs two axes at its end.",
        "To read, make of each query a matrix of one row, (B, H, 1, D), multiply it by the new state, and take the "
        "extra axis away.",
    ),
)


@exercise.mistake
def not_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your state never fades: gamma is not used."""
    state = state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def gamma_on_values(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your gamma is on the wrong axis, the last one: it belongs to the heads, so give it two axes at its end."""
    state = gamma * state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def gamma_on_keys_of_state(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your gamma is on the axis of the keys: with one new axis it is one too far right. Give it two at its end."""
    state = gamma[:, None] * state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def faded_after_reading(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You fade the state after the query has read it: fade first, then add what is new, then read."""
    state = state + outer(k, v)
    return faded(gamma, state), read(q, state)


@exercise.mistake
def new_faded_too(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You fade what is new, too: only the old state fades, and the token itself counts in full."""
    state = faded(gamma, state + outer(k, v))
    return state, read(q, state)


@exercise.mistake
def swapped(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your outer product is swapped: keys run along the rows of the state, values along its columns."""
    state = faded(gamma, state) + outer(v, k)
    return state, read(q, state)


@exercise.mistake
def read_from_the_right(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query stands on the wrong side: it meets the rows of the state, where the keys are, so it comes first."""
    state = faded(gamma, state) + outer(k, v)
    return state, read(q, state.mT)


@exercise.mistake
def read_before_writing(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query reads before its own key is written: a token sees itself, so read the new state."""
    return faded(gamma, state) + outer(k, v), read(q, faded(gamma, state))


@exercise.mistake
def reads_what_came_in(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query reads the state as it came in, neither faded nor with its own key: read the new state."""
    return faded(gamma, state) + outer(k, v), read(q, state)


@exercise.mistake
def moving_mean(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You weigh what is new by 1 - gamma, which makes a moving mean. Retention is a sum: what is new counts in full."""
    state = faded(gamma, state) + faded(1 - gamma, outer(k, v))
    return state, read(q, state)
