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
        "Do what the loop above does, in the same order: fade, add, read. Only the axes B and H are new.",
        "For many outer products at once, give k an axis of length 1 at its end and v one before its last, and "
        "multiply: broadcasting does the rest. gamma needs two axes of length 1 at its end.",
        "To read, turn each query into a matrix of one row, (B, H, 1, D), and multiply it by the new state. Then "
        "remove the extra axis.",
    ),
)


def updated(state: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Tensor:
    """The new state, (B, H, D, Dv)."""
    return faded(gamma, state) + outer(k, v)


@exercise.mistake
def not_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your state never fades: gamma is not used."""
    state = state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def gamma_on_values(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your gamma is on the last axis, but it belongs to the heads: give it two axes of length 1 at its end."""
    state = gamma * state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def gamma_on_keys_of_state(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your gamma is on the axis of the keys. It belongs to the heads, so give it two axes at its end, not one."""
    state = gamma[:, None] * state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def one_rate(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You use the gamma of the first head for all heads: each head has its own."""
    state = gamma[0] * state + outer(k, v)
    return state, read(q, state)


@exercise.mistake
def faded_after_reading(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You fade the state after the query has read it: fade first, then add what is new, then read."""
    state = state + outer(k, v)
    return faded(gamma, state), read(q, state)


@exercise.mistake
def new_faded_too(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You also fade what is new: only the old state fades, and the new token counts in full."""
    state = faded(gamma, state + outer(k, v))
    return state, read(q, state)


@exercise.mistake
def only_new_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You fade what is new and keep the old state in full: it must be the other way around."""
    state = state + faded(gamma, outer(k, v))
    return state, read(q, state)


@exercise.mistake
def swapped(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your outer product is swapped: the rows of the state belong to the channels of k, its columns to those of v."""
    state = faded(gamma, state) + outer(v, k)
    return state, read(q, state)


@exercise.mistake
def read_from_the_right(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query is on the wrong side of the state: it must meet the rows, where the keys are, so it comes first."""
    state = updated(state, k, v, gamma)
    return state, read(q, state.mT)


@exercise.mistake
def read_before_writing(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query reads before its own key and value are added: a token sees itself, so read the new state."""
    return updated(state, k, v, gamma), read(q, faded(gamma, state))


@exercise.mistake
def reads_what_came_in(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query reads the old state, neither faded nor with its own key and value: read the new state."""
    return updated(state, k, v, gamma), read(q, state)


@exercise.mistake
def moving_mean(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You multiply what is new by 1 - gamma, which gives a moving mean: in retention, new tokens count in full."""
    state = faded(gamma, state) + faded(1 - gamma, outer(k, v))
    return state, read(q, state)


@exercise.mistake
def images_summed(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You add the outer products of all images: each image has a state of its own."""
    state = faded(gamma, state) + outer(k, v).sum(0)
    return state, read(q, state)


@exercise.mistake
def first_image(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You add the outer product of the first image to the states of all images: each image adds its own."""
    state = faded(gamma, state) + outer(k, v)[:1]
    return state, read(q, state)
