"""Answers to 10.online_softmax."""

import torch
from verdicts import right, wrong


def larger(m, block):
    return torch.maximum(m, block.max(1).values)


@right
def by_joining(m, total, block):
    new = torch.cat((m[:, None], block), 1).amax(1)
    return new, torch.exp(m - new) * total + torch.exp(block - new.unsqueeze(1)).sum(1)


@right
def row_by_row(m, total, block):
    maxima, sums = [], []
    for old, t, scores in zip(m, total, block, strict=True):
        new = torch.max(old, scores.max())
        maxima.append(new)
        sums.append(t * (old - new).exp() + (scores - new).exp().sum())
    return torch.stack(maxima), torch.stack(sums)


@right
def score_by_score(m, total, block):
    for score in block.T:
        new = torch.maximum(m, score)
        total = total * torch.exp(m - new) + torch.exp(score - new)
        m = new
    return m, total


@right
def a_list(m, total, block):
    new = larger(m, block)
    return [new, (total * (m - new).exp()) + (block - new[:, None]).exp().sum(dim=-1)]


@wrong("You keep the old sum as it is")
def no_factor(m, total, block):
    new = larger(m, block)
    return new, total + (block - new[:, None]).exp().sum(1)


@wrong("Your factor is upside down")
def inverse_factor(m, total, block):
    new = larger(m, block)
    return new, total / (m - new).exp() + (block - new[:, None]).exp().sum(1)


@wrong("You multiply the old sum by a difference of maxima")
def no_exp_in_factor(m, total, block):
    new = larger(m, block)
    return new, total * (m - new) + (block - new[:, None]).exp().sum(1)


@wrong("You subtract the block's own maximum")
def own_maximum(m, total, block):
    new = larger(m, block)
    return new, total * (m - new).exp() + (block - block.amax(1, keepdim=True)).exp().sum(1)


@wrong("You subtract the old maximum in the new terms")
def old_maximum(m, total, block):
    return larger(m, block), total + (block - m[:, None]).exp().sum(1)


@wrong("You rescale the new terms as well")
def all_rescaled(m, total, block):
    new = larger(m, block)
    return new, (m - new).exp() * (total + (block - new[:, None]).exp().sum(1))


@wrong("You return the maximum of the block")
def only_this_block(m, total, block):
    new = block.amax(1)
    return new, total * (m - new).exp() + (block - new[:, None]).exp().sum(1)


@wrong("Your sum is right, but you return the old maximum")
def old_one_returned(m, total, block):
    new = larger(m, block)
    return m, total * (m - new).exp() + (block - new[:, None]).exp().sum(1)


@wrong("Your sum has the terms of this block only")
def overwritten(m, total, block):
    new = larger(m, block)
    return new, (block - new[:, None]).exp().sum(1)


@wrong("You use one maximum for all rows")
def maximum_of_everything(m, total, block):
    new = torch.maximum(m, block.max())
    return new, total * (m - new).exp() + (block - new[:, None]).exp().sum(1)


@wrong("Both are right, but in the other order")
def swapped(m, total, block):
    new = larger(m, block)
    return total * (m - new).exp() + (block - new[:, None]).exp().sum(1), new


@wrong("You add up the scores of the block themselves")
def no_exp(m, total, block):
    new = larger(m, block)
    return new, total * (m - new).exp() + (block - new[:, None]).sum(1)


@wrong("raised RuntimeError")
def broadcast_forgotten(m, total, block):
    new = larger(m, block)
    return new, total * (m - new).exp() + (block - new).exp().sum(1)


@wrong("You change total in place")
def in_place(m, total, block):
    new = larger(m, block)
    total *= (m - new).exp()
    return new, total + (block - new[:, None]).exp().sum(1)


@wrong("but a tuple")
def sum_alone(m, total, block):
    new = larger(m, block)
    return total * (m - new).exp() + (block - new[:, None]).exp().sum(1)
