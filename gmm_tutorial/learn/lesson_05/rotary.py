"""Exercise 05.rotary: rotate pairs of channels by an angle that is proportional to the position."""

import math
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.rotary import rotate, turn


def rotary_cases() -> list[dict[str, Any]]:
    """A quarter turn of the first pair; then positions that are not 0, 1, 2, ..., with H = N = D; then one pair."""
    quarter = torch.tensor([0.0, math.pi / 2])
    made = [
        (torch.tensor([1.0, 0.0, 1.0, 0.0]).expand(1, 1, 2, 4).clone(), quarter),
        (torch.randn(2, 4, 4, 4), torch.tensor([7, 3, 3, 100])),
        (torch.randn(2, 3, 5, 6), torch.tensor([0.5, -2.0, 11.0, 4.0, 30.0])),
        (torch.randn(1, 2, 3, 2), torch.tensor([0, 1, 2])),
    ]
    return [{"x": x, "positions": positions} for x, positions in made]


exercise = Exercise(
    "05.rotary",
    rotate,
    rotary_cases,
    unit="sets of positions",
    hints=(
        "First make the D/2 speeds. Their exponents are equally spaced from 0 to -1, and the base is 10000.",
        "The angles are a table (N, D/2): each position times each speed. The axes of images and heads follow by "
        "broadcasting.",
        "Take the first and the second channel of every pair with slices of step 2. Both new channels need both old "
        "ones.",
        "Stack the two new channels on a new last axis, so that the channels of a pair are neighbors. Merging the last "
        "two axes then restores the order.",
    ),
)


def exponents(pairs: int, *, steps: int | None = None) -> Tensor:
    """i / (pairs - 1), or i / steps, for each pair i."""
    return torch.arange(pairs) / (max(pairs - 1, 1) if steps is None else steps)


def turned(x: Tensor, positions: Tensor, speed: Tensor) -> Tensor:
    """Rotate by positions (N,) times speeds (D/2,)."""
    return turn(x, positions[:, None] * speed)


