"""Answers to 06.biased_weights."""

import torch
from torch.nn.functional import softmax
from verdicts import right, wrong


@right
def gate_then_divide(scores, decay):
    gated = softmax(scores, dim=-1) * decay
    return gated / gated.sum(-1, keepdim=True)


@right
def own_exponential(scores, decay):
    logits = scores + torch.log(decay)
    logits = logits - logits.amax(-1, keepdim=True)
    return logits.exp() / logits.exp().sum(-1, keepdim=True)


@right
def through_log_softmax(scores, decay):
    return (scores + decay.log()).log_softmax(-1).exp()


@right
def in_double(scores, decay):
    return (scores.double() + decay.double().log()).softmax(-1)


@right
def row_by_row(scores, decay):
    rows = [(scores[..., a, :] + decay[:, a].log()).softmax(-1) for a in range(decay.shape[-1])]
    return torch.stack(rows, dim=-2)


@right
def head_by_head(scores, decay):
    return torch.stack([(s + d.log()).softmax(-1) for s, d in zip(scores.unbind(-3), decay, strict=True)], dim=-3)


@wrong("You multiply by the decay after softmax, as in the paper's formula")
def gate(scores, decay):
    return softmax(scores, dim=-1) * decay


@wrong("You multiply the scores by the decay, as ELM and GMM do")
def scale(scores, decay):
    return softmax(scores * decay, dim=-1)


@wrong("You add the decay itself to the scores")
def decay_added_as_it_is(scores, decay):
    return softmax(scores + decay, dim=-1)


@wrong("You subtract the logarithm, so far keys gain weight")
def logarithm_subtracted(scores, decay):
    return softmax(scores - decay.log(), dim=-1)


@wrong("You multiply the scores by the logarithm of the decay")
def times_logarithm(scores, decay):
    return softmax(scores * decay.log(), dim=-1)


@wrong("Your columns sum to 1. Each query is a row, and its weights must sum")
def over_the_queries(scores, decay):
    return softmax(scores + decay.log(), dim=-2)


@wrong("Your softmax runs over axis 1")
def over_axis_one(scores, decay):
    return softmax(scores + decay.log(), dim=1)


@wrong("Your softmax runs over the heads, axis -3")
def over_the_heads(scores, decay):
    return softmax(scores + decay.log(), dim=-3)


@wrong("It contains NaN: is there a division by zero, or an")
def without_maximum(scores, decay):
    weights = scores.exp() * decay
    return weights / weights.sum(-1, keepdim=True)


@wrong("Your logarithm has the base 2")
def base_two(scores, decay):
    return softmax(scores + torch.log2(decay), dim=-1)


@wrong("Your logarithm has the base 10")
def base_ten(scores, decay):
    return softmax(scores + torch.log10(decay), dim=-1)


@wrong("You add log(1 + decay), which is never negative")
def one_plus_inside(scores, decay):
    return softmax(scores + torch.log1p(decay), dim=-1)


@wrong("values differ")
def small_number_inside(scores, decay):
    return softmax(scores + torch.log(decay + 0.01), dim=-1)


@wrong("You add the logarithm after softmax, so weights can be negative")
def bias_after_softmax(scores, decay):
    return softmax(scores, dim=-1) + decay.log()


@wrong("You divide the weights by the decay, so far keys gain weight")
def divided_by_the_decay(scores, decay):
    return softmax(scores, dim=-1) / decay


@wrong("This is what comes out when `decay` is all 1")
def no_decay(scores, decay):
    return softmax(scores, dim=-1)


@wrong("This is what comes out when `scores` is all 0")
def no_scores(scores, decay):
    return softmax(decay.log(), dim=-1).expand_as(scores)


@wrong("All of your heads use the decay of the first head")
def first_head_for_all(scores, decay):
    return softmax(scores + decay[:1].log(), dim=-1)


@wrong("All of your heads use the same decay, the mean over heads")
def mean_over_heads(scores, decay):
    return softmax(scores + decay.mean(0).log(), dim=-1)


@wrong("values differ")
def heads_reversed(scores, decay):
    return softmax(scores + decay.flip(0).log(), dim=-1)


@wrong("You divide by the sums of the columns")
def columns_divided(scores, decay):
    gated = softmax(scores, dim=-1) * decay
    return gated / gated.sum(-2, keepdim=True)


@wrong("Each row must still be divided by its sum")
def divided_by_the_decays_rows(scores, decay):
    return softmax(scores, dim=-1) * decay / decay.sum(-1, keepdim=True)


@wrong("Each row must still be divided by its sum")
def one_sum_for_all(scores, decay):
    gated = softmax(scores, dim=-1) * decay
    return gated / gated.sum((-2, -1), keepdim=True)


@wrong("A softmax of your result over the last axis gives what is expected")
def still_logarithms(scores, decay):
    return torch.log_softmax(scores + decay.log(), dim=-1)


@wrong("You apply softmax twice: add the logarithm to the scores themselves,")
def softmax_twice(scores, decay):
    return softmax(softmax(scores, dim=-1) + decay.log(), dim=-1)


@wrong("You return exp(S + log(decay))")
def not_divided(scores, decay):
    return (scores + decay.log()).exp()


@wrong("This is what comes out when `scores` is divided by the square root of `scores.shape[-1]`")
def scaled_again(scores, decay):
    return softmax(scores / decay.shape[-1] ** 0.5 + decay.log(), dim=-1)


@wrong("You divide the logits by a square root")
def all_scaled(scores, decay):
    return softmax((scores + decay.log()) / decay.shape[-1] ** 0.5, dim=-1)


@wrong("This is what comes out when `decay` is squared")
def decay_twice(scores, decay):
    return softmax(scores + 2 * decay.log(), dim=-1)


@wrong("This is what comes out when `scores` is transposed (its last two axes exchanged)")
def scores_transposed(scores, decay):
    return softmax(scores.mT + decay.log(), dim=-1)


@wrong("The result is transposed")
def result_transposed(scores, decay):
    return softmax(scores + decay.log(), dim=-1).mT


@wrong("You change scores in place, and the caller still needs it")
def into_the_scores(scores, decay):
    scores += decay.log()
    return softmax(scores, dim=-1)


@wrong("It has the shape (2, 6, 6), but (2, 2, 6, 6) is expected")
def first_image_only(scores, decay):
    return softmax(scores[0] + decay.log(), dim=-1)


@wrong("The values are right, but no gradient reaches decay")
def detached(scores, decay):
    return softmax(scores + decay.detach().log(), dim=-1)


@wrong("returned None: did you forget")
def no_return(scores, decay):
    _ = softmax(scores + decay.log(), dim=-1)
