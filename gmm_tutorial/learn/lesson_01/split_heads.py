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
        "Two steps: first cut the last axis in two, H and D, in this order. Then the new axes are B, N, H, D. "
        "Which two must change places?",
        "Cutting an axis is a reshape; moving an axis never is. So reshape to B, N, H, D, then exchange N and H; "
        "or say both at once in one einops string.",
    ),
)


@exercise.mistake
def reshaped_only(x: Tensor, heads: int) -> Tensor:
    """The shape is right, the numbers are not: a reshape never moves an axis, so your heads mix up the tokens."""
    batch, tokens, channels = x.shape
    return x.reshape(batch, heads, tokens, channels // heads)


@exercise.mistake
def interleaved(x: Tensor, heads: int) -> Tensor:
    """You deal the channels out like cards, one to each head in turn. Head 0 gets the first D of them, in one piece."""
    return rearrange(x, "B N (D H) -> B H N D", H=heads)


@exercise.mistake
def tokens_first(x: Tensor, heads: int) -> Tensor:
    """You have (B, N, H, D): cut rightly, but the heads are not in front of the tokens yet."""
    return rearrange(x, "B N (H D) -> B N H D", H=heads)


@exercise.mistake
def channels_before_tokens(x: Tensor, heads: int) -> Tensor:
    """You have (B, H, D, N): the heads are right, but tokens and channels have changed places."""
    return rearrange(x, "B N (H D) -> B H D N", H=heads)


@exercise.mistake
def tokens_cut(x: Tensor, heads: int) -> Tensor:
    """You have (B, D, N, H): the two sizes that the channels are cut into have changed roles."""
    return rearrange(x, "B N (H D) -> B D N H", H=heads)
