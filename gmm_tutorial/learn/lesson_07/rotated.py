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
        "You need one angle per token and per pair: a tensor of shape (h, w, D/2). The raster indices are 0 to "
        "h w - 1, arranged like the grid.",
        "The first channels of all pairs are every second channel from 0 on, the second ones every second channel "
        "from 1 on. Both have the shape of the angles, (h, w, D/2).",
        "Compute the two new channels by the formula, both from the old a and b. Then put them next to each other "
        "again: stack them along a new last axis, and merge the last two axes into D.",
    ),
)


@exercise.mistake
def other_way(x: Tensor, speed: Tensor) -> Tensor:
    """You turn the other way: the sines have the opposite sign. The minus belongs to the first channel."""
    return rotated(x, -speed)


def with_step(x: Tensor, speed: Tensor, step: int) -> Tensor:
    """Each token turned by y * step + x: step is what a row is counted for."""
    h, w, _ = x.shape
    return turn(x, (torch.arange(h)[:, None] * step + torch.arange(w))[..., None] * speed)


@exercise.mistake
def by_columns(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle depends on the column alone and starts again in every row. The raster index is y * w + x."""
    return with_step(x, speed, 0)


@exercise.mistake
def by_rows(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle depends on the row alone, so all tokens of a row are turned alike. The raster index is y * w + x."""
    return turn(x, torch.arange(x.shape[0])[:, None, None] * speed)


@exercise.mistake
def columns_first(x: Tensor, speed: Tensor) -> Tensor:
    """You count the tokens column by column, x * h + y. Raster order goes row by row, y * w + x."""
    h, w, _ = x.shape
    return turn(x, torch.arange(h * w).view(w, h).T[..., None] * speed)


@exercise.mistake
def manhattan(x: Tensor, speed: Tensor) -> Tensor:
    """Your index is y + x. Each row is w tokens long, so the raster index is y * w + x."""
    return with_step(x, speed, 1)


@exercise.mistake
def height_for_width(x: Tensor, speed: Tensor) -> Tensor:
    """Your index is y * h + x. A row has w tokens, not h, so the raster index is y * w + x."""
    return with_step(x, speed, len(x))


@exercise.mistake
def from_one(x: Tensor, speed: Tensor) -> Tensor:
    """You count from 1. The first token has index 0 and is not turned."""
    h, w, _ = x.shape
    return turn(x, (1 + torch.arange(h * w)).view(h, w, 1) * speed)


@exercise.mistake
def halves(x: Tensor, speed: Tensor) -> Tensor:
    """You pair each channel with the one D/2 further on. Here the pairs are neighbors, 2i and 2i + 1."""
    mixed = x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)
    return rotated(mixed, speed).unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)


@exercise.mistake
def not_put_back(x: Tensor, speed: Tensor) -> Tensor:
    """Your channels come back in another order, all a and then all b. The two of a pair must be neighbors again."""
    return rotated(x, speed).unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)


@exercise.mistake
def in_place(x: Tensor, speed: Tensor) -> Tensor:
    """You compute the second channel from the first one after it was turned. Compute both from the old a and b."""
    h, w, _ = x.shape
    angle = torch.arange(h * w).view(h, w, 1) * speed
    a, b = x[..., 0::2], x[..., 1::2]
    a = a * angle.cos() - b * angle.sin()
    return torch.stack((a, a * angle.sin() + b * angle.cos()), dim=-1).flatten(-2)


def place(x: Tensor) -> Tensor:
    """The raster index of each token, (h, w, 1)."""
    h, w, _ = x.shape
    return torch.arange(h * w).view(h, w, 1)


