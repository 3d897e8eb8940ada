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


@wrong("")
def the_other_way(x, speed):
    return turned(x, -angles(x, speed))


@wrong("")
def halves_instead_of_neighbors(x, speed):
    angle = angles(x, speed)
    a, b = x.chunk(2, -1)
    return torch.cat((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1)


@wrong("")
def rotate_half_with_neighbors(x, speed):
    """Angles interleaved, but the partner taken from the other half."""
    angle = angles(x, speed).repeat_interleave(2, -1)
    a, b = x.chunk(2, -1)
    return x * angle.cos() + torch.cat((-b, a), -1) * angle.sin()


@wrong("")
def angles_repeated_in_the_wrong_order(x, speed):
    angle = torch.cat((angles(x, speed), angles(x, speed)), -1)
    partner = torch.stack((-x[..., 1::2], x[..., 0::2]), -1).flatten(-2)
    return x * angle.cos() + partner * angle.sin()


@wrong("")
def concatenated_instead_of_interleaved(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.cat((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1)


@wrong("")
def halves_put_back_interleaved(x, speed):
    angle = angles(x, speed)
    a, b = x.chunk(2, -1)
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


@wrong("")
def b_before_a(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.sin() + b * angle.cos(), a * angle.cos() - b * angle.sin()), -1).flatten(-2)


@wrong("")
def pairs_read_the_other_way(x, speed):
    angle = angles(x, speed)
    b, a = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


@wrong("")
def counted_by_columns(x, speed):
    h, w = x.shape[:2]
    return turned(x, torch.arange(h * w).view(w, h).T[..., None] * speed)


@wrong("")
def rows_as_long_as_columns(x, speed):
    h, w = x.shape[:2]
    place = torch.arange(h)[:, None] * h + torch.arange(w)
    return turned(x, place[..., None] * speed)


@wrong("")
def column_times_width_plus_row(x, speed):
    h, w = x.shape[:2]
    place = torch.arange(h)[:, None] + torch.arange(w) * w
    return turned(x, place[..., None] * speed)


@wrong("")
def counted_from_one(x, speed):
    return turned(x, (raster(*x.shape[:2]) + 1)[..., None] * speed)


@wrong("")
def rows_only(x, speed):
    place = torch.arange(x.shape[0])[:, None].expand(x.shape[:2])
    return turned(x, place[..., None] * speed)


@wrong("")
def columns_only(x, speed):
    place = torch.arange(x.shape[1]).expand(x.shape[:2])
    return turned(x, place[..., None] * speed)


@wrong("")
def manhattan_distance_from_the_corner(x, speed):
    place = torch.arange(x.shape[0])[:, None] + torch.arange(x.shape[1])
    return turned(x, place[..., None] * speed)


@wrong("")
def divided_by_the_speed(x, speed):
    return turned(x, raster(*x.shape[:2])[..., None] / speed)


@wrong("")
def angle_plus_speed(x, speed):
    return turned(x, raster(*x.shape[:2])[..., None] + speed)


@wrong("")
def a_share_of_the_grid(x, speed):
    h, w = x.shape[:2]
    return turned(x, raster(h, w)[..., None] / (h * w) * speed)


@wrong("")
def in_degrees(x, speed):
    return turned(x, torch.deg2rad(angles(x, speed)))


@wrong("")
def in_full_turns(x, speed):
    return turned(x, 2 * math.pi * angles(x, speed))


@wrong("")
def published_speeds_always(x, speed):
    return turned(x, angles(x, 10000.0 ** -torch.linspace(0, 1, len(speed))))


@wrong("")
def speed_as_an_exponent(x, speed):
    return turned(x, angles(x, 10000.0**-speed))


@wrong("")
def first_speed_for_all(x, speed):
    return turned(x, angles(x, speed[:1]))


@wrong("")
def speeds_reversed(x, speed):
    return turned(x, angles(x, speed.flip(0)))


@wrong("")
def sine_and_cosine_swapped(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.sin() - b * angle.cos(), a * angle.cos() + b * angle.sin()), -1).flatten(-2)


@wrong("")
def two_minus_signs(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() - b * angle.cos()), -1).flatten(-2)


@wrong("")
def no_minus_sign(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack((a * angle.cos() + b * angle.sin(), a * angle.sin() + b * angle.cos()), -1).flatten(-2)


@wrong("")
def a_overwritten_before_b(x, speed):
    out, angle = x.clone(), angles(x, speed)
    out[..., 0::2] = out[..., 0::2] * angle.cos() - out[..., 1::2] * angle.sin()
    out[..., 1::2] = out[..., 0::2] * angle.sin() + out[..., 1::2] * angle.cos()
    return out


@wrong("")
def written_into_x(x, speed):
    angle = angles(x, speed)
    a, b = x[..., 0::2].clone(), x[..., 1::2].clone()
    x[..., 0::2], x[..., 1::2] = a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()
    return x


@wrong("")
def first_component_only(x, speed):
    out, angle = x.clone(), angles(x, speed)
    out[..., 0::2] = x[..., 0::2] * angle.cos() - x[..., 1::2] * angle.sin()
    return out


@wrong("")
def scaled_instead_of_turned(x, speed):
    return x * angles(x, speed).cos().repeat_interleave(2, -1)


@wrong("")
def speeds_along_the_wrong_axis(x, speed):
    return turned(x, raster(*x.shape[:2]) * speed)


@wrong("")
def loop_over_a_square(x, speed):
    out = torch.zeros_like(x)
    h, w = x.shape[:2]
    for y in range(h):
        for z in range(h):
            out[y, z] = turned(x[y, z], (y * w + z) * speed)
    return out


@wrong("")
def integer_angles(x, speed):
    return turned(x, angles(x, speed).round())


@wrong("")
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
