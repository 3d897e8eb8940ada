"""Checks of lesson 05: the matrix of a decay, retention a token and a chunk at a time, both sides, half-distances."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.decay import causal_decay, half_distance
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.manhattan import decay_scan
from gmm_tutorial.retention import retain

# ---- 05.decay_matrix: what is left of each key for each query


def decay_cases() -> list[dict[str, Any]]:
    """One decay to be read by eye, then as many heads as tokens, so that gamma on a wrong axis still runs.

    In the last one a negative age is too much for float32: 0.01^-23 is 10^46.
    """
    made = [([0.5], 3), ([0.5, 1.0, 0.25], 3), ([0.9, 0.75, 0.2, 0.6, 1.0], 5), ([0.01], 24)]
    return [{"gamma": torch.tensor(gamma), "n": n} for gamma, n in made]


matrix = Exercise(
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


@matrix.mistake
def anti_causal(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is transposed: it looks into the future. Rows are queries, columns keys, and a key comes first."""
    return causal_decay(gamma, n).mT


@matrix.mistake
def to_both_sides(gamma: Tensor, n: int) -> Tensor:
    """Your decay goes to both sides: you take the distance. A key that comes after its query counts 0 here."""
    return causal_decay(gamma, n) + causal_decay(gamma, n).mT.triu(1)


@matrix.mistake
def not_masked(gamma: Tensor, n: int) -> Tensor:
    """Your matrix grows above the diagonal, where n - j is negative: keys after the query need a 0."""
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place)


@matrix.mistake
def clamped_only(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is 1 above the diagonal: clamped ages are safe powers, but keys after the query still need a 0."""
    return causal_decay(gamma, n) + torch.ones(n, n).triu(1)


@matrix.mistake
def already_faded(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too high: a token sees itself in full, gamma^0 = 1 stands on the diagonal."""
    return causal_decay(gamma, n) * gamma[:, None, None]


@matrix.mistake
def self_left_out(gamma: Tensor, n: int) -> Tensor:
    """Your diagonal is 0: a token also sees itself, so the condition is j <= n and not j < n."""
    return causal_decay(gamma, n).tril(-1)


@matrix.mistake
def heads_last(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the wrong axis: the heads come last, (n, n, H). They are the first axis, (H, n, n)."""
    return causal_decay(gamma, n).permute(1, 2, 0)


@matrix.mistake
def gamma_on_keys(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the wrong axis, that of the keys. Each head has its own matrix: give it two axes at its end."""
    place = torch.arange(n)
    return gamma ** (place[:, None] - place).clamp(min=0) * (place[:, None] >= place)


@matrix.mistake
def growing(gamma: Tensor, n: int) -> Tensor:
    """Your weights grow with age: the power is query minus key, which is not negative below the diagonal."""
    place = torch.arange(n)
    return (gamma[:, None, None] ** (place - place[:, None])).tril()


@matrix.mistake
def steps_without_powers(gamma: Tensor, n: int) -> Tensor:
    """You multiply gamma by the number of steps; each step multiplies once more, so it is a power."""
    place = torch.arange(n)
    return (gamma[:, None, None] * (place[:, None] - place)).tril()


def unclamped(gamma: Tensor, n: int) -> Tensor:
    """gamma (H,) -> (H, n, n): gamma^(n-j), above the diagonal too."""
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place)


@matrix.mistake
def overflowing(gamma: Tensor, n: int) -> Tensor:
    """Your powers above the diagonal overflow, and inf times 0 is NaN: clamp the ages at 0 before you raise."""
    return unclamped(gamma, n) * torch.ones(n, n).tril()


@matrix.mistake
def overflowing_backward(gamma: Tensor, n: int) -> Tensor:
    """Your values are right, but the powers that you cut off overflow, so gamma's gradient is NaN: clamp ages at 0."""
    return unclamped(gamma, n).tril()


@matrix.mistake
def overflowing_without_self(gamma: Tensor, n: int) -> Tensor:
    """Your diagonal is 0, but a token also sees itself, j <= n. And clamp the ages at 0: powers above it overflow."""
    return unclamped(gamma, n) * torch.ones(n, n).tril(-1)


@matrix.mistake
def overflowing_anti_causal(gamma: Tensor, n: int) -> Tensor:
    """Your matrix is transposed: rows are queries, columns keys. And clamp the ages at 0: powers below 0 overflow."""
    return (unclamped(gamma, n) * torch.ones(n, n).tril()).mT


@matrix.mistake
def overflowing_faded(gamma: Tensor, n: int) -> Tensor:
    """Your powers are one too high, for gamma^0 = 1 stands on the diagonal. And clamp ages at 0, or they overflow."""
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place + 1) * torch.ones(n, n).tril()


