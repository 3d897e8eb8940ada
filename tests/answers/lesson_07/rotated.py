"""Answers to 07.rotated."""

import math

import torch
from verdicts import right, wrong


def raster(h, w):
    return torch.arange(h * w).view(h, w)


def turned(x, angle):
    """Every pair by its angle, (h, w, D/2)."""
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


def angles(x, speed):
    return raster(*x.shape[:2])[..., None] * speed


@wrong("You turn the other way")
def the_other_way(x, speed):
    return turned(x, -angles(x, speed))


@wrong("You pair each channel with the one D/2 further on")
def halves_instead_of_neighbors(x, speed):
    angle = angles(x, speed)
    a, b = x.chunk(2, -1)
    return torch.cat((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1)


@wrong("Your angles belong to the pairs 2i and 2i + 1, but you take the partner from D/2 further on")
def rotate_half_with_neighbors(x, speed):
    """Angles interleaved, but the partner taken from the other half."""
    angle = angles(x, speed).repeat_interleave(2, -1)
    a, b = x.chunk(2, -1)
    return x * angle.cos() + torch.cat((-b, a), -1) * angle.sin()


@wrong("Your list of angles repeats as a whole")
def angles_repeated_in_the_wrong_order(x, speed):
    angle = torch.cat((angles(x, speed), angles(x, speed)), -1)
    partner = torch.stack((-x[..., 1::2], x[..., 0::2]), -1).flatten(-2)
    return x * angle.cos() + partner * angle.sin()


@wrong("Your channels come back in another order, all a and then all b")
def concatenated_instead_of_interleaved(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.cat((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1)


@wrong("You take the first half of the channels for a and the second half for b")
def halves_put_back_interleaved(x, speed):
    angle = angles(x, speed)
    a, b = x.chunk(2, -1)
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


@wrong("The two channels of each pair come back in the wrong order")
def b_before_a(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.sin() + b * angle.cos(), a * angle.cos() - b * angle.sin()), -1).flatten(-2)


@wrong("You take the first channel of each pair for b and the second for a")
def pairs_read_the_other_way(x, speed):
    angle = angles(x, speed)
    b, a = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


@wrong("You count the tokens column by column, x * h + y")
def counted_by_columns(x, speed):
    h, w = x.shape[:2]
    return turned(x, torch.arange(h * w).view(w, h).T[..., None] * speed)


@wrong("Your index is y * h + x")
def rows_as_long_as_columns(x, speed):
    h, w = x.shape[:2]
    place = torch.arange(h)[:, None] * h + torch.arange(w)
    return turned(x, place[..., None] * speed)


@wrong("Your index is x * w + y, with row and column swapped")
def column_times_width_plus_row(x, speed):
    h, w = x.shape[:2]
    place = torch.arange(h)[:, None] + torch.arange(w) * w
    return turned(x, place[..., None] * speed)


@wrong("You count from 1")
def counted_from_one(x, speed):
    return turned(x, (raster(*x.shape[:2]) + 1)[..., None] * speed)


@wrong("Your angle depends on the row alone, so all tokens of a row are turned alike")
def rows_only(x, speed):
    place = torch.arange(x.shape[0])[:, None].expand(x.shape[:2])
    return turned(x, place[..., None] * speed)


@wrong("Your angle depends on the column alone and starts again in every row")
def columns_only(x, speed):
    place = torch.arange(x.shape[1]).expand(x.shape[:2])
    return turned(x, place[..., None] * speed)


@wrong("Your index is y + x")
def manhattan_distance_from_the_corner(x, speed):
    place = torch.arange(x.shape[0])[:, None] + torch.arange(x.shape[1])
    return turned(x, place[..., None] * speed)


@wrong("You divide the index by the speed")
def divided_by_the_speed(x, speed):
    return turned(x, raster(*x.shape[:2])[..., None] / speed)


@wrong("values differ")
def angle_plus_speed(x, speed):
    return turned(x, raster(*x.shape[:2])[..., None] + speed)


@wrong("You divide the index by the number of tokens")
def a_share_of_the_grid(x, speed):
    h, w = x.shape[:2]
    return turned(x, raster(h, w)[..., None] / (h * w) * speed)


@wrong("You convert the angles as if they were degrees")
def in_degrees(x, speed):
    return turned(x, torch.deg2rad(angles(x, speed)))


@wrong("You multiply the angles by 2 pi")
def in_full_turns(x, speed):
    return turned(x, 2 * math.pi * angles(x, speed))


@wrong("The result does not change when `speed` changes")
def published_speeds_always(x, speed):
    return turned(x, angles(x, 10000.0 ** -torch.linspace(0, 1, len(speed))))


@wrong("You use the speed as an exponent of 10000")
def speed_as_an_exponent(x, speed):
    return turned(x, angles(x, 10000.0**-speed))


@wrong("You use the first speed for all pairs")
def first_speed_for_all(x, speed):
    return turned(x, angles(x, speed[:1]))


@wrong("This is what comes out when `speed` is reversed along its last axis")
def speeds_reversed(x, speed):
    return turned(x, angles(x, speed.flip(0)))


@wrong("Sine and cosine are swapped")
def sine_and_cosine_swapped(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.sin() - b * angle.cos(), a * angle.cos() + b * angle.sin()), -1).flatten(-2)


@wrong("There is a minus in both channels")
def two_minus_signs(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() - b * angle.cos()), -1).flatten(-2)


