"""Exercise 02.masked_layer: the whole attention layer under a mask, from its weights."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from gmm_tutorial.attention import attention
from gmm_tutorial.learn.exercise import Exercise


def masked_layer(
    x: Tensor,
    mask: Tensor,
    num_heads: int,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    out_weight: Tensor,
    out_bias: Tensor,
) -> Tensor:
    """x (B, N, C), or (B, 1 + N, C) with a class token -> the same shape; mask (H, N, N) or (1, N, N).

    qkv_weight (3 H D, C) and qkv_bias (3 H D): first all of q, then k, then v, head by head; out_weight (C, H D).
    """
    q, k, v = rearrange(F.linear(x, qkv_weight, qkv_bias), "B N (n H D) -> n B H N D", n=3, H=num_heads)
    prefix = x.shape[1] - mask.shape[-1]
    padded = F.pad(mask, (prefix, 0, prefix, 0), value=1.0)
    return F.linear(rearrange(attention(q, k, v, padded), "B H N D -> B N (H D)"), out_weight, out_bias)


def weights(heads: int, head_dim: int, channels: int) -> dict[str, Any]:
    """Random weights of a layer, and its number of heads."""
    inner = heads * head_dim
    return {
        "num_heads": heads,
        "qkv_weight": torch.randn(3 * inner, channels),
        "qkv_bias": torch.randn(3 * inner),
        "out_weight": torch.randn(channels, inner),
        "out_bias": torch.randn(channels),
    }


def layer_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; a mask per head; one mask for all and a class token, H D unlike C; both."""
    two = {
        "x": torch.tensor([[[1.0, 0], [0, 2]]]),
        "mask": torch.tensor([[[1.0, 2], [0, 1]], [[0, 1], [3, -1]]]),
        "num_heads": 2,
        "qkv_weight": torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 2], [3, 0], [0, 4]]),
        "qkv_bias": torch.tensor([0.0, 1, 0, 1, 0, 2]),
        "out_weight": torch.tensor([[1.0, 0], [1, 1]]),
        "out_bias": torch.tensor([0.0, 5]),
    }
    return [
        two,
        {"x": torch.randn(2, 6, 6), "mask": torch.randn(3, 6, 6)} | weights(3, 2, 6),
        {"x": torch.randn(2, 1 + 6, 4), "mask": torch.randn(1, 6, 6)} | weights(2, 3, 4),
        {"x": torch.randn(3, 1 + 4, 6), "mask": torch.randn(3, 4, 4)} | weights(3, 2, 6),
    ]


exercise = Exercise(
    "02.masked_layer",
    masked_layer,
    layer_cases,
    unit="layers",
    hints=(
        "Follow the shapes: tokens, then q, k and v of every head, then weights, then tokens again. The first step is "
        "one linear map, x W^T + b, which F.linear computes.",
        "The 3 H D numbers of a token are three blocks, q, k and v, and each block is H heads of D numbers. Give every "
        "part an axis of its own, then move the axis of the heads in front of the tokens.",
        "A class token has no place on the grid. Its scores must stay as they are: by which number can you multiply "
        "them? Give the mask one more row and one more column of it, in front.",
        "At the end, move the axis of the heads back behind the tokens before you join it with D.",
    ),
)

Weigh = Callable[[Tensor, Tensor], Tensor]


def padded(mask: Tensor, prefix: int, value: float = 1.0) -> Tensor:
    """A mask with rows and columns of a class token in front: (H, N, N) -> (H, prefix + N, prefix + N)."""
    return F.pad(mask, (prefix, 0, prefix, 0), value=value)


def layer(
    *inputs: Any,
    pad: Callable[[Tensor, int], Tensor] = padded,
    weigh: Weigh = lambda scores, mask: (mask * scores).softmax(-1),
    size: Callable[[Tensor, Tensor], float] = lambda x, q: q.shape[-1],
    split: str = "(n H D)",
    merge: str = "(H D)",
    order: str = "qkv",
) -> Tensor:
    """The layer with one of its steps replaced."""
    x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias = inputs
    parts = rearrange(F.linear(x, qkv_weight, qkv_bias), f"B N {split} -> n B H N D", n=3, H=num_heads)
    q, k, v = (parts[order.index(name)] for name in "qkv")
    seen = weigh(q @ k.mT * size(x, q) ** -0.5, pad(mask, x.shape[1] - mask.shape[-1])) @ v
    return F.linear(rearrange(seen, f"B H N D -> B N {merge}"), out_weight, out_bias)


