"""Answers to 05.chunk_step."""

import torch
from verdicts import right, wrong


def causal(gamma, n):
    age = torch.arange(n)[:, None] - torch.arange(n)
    return gamma[:, None, None] ** age.clamp(min=0) * (age >= 0)


def powers(gamma, exponents):
    return (gamma[:, None] ** exponents)[..., None]  # (H, L, 1)


def chunk(state, q, k, v, gamma, **other):
    """The right answer, with parts replaced."""
    n = q.shape[2]
    xi = other.get("xi", powers(gamma, torch.arange(1, n + 1)))
    zeta = other.get("zeta", powers(gamma, torch.arange(n - 1, -1, -1)))
    decay = other.get("decay", causal(gamma, n))
    fade = other.get("fade", gamma[:, None, None] ** n)
    out = (q @ k.mT * decay) @ v + (q @ state) * xi
    return fade * state + k.mT @ (v * zeta), out


@wrong("")
def xi_one_step_short(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=powers(gamma, torch.arange(q.shape[2])))


@wrong("")
def zeta_one_step_long(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, zeta=powers(gamma, torch.arange(q.shape[2], 0, -1)))


@wrong("")
def old_state_not_faded(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=1)


@wrong("")
def old_state_faded_once(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=gamma[:, None, None])


@wrong("")
def old_state_one_step_short(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=gamma[:, None, None] ** (q.shape[2] - 1))


@wrong("")
def state_not_read(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=0)


@wrong("")
def only_the_state_is_read(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, decay=0)


@wrong("")
def no_decay_within(state, q, k, v, gamma):
    n = q.shape[2]
    return chunk(state, q, k, v, gamma, decay=torch.ones(n, n).tril())


@wrong("")
def sees_ahead(state, q, k, v, gamma):
    place = torch.arange(q.shape[2])
    return chunk(state, q, k, v, gamma, decay=gamma[:, None, None] ** (place[:, None] - place).abs())


@wrong("")
def decay_turned_round(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, decay=causal(gamma, q.shape[2]).mT)


@wrong("")
def xi_backwards(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=powers(gamma, torch.arange(q.shape[2], 0, -1)))


@wrong("")
def zeta_backwards(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, zeta=powers(gamma, torch.arange(q.shape[2])))


@wrong("")
def zeta_left_out(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, zeta=1)


@wrong("")
def xi_left_out(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=1)


@wrong("")
def reads_the_new_state(state, q, k, v, gamma):
    n = q.shape[2]
    new, _ = chunk(state, q, k, v, gamma)
    out = (q @ k.mT * causal(gamma, n)) @ v + (q @ new) * powers(gamma, torch.arange(1, n + 1))
    return new, out


@wrong("")
def one_xi_for_all_places(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=gamma[:, None, None])


@wrong("")
def one_xi_of_the_whole_chunk(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=gamma[:, None, None] ** q.shape[2])


@wrong("")
def over_root_of_channels(state, q, k, v, gamma):
    return chunk(state, q / q.shape[-1] ** 0.5, k, v, gamma)


@wrong("")
def output_first(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma)[::-1]


@wrong("")
def state_in_place(state, q, k, v, gamma):
    new, out = chunk(state, q, k, v, gamma)
    state[:] = new
    return state, out


@wrong("")
def values_faded_within(state, q, k, v, gamma):
    n = q.shape[2]
    v = v * powers(gamma, torch.arange(n - 1, -1, -1))
    out = (q @ k.mT * causal(gamma, n)) @ v + (q @ state) * powers(gamma, torch.arange(1, n + 1))
    return gamma[:, None, None] ** n * state + k.mT @ v, out


@wrong("")
def first_rate_for_all(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma[:1].expand(len(gamma)))


@wrong("")
def length_of_another_axis(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=gamma[:, None, None] ** q.shape[3])


@wrong("")
def old_state_forgotten(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=0)


@wrong("")
def softmax_within(state, q, k, v, gamma):
    n = q.shape[2]
    new, _ = chunk(state, q, k, v, gamma)
    weights = (q @ k.mT).softmax(-1) * causal(gamma, n)
    return new, weights @ v + (q @ state) * powers(gamma, torch.arange(1, n + 1))


@wrong("")
def forgot_the_return(state, q, k, v, gamma):
    chunk(state, q, k, v, gamma)


@right
def step_by_step(state, q, k, v, gamma):
    out = []
    for i in range(q.shape[2]):
        state = gamma[:, None, None] * state + k[:, :, i, :, None] * v[:, :, i, None, :]
        out.append((q[:, :, i, None] @ state)[:, :, 0])
    return state, torch.stack(out, dim=2)


@right
def by_einsum(state, q, k, v, gamma):
    n = q.shape[2]
    i = torch.arange(n)
    out = torch.einsum("bhid,bhjd,hij,bhje->bhie", q, k, causal(gamma, n), v)
    out = out + torch.einsum("bhid,hi,bhde->bhie", q, gamma[:, None] ** (i + 1), state)
    new = torch.einsum("bhjd,hj,bhje->bhde", k, gamma[:, None] ** (n - 1 - i), v)
    return new + torch.einsum("h,bhde->bhde", gamma**n, state), out


@right
def last_row_of_the_decay(state, q, k, v, gamma):
    decay = causal(gamma, q.shape[2])
    return chunk(state, q, k, v, gamma, zeta=decay[:, -1, :, None], decay=decay)


@right
def in_double(state, q, k, v, gamma):
    return chunk(*(x.double() for x in (state, q, k, v, gamma)))
