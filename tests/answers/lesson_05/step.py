"""Answers to 05.step."""

import torch
from verdicts import right, wrong


def faded(state, gamma):
    return gamma[:, None, None] * state


def outer(k, v):
    return k[..., :, None] * v[..., None, :]


def read(q, state):
    return (q[..., None, :] @ state).squeeze(-2)


@wrong("Both results are right, but in the other order")
def output_first(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)
    return read(q, state), state


@wrong("Your query reads the old state, neither faded nor with its own key and value")
def reads_the_old_state(state, q, k, v, gamma):
    return faded(state, gamma) + outer(k, v), read(q, state)


@wrong("Your query reads before its own key and value are added")
def reads_before_adding(state, q, k, v, gamma):
    state = faded(state, gamma)
    return state + outer(k, v), read(q, state)


@wrong("You also fade what is new")
def fades_the_new_too(state, q, k, v, gamma):
    state = faded(state + outer(k, v), gamma)
    return state, read(q, state)


@wrong("Your state never fades")
def never_fades(state, q, k, v, gamma):
    state = state + outer(k, v)
    return state, read(q, state)


@wrong("You fade what is new and keep the old state in full")
def fades_only_the_new(state, q, k, v, gamma):
    state = state + faded(outer(k, v), gamma)
    return state, read(q, state)


@wrong("You multiply what is new by 1 - gamma, which gives a moving mean")
def moving_average(state, q, k, v, gamma):
    state = faded(state, gamma) + faded(outer(k, v), 1 - gamma)
    return state, read(q, state)


@wrong("Your outer product is swapped")
def outer_turned_round(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(v, k)
    return state, read(q, state)


@wrong("Your gamma is on the last axis, but it belongs to the heads")
def gamma_on_the_last_axis(state, q, k, v, gamma):
    state = gamma * state + outer(k, v)
    return state, read(q, state)


@wrong("Your gamma is on the axis of the keys")
def gamma_on_the_channels(state, q, k, v, gamma):
    state = gamma[:, None] * state + outer(k, v)
    return state, read(q, state)


@wrong("divided by the square root of")
def over_root_of_channels(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)
    return state, read(q, state) / q.shape[-1] ** 0.5


@wrong("It returns a float32 tensor")
def only_the_output(state, q, k, v, gamma):
    return read(q, faded(state, gamma) + outer(k, v))


@wrong("You change state in place, and the caller still needs it")
def state_in_place(state, q, k, v, gamma):
    state *= gamma[:, None, None]
    state += outer(k, v)
    return state, read(q, state)


@wrong("when `k` is used in place of `q`")
def read_by_the_key(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)
    return state, read(k, state)


@wrong("when `q` and `k` change places")
def query_in_the_state(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(q, v)
    return state, read(k, state)


@wrong("You add the outer product of the first image to the states of all images")
def first_image_for_all(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)[:1]
    return state, read(q, state)


@wrong("You add the outer products of all images")
def images_summed(state, q, k, v, gamma):
    state = faded(state, gamma) + torch.einsum("bhd,bhe->hde", k, v)
    return state, read(q, state)


@wrong("but the shape is not")
def axis_left_over(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)
    return state, q[..., None, :] @ state


@wrong("You use the gamma of the first head for all heads")
def first_rate_for_all(state, q, k, v, gamma):
    state = gamma[0] * state + outer(k, v)
    return state, read(q, state)


@wrong("when `gamma` is squared")
def fades_twice(state, q, k, v, gamma):
    new = faded(state, gamma) + outer(k, v)
    return new, read(q, faded(state, gamma**2) + outer(k, v))


@wrong("it is `state` itself")
def state_not_updated(state, q, k, v, gamma):
    return state, read(q, faded(state, gamma) + outer(k, v))


@wrong("divided by `state.shape[-1]`")
def entry_by_entry(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)
    return state, (q[..., None] * state).mean(-2)


@wrong("values differ")
def softmax_of_the_key(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k.softmax(-1), v)
    return state, read(q, state)


@wrong("step returned None")
def forgot_the_return(state, q, k, v, gamma):
    state = faded(state, gamma) + outer(k, v)
    read(q, state)


@right
def by_einsum(state, q, k, v, gamma):
    new = torch.einsum("h,bhij->bhij", gamma, state) + torch.einsum("bhi,bhj->bhij", k, v)
    return new, torch.einsum("bhi,bhij->bhj", q, new)


@right
def by_loops(state, q, k, v, gamma):
    images, heads = range(len(q)), range(len(gamma))
    new = [[gamma[h] * state[b, h] + torch.outer(k[b, h], v[b, h]) for h in heads] for b in images]
    out = [[q[b, h] @ new[b][h] for h in heads] for b in images]
    return torch.stack([torch.stack(x) for x in new]), torch.stack([torch.stack(x) for x in out])


@right
def without_reading_the_state(state, q, k, v, gamma):
    """The score times the value, plus what the faded state gives."""
    out = (q * k).sum(-1, keepdim=True) * v + gamma[:, None] * read(q, state)
    return gamma.view(-1, 1, 1) * state + k.unsqueeze(-1) @ v.unsqueeze(-2), out


@right
def in_double(state, q, k, v, gamma):
    state, q, k, v, gamma = (x.double() for x in (state, q, k, v, gamma))
    state = faded(state, gamma) + outer(k, v)
    return state, read(q, state)