@matrix.mistake
def overflowing_on_keys(gamma: Tensor, n: int) -> Tensor:
    """Your gamma is on the axis of the keys: give it two axes at its end. And clamp the ages at 0, or they overflow."""
    place = torch.arange(n)
    return gamma ** (place[:, None] - place) * torch.ones(n, n).tril()


# ---- 05.step: the recurrent form, one token


def outer(k: Tensor, v: Tensor) -> Tensor:
    """k (..., D), v (..., Dv) -> (..., D, Dv)."""
    return k[..., :, None] * v[..., None, :]


def read(q: Tensor, state: Tensor) -> Tensor:
    """q (..., D), state (..., D, Dv) -> (..., Dv)."""
    return (q[..., None, :] @ state).squeeze(-2)


def faded(gamma: Tensor, state: Tensor) -> Tensor:
    """gamma (H,), state (B, H, D, Dv) -> (B, H, D, Dv), one step later."""
    return gamma[:, None, None] * state


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


one_step = Exercise(
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


@one_step.mistake
def not_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your state never fades: gamma is not used."""
    state = state + outer(k, v)
    return state, read(q, state)


@one_step.mistake
def gamma_on_values(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your gamma is on the wrong axis, the last one: it belongs to the heads, so give it two axes at its end."""
    state = gamma * state + outer(k, v)
    return state, read(q, state)


@one_step.mistake
def gamma_on_keys_of_state(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your gamma is on the axis of the keys: with one new axis it is one too far right. Give it two at its end."""
    state = gamma[:, None] * state + outer(k, v)
    return state, read(q, state)


@one_step.mistake
def faded_after_reading(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You fade the state after the query has read it: fade first, then add what is new, then read."""
    state = state + outer(k, v)
    return faded(gamma, state), read(q, state)


@one_step.mistake
def new_faded_too(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You fade what is new, too: only the old state fades, and the token itself counts in full."""
    state = faded(gamma, state + outer(k, v))
    return state, read(q, state)


@one_step.mistake
def swapped(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your outer product is swapped: keys run along the rows of the state, values along its columns."""
    state = faded(gamma, state) + outer(v, k)
    return state, read(q, state)


@one_step.mistake
def read_from_the_right(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query stands on the wrong side: it meets the rows of the state, where the keys are, so it comes first."""
    state = faded(gamma, state) + outer(k, v)
    return state, read(q, state.mT)


@one_step.mistake
def read_before_writing(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query reads before its own key is written: a token sees itself, so read the new state."""
    return faded(gamma, state) + outer(k, v), read(q, faded(gamma, state))


@one_step.mistake
def reads_what_came_in(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your query reads the state as it came in, neither faded nor with its own key: read the new state."""
    return faded(gamma, state) + outer(k, v), read(q, state)


@one_step.mistake
def moving_mean(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You weigh what is new by 1 - gamma, which makes a moving mean. Retention is a sum: what is new counts in full."""
    state = faded(gamma, state) + faded(1 - gamma, outer(k, v))
    return state, read(q, state)


# ---- 05.chunk_step: the chunkwise form, one chunk


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


one_chunk = Exercise(
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


@one_chunk.mistake
def carry_forgotten(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your queries do not read the state: all that came before the chunk is forgotten."""
    within, _, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within


@one_chunk.mistake
def chunk_left_out(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """You leave out the chunk itself: within it queries and keys meet as in the parallel form."""
    _, before, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, before


@one_chunk.mistake
def state_replaced(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your new state holds this chunk only: the old one, faded, belongs into it as well."""
    within, before, _, new = chunk_parts(state, q, k, v, gamma)
    return new, within + before


@one_chunk.mistake
def faded_once(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your old state fades by a single step: a chunk of L tokens takes L steps, gamma^L."""
    within, before, _, new = chunk_parts(state, q, k, v, gamma)
    return faded(gamma, state) + new, within + before


@one_chunk.mistake
def state_not_faded(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your old state goes on as it was: over a chunk of L tokens it fades by gamma^L."""
    within, before, _, new = chunk_parts(state, q, k, v, gamma)
    return state + new, within + before


@one_chunk.mistake
def xi_off_by_one(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your xi is off by one: the first query is already one step away from the old state, so xi_0 = gamma."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma, xi=0)
    return kept + new, within + before


@one_chunk.mistake
def no_xi(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your queries read the old state in full: by their time it has faded, so multiply what each reads by its xi."""
    within, _, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within + q @ state


@one_chunk.mistake
def zeta_off_by_one(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your zeta is off by one: the last key of a chunk has not faded at its end, its zeta is gamma^0 = 1."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma, zeta=0)
    return kept + new, within + before


@one_chunk.mistake
def zeta_reversed(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your zeta runs backwards: it is the *first* key of a chunk that has faded most at its end."""
    within, before, kept, new = chunk_parts(state, q, k, v, gamma, flip=True)
    return kept + new, within + before


@one_chunk.mistake
def no_zeta(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your keys go into the new state in full: each has faded until the end of the chunk, by its zeta."""
    within, before, kept, _ = chunk_parts(state, q, k, v, gamma)
    return kept + k.mT @ v, within + before


@one_chunk.mistake
def no_decay_within(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Within your chunk nothing fades: multiply its scores by the decay matrix."""
    _, before, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, retain(q, k, v, causal_decay(gamma**0, q.shape[2])) + before


@one_chunk.mistake
def reads_the_new_state(state: Tensor, q: Tensor, k: Tensor, v: Tensor, gamma: Tensor) -> tuple[Tensor, Tensor]:
    """Your queries read the new state, which holds their own chunk: what came before the chunk is in the old one."""
    within, _, kept, new = chunk_parts(state, q, k, v, gamma)
    return kept + new, within + chunk_parts(kept + new, q, k, v, gamma)[1]


# ---- 05.half_distance: after how many steps half is gone


def half_distance_cases() -> list[dict[str, Any]]:
    """Rates whose answers are known by heart, then others."""
    return [{"gamma": torch.tensor(gamma)} for gamma in ([0.5, 0.25], [0.75, 0.9], [0.99, 0.1, 0.6])]


halving = Exercise(
    "05.half_distance",
    half_distance,
    half_distance_cases,
    unit="sets of rates",
    hints=(
        "Take the logarithm of both sides: a power becomes a product.",
        "d times the logarithm of gamma is the logarithm of one half. Both logarithms are negative.",
    ),
)


@halving.mistake
def upside_down(gamma: Tensor) -> Tensor:
    """Your fraction is upside down: a gamma close to 1 must reach far, so its small logarithm stands below."""
    return 1 / half_distance(gamma)


@halving.mistake
def negative(gamma: Tensor) -> Tensor:
    """Your distances are negative: the logarithm of 1/2 is, too, and one minus takes away the other."""
    return -half_distance(gamma)


@halving.mistake
def e_folding(gamma: Tensor) -> Tensor:
    """That is the distance at which 1/e is left, about 37 %: the logarithm of 2 is missing."""
    return -1 / gamma.log()


@halving.mistake
def mean_reach(gamma: Tensor) -> Tensor:
    """That is 1 / (1 - gamma), the sum of all weights: of the same size, but not where half is left."""
    return 1 / (1 - gamma)


@halving.mistake
def power_of_half(gamma: Tensor) -> Tensor:
    """You computed what is left after half a step. Asked is for the number of steps after which a half is left."""
    return gamma**0.5


# ---- 05.both_sides: a decay to the left and to the right, by two running sums


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


sides = Exercise(
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


@sides.mistake
def self_twice(x: Tensor, gamma: Tensor) -> Tensor:
    """Each token counts itself twice, once in each running sum: take it away once."""
    return from_left(x, gamma) + from_right(x, gamma)


@sides.mistake
def self_never(x: Tensor, gamma: Tensor) -> Tensor:
    """You took the token itself away twice: it should count once, in full."""
    return from_left(x, gamma) + from_right(x, gamma) - 2 * x


@sides.mistake
def one_side(x: Tensor, gamma: Tensor) -> Tensor:
    """Your decay goes to one side only: add a running sum from the other end."""
    return from_left(x, gamma)


@sides.mistake
def not_flipped_back(x: Tensor, gamma: Tensor) -> Tensor:
    """Your second sum stands in reverse order: flip it back before you add it."""
    return from_left(x, gamma) + from_right(x, gamma).flip(2) - x


@sides.mistake
def one_after_the_other(x: Tensor, gamma: Tensor) -> Tensor:
    """You let the second sum run over the result of the first. Both start from x, and are then added."""
    return from_right(from_left(x, gamma), gamma)


@sides.mistake
def never_flipped(x: Tensor, gamma: Tensor) -> Tensor:
    """Both of your sums come from the left: flip the tokens for the second."""
    return 2 * from_left(x, gamma) - x


EXERCISES = (matrix, one_step, one_chunk, halving, sides)
