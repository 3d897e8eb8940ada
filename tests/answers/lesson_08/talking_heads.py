"""Answers to 08.talking_heads."""

import torch
from verdicts import right, wrong


def mix(x, matrix):
    return torch.einsum("bhnm,hg->bgnm", x, matrix)


@right
def by_matmul(logits, mask, before, after):
    x = (logits * mask).movedim(1, -1) @ before
    return (x.softmax(-2) @ after).movedim(-1, 1)


@right
def by_loop(logits, mask, before, after):
    heads = range(len(mask))
    x = logits * mask
    x = torch.stack([sum(before[h, g] * x[:, h] for h in heads) for g in heads], 1).softmax(-1)
    return torch.stack([sum(after[h, g] * x[:, h] for h in heads) for g in heads], 1)


@right
def by_linear(logits, mask, before, after):
    linear = torch.nn.functional.linear
    x = linear((mask * logits).permute(0, 2, 3, 1), before.T).softmax(2)
    return linear(x, after.T).permute(0, 3, 1, 2)


@wrong("Your mask acts after the heads have been mixed")
def mask_after_first_mix(logits, mask, before, after):
    return mix((mix(logits, before) * mask).softmax(-1), after)


@wrong("Your mask multiplies the weights")
def mask_after_softmax(logits, mask, before, after):
    return mix(mix(logits, before).softmax(-1) * mask, after)


@wrong("Your mask multiplies the weights after the second mix")
def mask_at_the_end(logits, mask, before, after):
    return mix(mix(logits, before).softmax(-1), after) * mask


@wrong("Your mixes are transposed")
def transposed_mixes(logits, mask, before, after):
    return mix(mix(logits * mask, before.T).softmax(-1), after.T)


@wrong("Your first mix is transposed")
def first_transposed(logits, mask, before, after):
    return mix(mix(logits * mask, before.T).softmax(-1), after)


@wrong("Your second mix is transposed")
def second_transposed(logits, mask, before, after):
    return mix(mix(logits * mask, before).softmax(-1), after.T)


@wrong("You use `after` before the softmax and `before` after it")
def mixes_swapped(logits, mask, before, after):
    return mix(mix(logits * mask, after).softmax(-1), before)


@wrong("You mix twice before the softmax")
def both_before(logits, mask, before, after):
    return mix(mix(logits * mask, before), after).softmax(-1)


@wrong("The heads do not talk after the softmax")
def no_second_mix(logits, mask, before, after):
    return mix(logits * mask, before).softmax(-1)


@wrong("The heads do not talk before the softmax")
def no_first_mix(logits, mask, before, after):
    return mix((logits * mask).softmax(-1), after)


@wrong("This is what comes out when `mask` is all 1")
def no_mask(logits, mask, before, after):
    return mix(mix(logits, before).softmax(-1), after)


@wrong("Your softmax is over the heads")
def softmax_over_heads(logits, mask, before, after):
    return mix(mix(logits * mask, before).softmax(1), after)


@wrong("Your softmax is over the queries")
def softmax_over_queries(logits, mask, before, after):
    return mix(mix(logits * mask, before).softmax(-2), after)


@wrong("You add the mask to the logits")
def mask_added(logits, mask, before, after):
    return mix(mix(logits + mask, before).softmax(-1), after)


@wrong("You divide each row by its sum after the second mix")
def renormalized(logits, mask, before, after):
    x = mix(mix(logits * mask, before).softmax(-1), after)
    return x / x.sum(-1, keepdim=True)


@wrong("This is what comes out when `logits` is divided by the square root of `logits.shape[-3]`")
def scaled_again(logits, mask, before, after):
    return mix((mix(logits * mask, before) / len(mask) ** 0.5).softmax(-1), after)


@wrong("The softmax is missing")
def no_softmax(logits, mask, before, after):
    return mix(mix(logits * mask, before), after)


@wrong("Your softmax comes before both mixes")
def softmax_first(logits, mask, before, after):
    return mix(mix((logits * mask).softmax(-1), before), after)
