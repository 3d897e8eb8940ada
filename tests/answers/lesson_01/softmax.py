"""Answers to 01.softmax."""

import torch
from verdicts import right, wrong


@wrong("?")
def overflows(scores):
    powers = scores.exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def over_the_queries(scores):
    powers = (scores - scores.amax(-2, keepdim=True)).exp()
    return powers / powers.sum(-2, keepdim=True)


@wrong("?")
def over_the_first_axis(scores):
    powers = (scores - scores.amax()).exp()
    return powers / powers.sum(0, keepdim=True)


@wrong("?")
def over_everything(scores):
    powers = (scores - scores.max()).exp()
    return powers / powers.sum()


@wrong("?")
def over_the_matrix(scores):
    powers = (scores - scores.amax((-2, -1), keepdim=True)).exp()
    return powers / powers.sum((-2, -1), keepdim=True)


@wrong("?")
def over_axis_one(scores):
    powers = (scores - scores.amax(1, keepdim=True)).exp()
    return powers / powers.sum(1, keepdim=True)


@wrong("?")
def largest_of_all(scores):
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def minus_the_mean(scores):
    powers = (scores - scores.mean(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def minus_the_minimum(scores):
    powers = (scores - scores.amin(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def minus_the_first(scores):
    powers = (scores - scores[..., :1]).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def minus_the_last(scores):
    powers = (scores - scores[..., -1:]).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def minus_a_thousand(scores):
    powers = (scores - 1000).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def clamps(scores):
    powers = scores.clamp(max=80).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def only_the_powers(scores):
    return (scores - scores.amax(-1, keepdim=True)).exp()


@wrong("?")
def no_exponential(scores):
    return scores / scores.sum(-1, keepdim=True)


@wrong("?")
def powers_of_two(scores):
    powers = 2 ** (scores - scores.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def shifts_the_numerator_only(scores):
    return (scores - scores.amax(-1, keepdim=True)).exp() / scores.exp().sum(-1, keepdim=True)


@wrong("?")
def mean_below(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.mean(-1, keepdim=True)


@wrong("?")
def forgets_keepdim(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1)


@wrong("?")
def max_without_values(scores):
    powers = (scores - scores.max(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def log_softmax(scores):
    shifted = scores - scores.amax(-1, keepdim=True)
    return shifted - shifted.exp().sum(-1, keepdim=True).log()


@wrong("?")
def divides_by_the_largest(scores):
    powers = (scores / scores.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def adds_an_epsilon(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (powers.sum(-1, keepdim=True) + 1e-2)


@wrong("?")
def negative_exponent(scores):
    powers = (scores.amin(-1, keepdim=True) - scores).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def sigmoid(scores):
    return scores.sigmoid()


@wrong("?")
def hard_maximum(scores):
    return (scores == scores.amax(-1, keepdim=True)).float()


@wrong("?")
def squares(scores):
    return scores**2 / (scores**2).sum(-1, keepdim=True)


@wrong("?")
def unit_length(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.norm(dim=-1, keepdim=True)


@wrong("?")
def in_place(scores):
    scores -= scores.amax(-1, keepdim=True)
    powers = scores.exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("?")
def exclusive_sum(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (powers.sum(-1, keepdim=True) - powers)


@wrong("?")
def softmax_plus_one(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (1 + powers.sum(-1, keepdim=True))


@wrong("?")
def nan_to_zero(scores):
    powers = scores.exp()
    return (powers / powers.sum(-1, keepdim=True)).nan_to_num(0)


@wrong("?")
def one_row_each(scores):
    rows = []
    for row in scores:
        powers = (row - row.max()).exp()
        rows.append(powers / powers.sum())
    return torch.stack(rows)


@right
def by_logsumexp(scores):
    return (scores - torch.logsumexp(scores, dim=-1, keepdim=True)).exp()


@right
def in_float64(scores):
    wide = scores.double()
    powers = (wide - wide.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@right
def by_pairs(scores):
    return 1 / (scores.unsqueeze(-2) - scores.unsqueeze(-1)).exp().sum(-1)


@right
def shift_detached(scores):
    powers = (scores - scores.detach().max(dim=-1, keepdim=True).values).exp()
    return powers / powers.sum(-1).unsqueeze(-1)


@right
def flattened_rows(scores):
    rows = []
    for row in scores.reshape(-1, scores.shape[-1]):
        powers = torch.exp(row - max(row))
        rows.append(powers / sum(powers))
    return torch.stack(rows).reshape(scores.shape)


class Softmax:
    """A callable object."""

    def __init__(self, dim):
        self.dim = dim

    def __call__(self, scores):
        powers = (scores - scores.amax(self.dim, True)).exp()
        return powers.div(powers.sum(self.dim, True))


an_object = right(Softmax(-1))
