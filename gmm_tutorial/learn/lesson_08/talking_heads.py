"""Exercise 08.talking_heads: logits under a mask, mixed over the heads before and after the softmax."""

from typing import Any

import torch
from einops import einsum
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def talking_heads(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """logits (B, H, N, M), mask (H, N, M), before, after (H, H) -> the weights (B, H, N, M)."""
    return mixed(mixed(mask * logits, before).softmax(dim=-1), after)


def mixed(x: Tensor, heads: Tensor) -> Tensor:
    """x (B, H, N, M), heads (H, G), how much of head H goes into head G -> (B, G, N, M)."""
    return einsum(x, heads, "B H N M, H G -> B G N M")


def talking_heads_cases() -> list[dict[str, Any]]:
    """Two heads with one query, then random logits; each head of a mask and each entry of a mix is another number."""
    small = {
        "logits": torch.tensor([[[[1.0, 2]], [[0, 3]]]]),
        "mask": torch.tensor([[[1.0, 0]], [[2, 1]]]),
        "before": torch.tensor([[1.0, 2], [0, 1]]),
        "after": torch.tensor([[1.0, 0], [3, 1]]),
    }
    larger = [
        {
            "logits": torch.randn(batch, heads, n, n),
            "mask": torch.randn(heads, n, n),
            "before": torch.randn(heads, heads),
            "after": torch.randn(heads, heads),
        }
        for batch, heads, n in ((2, 3, 6), (3, 2, 8))
    ]
    return [small, *larger]


exercise = Exercise(
    "08.talking_heads",
    talking_heads,
    talking_heads_cases,
    unit="layers",
    hints=(
        "Four steps in this order: the mask, the first mix, the softmax over the keys, the second mix.",
        "Each head has a mask of its own, so the mask must act while the heads are still apart.",
        "A mix is a product of matrices over the head axis: head g of the result is the sum over h of entry [h, g] "
        "times head h. einsum says it without moving an axis.",
    ),
)


@exercise.mistake
def mask_after_the_mix(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your mask acts after the heads have been mixed: there, the mask of a head meets the logits of others."""
    return mixed((mask * mixed(logits, before)).softmax(dim=-1), after)


@exercise.mistake
def mask_after_the_softmax(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your mask multiplies the weights: GMM multiplies the logits, before the softmax."""
    return mixed(mask * mixed(logits, before).softmax(dim=-1), after)


@exercise.mistake
def mixes_transposed(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your mixes are transposed: entry [h, g] says how much of head h goes into head g."""
    return talking_heads(logits, mask, before.T, after.T)


@exercise.mistake
def first_mix_missing(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The heads do not talk before the softmax: mix the logits, too."""
    return mixed((mask * logits).softmax(dim=-1), after)


@exercise.mistake
def second_mix_missing(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The heads do not talk after the softmax: mix the weights, too."""
    return mixed(mask * logits, before).softmax(dim=-1)


@exercise.mistake
def never_mixed(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The heads never talk: mix them twice, the logits before the softmax and the weights after it."""
    return (mask * logits).softmax(dim=-1)


@exercise.mistake
def both_before(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """You mix twice before the softmax: the second mix takes what comes out of the softmax."""
    return mixed(mixed(mask * logits, before), after).softmax(dim=-1)


@exercise.mistake
def mixes_exchanged(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """You use `after` before the softmax and `before` after it."""
    return talking_heads(logits, mask, after, before)


@exercise.mistake
def softmax_over_heads(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your softmax is over the heads: for each query, the weights of all keys are what sums to 1."""
    return mixed(mixed(mask * logits, before).softmax(dim=1), after)


@exercise.mistake
def normalized(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """You divide each row by its sum after the second mix: mixed weights are used as they are, whatever their sum."""
    weights = talking_heads(logits, mask, before, after)
    return weights / weights.sum(dim=-1, keepdim=True)


@exercise.mistake
def first_mix_transposed(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your first mix is transposed: entry [h, g] says how much of head h goes into head g."""
    return talking_heads(logits, mask, before.T, after)


@exercise.mistake
def second_mix_transposed(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your second mix is transposed: entry [h, g] says how much of head h goes into head g."""
    return talking_heads(logits, mask, before, after.T)


@exercise.mistake
def softmax_over_queries(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your softmax is over the queries: the last axis, the keys, is the one whose weights sum to 1."""
    return mixed(mixed(mask * logits, before).softmax(dim=-2), after)


@exercise.mistake
def mask_added(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """You add the mask to the logits: GMM multiplies them by it."""
    return mixed(mixed(mask + logits, before).softmax(dim=-1), after)


@exercise.mistake
def mask_at_the_end(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your mask multiplies the weights after the second mix: GMM multiplies the logits, before the first mix."""
    return mask * mixed(mixed(logits, before).softmax(-1), after)


@exercise.mistake
def without_softmax(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """The softmax is missing: it turns the mixed logits into weights, between the first and the second mix."""
    return mixed(mixed(mask * logits, before), after)


@exercise.mistake
def softmax_before_both(logits: Tensor, mask: Tensor, before: Tensor, after: Tensor) -> Tensor:
    """Your softmax comes before both mixes: the first mix works on logits, so it comes before the softmax."""
    return mixed(mixed((mask * logits).softmax(-1), before), after)
