"""Answers to 01.scores."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


@wrong("The dot products are right, but they are not scaled yet:")
def not_scaled(q, k):
    return q @ k.transpose(-2, -1)


@wrong("You divide by D, but the standard deviation of a dot product is sqrt(D):")
def divided_by_the_width(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-1]


@wrong("You multiply by sqrt(D). Divide by it, so that the scores do not grow with")
def multiplied_by_the_root(q, k):
    return q @ k.transpose(-2, -1) * q.shape[-1] ** 0.5


@wrong("You divide by the square root of the number of keys")
def root_of_the_keys(q, k):
    return q @ k.transpose(-2, -1) / k.shape[-2] ** 0.5


@wrong("You divide by the square root of N, the number of queries")
def root_of_the_queries(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-2] ** 0.5


@wrong("You take D from axis 1 of q. That axis can be heads or tokens; D is always")
def root_of_the_second_axis(q, k):
    return q @ k.transpose(-2, -1) / q.shape[1] ** 0.5


@wrong("You divide by D, but the standard deviation of a dot product is sqrt(D):")
def both_scaled_by_the_root(q, k):
    root = q.shape[-1] ** 0.5
    return (q / root) @ (k / root).transpose(-2, -1)


@wrong("You divide by the fourth root of D")
def fourth_root(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-1] ** 0.25


@wrong("You have swapped queries and keys:")
def keys_by_queries(q, k):
    return k @ q.transpose(-2, -1) / q.shape[-1] ** 0.5


@wrong("This is what comes out when `q` is used in place of `k`")
def queries_with_themselves(q, k):
    return q @ q.transpose(-2, -1) / q.shape[-1] ** 0.5


@wrong("This is what comes out when `k` is used in place of `q`")
def keys_with_themselves(q, k):
    return k @ k.transpose(-2, -1) / k.shape[-1] ** 0.5


@wrong("raised RuntimeError")
def no_transpose(q, k):
    return q @ k / q.shape[-1] ** 0.5


@wrong("raised RuntimeError")
def transposes_all_axes(q, k):
    return q @ k.T / q.shape[-1] ** 0.5


@wrong("raised IndexError")
def transposes_fixed_axes(q, k):
    return q @ k.transpose(1, 2) / q.shape[-1] ** 0.5


@wrong("This is what comes out when `k` is read as if its last two axes had been")
def reshapes_instead(q, k):
    return q @ k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2]) / q.shape[-1] ** 0.5


@wrong("raised RuntimeError")
def elementwise(q, k):
    return q * k / q.shape[-1] ** 0.5


@wrong("raised RuntimeError")
def sum_of_products(q, k):
    return (q * k).sum(-1) / q.shape[-1] ** 0.5


@wrong("You divide by the lengths of the two vectors, which gives their cosine")
def cosine(q, k):
    return F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)


@wrong("You compute distances. A score is a dot product: multiply entry by entry,")
def distances(q, k):
    return torch.cdist(q, k) / q.shape[-1] ** 0.5


@wrong("It is what is expected, with one more softmax over the last axis")
def softmax_already(q, k):
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You take the square root of the dot products too")
def root_of_the_whole(q, k):
    return (q @ k.transpose(-2, -1) / q.shape[-1]) ** 0.5


@wrong("The values are right up to a factor, in the smallest failing case 0.25")
def scale_of_eight(q, k):
    return q @ k.transpose(-2, -1) / 8


@wrong("You change q in place, and the caller still needs it:")
def in_place_on_the_queries(q, k):
    q /= q.shape[-1] ** 0.5
    return q @ k.transpose(-2, -1)


@wrong("The sign is wrong: each value is the negative of the expected one")
def negative(q, k):
    return -(q @ k.transpose(-2, -1)) / q.shape[-1] ** 0.5


@wrong("The values are right up to a factor, in the smallest failing case 1.118")
def rounded_root(q, k):
    return q @ k.transpose(-2, -1) / int(q.shape[-1] ** 0.5)


@wrong("The values are right, but no gradient comes back:")
def no_gradient(q, k):
    return torch.tensor((q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).tolist())


@wrong("The values are right, but no gradient reaches k:")
def detached_scale_of_keys(q, k):
    return q @ k.detach().transpose(-2, -1) / q.shape[-1] ** 0.5


@wrong("The values are right up to a factor, in the smallest failing case 0.4117")
def standardized(q, k):
    dots = q @ k.transpose(-2, -1)
    return dots / dots.std()


@right
def einsum(q, k):
    return torch.einsum("...nd,...md->...nm", q, k) / math.sqrt(q.size(-1))


@right
def scales_before(q, k):
    return (q * q.shape[-1] ** -0.5) @ k.mT


@right
def shares_the_scale(q, k):
    quarter = q.shape[-1] ** 0.25
    return (q / quarter) @ (k / quarter).mT


@right
def broadcast(q, k):
    return (q.unsqueeze(-2) * k.unsqueeze(-3)).sum(-1) / q.shape[-1] ** 0.5


@right
def in_float64(q, k):
    return q.double() @ k.double().mT / torch.tensor(q.shape[-1], dtype=torch.float64).sqrt()


@right
def mean_times_root(q, k):
    return (q.unsqueeze(-2) * k.unsqueeze(-3)).mean(-1) * q.shape[-1] ** 0.5


@right
def one_key_after_the_other(q, k):
    return torch.stack([(q * k[..., j : j + 1, :]).sum(-1) / q.shape[-1] ** 0.5 for j in range(k.shape[-2])], dim=-1)


def _scaled(power, q, k):
    return q @ k.mT * q.shape[-1] ** power


a_partial = right(partial(_scaled, -0.5))
