"""Exercise 01.attention: scores, softmax and heads together."""

import math
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.learn.exercise import Exercise
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
        "You need your three functions, one matrix product, and a step that joins the heads again. In which order?",
        "Split q, k and v. Compute the scores, their softmax, and the weights times v. Which shape do you have now?",
        "You have (B, H, N, D) and need (B, N, H D), so undo the split: first move the heads behind the tokens, "
        "then merge the last two axes into one.",
    ),
)


def scores_and_values(q: Tensor, k: Tensor, v: Tensor, heads: int, width: int | None = None) -> tuple[Tensor, Tensor]:
    """The scores (B, H, N, N), scaled for vectors of length `width` (default D), and the values (B, H, N, D)."""
    q, k, v = heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads)
    return q @ k.transpose(-2, -1) * (width or q.shape[-1]) ** -0.5, v


def variant(q: Tensor, k: Tensor, v: Tensor, heads: int, *, width: int | None = None, over: int = -1) -> Tensor:
    """Attention with the heads still apart, (B, H, N, D), scaled for another D, or its softmax over another axis."""
    scores, values = scores_and_values(q, k, v, heads, width)
    return scores.softmax(over) @ values


def together(x: Tensor) -> Tensor:
    """(B, H, N, D) -> (B, N, H D)."""
    return rearrange(x, "B H N D -> B N (H D)")


@exercise.mistake
def softmax_over_queries(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your softmax runs over the queries, so the weights of a query do not sum to 1. Use the keys, axis -1."""
    return together(variant(q, k, v, heads, over=-2))


@exercise.mistake
def weights_transposed(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your weights are transposed before they multiply the values. Row a must hold the weights of query a."""
    return together(variant(k, q, v, heads, over=-2))


@exercise.mistake
def queries_for_keys(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You have swapped queries and keys: row a of the scores must belong to query a."""
    return together(variant(k, q, v, heads))


@exercise.mistake
def scaled_by_all_channels(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You divide by the square root of H D, all channels. A head has vectors of length D: scale after the split."""
    return together(variant(q, k, v, heads, width=q.shape[-1]))


@exercise.mistake
def not_scaled(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Only the scaling is missing: divide the scores of each head by sqrt(D)."""
    return together(variant(q, k, v, heads, width=1))


@exercise.mistake
def one_head(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You do not split into heads: this is a single head with all channels."""
    return with_heads(q, k, v, 1)


@exercise.mistake
def joined_by_reshape(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Each head is right, but joining the heads by a reshape alone mixes them with tokens: move the axis first."""
    return variant(q, k, v, heads).reshape(q.shape)


@exercise.mistake
def split_by_reshape(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You split the heads by a reshape alone, which mixes tokens: use your split_heads."""
    q, k, v = reshaped_only(q, heads), reshaped_only(k, heads), reshaped_only(v, heads)
    return together(attention(q, k, v))


@exercise.mistake
def reshaped_both_ways(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You reshape into heads and back without moving an axis, so each head sees only some of the tokens."""
    q, k, v = reshaped_only(q, heads), reshaped_only(k, heads), reshaped_only(v, heads)
    out = attention(q, k, v)
    return out.reshape(out.shape[0], -1, out.shape[1] * out.shape[3])


@exercise.mistake
def still_apart(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You return (B, H, N, D). Every head is right; now put their channels side by side again."""
    return variant(q, k, v, heads)


@exercise.mistake
def no_softmax(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You multiply the values by the scores themselves: where is the softmax?"""
    scores, values = scores_and_values(q, k, v, heads)
    return together(scores @ values)


@exercise.mistake
def softmax_over_heads(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your softmax runs over the heads, axis 1. It must run over the keys, axis -1."""
    return together(variant(q, k, v, heads, over=1))


@exercise.mistake
def divided_by_width(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You divide the scores by D, perhaps because you scale twice. Divide them by sqrt(D), once."""
    return together(variant(q, k, v, heads, width=(q.shape[-1] // heads) ** 2))


@exercise.mistake
def scaled_after_softmax(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You divide by sqrt(D) after the softmax. Divide the scores, before the softmax."""
    return together(variant(q, k, v, heads, width=1)) * (q.shape[-1] // heads) ** -0.5


@exercise.mistake
def sigmoid(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You apply a sigmoid to the scores. Use softmax, so that the weights of a query sum to 1."""
    scores, values = scores_and_values(q, k, v, heads)
    return together(scores.sigmoid() @ values)


@exercise.mistake
def causal(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your attention is causal: a token sees only itself and those before it. Here every token sees all tokens."""
    scores, values = scores_and_values(q, k, v, heads)
    return together(scores.masked_fill(torch.ones_like(scores).triu(1) > 0, -math.inf).softmax(-1) @ values)


@exercise.mistake
def same_weights_for_all_heads(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You average the weights over the heads. Each head must use its own weights."""
    scores, values = scores_and_values(q, k, v, heads)
    return together(scores.softmax(-1).mean(1, keepdim=True) @ values)


def in_turn(x: Tensor, heads: int) -> Tensor:
    """(B, N, C): the channels in the order that gives them to the heads in turn, once they are split."""
    return rearrange(x, "B N (D H) -> B N (H D)", H=heads)


@exercise.mistake
def channels_in_turn(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You give the channels to the heads in turn, one at a time. Use your split_heads: head 0 gets the first D."""
    out = with_heads(in_turn(q, heads), in_turn(k, heads), in_turn(v, heads), heads)
    return rearrange(out, "B N (H D) -> B N (D H)", H=heads)


@exercise.mistake
def channels_split_in_turn(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You give the channels to the heads in turn when you split, one at a time. Use your split_heads."""
    return with_heads(in_turn(q, heads), in_turn(k, heads), in_turn(v, heads), heads)
