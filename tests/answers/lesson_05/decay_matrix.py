"""Answers to 05.decay_matrix."""

from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


def ages(n):
    return torch.arange(n)[:, None] - torch.arange(n)


@wrong("Your matrix is transposed")
def keys_after(gamma, n):
    age = -ages(n)
    return gamma[:, None, None] ** age.clamp(min=0) * (age >= 0)


@wrong("Your decay goes to both sides because you use the distance")
def to_both_sides(gamma, n):
    return gamma[:, None, None] ** ages(n).abs()


@wrong("Your powers above the diagonal overflow, and inf times 0 is NaN")
def overflow_times_zero(gamma, n):
    return gamma[:, None, None] ** ages(n) * (ages(n) >= 0)


@wrong("Your values are right")
def overflow_cut_off(gamma, n):
    return (gamma[:, None, None] ** ages(n)).tril()


@wrong("Your diagonal is 0")
def without_itself(gamma, n):
    return (gamma[:, None, None] ** ages(n).clamp(min=0)).tril(-1)


@wrong("Your powers are one too high")
def one_step_more(gamma, n):
    return (gamma[:, None, None] ** (ages(n) + 1).clamp(min=0)).tril()


@wrong("Your powers are one too low below the diagonal")
def one_step_less(gamma, n):
    return (gamma[:, None, None] ** (ages(n) - 1).clamp(min=0)).tril()


@wrong("Your weights grow with age")
def growing(gamma, n):
    return (gamma[:, None, None] ** -ages(n).clamp(min=0)).tril()


@wrong("Your heads are on the last axis, (n, n, H): they must be on the first, (H, n, n)")
def heads_last(gamma, n):
    return (gamma ** ages(n).clamp(min=0)[..., None]) * (ages(n) >= 0)[..., None]


@wrong("You use the gamma of the first head for all heads")
def first_head_for_all(gamma, n):
    return (gamma[0] ** ages(n).clamp(min=0)).tril().expand(len(gamma), n, n)


@wrong("You compute exp(-gamma * age), in which a larger gamma fades faster")
def exponential_of_gamma(gamma, n):
    return torch.exp(-gamma[:, None, None] * ages(n)).tril()


@wrong("You multiply gamma by the number of steps")
def gamma_times_age(gamma, n):
    return (gamma[:, None, None] * ages(n)).tril()


@wrong("You use powers of 1 - gamma, the share that is lost at a step")
def what_is_lost(gamma, n):
    return ((1 - gamma)[:, None, None] ** ages(n).clamp(min=0)).tril()


@wrong("Each row is divided by its sum, but it should not be")
def rows_sum_to_one(gamma, n):
    mask = (gamma[:, None, None] ** ages(n).clamp(min=0)).tril()
    return mask / mask.sum(-1, keepdim=True)


@wrong("Your matrix is 1 above the diagonal")
def ones_above(gamma, n):
    return gamma[:, None, None] ** ages(n).clamp(min=0)


@wrong("Your matrix is -inf above the diagonal, as for scores before a softmax")
def minus_infinity_above(gamma, n):
    mask = gamma[:, None, None] ** ages(n).clamp(min=0)
    return mask.masked_fill(ages(n) < 0, float("-inf"))


@wrong("The values are right, but no gradient comes back")
def through_numbers(gamma, n):
    rows = [[[g ** (a - b) if b <= a else 0.0 for b in range(n)] for a in range(n)] for g in gamma.tolist()]
    return torch.tensor(rows)


@wrong("Your age is counted from the last token for all queries")
def age_at_the_end(gamma, n):
    left = n - 1 - torch.arange(n)
    return (gamma[:, None, None] ** left.expand(n, n)).tril()


@wrong("Your exponent is the query's place alone")
def age_of_the_query(gamma, n):
    return (gamma[:, None, None] ** torch.arange(n)[:, None].expand(n, n)).tril()


@wrong("You square the age")
def squared_age(gamma, n):
    return (gamma[:, None, None] ** ages(n).square()).tril()


@wrong("Your diagonal is 0")
def loop_without_the_last(gamma, n):
    mask = torch.zeros(len(gamma), n, n)
    for a in range(n):
        for b in range(a):
            mask[:, a, b] = gamma ** (a - b)
    return mask


@wrong("Your weights do not depend on age")
def all_ones_below(gamma, n):
    return torch.ones(len(gamma), n, n).tril() * gamma[:, None, None]


@wrong("You raise the age to the power gamma")
def wrong_way_round_the_power(gamma, n):
    return (ages(n).clamp(min=0) ** gamma[:, None, None]).tril()


@wrong("decay_matrix returned None")
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
