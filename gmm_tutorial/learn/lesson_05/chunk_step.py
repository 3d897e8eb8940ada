"""Exercise 05.chunk_step: the chunkwise form, one chunk."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import causal_decay
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_05.fading import faded
from gmm_tutorial.retention import retain


def powers(gamma: Tensor, exponents: Tensor) -> Tensor:
    """gamma (H,), exponents (L,) -> (H, L, 1): a factor for each place of a chunk, for queries, keys or values."""
    return (gamma[:, None] ** exponents)[..., None]


def chunk_parts(
    state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, *, xi: int = 1, zeta: int = -1, flip: bool = False
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What a chunk is made of: within it, from before it, what stays of the state, what goes into it.

    xi, zeta: what is added to the place, and to the length minus the place, in the exponents; flip: zeta reversed.
    """
    length = q.shape[2]
    place = torch.arange(length)
    keys = powers(gamma, length + zeta - (place.flip(0) if flip else place))
    within = retain(q, k, v, causal_decay(gamma, length))
    return within, (q @ state) * powers(gamma, place + xi), gamma[:, None, None] ** length * state, k.mT @ (v * keys)


def chunk_step(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """state (B, H, D, Dv), q, k (B, H, L, D), v (B, H, L, Dv), gamma (H,) -> new state, output (B, H, L, Dv)."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within + before


def chunk_cases() -> list[dict[str, Any]]:
    """Whole numbers and powers of a half; then several heads, chunks of other lengths, values of another length."""
    small = {
        "state": torch.tensor([[[[8.0]]]]),
        **{name: torch.tensor([[[[1.0], [2.0]]]]) for name in ("q", "k")},
        "v": torch.tensor([[[[4.0], [8.0]]]]),
        "gamma": torch.tensor([0.5]),
    }
    larger = [
        {
            "state": torch.randn(2, 2, 3, 4),
            **{name: torch.randn(2, 2, length, 3) for name in ("q", "k")},
            "v": torch.randn(2, 2, length, 4),
            "gamma": torch.tensor([0.9, 0.5]),
        }
        for length in (1, 5)
    ]
    return [small, *larger]


exercise = Exercise(
    "05.chunk_step",
    chunk_step,
    chunk_cases,
    unit="chunks",
    hints=(
        "The output has two parts: the parallel form on the chunk alone, and what each query reads from the old state, "
        "times its xi. The new state has two parts, too.",
        "xi and zeta are (H, L): a power of gamma for each head and place. With one more axis at the end they fit onto "
        "what is (B, H, L, ...).",
        "The outer products of a whole chunk, added up, are one matrix product: keys transposed, times the values, "
        "each of which was multiplied by its zeta before. Add that to the old state, faded by the chunk's length.",
    ),
)


@exercise.mistake
def carry_forgotten(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your queries do not read the state: all that came before the chunk is forgotten."""
    within, _, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within


@exercise.mistake
def chunk_left_out(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You leave out the chunk itself: within it queries and keys meet as in the parallel form."""
    _, before, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, before


@exercise.mistake
def state_replaced(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your new state holds this chunk only: the old one, faded, belongs into it as well."""
    within, before, _, new = chunk_parts(state, q, k, v, gamma)
    return new, within + before


@exercise.mistake
def faded_once(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your old state fades by a single step: a chunk of L tokens takes L steps, gamma^L."""
    within, before, _, new = chunk_parts(state, q, k, v, gamma)
    return faded(gamma, state) + new, within + before


@exercise.mistake
def state_not_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your old state goes on as it was: over a chunk of L tokens it fades by gamma^L."""
    within, before, _, new = chunk_parts(state, q, k, v, gamma)
    return state + new, within + before


@exercise.mistake
def xi_off_by_one(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your xi is off by one: the first query is already one step away from the old state, so xi_0 = gamma."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma, xi=0)
    return kept + new, within + before


@exercise.mistake
def no_xi(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your queries read the old state in full: by their time it has faded, so multiply what each reads by its xi."""
    within, _, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within + q @ state


@exercise.mistake
def zeta_off_by_one(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your zeta is off by one: the last key of a chunk has not faded at its end, its zeta is gamma^0 = 1."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma, zeta=0)
    return kept + new, within + before


@exercise.mistake
def zeta_reversed(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your zeta runs backwards: it is the *first* key of a chunk that has faded most at its end."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma, flip=True)
    return kept + new, within + before


@exercise.mistake
def no_zeta(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your keys go into the new state in full: each has faded until the end of the chunk, by its zeta."""
    within, before, kept, _ = chunk_parts(state, q, k, v, gamma)
    return kept + k.mT @ v, within + before


@exercise.mistake
def no_decay_within(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Within your chunk nothing fades: multiply its scores by the decay matrix."""
    _, before, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, retain(q, k, v, causal_decay(gamma**0, q.shape[2])) + before


@exercise.mistake
def reads_the_new_state(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your queries read the new state, which holds their own chunk: what came before the chunk is in the old one."""
    within, _, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within + chunk_parts(kept + new, q, k, v, gamma)[1]
