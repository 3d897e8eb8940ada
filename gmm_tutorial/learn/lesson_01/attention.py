"""Exercise 01.attention: scores, softmax and heads together."""

import math
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_01.scores import scaled_scores
from gmm_tutorial.learn.lesson_01.split_heads import heads_apart, reshaped_only


def with_heads(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """(B, N, C) each -> (B, N, C), C = H D: heads apart, attention in each, heads together again."""
    out = attention(heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads))
    return rearrange(out, "B H N D -> B N (H D)")


def attention_cases() -> list[dict[str, Any]]:
    """One head with one channel, whose weights are plain fractions; then several heads, all sizes different."""
    tiny = {"q": [[[0], [math.log(3)]]], "k": [[[0], [1]]], "v": [[[0], [4]]]}
    first = {name: torch.tensor(value, dtype=torch.float32) for name, value in tiny.items()}
    sizes = [((1, 3, 4), 2), ((2, 5, 12), 3)]
    return [{**first, "heads": 1}, *({**{n: 2 * torch.randn(s) for n in "qkv"}, "heads": h} for s, h in sizes)]


exercise = Exercise(
    "01.attention",
    with_heads,
    attention_cases,
    hints=(
        "Everything is there already: three functions of yours, one matrix product, and a way back. In which order?",
        "Split q, k and v. Scores, then softmax, then the weights times v. Look at the shape that you have now.",
        "You have (B, H, N, D) and need (B, N, H D): the split backwards. First the heads go behind the tokens, "
        "then the last two axes become one.",
    ),
)


def variant(q: Tensor, k: Tensor, v: Tensor, heads: int, *, width: int | None = None, over: int = -1) -> Tensor:
    """Attention with the heads still apart, (B, H, N, D), scaled for another D, or its softmax over another axis."""
    q, k, v = heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads)
    return (q @ k.transpose(-2, -1) * (width or q.shape[-1]) ** -0.5).softmax(over) @ v


def together(x: Tensor) -> Tensor:
    """(B, H, N, D) -> (B, N, H D)."""
    return rearrange(x, "B H N D -> B N (H D)")


@exercise.mistake
def softmax_over_queries(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your softmax runs over the queries: then a query's weights do not sum to 1. It runs over the keys, axis -1."""
    return together(variant(q, k, v, heads, over=-2))


@exercise.mistake
def weights_transposed(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your weights are transposed: each key collects from the queries that asked for it. Rows are queries."""
    return together(variant(k, q, v, heads, over=-2))


@exercise.mistake
def queries_for_keys(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Queries and keys have changed places: row i must hold what query i finds, not what key i offers."""
    return together(variant(k, q, v, heads))


@exercise.mistake
def scaled_by_all_channels(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You divide by the root of all channels, H D. Each head has vectors of length D only: scale after the split."""
    return together(variant(q, k, v, heads, width=q.shape[-1]))


@exercise.mistake
def not_scaled(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """All is there but the scaling: the scores of a head are divided by sqrt(D)."""
    return together(variant(q, k, v, heads, width=1))


@exercise.mistake
def one_head(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You never split: this is one head that is as wide as all of them."""
    return with_heads(q, k, v, 1)


@exercise.mistake
def joined_by_reshape(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Each head is right, but joining them by a reshape alone mixes heads and tokens: move the axis back first."""
    return variant(q, k, v, heads).reshape(q.shape)


@exercise.mistake
def split_by_reshape(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You cut the heads out by a reshape alone, which mixes up the tokens: use your split_heads."""
    q, k, v = reshaped_only(q, heads), reshaped_only(k, heads), reshaped_only(v, heads)
    return together(attention(q, k, v))


@exercise.mistake
def reshaped_both_ways(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You reshape into heads and back without moving an axis: each head then sees a part of the tokens only."""
    q, k, v = reshaped_only(q, heads), reshaped_only(k, heads), reshaped_only(v, heads)
    out = attention(q, k, v)
    return out.reshape(out.shape[0], -1, out.shape[1] * out.shape[3])


@exercise.mistake
def still_apart(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You return (B, H, N, D): every head is right, now put their channels side by side again."""
    return variant(q, k, v, heads)


@exercise.mistake
def no_softmax(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You weigh the values by the bare scores: where is the softmax?"""
    q, k, v = heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads)
    return together(scaled_scores(q, k) @ v)
