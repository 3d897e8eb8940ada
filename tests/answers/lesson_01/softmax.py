"""Answers to 01.softmax."""

import torch
from verdicts import right, wrong


@wrong("Right for small scores, but exp(1000) is infinite:")
def overflows(scores):
    powers = scores.exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("Your columns sum to 1, but the rows must:")
def over_the_queries(scores):
    powers = (scores - scores.amax(-2, keepdim=True)).exp()
    return powers / powers.sum(-2, keepdim=True)


@wrong("You normalize over the first axis, which can be images")
def over_the_first_axis(scores):
    powers = (scores - scores.amax()).exp()
    return powers / powers.sum(0, keepdim=True)


@wrong("All your weights together sum to 1, but each row must sum to 1:")
def over_everything(scores):
    powers = (scores - scores.max()).exp()
    return powers / powers.sum()


@wrong("Your weights sum to 1 over the last two axes together; they must sum to 1")
def over_the_matrix(scores):
    powers = (scores - scores.amax((-2, -1), keepdim=True)).exp()
    return powers / powers.sum((-2, -1), keepdim=True)


@wrong("You normalize over axis 1, which is the heads if there are any")
def over_axis_one(scores):
    powers = (scores - scores.amax(1, keepdim=True)).exp()
    return powers / powers.sum(1, keepdim=True)


@wrong("You subtract the largest score of all rows")
def largest_of_all(scores):
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You subtract the mean of each row")
def minus_the_mean(scores):
    powers = (scores - scores.mean(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You subtract the smallest score of each row, so a large one still")
def minus_the_minimum(scores):
    powers = (scores - scores.amin(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You subtract the first score of each row")
def minus_the_first(scores):
    powers = (scores - scores[..., :1]).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You subtract the last score of each row")
def minus_the_last(scores):
    powers = (scores - scores[..., -1:]).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("It contains NaN: is there a division by zero, or an overflow?")
def minus_a_thousand(scores):
    powers = (scores - 1000).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You cut large scores off, so that two large scores get equal weights")
def clamps(scores):
    powers = scores.clamp(max=80).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("The exponentials are there, but a row does not sum to 1 yet:")
def only_the_powers(scores):
    return (scores - scores.amax(-1, keepdim=True)).exp()


@wrong("You divide the scores themselves by their sum, which can be 0 or negative:")
def no_exponential(scores):
    return scores / scores.sum(-1, keepdim=True)


@wrong("You raise 2 to the scores. Softmax uses the exponential, with base e")
def powers_of_two(scores):
    powers = 2 ** (scores - scores.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


@wrong("You subtract the largest score above the fraction line only")
def shifts_the_numerator_only(scores):
    return (scores - scores.amax(-1, keepdim=True)).exp() / scores.exp().sum(-1, keepdim=True)


@wrong("Each row must still be divided by its sum")
def mean_below(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.mean(-1, keepdim=True)


@wrong("raised RuntimeError")
def forgets_keepdim(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1)


@wrong("raised TypeError")
def max_without_values(scores):
    powers = (scores - scores.max(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("A softmax of your result over the last axis gives what is expected")
def log_softmax(scores):
    shifted = scores - scores.amax(-1, keepdim=True)
    return shifted - shifted.exp().sum(-1, keepdim=True).log()


@wrong("You divide by the largest score, which changes the weights")
def divides_by_the_largest(scores):
    powers = (scores / scores.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("Each row must still be divided by its sum")
def adds_an_epsilon(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (powers.sum(-1, keepdim=True) + 1e-2)


@wrong("This is what comes out when `scores` has the opposite sign")
def negative_exponent(scores):
    powers = (scores.amin(-1, keepdim=True) - scores).exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You apply a sigmoid to each score by itself")
def sigmoid(scores):
    return scores.sigmoid()


@wrong("You give all weight to the largest score")
def hard_maximum(scores):
    return (scores == scores.amax(-1, keepdim=True)).float()


@wrong("You square the scores, so that -2 counts as much as 2")
def squares(scores):
    return scores**2 / (scores**2).sum(-1, keepdim=True)


@wrong("Each row must still be divided by its sum")
def unit_length(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / powers.norm(dim=-1, keepdim=True)


@wrong("You change scores in place, and the caller still needs it:")
def in_place(scores):
    scores -= scores.amax(-1, keepdim=True)
    powers = scores.exp()
    return powers / powers.sum(-1, keepdim=True)


@wrong("You leave each key out of its own sum")
def exclusive_sum(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (powers.sum(-1, keepdim=True) - powers)


@wrong("Each row must still be divided by its sum")
def softmax_plus_one(scores):
    powers = (scores - scores.amax(-1, keepdim=True)).exp()
    return powers / (1 + powers.sum(-1, keepdim=True))


@wrong("You replace NaN by 0, but the largest score of a row must get the largest")
def nan_to_zero(scores):
    powers = scores.exp()
    return (powers / powers.sum(-1, keepdim=True)).nan_to_num(0)


@wrong("Each row must still be divided by its sum")
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


@wrong("it is NaN. Does something overflow")
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
