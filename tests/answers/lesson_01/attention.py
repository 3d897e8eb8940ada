"""Answers to 01.attention."""

import torch
import torch.nn.functional as F
from einops import rearrange
from verdicts import right, wrong


def _split(x, heads):
    return rearrange(x, "B N (H D) -> B H N D", H=heads)


def _merge(x):
    return rearrange(x, "B H N D -> B N (H D)")


@wrong("You do not split into heads: this is a single head with all channels")
def one_head(q, k, v, heads):
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v


@wrong("You divide by the square root of H D, all channels")
def scaled_by_all_channels(q, k, v, heads):
    root = q.shape[-1] ** 0.5
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / root).softmax(-1) @ v)


@wrong("Only the scaling is missing: divide the scores of each head by sqrt(D)")
def not_scaled(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT).softmax(-1) @ v)


@wrong("You divide the scores by D, perhaps because you scale twice")
def divided_by_the_width(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1]).softmax(-1) @ v)


@wrong("You multiply the values by the scores themselves:")
def no_softmax(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge(q @ k.mT / q.shape[-1] ** 0.5 @ v)


@wrong("Your softmax runs over the queries, so the weights of a query do not sum")
def softmax_over_queries(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-2) @ v)


@wrong("Your softmax runs over the heads, axis 1")
def softmax_over_heads(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(1) @ v)


@wrong("This is what comes out when `k` and `v` change places")
def keys_and_values_swapped(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ v.mT / q.shape[-1] ** 0.5).softmax(-1) @ k)


@wrong("You have swapped queries and keys:")
def queries_and_keys_swapped(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((k @ q.mT / q.shape[-1] ** 0.5).softmax(-1) @ v)


@wrong("Your weights are transposed before they multiply the values")
def weights_transposed(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1).mT @ v)


@wrong("This is what comes out when `k` is used in place of `v`")
def mixes_the_keys(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ k)


@wrong("This is what comes out when `q` is used in place of `v`")
def mixes_the_queries(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ q)


@wrong("Each head is right, but joining the heads by a reshape alone mixes them")
def merges_by_reshape(q, k, v, heads):
    shape = q.shape
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return ((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v).reshape(shape)


@wrong("Along the last axis, the numbers are right but dealt out in turn:")
def merges_interleaved(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return rearrange((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v, "B H N D -> B N (D H)")


@wrong("You return (B, H, N, D). Every head is right; now put their channels side")
def does_not_merge(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v


@wrong("You split the heads by a reshape alone, which mixes tokens:")
def splits_by_reshape(q, k, v, heads):
    B, N, C = q.shape
    q, k, v = (part.reshape(B, heads, N, C // heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v)


@wrong("You reshape into heads and back without moving an axis, so each head sees")
def reshapes_there_and_back(q, k, v, heads):
    B, N, C = q.shape
    q, k, v = (part.reshape(B, heads, N, C // heads) for part in (q, k, v))
    return ((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v).reshape(B, N, C)


@wrong("You give the channels to the heads in turn, one at a time")
def splits_interleaved(q, k, v, heads):
    q, k, v = (rearrange(part, "B N (D H) -> B H N D", H=heads) for part in (q, k, v))
    return rearrange((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v, "B H N D -> B N (D H)")


@wrong("You give the channels to the heads in turn when you split, one at a time")
def splits_interleaved_merges_plainly(q, k, v, heads):
    q, k, v = (rearrange(part, "B N (D H) -> B H N D", H=heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v)


@wrong("It has the shape (1, 3, 2), but (1, 3, 4) is expected")
def mean_over_heads(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return ((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v).mean(1)


@wrong("You average the weights over the heads")
def weights_averaged_over_heads(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1).mean(1, keepdim=True)
    return _merge(weights @ v)


@wrong("Each value is too large by the value of `v` at its place")
def adds_a_residual(q, k, v, heads):
    before = v
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return before + _merge((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v)


@wrong("Your attention is causal: a token sees only itself and those before it.")
def causal(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge(F.scaled_dot_product_attention(q, k, v, is_causal=True))


@wrong("You apply a sigmoid to the scores")
def sigmoid(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT / q.shape[-1] ** 0.5).sigmoid() @ v)


@wrong("It returns a tuple of 2 values (a float32 tensor and a float32 tensor),")
def returns_the_weights_too(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
    return _merge(weights @ v), weights


@wrong("This is what comes out when `q` is used in place of `k`")
def queries_for_keys(q, k, v, heads):
    q, v = (_split(part, heads) for part in (q, v))
    return _merge((q @ q.mT / q.shape[-1] ** 0.5).softmax(-1) @ v)


@wrong("You divide by sqrt(D) after the softmax")
def softmax_before_the_scale(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge((q @ k.mT).softmax(-1) / q.shape[-1] ** 0.5 @ v)


@wrong("You divide the scores by D, perhaps because you scale twice")
def scaled_twice(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge(F.scaled_dot_product_attention(q / q.shape[-1] ** 0.5, k, v))


@wrong("The numbers are the right ones, but in the wrong places:")
def heads_in_reverse(q, k, v, heads):
    q, k, v = (_split(part, heads) for part in (q, k, v))
    return _merge(F.scaled_dot_product_attention(q, k, v).flip(1))


@right
def fused(q, k, v, heads):
    return _merge(F.scaled_dot_product_attention(*(_split(part, heads) for part in (q, k, v))))


@right
def head_by_head(q, k, v, heads):
    parts = zip(*(part.chunk(heads, dim=-1) for part in (q, k, v)), strict=True)
    return torch.cat([(a @ b.mT / a.shape[-1] ** 0.5).softmax(-1) @ c for a, b, c in parts], dim=-1)


@right
def einsum_all_the_way(q, k, v, heads):
    q, k, v = (part.unflatten(-1, (heads, -1)) for part in (q, k, v))
    weights = torch.einsum("bnhd,bmhd->bhnm", q, k).div(q.shape[-1] ** 0.5).softmax(-1)
    return torch.einsum("bhnm,bmhd->bnhd", weights, v).flatten(2)


@right
def in_float64(q, k, v, heads):
    return _merge(F.scaled_dot_product_attention(*(_split(part, heads).double() for part in (q, k, v))))


@right
def heads_as_images(q, k, v, heads):
    q, k, v = (rearrange(part, "B N (H D) -> (B H) N D", H=heads) for part in (q, k, v))
    weights = torch.softmax(torch.bmm(q, k.mT) / q.shape[-1] ** 0.5, dim=2)
    return rearrange(torch.bmm(weights, v), "(B H) N D -> B N (H D)", H=heads)