mistake = partial(exercise.mistake_by_options, layer)
blocks = "They are three blocks: first all of q, then k, then v, and each block is divided into heads."
mistake(f"You split the 3 H D numbers as if q, k and v of a channel were side by side. {blocks}", split="(H D n)")
mistake(f"You split the 3 H D numbers into heads first, then into q, k and v. {blocks}", split="(H n D)")
mistake(
    "You deal out the channels of q, k and v to the heads in turn. The first D channels of a block are head 0.",
    split="(n D H)",
)
mistake("You take the blocks in the order k, q, v. The first block holds the queries.", order="kqv")
mistake("You take the blocks in the order v, k, q. It must be q, k, v.", order="vkq")
mistake(
    "You join the heads channel by channel, (D H). All D channels of head 0 come first, then those of head 1.",
    merge="(D H)",
)
mistake("Your scores are not divided by the square root of D.", size=lambda x, q: 1.0)
mistake("You divide the scores by D. It must be its square root.", size=lambda x, q: q.shape[-1] ** 2)
mistake(
    "You divide the scores by the square root of H D, the width of all heads. Each head has D channels.",
    size=lambda x, q: q.shape[1] * q.shape[-1],
)
mistake(
    "You divide the scores by the square root of C, the channels of a token. A head has only D channels.",
    size=lambda x, q: x.shape[-1],
)
mistake(
    "You pad the mask with zeros. A 0 makes all scores of the class token equal; a 1 leaves them as they are.",
    pad=partial(padded, value=0.0),
)
mistake(
    "You pad the mask at its end, but the class token is token 0: the new row and column come first.",
    pad=lambda mask, prefix: F.pad(mask, (0, prefix, 0, prefix), value=1.0),
)
mistake(
    "You use the mask of head 0 for all heads. Each head has its own, unless there is only one.",
    weigh=lambda scores, mask: (mask[:1] * scores).softmax(-1),
)
mistake(
    "You use the mean of the masks for all heads. Each head has its own.",
    weigh=lambda scores, mask: (mask.mean(0) * scores).softmax(-1),
)
mistake("This is the layer without a mask: multiply the scores by it.", weigh=lambda scores, mask: scores.softmax(-1))
mistake("You add the mask to the scores. ELM multiplies.", weigh=lambda scores, mask: (mask + scores).softmax(-1))
mistake("The softmax is missing between the masked scores and the values.", weigh=lambda scores, mask: mask * scores)
mistake(
    "You multiply by the mask after the softmax. ELM multiplies the scores.",
    weigh=lambda scores, mask: mask * scores.softmax(-1),
)
mistake(
    "Your mask is transposed. Its rows belong to queries and its columns to keys, like those of the scores.",
    weigh=lambda scores, mask: (mask.mT * scores).softmax(-1),
)
mistake(
    "You take the softmax over the queries. It must be over the keys, the last axis of the scores.",
    weigh=lambda scores, mask: (mask * scores).softmax(-2),
)


@exercise.mistake
def split_by_a_reshape(x: Tensor, mask: Tensor, num_heads: int, *others: Tensor) -> Tensor:
    """You make the axis of the heads by a reshape alone. Split off (H, D) behind the tokens, then move the heads."""
    weight, bias, *out = others
    blocks = rearrange(F.linear(x, weight, bias), "B N (n C) -> B n (N C)", n=3)
    mixed = rearrange(blocks, "B n (H N D) -> B N (n H D)", H=num_heads, N=x.shape[1])
    return layer(mixed, mask, num_heads, torch.eye(len(weight)), torch.zeros(len(weight)), *out)


@exercise.mistake
def joined_by_a_reshape(x: Tensor, mask: Tensor, num_heads: int, *others: Tensor) -> Tensor:
    """You join heads and channels by a reshape alone. Move the axis of the heads behind the tokens first."""
    *first, out_weight, out_bias = others
    inner = out_weight.shape[1]
    joined = layer(x, mask, num_heads, *first, torch.eye(inner), torch.zeros(inner))
    mixed = joined.unflatten(-1, (num_heads, -1)).transpose(1, 2).reshape(joined.shape)
    return F.linear(mixed, out_weight, out_bias)


@exercise.mistake
def only_patches(x: Tensor, mask: Tensor, *others: Any) -> Tensor:
    """You leave the class token out of attention. It takes part like any other token, only without a mask."""
    prefix = x.shape[1] - mask.shape[-1]
    return torch.cat((x[:, :prefix], layer(x[:, prefix:], mask, *others)), dim=1)