def speeds(x: Tensor) -> Tensor:
    """The right speeds, (D/2,)."""
    return 10000.0 ** -exponents(x.shape[-1] // 2)


@exercise.mistake
def backward(x: Tensor, positions: Tensor) -> Tensor:
    """You rotate in the other direction: the sine with the minus sign belongs to the first channel of the pair."""
    return turned(x, -positions, speeds(x))


@exercise.mistake
def halves_as_pairs(x: Tensor, positions: Tensor) -> Tensor:
    """You pair channel i with channel i + D/2, as some models do. Here neighbors are a pair: channels 2i and 2i + 1."""
    paired = x.unflatten(-1, (2, -1)).mT.flatten(-2)
    return rotate(paired, positions).unflatten(-1, (-1, 2)).mT.flatten(-2)


@exercise.mistake
def halves_joined(x: Tensor, positions: Tensor) -> Tensor:
    """You put all first channels before all second ones: the two channels of a pair must stay neighbors."""
    return rotate(x, positions).unflatten(-1, (-1, 2)).mT.flatten(-2)


@exercise.mistake
def original_speeds(x: Tensor, positions: Tensor) -> Tensor:
    """Your exponents are 2i/D, as in the original paper. Here they are i / (D/2 - 1), from 0 to 1."""
    pairs = x.shape[-1] // 2
    return turned(x, positions, 10000.0 ** -exponents(pairs, steps=pairs))


@exercise.mistake
def by_channels(x: Tensor, positions: Tensor) -> Tensor:
    """You divide the index of the pair by D - 1: there are D/2 pairs, so divide by D/2 - 1."""
    return turned(x, positions, 10000.0 ** -exponents(x.shape[-1] // 2, steps=x.shape[-1] - 1))


@exercise.mistake
def growing_speeds(x: Tensor, positions: Tensor) -> Tensor:
    """Your speeds grow from 1 to 10000: they must fall, so the exponent is negative."""
    return turned(x, positions, 1 / speeds(x))


@exercise.mistake
def speeds_reversed(x: Tensor, positions: Tensor) -> Tensor:
    """Your speeds are in reverse order: the first pair is the fastest, with speed 1."""
    return turned(x, positions, speeds(x).flip(0))


@exercise.mistake
def one_speed(x: Tensor, positions: Tensor) -> Tensor:
    """You rotate all pairs at the same speed: each pair has its own, 10000^(-i / (D/2 - 1))."""
    return turned(x, positions, speeds(x) ** 0)


@exercise.mistake
def straight_speeds(x: Tensor, positions: Tensor) -> Tensor:
    """Your speeds fall by equal differences: they must fall by equal factors."""
    return turned(x, positions, torch.linspace(1, 1e-4, x.shape[-1] // 2))


@exercise.mistake
def base_e(x: Tensor, positions: Tensor) -> Tensor:
    """Your speeds are powers of e: the base is 10000."""
    return turned(x, positions, torch.exp(-exponents(x.shape[-1] // 2)))


@exercise.mistake
def index_of_the_channel(x: Tensor, positions: Tensor) -> Tensor:
    """Your exponents go from 0 to 2: you use the index of a channel, 2i, where the index of the pair, i, is meant."""
    pairs = x.shape[-1] // 2
    return turned(x, positions, 10000.0 ** (-2 * torch.arange(pairs) / (pairs - 1)))


@exercise.mistake
def nothing_over_nothing(x: Tensor, positions: Tensor) -> Tensor:
    """Your speeds are right, but with D = 2 you divide 0 by 0: a single pair has the speed 1."""
    pairs = x.shape[-1] // 2
    return turned(x, positions, 10000.0 ** (-torch.arange(pairs) / (pairs - 1)))


@exercise.mistake
def base_100(x: Tensor, positions: Tensor) -> Tensor:
    """Your speeds fall only to 1/100: the base is 10000, so the last pair has the speed 1/10000."""
    return turned(x, positions, speeds(x) ** 0.5)


@exercise.mistake
def twice_the_angle(x: Tensor, positions: Tensor) -> Tensor:
    """You rotate by twice the angle: it is the position times the speed of the pair."""
    return rotate(x, 2 * positions)


@exercise.mistake
def counted(x: Tensor, positions: Tensor) -> Tensor:
    """You count the tokens from 0: use the positions that are given."""
    return rotate(x, torch.arange(x.shape[-2]))


@exercise.mistake
def counted_from_one(x: Tensor, positions: Tensor) -> Tensor:
    """You rotate one step too far: position 0 means no rotation."""
    return rotate(x, positions + 1)


@exercise.mistake
def degrees(x: Tensor, positions: Tensor) -> Tensor:
    """You convert the angles from degrees, but they are already in radians."""
    return rotate(x, positions * torch.pi / 180)


@exercise.mistake
def full_turns(x: Tensor, positions: Tensor) -> Tensor:
    """You multiply the angle by 2 pi: the angle is position times speed, in radians."""
    return rotate(x, positions * (2 * torch.pi))


@exercise.mistake
def cosine_only(x: Tensor, positions: Tensor) -> Tensor:
    """You only multiply each channel by the cosine: a rotation also needs the other channel, times the sine."""
    angle = positions[:, None] * speeds(x)
    return x * angle.cos().repeat_interleave(2, -1)


@exercise.mistake
def same_sign(x: Tensor, positions: Tensor) -> Tensor:
    """Both of your sines have a plus sign: in a rotation, the sine in the first channel has a minus sign."""
    angle = positions[:, None] * speeds(x)
    even, odd = x[..., 0::2], x[..., 1::2]
    pair = (even * angle.cos() + odd * angle.sin(), odd * angle.cos() + even * angle.sin())
    return torch.stack(pair, -1).flatten(-2)


@exercise.mistake
def both_minus(x: Tensor, positions: Tensor) -> Tensor:
    """Both of your sines have a minus sign: in a rotation, the sine in the second channel has a plus sign."""
    return same_sign(x, -positions)


@exercise.mistake
def sine_and_cosine_swapped(x: Tensor, positions: Tensor) -> Tensor:
    """Your sine and cosine are swapped: at position 0, each channel must keep its value, and cos 0 = 1."""
    angle = positions[:, None] * speeds(x)
    return turn(x, torch.pi / 2 - angle)


@exercise.mistake
def overwritten(x: Tensor, positions: Tensor) -> Tensor:
    """Your second channel uses the first one after it was rotated: both need the old values."""
    angle = positions[:, None] * speeds(x)
    even, odd = x[..., 0::2], x[..., 1::2]
    even = even * angle.cos() - odd * angle.sin()
    return torch.stack((even, odd * angle.cos() + even * angle.sin()), -1).flatten(-2)


@exercise.mistake
def added(x: Tensor, positions: Tensor) -> Tensor:
    """You add sines and cosines to x, as position embeddings do: rotate the pairs of x instead."""
    angle = positions[:, None] * speeds(x)
    return x + torch.stack((angle.sin(), angle.cos()), -1).flatten(-2)


@exercise.mistake
def over_heads(x: Tensor, positions: Tensor) -> Tensor:
    """You rotate by the index of the head: the positions belong to the tokens, axis 2."""
    return rotate(x.transpose(1, 2), torch.arange(x.shape[1])).transpose(1, 2)
