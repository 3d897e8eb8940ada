"""Answers to 05.decay_matrix."""

from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


def ages(n):
    return torch.arange(n)[:, None] - torch.arange(n)


@wrong("")
def keys_after(gamma, n):
    age = -ages(n)
    return gamma[:, None, None] ** age.clamp(min=0) * (age >= 0)


@wrong("")
def to_both_sides(gamma, n):
    return gamma[:, None, None] ** ages(n).abs()


@wrong("")
def overflow_times_zero(gamma, n):
    return gamma[:, None, None] ** ages(n) * (ages(n) >= 0)


@wrong("")
def overflow_cut_off(gamma, n):
    return (gamma[:, None, None] ** ages(n)).tril()


@wrong("")
def without_itself(gamma, n):
    return (gamma[:, None, None] ** ages(n).clamp(min=0)).tril(-1)


@wrong("")
def one_step_more(gamma, n):
    return (gamma[:, None, None] ** (ages(n) + 1).clamp(min=0)).tril()


@wrong("")
def one_step_less(gamma, n):
    return (gamma[:, None, None] ** (ages(n) - 1).clamp(min=0)).tril()


@wrong("")
def growing(gamma, n):
    return (gamma[:, None, None] ** -ages(n).clamp(min=0)).tril()


@wrong("")
def heads_last(gamma, n):
    return (gamma ** ages(n).clamp(min=0)[..., None]) * (ages(n) >= 0)[..., None]


@wrong("")
def first_head_for_all(gamma, n):
    return (gamma[0] ** ages(n).clamp(min=0)).tril().expand(len(gamma), n, n)


@wrong("")
def exponential_of_gamma(gamma, n):
    return torch.exp(-gamma[:, None, None] * ages(n)).tril()


@wrong("")
def gamma_times_age(gamma, n):
    return (gamma[:, None, None] * ages(n)).tril()


@wrong("")
def what_is_lost(gamma, n):
    return ((1 - gamma)[:, None, None] ** ages(n).clamp(min=0)).tril()


@wrong("")
def rows_sum_to_one(gamma, n):
    mask = (gamma[:, None, None] ** ages(n).clamp(min=0)).tril()
    return mask / mask.sum(-1, keepdim=True)


@wrong("")
def ones_above(gamma, n):
    return gamma[:, None, None] ** ages(n).clamp(min=0)


@wrong("")
def minus_infinity_above(gamma, n):
    mask = gamma[:, None, None] ** ages(n).clamp(min=0)
    return mask.masked_fill(ages(n) < 0, float("-inf"))


@wrong("")
def through_numbers(gamma, n):
    rows = [[[g ** (a - b) if b <= a else 0.0 for b in range(n)] for a in range(n)] for g in gamma.tolist()]
    return torch.tensor(rows)


@wrong("")
def age_at_the_end(gamma, n):
    left = n - 1 - torch.arange(n)
    return (gamma[:, None, None] ** left.expand(n, n)).tril()


@wrong("")
def age_of_the_query(gamma, n):
    return (gamma[:, None, None] ** torch.arange(n)[:, None].expand(n, n)).tril()


@wrong("")
def squared_age(gamma, n):
    return (gamma[:, None, None] ** ages(n).square()).tril()


@wrong("")
def loop_without_the_last(gamma, n):
    mask = torch.zeros(len(gamma), n, n)
    for a in range(n):
        for b in range(a):
            mask[:, a, b] = gamma ** (a - b)
    return mask


@wrong("")
def all_ones_below(gamma, n):
    return torch.ones(len(gamma), n, n).tril() * gamma[:, None, None]


@wrong("")
def wrong_way_round_the_power(gamma, n):
    return (ages(n).clamp(min=0) ** gamma[:, None, None]).tril()


@wrong("")
def forgot_the_return(gamma, n):
    (gamma[:, None, None] ** ages(n).clamp(min=0)).tril()


@right
def where(gamma, n):
    return torch.where(ages(n) >= 0, gamma[:, None, None] ** ages(n).clamp(min=0), 0.0)


@right
def by_logarithm(gamma, n):
    return torch.exp(gamma.log()[:, None, None] * ages(n).clamp(min=0)).tril()


@right
def distance_cut_off(gamma, n):
    return torch.tril(gamma.view(-1, 1, 1) ** ages(n).abs())


@right
def by_loops(gamma, n):
    zero = torch.zeros_like(gamma[0])
    heads = [[torch.stack([g ** (a - b) if b <= a else zero for b in range(n)]) for a in range(n)] for g in gamma]
    return torch.stack([torch.stack(rows) for rows in heads])


@right
def in_double(gamma, n):
    return (gamma.double()[:, None, None] ** ages(n).clamp(min=0)).tril()


def shifted_rows(gamma, n, *, offset):
    powers = gamma[:, None] ** torch.arange(n)
    row = F.pad(powers.flip(-1), (0, n - offset))
    return torch.stack([row[:, n - 1 - a : 2 * n - 1 - a] for a in range(n)], dim=1)


sliding_window = right(partial(shifted_rows, offset=1))
