"""Exercise 07.rotated: pairs of channels turned along the raster."""

import math
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.rotary import turn


def rotated(x: Tensor, speed: Tensor) -> Tensor:
    """x (h, w, D), speed (D/2,) -> (h, w, D): each pair of channels turned by its speed times the raster index."""
    h, w, _ = x.shape
    return turn(x, torch.arange(h * w).view(h, w, 1) * speed)


def rotated_cases() -> list[dict[str, Any]]:
    """Threes, fours and fives: 0.6435 is the angle whose sine is 3/5; two pairs, whole as well; then any numbers."""
    return [
        {"x": torch.tensor([5.0, 0]).expand(1, 2, 2), "speed": torch.tensor([0.6435011])},
        {"x": torch.tensor([5.0, 0]).expand(2, 2, 2), "speed": torch.tensor([0.6435011])},
        {"x": torch.tensor([[[3.0, 4, 6, 7], [1, 2, 5, 10]]]), "speed": torch.tensor([math.pi / 2, 0.6435011])},
        {"x": torch.randn(2, 3, 4), "speed": torch.tensor([1.0, 0.1])},
        {"x": torch.randn(4, 3, 8), "speed": 10000.0 ** -torch.linspace(0, 1, 4)},
    ]


exercise = Exercise(
    "07.rotated",
    rotated,
    rotated_cases,
    unit="grids",
    hints=(
        "You need an angle for every token and every pair: (h, w, D/2). The raster index of a grid is "
        "torch.arange(h * w), laid out as the grid is.",
        "The first channels of all pairs are x[..., 0::2], the second ones x[..., 1::2]: each is (h, w, D/2), as are "
        "the angles.",
        "Make the two new channels by the formula, stack them along a new last axis, and flatten the last two axes "
        "into D: that puts the partners next to each other again.",
    ),
)


@exercise.mistake
def other_way(x: Tensor, speed: Tensor) -> Tensor:
    """You turn the other way: a sine has the wrong sign. The first channel has the minus."""
    return rotated(x, -speed)


def with_step(x: Tensor, speed: Tensor, step: int) -> Tensor:
    """Each token turned by y * step + x: step is what a row is counted for."""
    h, w, _ = x.shape
    return turn(x, (torch.arange(h)[:, None] * step + torch.arange(w))[..., None] * speed)


@exercise.mistake
def by_columns(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle grows with the column and starts anew in every row. The raster index goes on: y * w + x."""
    return with_step(x, speed, 0)


@exercise.mistake
def by_rows(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle grows with the row only: all tokens of a row are turned alike. The raster index is y * w + x."""
    return turn(x, torch.arange(x.shape[0])[:, None, None] * speed)


@exercise.mistake
def columns_first(x: Tensor, speed: Tensor) -> Tensor:
    """You count tokens down the columns: raster order reads rows, y * w + x."""
    h, w, _ = x.shape
    return turn(x, torch.arange(h * w).view(w, h).T[..., None] * speed)


@exercise.mistake
def manhattan(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle is y + x. The next row begins w steps later: y * w + x."""
    return with_step(x, speed, 1)


@exercise.mistake
def height_for_width(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle is y * h + x. A row has w tokens, so the next one begins w steps later: y * w + x."""
    return with_step(x, speed, len(x))


@exercise.mistake
def from_one(x: Tensor, speed: Tensor) -> Tensor:
    """You count from 1: the first token has the index 0, and is not turned."""
    h, w, _ = x.shape
    return turn(x, (1 + torch.arange(h * w)).view(h, w, 1) * speed)


@exercise.mistake
def halves(x: Tensor, speed: Tensor) -> Tensor:
    """You pair each channel with the one half of D further on. Here partners are neighbours, 2i and 2i + 1."""
    mixed = x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)
    return rotated(mixed, speed).unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)


@exercise.mistake
def not_put_back(x: Tensor, speed: Tensor) -> Tensor:
    """Your channels come back in another order: partners must be neighbours again. Stack, then flatten."""
    return rotated(x, speed).unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)


@exercise.mistake
def in_place(x: Tensor, speed: Tensor) -> Tensor:
    """Your second channel is made from the first one after its turn: compute both from what came in."""
    h, w, _ = x.shape
    angle = torch.arange(h * w).view(h, w, 1) * speed
    a, b = x[..., 0::2], x[..., 1::2]
    a = a * angle.cos() - b * angle.sin()
    return torch.stack((a, a * angle.sin() + b * angle.cos()), dim=-1).flatten(-2)
