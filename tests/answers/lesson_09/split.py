"""Answers to 09.split."""

import torch
from verdicts import right, wrong


@right
def by_sum(mask):
    n = mask.shape[-1]
    scale = (mask.sum((-2, -1)) / n**2)[:, None, None]
    return scale, mask - scale


@right
def as_list(mask):
    scale = mask.flatten(1).mean(1).view(-1, 1, 1)
    return [scale, mask - scale.expand_as(mask)]


@right
def in_double(mask):
    scale = mask.double().mean((1, 2), keepdim=True)
    return scale, mask.double() - scale


@right
def by_loop(mask):
    means = torch.stack([head.mean() for head in mask]).reshape(-1, 1, 1)
    return means, torch.stack([head - mean for head, mean in zip(mask, means, strict=True)])


@wrong("You take one mean over all heads")
def mean_of_all_heads(mask):
    scale = mask.mean().expand(len(mask), 1, 1)
    return scale, mask - scale


@wrong("The first of the 2 results is wrong")
def mean_of_all_heads_as_a_number(mask):
    return mask.mean(), mask - mask.mean()


@wrong("Your numbers are right, but their axes are gone")
def dimensions_lost(mask):
    scale = mask.mean((1, 2))
    return scale, mask - scale[:, None, None]


@wrong("You take the mean of each row, which gives one temperature per query")
def mean_of_rows(mask):
    scale = mask.mean(-1, keepdim=True)
    return scale, mask - scale


@wrong("You take the mean of each column, which gives one number per key")
def mean_of_columns(mask):
    scale = mask.mean(1, keepdim=True)
    return scale, mask - scale


@wrong("You take the mean over the heads, for each pair of tokens")
def mean_over_heads(mask):
    scale = mask.mean(0, keepdim=True)
    return scale, mask - scale


@wrong("You return the rest first")
def rest_first(mask):
    scale = mask.mean((1, 2), keepdim=True)
    return mask - scale, scale


@wrong("You divide by the mean")
def quotient(mask):
    scale = mask.mean((1, 2), keepdim=True)
    return scale, mask / scale


@wrong("Your rest has the wrong sign")
def other_sign(mask):
    scale = mask.mean((1, 2), keepdim=True)
    return scale, scale - mask


@wrong("You take the median")
def median(mask):
    scale = mask.flatten(1).median(1).values.view(-1, 1, 1)
    return scale, mask - scale


@wrong("The first of the 2 results is wrong")
def mean_of_sizes(mask):
    scale = mask.abs().mean((1, 2), keepdim=True)
    return scale, mask - scale


@wrong("It returns a float32 tensor, but a tuple of 2 values (a float32 tensor and a float32 tensor) is expe")
def only_rest(mask):
    return mask - mask.mean((1, 2), keepdim=True)


@wrong("Your rest is the whole mask")
def rest_is_mask(mask):
    return mask.mean((1, 2), keepdim=True), mask


@wrong("You take the sum")
def sums(mask):
    scale = mask.sum((1, 2), keepdim=True)
    return scale, mask - scale


@wrong("The first of the 2 results is wrong")
def divided_by_n(mask):
    scale = mask.sum((1, 2), keepdim=True) / mask.shape[-1]
    return scale, mask - scale


@wrong("You take the mean of the diagonal")
def trace(mask):
    scale = mask.diagonal(dim1=1, dim2=2).mean(-1).view(-1, 1, 1)
    return scale, mask - scale


@wrong("The values are right, but no gradient of the first result reaches mask")
def detached(mask):
    scale = mask.detach().mean((1, 2), keepdim=True)
    return scale, mask - scale


@wrong("The values are right, but no gradient of the first result reaches mask")
def numbers(mask):
    scale = [head.mean().item() for head in mask]
    return torch.tensor(scale).view(-1, 1, 1), mask - torch.tensor(scale).view(-1, 1, 1)


@wrong("The second of the 2 results is wrong")
def from_the_diagonal(mask):
    scale = mask.mean((1, 2), keepdim=True)
    return scale, mask - scale * torch.eye(mask.shape[-1])