def parts(x: Tensor, speed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The first and second channels of all pairs, and their angles, (h, w, D/2) each."""
    return x[..., 0::2], x[..., 1::2], place(x) * speed


def paired(a: Tensor, b: Tensor) -> Tensor:
    """Two channels next to each other, (h, w, D/2) each -> (h, w, D)."""
    return torch.stack((a, b), dim=-1).flatten(-2)


@exercise.mistake
def put_back_interleaved(x: Tensor, speed: Tensor) -> Tensor:
    """You take the first half of the channels for a and the second half for b. Pairs are neighbors, 2i and 2i + 1."""
    a, b = x.chunk(2, -1)
    return rotated(paired(a, b), speed)


@exercise.mistake
def partner_from_the_other_half(x: Tensor, speed: Tensor) -> Tensor:
    """Your angles belong to the pairs 2i and 2i + 1, but you take the partner from D/2 further on."""
    angle = (place(x) * speed).repeat_interleave(2, -1)
    a, b = x.chunk(2, -1)
    return x * angle.cos() + torch.cat((-b, a), -1) * angle.sin()


@exercise.mistake
def angles_in_another_order(x: Tensor, speed: Tensor) -> Tensor:
    """Your list of angles repeats as a whole. Two neighboring channels share an angle, so repeat each one in place."""
    a, b, angle = parts(x, speed)
    angle = torch.cat((angle, angle), -1)
    return x * angle.cos() + paired(-b, a) * angle.sin()


@exercise.mistake
def swapped_output(x: Tensor, speed: Tensor) -> Tensor:
    """The two channels of each pair come back in the wrong order: a first, then b."""
    a, b, angle = parts(x, speed)
    return paired(a * angle.sin() + b * angle.cos(), a * angle.cos() - b * angle.sin())


@exercise.mistake
def swapped_input(x: Tensor, speed: Tensor) -> Tensor:
    """You take the first channel of each pair for b and the second for a."""
    return rotated(paired(x[..., 1::2], x[..., 0::2]), speed)


@exercise.mistake
def sideways(x: Tensor, speed: Tensor) -> Tensor:
    """Your index is x * w + y, with row and column swapped. The raster index is y * w + x."""
    h, w, _ = x.shape
    index = torch.arange(h)[:, None] + w * torch.arange(w)
    return turn(x, index[..., None] * speed)


@exercise.mistake
def divided(x: Tensor, speed: Tensor) -> Tensor:
    """You divide the index by the speed. The angle is the index times the speed."""
    return turn(x, place(x) / speed)


@exercise.mistake
def share_of_the_grid(x: Tensor, speed: Tensor) -> Tensor:
    """You divide the index by the number of tokens. The index itself is multiplied by the speed."""
    return rotated(x, speed / (len(x) * x.shape[1]))


@exercise.mistake
def degrees(x: Tensor, speed: Tensor) -> Tensor:
    """You convert the angles as if they were degrees. They are radians already."""
    return rotated(x, torch.deg2rad(speed))


@exercise.mistake
def full_turns(x: Tensor, speed: Tensor) -> Tensor:
    """You multiply the angles by 2 pi. The speed is in radians per token already."""
    return rotated(x, 2 * math.pi * speed)


@exercise.mistake
def exponent(x: Tensor, speed: Tensor) -> Tensor:
    """You use the speed as an exponent of 10000. The speeds that you get are ready to be multiplied by the index."""
    return rotated(x, 10000.0**-speed)


@exercise.mistake
def one_speed(x: Tensor, speed: Tensor) -> Tensor:
    """You use the first speed for all pairs. Pair i has speed i."""
    return rotated(x, speed[:1].expand_as(speed))


@exercise.mistake
def swapped_sine(x: Tensor, speed: Tensor) -> Tensor:
    """Sine and cosine are swapped."""
    a, b, angle = parts(x, speed)
    return paired(a * angle.sin() - b * angle.cos(), a * angle.cos() + b * angle.sin())


@exercise.mistake
def two_minus_signs(x: Tensor, speed: Tensor) -> Tensor:
    """There is a minus in both channels. Only the first one has a minus."""
    a, b, angle = parts(x, speed)
    return paired(a * angle.cos() - b * angle.sin(), a * angle.sin() - b * angle.cos())


@exercise.mistake
def no_minus_sign(x: Tensor, speed: Tensor) -> Tensor:
    """There is no minus in your first channel: it is a cos - b sin."""
    a, b, angle = parts(x, speed)
    return paired(a * angle.cos() + b * angle.sin(), a * angle.sin() + b * angle.cos())


@exercise.mistake
def first_of_each_pair(x: Tensor, speed: Tensor) -> Tensor:
    """Only the first channel of each pair is turned. The second one changes as well: a sin + b cos."""
    a, b, angle = parts(x, speed)
    return paired(a * angle.cos() - b * angle.sin(), b)


@exercise.mistake
def scaled(x: Tensor, speed: Tensor) -> Tensor:
    """You only multiply by the cosine. A rotation also mixes the two channels of a pair, by the sine."""
    a, b, angle = parts(x, speed)
    return paired(a * angle.cos(), b * angle.cos())
