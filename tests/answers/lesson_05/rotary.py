"""Answers to 05.rotary."""

import math
from functools import partial

import torch
from verdicts import right, wrong


def angles(x, positions, base=10000.0):
    pairs = x.shape[-1] // 2
    return positions[:, None] * base ** -torch.linspace(0, 1, pairs)


def rotated(x, angle):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angle.cos(), angle.sin()
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


@wrong("You rotate in the other direction")
def clockwise(x, positions):
    return rotated(x, -angles(x, positions))


@wrong("You pair channel i with channel i + D/2, as some models do")
def half_and_half(x, positions):
    first, second = x.chunk(2, dim=-1)
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)


@wrong("You put all first channels before all second ones")
def joined_instead_of_stacked(x, positions):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    return torch.cat((even * cos - odd * sin, even * sin + odd * cos), dim=-1)


@wrong("You put all first channels before all second ones")
def stacked_on_the_wrong_axis(x, positions):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-2).flatten(-2)


@wrong("Your exponents are 2i/D, as in the original paper")
def original_exponents(x, positions):
    channels = x.shape[-1]
    return rotated(x, positions[:, None] * 10000.0 ** (-torch.arange(0, channels, 2) / channels))


@wrong("Your exponents go from 0 to 2")
def index_of_the_channel(x, positions):
    channels = x.shape[-1]
    return rotated(x, positions[:, None] * 10000.0 ** (-torch.arange(0, channels, 2) / (channels // 2 - 1)))


@wrong("with D = 2 you divide 0 by 0")
def formula_for_one_pair(x, positions):
    pairs = x.shape[-1] // 2
    return rotated(x, positions[:, None] * 10000.0 ** (-torch.arange(pairs) / (pairs - 1)))


@wrong("a single pair has the speed 1")
def logarithms_for_one_pair(x, positions):
    pairs = x.shape[-1] // 2
    speed = torch.exp(-math.log(10000) * torch.arange(pairs) / (pairs - 1))
    return rotated(x, torch.outer(positions.float(), speed))


@wrong("Your speeds grow from 1 to 10000")
def faster_and_faster(x, positions):
    return rotated(x, angles(x, positions, base=1 / 10000.0))


@wrong("Your speeds are in reverse order")
def slowest_first(x, positions):
    return rotated(x, angles(x, positions).flip(-1))


@wrong("You rotate all pairs at the same speed")
def one_angle_for_all(x, positions):
    return rotated(x, positions[:, None].float())


@wrong("Your speeds fall only to 1/100")
def base_100(x, positions):
    return rotated(x, angles(x, positions, base=100.0))


@wrong("Your speeds are powers of e")
def exponential(x, positions):
    return rotated(x, angles(x, positions, base=math.e))


@wrong("Your speeds fall by equal differences")
def equal_steps(x, positions):
    return rotated(x, positions[:, None] * torch.linspace(1, 1 / 10000, x.shape[-1] // 2))


@wrong("You count the tokens from 0")
def places_counted(x, positions):
    return rotated(x, angles(x, torch.arange(x.shape[2])))


@wrong("You rotate one step too far")
def one_position_further(x, positions):
    return rotated(x, angles(x, positions + 1))


@wrong("You convert the angles from degrees, but they are already in radians")
def from_degrees(x, positions):
    return rotated(x, torch.deg2rad(angles(x, positions)))


@wrong("You multiply the angle by 2 pi")
def whole_turns(x, positions):
    return rotated(x, 2 * torch.pi * angles(x, positions))


@wrong("You rotate by twice the angle")
def twice_the_angle(x, positions):
    return rotated(x, 2 * angles(x, positions))


@wrong("You only multiply each channel by the cosine")
def no_sines(x, positions):
    return x * angles(x, positions).cos().repeat_interleave(2, dim=-1)


@wrong("Both of your sines have a plus sign")
def plus_and_plus(x, positions):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    return torch.stack((even * cos + odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


@wrong("Your sine and cosine are swapped")
def sine_for_cosine(x, positions):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    return torch.stack((even * sin - odd * cos, even * cos + odd * sin), dim=-1).flatten(-2)


@wrong("Your second channel uses the first one after it was rotated")
def one_after_the_other(x, positions):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    even = even * cos - odd * sin
    odd = even * sin + odd * cos
    return torch.stack((even, odd), dim=-1).flatten(-2)


@wrong("You add sines and cosines to x, as position embeddings do")
def embedding_added(x, positions):
    angle = angles(x, positions)
    return x + torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(-2)


@wrong("You change x in place, and the caller still needs it")
def in_place(x, positions):
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    even, odd = x[..., 0::2].clone(), x[..., 1::2].clone()
    x[..., 0::2] = even * cos - odd * sin
    x[..., 1::2] = even * sin + odd * cos
    return x


@wrong("The numbers are the right ones, but in the wrong places")
def channels_flipped(x, positions):
    even, odd = x[..., 0::2], x[..., 1::2]
    cos, sin = angles(x, positions).cos(), angles(x, positions).sin()
    return torch.stack((even * sin + odd * cos, even * cos - odd * sin), dim=-1).flatten(-2)


@wrong("The result does not change when `x` changes")
def only_the_angles(x, positions):
    return angles(x, positions)


@wrong("rotary returned None")
def forgot_the_return(x, positions):
    rotated(x, angles(x, positions))


@right
def complex_numbers(x, positions):
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    angle = angles(x, positions)
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)


@right
def matrices(x, positions):
    angle = angles(x, positions)
    rows = torch.stack((angle.cos(), -angle.sin(), angle.sin(), angle.cos()), dim=-1).unflatten(-1, (2, 2))
    return torch.einsum("nijk,bhnik->bhnij", rows, x.unflatten(-1, (-1, 2))).flatten(-2)


@right
def neighbor_with_a_sign(x, positions):
    angle = angles(x, positions).repeat_interleave(2, dim=-1)
    neighbor = torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)
    return x * angle.cos() + neighbor * angle.sin()


@right
def in_double(x, positions):
    pairs = x.shape[-1] // 2
    speed = torch.logspace(0, -4, pairs, dtype=torch.float64)
    return rotated(x.double(), positions[:, None] * speed)


def loops(x, positions, base):
    pairs = x.shape[-1] // 2
    out = []
    for i in range(pairs):
        angle = positions * base ** (-i / max(pairs - 1, 1))
        even, odd = x[..., 2 * i], x[..., 2 * i + 1]
        out += [even * angle.cos() - odd * angle.sin(), even * angle.sin() + odd * angle.cos()]
    return torch.stack(out, dim=-1)


pair_by_pair = right(partial(loops, base=10000.0))
