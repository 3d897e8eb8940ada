"""Exercise 01.split_heads: from all channels to heads."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def heads_apart(x: Tensor, heads: int) -> Tensor:
    """(B, N, H D) -> (B, H, N, D): the first D channels go to head 0, the next D to head 1, ..."""
    return rearrange(x, "B N (H D) -> B H N D", H=heads)


def head_cases() -> list[dict[str, Any]]:
    """Counted numbers, so that each can be followed; then sizes that are all different."""
    return [
        {"x": torch.arange(4.0).view(1, 2, 2), "heads": 2},
        {"x": torch.arange(12.0).view(1, 3, 4), "heads": 2},
        {"x": torch.randn(2, 5, 12), "heads": 3},
    ]


exercise = Exercise(
    "01.split_heads",
    heads_apart,
    head_cases,
    hints=(
        "Number the channels of one token 0, 1, 2, 3 and give them to two heads. Which two go to head 0?",
        "There are two steps. First split the last axis into H and D, in this order. The axes are now B, N, H, D. "
        "Which two of them must be swapped?",
        "A reshape can split an axis, but it can never move one. So reshape to B, N, H, D, then swap N and H; "
        "or write both steps as one einops string.",
    ),
)


@exercise.mistake
def reshaped_only(x: Tensor, heads: int) -> Tensor:
    """The shape is right, but a reshape never moves an axis, so each of your heads mixes tokens."""
    batch, tokens, channels = x.shape
    return x.reshape(batch, heads, tokens, channels // heads)


@exercise.mistake
def interleaved(x: Tensor, heads: int) -> Tensor:
    """You give the channels to the heads in turn, one at a time. Head 0 must get the first D channels."""
    return rearrange(x, "B N (D H) -> B H N D", H=heads)


@exercise.mistake
def tokens_first(x: Tensor, heads: int) -> Tensor:
    """You have (B, N, H, D): the split is right, but the axis of heads must come before the tokens."""
    return rearrange(x, "B N (H D) -> B N H D", H=heads)


@exercise.mistake
def channels_before_tokens(x: Tensor, heads: int) -> Tensor:
    """You have (B, H, D, N): the heads are right, but tokens and channels are swapped."""
    return rearrange(x, "B N (H D) -> B H D N", H=heads)


@exercise.mistake
def tokens_cut(x: Tensor, heads: int) -> Tensor:
    """You have (B, D, N, H): heads and the channels of a head are swapped."""
    return rearrange(x, "B N (H D) -> B D N H", H=heads)


@exercise.mistake
def heads_as_width(x: Tensor, heads: int) -> Tensor:
    """You cut the channels into pieces of `heads` channels. There must be `heads` pieces of D channels each."""
    return rearrange(x, "B N (H D) -> B H N D", D=heads)


@exercise.mistake
def two_heads_always(x: Tensor, heads: int) -> Tensor:
    """You always split into two heads. Use the argument `heads`."""
    return rearrange(x, "B N (H D) -> B H N D", H=2)
