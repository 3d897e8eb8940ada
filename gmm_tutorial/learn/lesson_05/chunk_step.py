"""Exercise 05.chunk_step: the chunkwise form, one chunk."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import axis_distances, causal_decay
from gmm_tutorial.learn.exercise import Exercise

Pair = tuple[Tensor, Tensor]
ZERO, ONE = torch.tensor(0.0), torch.tensor(1.0)


def places(q: Tensor) -> Tensor:
    """q (B, H, L, D) -> (L,): the place of each token in its chunk."""
    return torch.arange(q.shape[2])


def powers(gamma: Tensor, exponents: Tensor) -> Tensor:
    """gamma (H,), exponents (L,) -> (H, L, 1): a factor for each place of a chunk, for queries, keys or values."""
    return (gamma[:, None] ** exponents)[..., None]


def chunk_with(
    state: Tensor,
    q: Tensor,
    k: Tensor,
    v: Tensor,
    gamma: Tensor,
    *,
    xi: Tensor | None = None,
    zeta: Tensor | None = None,
    fade: Tensor | None = None,
    decay: Tensor | None = None,
) -> Pair:
    """One chunk, in which any of the four factors can be replaced."""
    length = q.shape[2]
    xi = powers(gamma, places(q) + 1) if xi is None else xi
    zeta = powers(gamma, length - 1 - places(q)) if zeta is None else zeta
    fade = gamma[:, None, None] ** length if fade is None else fade
    decay = causal_decay(gamma, length) if decay is None else decay
    return fade * state + k.mT @ (v * zeta), (q @ k.mT * decay) @ v + (q @ state) * xi


def chunk_step(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """state (B, H, D, Dv), q, k (B, H, L, D), v (B, H, L, Dv), gamma (H,) -> new state, output (B, H, L, Dv)."""
    return chunk_with(state, q, k, v, gamma)


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
        "Try it with numbers first: a chunk of three tokens, gamma = 1/2. By how much has the old state faded when the "
        "first of them reads it? By how much has the first of them faded when the chunk is over?",
        "The output has two parts: the parallel form within the chunk, and what each query reads from the old state, "
        "times a factor that depends on its place. The new state has two parts as well.",
        "The factors are (H, L): a power of gamma for each head and place. With one more axis at the end they fit what "
        "is (B, H, L, ...).",
        "The sum of the outer products of a whole chunk is one matrix product: the transposed keys times the values, "
        "where each value is first multiplied by the factor of its place.",
    ),
)


@exercise.mistake
def carry_forgotten(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your queries do not read the state, so everything before the chunk is forgotten."""
    return chunk_with(state, q, k, v, gamma, xi=ZERO)


@exercise.mistake
def chunk_left_out(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """You leave out the chunk itself: within it, queries and keys meet as in the parallel form."""
    return chunk_with(state, q, k, v, gamma, decay=ZERO)


@exercise.mistake
def state_replaced(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your new state holds this chunk only: the old state, faded, belongs in it as well."""
    return chunk_with(state, q, k, v, gamma, fade=ZERO)


@exercise.mistake
def state_not_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your old state is carried on as it was: over a chunk of L tokens it must fade by gamma^L."""
    return chunk_with(state, q, k, v, gamma, fade=ONE)


@exercise.mistake
def faded_once(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your old state fades by a single step: a chunk of L tokens takes L steps, gamma^L."""
    return chunk_with(state, q, k, v, gamma, fade=gamma[:, None, None])


@exercise.mistake
def faded_one_short(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your old state fades one step too few: a chunk of L tokens takes L steps, gamma^L and not gamma^(L-1)."""
    return chunk_with(state, q, k, v, gamma, fade=gamma[:, None, None] ** (q.shape[2] - 1))


@exercise.mistake
def faded_by_channels(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your old state fades by gamma^D, with the number of channels: L is the number of tokens, axis 2 of q."""
    return chunk_with(state, q, k, v, gamma, fade=gamma[:, None, None] ** q.shape[3])


@exercise.mistake
def xi_off_by_one(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your xi is one step short: the first query of a chunk is one step after the old state, so xi_0 = gamma."""
    return chunk_with(state, q, k, v, gamma, xi=powers(gamma, places(q)))


@exercise.mistake
def no_xi(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your queries read the old state in full: until they read, it has faded, so multiply what each reads by its xi."""
    return chunk_with(state, q, k, v, gamma, xi=ONE)


@exercise.mistake
def xi_reversed(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your xi runs backward: the state has faded most for the last query of a chunk, not for the first."""
    return chunk_with(state, q, k, v, gamma, xi=powers(gamma, q.shape[2] - places(q)))


@exercise.mistake
def one_xi(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """You use the xi of the first query for all: each later query reads a state that has faded one step more."""
    return chunk_with(state, q, k, v, gamma, xi=gamma[:, None, None])


@exercise.mistake
def xi_of_the_end(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """You use the xi of the last query for all: when an earlier query reads, the state has faded less."""
    return chunk_with(state, q, k, v, gamma, xi=gamma[:, None, None] ** q.shape[2])


@exercise.mistake
def zeta_off_by_one(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your zeta is one step too long: the last key of a chunk has not faded at its end, so its zeta is gamma^0 = 1."""
    return chunk_with(state, q, k, v, gamma, zeta=powers(gamma, q.shape[2] - places(q)))


@exercise.mistake
def zeta_reversed(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your zeta runs backward: the *first* key of a chunk has faded most at its end."""
    return chunk_with(state, q, k, v, gamma, zeta=powers(gamma, places(q)))


@exercise.mistake
def no_zeta(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your keys enter the new state in full: each must fade until the end of the chunk, by its zeta."""
    return chunk_with(state, q, k, v, gamma, zeta=ONE)


@exercise.mistake
def no_decay_within(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Within your chunk nothing fades: multiply its scores by the decay matrix."""
    return chunk_with(state, q, k, v, gamma, decay=causal_decay(gamma**0, q.shape[2]))


@exercise.mistake
def sees_ahead(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Within your chunk, queries also see keys after them: the decay matrix must be 0 there."""
    return chunk_with(state, q, k, v, gamma, decay=gamma[:, None, None] ** axis_distances(q.shape[2]))


@exercise.mistake
def decay_transposed(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your decay matrix is transposed: its rows are queries, so it is 0 above the diagonal."""
    return chunk_with(state, q, k, v, gamma, decay=causal_decay(gamma, q.shape[2]).mT)


@exercise.mistake
def reads_the_new_state(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """Your queries read the new state, which already holds their own chunk: read the old state."""
    new, _ = chunk_with(state, q, k, v, gamma)
    return new, chunk_with(new, q, k, v, gamma)[1]


@exercise.mistake
def values_faded_within(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """You also use the faded values within the chunk: there, the decay matrix alone says how much has faded."""
    new, _ = chunk_with(state, q, k, v, gamma)
    return new, chunk_with(state, q, k, v * powers(gamma, q.shape[2] - 1 - places(q)), gamma)[1]


@exercise.mistake
def softmax_within(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """You take the softmax of the scores: retention has none."""
    new, _ = chunk_with(state, q, k, v, gamma)
    decay = causal_decay(gamma, q.shape[2])
    return new, (q @ k.mT).softmax(-1) * decay @ v + (q @ state) * powers(gamma, places(q) + 1)


@exercise.mistake
def one_rate(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> Pair:
    """You use the gamma of the first head for all heads: each head has its own."""
    return chunk_with(state, q, k, v, gamma[:1].expand(len(gamma)))
