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


@wrong("Your xi is one step short")
def xi_one_step_short(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=powers(gamma, torch.arange(q.shape[2])))


@wrong("Your zeta is one step too long")
def zeta_one_step_long(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, zeta=powers(gamma, torch.arange(q.shape[2], 0, -1)))


@wrong("Your old state is carried on as it was")
def old_state_not_faded(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=1)


@wrong("Your old state fades by a single step")
def old_state_faded_once(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=gamma[:, None, None])


@wrong("Your old state fades one step too few")
def old_state_one_step_short(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=gamma[:, None, None] ** (q.shape[2] - 1))


@wrong("Your queries do not read the state")
def state_not_read(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=0)


@wrong("You leave out the chunk itself")
def only_the_state_is_read(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, decay=0)


@wrong("Within your chunk nothing fades")
def no_decay_within(state, q, k, v, gamma):
    n = q.shape[2]
    return chunk(state, q, k, v, gamma, decay=torch.ones(n, n).tril())


@wrong("Within your chunk, queries also see keys after them")
def sees_ahead(state, q, k, v, gamma):
    place = torch.arange(q.shape[2])
    return chunk(state, q, k, v, gamma, decay=gamma[:, None, None] ** (place[:, None] - place).abs())


@wrong("Your decay matrix is transposed")
def decay_turned_round(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, decay=causal(gamma, q.shape[2]).mT)


@wrong("Your xi runs backward")
def xi_backwards(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=powers(gamma, torch.arange(q.shape[2], 0, -1)))


@wrong("Your zeta runs backward")
def zeta_backwards(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, zeta=powers(gamma, torch.arange(q.shape[2])))


@wrong("Your keys enter the new state in full")
def zeta_left_out(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, zeta=1)


@wrong("Your queries read the old state in full")
def xi_left_out(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=1)


@wrong("Your queries read the new state, which already holds their own chunk")
def reads_the_new_state(state, q, k, v, gamma):
    n = q.shape[2]
    new, _ = chunk(state, q, k, v, gamma)
    out = (q @ k.mT * causal(gamma, n)) @ v + (q @ new) * powers(gamma, torch.arange(1, n + 1))
    return new, out


@wrong("You use the xi of the first query for all")
def one_xi_for_all_places(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=gamma[:, None, None])


@wrong("You use the xi of the last query for all")
def one_xi_of_the_whole_chunk(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, xi=gamma[:, None, None] ** q.shape[2])


@wrong("divided by the square root of")
def over_root_of_channels(state, q, k, v, gamma):
    return chunk(state, q / q.shape[-1] ** 0.5, k, v, gamma)


@wrong("Both results are right, but in the other order")
def output_first(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma)[::-1]


@wrong("You change state in place, and the caller still needs it")
def state_in_place(state, q, k, v, gamma):
    new, out = chunk(state, q, k, v, gamma)
    state[:] = new
    return state, out


@wrong("You also use the faded values within the chunk")
def values_faded_within(state, q, k, v, gamma):
    n = q.shape[2]
    v = v * powers(gamma, torch.arange(n - 1, -1, -1))
    out = (q @ k.mT * causal(gamma, n)) @ v + (q @ state) * powers(gamma, torch.arange(1, n + 1))
    return gamma[:, None, None] ** n * state + k.mT @ v, out


@wrong("You use the gamma of the first head for all heads")
def first_rate_for_all(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma[:1].expand(len(gamma)))


@wrong("Your old state fades by gamma^D, with the number of channels")
def length_of_another_axis(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=gamma[:, None, None] ** q.shape[3])


@wrong("Your new state holds this chunk only")
def old_state_forgotten(state, q, k, v, gamma):
    return chunk(state, q, k, v, gamma, fade=0)


@wrong("You take the softmax of the scores")
def softmax_within(state, q, k, v, gamma):
    n = q.shape[2]
    new, _ = chunk(state, q, k, v, gamma)
    weights = (q @ k.mT).softmax(-1) * causal(gamma, n)
    return new, weights @ v + (q @ state) * powers(gamma, torch.arange(1, n + 1))


@wrong("chunk_step returned None")
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
