"""Exercise 09.split: the temperature inside a mask."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def split(mask: Tensor) -> tuple[Tensor, Tensor]:
    """mask (H, N, N) -> scale (H, 1, 1), the mean of each head's mask, and rest (H, N, N): scale + rest is the mask."""
    scale = mask.mean((-2, -1), keepdim=True)
    return scale, mask - scale


def split_cases() -> list[dict[str, Any]]:
    """Two tokens, two heads of three tokens in whole numbers, then any."""
    whole = torch.tensor([[[3.0, 1, 2], [4, 0, 2], [1, 5, 9]], [[-1, -1, 2], [0, 6, 0], [3, -4, 4]]])
    return [
        {"mask": mask}
        for mask in (torch.tensor([[[1.0, 3], [5, 7]]]), whole, torch.randn(3, 4, 4), torch.rand(2, 6, 6))
    ]


exercise = Exercise(
    "09.split",
    split,
    split_cases,
    unit="masks",
    hints=(
        "Each head has one number: the mean of its N x N entries. Do not average over heads.",
        "keepdim=True keeps the two axes over which you take the mean, as axes of length 1: (H, 1, 1).",
        "With those axes, broadcasting subtracts the number of a head from every entry of its mask.",
    ),
)


@exercise.mistake
def by_row(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the mean of each row, which gives one temperature per query. Return one number per head."""
    scale = mask.mean(-1, keepdim=True)
    return scale, mask - scale


@exercise.mistake
def by_column(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the mean of each column, which gives one number per key. Return one number per head."""
    scale = mask.mean(-2, keepdim=True)
    return scale, mask - scale


@exercise.mistake
def over_heads(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the mean over the heads, for each pair of tokens. Take the mean over the pairs, for each head."""
    scale = mask.mean(0, keepdim=True)
    return scale, mask - scale


@exercise.mistake
def one_for_all(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take one mean over all heads. Each head has its own temperature."""
    scale = mask.mean().expand(len(mask), 1, 1)
    return scale, mask - scale


@exercise.mistake
def axes_lost(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your numbers are right, but their axes are gone: (H,) instead of (H, 1, 1)."""
    scale, rest = split(mask)
    return scale.flatten(), rest


@exercise.mistake
def divided(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You divide by the mean. Subtract it, so that scale + rest is the mask."""
    scale, _ = split(mask)
    return scale, mask / scale


@exercise.mistake
def kept(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your rest is the whole mask: the mean is still in it."""
    return split(mask)[0], mask


@exercise.mistake
def turned(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your rest has the wrong sign: scale + rest must be the mask."""
    scale, rest = split(mask)
    return scale, -rest


@exercise.mistake
def swapped(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You return the rest first. Return the scale first."""
    return split(mask)[::-1]


@exercise.mistake
def diagonal(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the mean of the diagonal. Take the mean over all pairs."""
    scale = mask.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None]
    return scale, mask - scale


@exercise.mistake
def summed(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the sum. Take the mean."""
    scale = mask.sum((-2, -1), keepdim=True)
    return scale, mask - scale


@exercise.mistake
def median(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the median. Take the mean."""
    scale = mask.flatten(1).median(1).values[:, None, None]
    return scale, mask - scale