@wrong("There is no minus in your first channel")
def no_minus_sign(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() + b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


@wrong("raised RuntimeError: you overwrite a tensor that the backward")
def a_overwritten_before_b(x, speed):
    out, angle = x.clone(), angles(x, speed)
    out[..., 0::2] = out[..., 0::2] * angle.cos() - out[..., 1::2] * angle.sin()
    out[..., 1::2] = out[..., 0::2] * angle.sin() + out[..., 1::2] * angle.cos()
    return out


@wrong("You change x in place, and the caller still needs it")
def written_into_x(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2].clone(), x[..., 1::2].clone()
    x[..., 0::2], x[..., 1::2] = a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()
    return x


@wrong("Only the first channel of each pair is turned")
def first_component_only(x, speed):
    out, angle = x.clone(), angles(x, speed)
    out[..., 0::2] = x[..., 0::2] * angle.cos() - x[..., 1::2] * angle.sin()
    return out


@wrong("You only multiply by the cosine")
def scaled_instead_of_turned(x, speed):
    return x * angles(x, speed).cos().repeat_interleave(2, -1)


@wrong("raised RuntimeError: The size of tensor a (3) must match the")
def speeds_along_the_wrong_axis(x, speed):
    return turned(x, raster(*x.shape[:2]) * speed)


@wrong("raised IndexError: index 3 is out of bounds for dimension 1")
def loop_over_a_square(x, speed):
    out = torch.zeros_like(x)
    h, w = x.shape[:2]
    for y in range(h):
        for z in range(h):
            out[y, z] = turned(x[y, z], (y * w + z) * speed)
    return out


@wrong("values differ")
def integer_angles(x, speed):
    return turned(x, angles(x, speed).round())


@wrong("The numbers are right and in the right order, but the shape is not")
def pairs_kept_as_an_axis(x, speed):
    return turned(x, angles(x, speed)).unflatten(-1, (-1, 2))


@right
def by_complex_numbers(x, speed):
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * torch.exp(1j * angles(x, speed))).flatten(-2)


@right
def by_a_loop(x, speed):
    h, w, channels = x.shape
    rows = []
    for p in range(h * w):
        token = x[p // w, p % w]
        for i in range(channels // 2):
            a, b, angle = token[2 * i], token[2 * i + 1], p * speed[i]
            rows += [a * torch.cos(angle) - b * torch.sin(angle), a * torch.sin(angle) + b * torch.cos(angle)]
    return torch.stack(rows).view(h, w, channels)


@right
def by_rotation_matrices(x, speed):
    angle = angles(x, speed)
    matrix = torch.stack((angle.cos(), -angle.sin(), angle.sin(), angle.cos()), -1).unflatten(-1, (2, 2))
    return torch.einsum("hwirc,hwic->hwir", matrix, x.unflatten(-1, (-1, 2))).flatten(-2)


@right
def in_float64(x, speed):
    return turned(x.double(), angles(x.double(), speed.double()))


@right
def by_repeated_angles(x, speed):
    angle = angles(x, speed).repeat_interleave(2, -1)
    partner = torch.stack((-x[..., 1::2], x[..., 0::2]), -1).flatten(-2)
    return x * angle.cos() + partner * angle.sin()
