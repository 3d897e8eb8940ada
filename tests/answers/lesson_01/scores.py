"""Answers to 01.scores."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


@wrong("?")
def not_scaled(q, k):
    return q @ k.transpose(-2, -1)


@wrong("?")
def divided_by_the_width(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-1]


@wrong("?")
def multiplied_by_the_root(q, k):
    return q @ k.transpose(-2, -1) * q.shape[-1] ** 0.5


@wrong("?")
def root_of_the_keys(q, k):
    return q @ k.transpose(-2, -1) / k.shape[-2] ** 0.5


@wrong("?")
def root_of_the_queries(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-2] ** 0.5


@wrong("?")
def root_of_the_second_axis(q, k):
    return q @ k.transpose(-2, -1) / q.shape[1] ** 0.5


@wrong("?")
def both_scaled_by_the_root(q, k):
    root = q.shape[-1] ** 0.5
    return (q / root) @ (k / root).transpose(-2, -1)


@wrong("?")
def fourth_root(q, k):
    return q @ k.transpose(-2, -1) / q.shape[-1] ** 0.25


@wrong("?")
def keys_by_queries(q, k):
    return k @ q.transpose(-2, -1) / q.shape[-1] ** 0.5


@wrong("?")
def queries_with_themselves(q, k):
    return q @ q.transpose(-2, -1) / q.shape[-1] ** 0.5


@wrong("?")
def keys_with_themselves(q, k):
    return k @ k.transpose(-2, -1) / k.shape[-1] ** 0.5


@wrong("?")
def no_transpose(q, k):
    return q @ k / q.shape[-1] ** 0.5


@wrong("?")
def transposes_all_axes(q, k):
    return q @ k.T / q.shape[-1] ** 0.5


@wrong("?")
def transposes_fixed_axes(q, k):
    return q @ k.transpose(1, 2) / q.shape[-1] ** 0.5


@wrong("?")
def reshapes_instead(q, k):
    return q @ k.reshape(*k.shape[:-2], k.shape[-1], k.shape[-2]) / q.shape[-1] ** 0.5


@wrong("?")
def elementwise(q, k):
    return q * k / q.shape[-1] ** 0.5


@wrong("?")
def sum_of_products(q, k):
    return (q * k).sum(-1) / q.shape[-1] ** 0.5


@wrong("?")
def cosine(q, k):
    return F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)


@wrong("?")
def distances(q, k):
    return torch.cdist(q, k) / q.shape[-1] ** 0.5


@wrong("?")
def softmax_already(q, k):
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("?")
def root_of_the_whole(q, k):
    return (q @ k.transpose(-2, -1) / q.shape[-1]) ** 0.5


@wrong("?")
def scale_of_eight(q, k):
    return q @ k.transpose(-2, -1) / 8


@wrong("?")
def in_place_on_the_queries(q, k):
    q /= q.shape[-1] ** 0.5
    return q @ k.transpose(-2, -1)


@wrong("?")
def negative(q, k):
    return -(q @ k.transpose(-2, -1)) / q.shape[-1] ** 0.5


@wrong("?")
def rounded_root(q, k):
    return q @ k.transpose(-2, -1) / int(q.shape[-1] ** 0.5)


@wrong("?")
def no_gradient(q, k):
    return torch.tensor((q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).tolist())


@wrong("?")
def detached_scale_of_keys(q, k):
    return q @ k.detach().transpose(-2, -1) / q.shape[-1] ** 0.5


@wrong("?")
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
