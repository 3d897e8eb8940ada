"""Answers to 11.anisotropic_kernel."""

import torch
from einops import einsum, rearrange
from verdicts import right, wrong

from gmm_tutorial.grid import kernel_offsets


def axes(angle, grid):
    dy, dx = kernel_offsets(grid).float().unbind(-1)
    c, s = torch.cos(angle)[:, :, None, None], torch.sin(angle)[:, :, None, None]
    return dy, dx, c, s


def gauss(alpha, sigma, u, v):
    a, b = (each[:, :, None, None] ** 2 + 1e-5 for each in (sigma[..., 0], sigma[..., 1]))
    return (alpha[:, :, None, None] * torch.exp(-0.5 * (u**2 / a + v**2 / b))).sum(0)


@right
def in_one_go(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    return gauss(alpha, sigma, c * dx + s * dy, -s * dx + c * dy)


@right
def by_rotation_matrices(alpha, sigma, angle, grid):
    c, s = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([s, c], -1), torch.stack([c, -s], -1)], -2)  # rows: u and v, columns: dy and dx
    places = torch.einsum("khij,yxj->khyxi", turn, kernel_offsets(grid).float())
    precision = 1 / (sigma**2 + 1e-5)
    exponent = (places**2 * precision[:, :, None, None]).sum(-1) / 2
    return torch.einsum("kh,khyx->hyx", alpha, torch.exp(-exponent))


@right
def by_the_covariance(alpha, sigma, angle, grid):
    """The inverse of the covariance matrix, entry by entry."""
    dy, dx, c, s = axes(angle, grid)
    p, q = (1 / (sigma**2 + 1e-5)).unbind(-1)
    p, q = p[..., None, None], q[..., None, None]
    xx, yy, xy = c**2 * p + s**2 * q, s**2 * p + c**2 * q, c * s * (p - q)
    exponent = 0.5 * (xx * dx**2 + yy * dy**2 + 2 * xy * dx * dy)
    return einsum(alpha, torch.exp(-exponent), "k h, k h y x -> h y x")


@right
def by_loops(alpha, sigma, angle, grid):
    heads = []
    for h in range(alpha.shape[1]):
        total = 0
        for k in range(alpha.shape[0]):
            y, x = rearrange(kernel_offsets(grid).float(), "y x two -> two y x")
            u = x * torch.cos(angle[k, h]) + y * torch.sin(angle[k, h])
            v = y * torch.cos(angle[k, h]) - x * torch.sin(angle[k, h])
            widths = 2 * (sigma[k, h] ** 2 + 1e-5)
            total = total + alpha[k, h] * torch.exp(-(u**2) / widths[0] - v**2 / widths[1])
        heads.append(total)
    return torch.stack(heads)


@right
def in_double(alpha, sigma, angle, grid):
    return in_one_go(alpha.double(), sigma.double(), angle.double(), grid)


@wrong("Your Gaussian is turned the other way")
def mirrored(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    return gauss(alpha, sigma, c * dx - s * dy, s * dx + c * dy)


@wrong("You do not use the angle")
def upright(alpha, sigma, angle, grid):
    dy, dx, _, _ = axes(angle, grid)
    return gauss(alpha, sigma, dx, dy)


@wrong("You exchange dy and dx, or sine and cosine")
def rows_first(alpha, sigma, angle, grid):
    dx, dy, c, s = axes(angle, grid)
    return gauss(alpha, sigma, c * dx + s * dy, -s * dx + c * dy)


@wrong("Your two widths are exchanged")
def other_width(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    return gauss(alpha, sigma[..., [1, 0]], c * dx + s * dy, -s * dx + c * dy)


@wrong("You treat the angle as degrees")
def in_degrees(alpha, sigma, angle, grid):
    return in_one_go(alpha, sigma, angle * torch.pi / 180, grid)


@wrong("You add in both u and v")
def no_minus_in_v(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    return gauss(alpha, sigma, c * dx + s * dy, s * dx + c * dy)


@wrong("You exchange dy and dx, or sine and cosine")
def sine_first(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    return gauss(alpha, sigma, s * dx + c * dy, -c * dx + s * dy)


@wrong("You use the first width for both axes")
def round_by_the_first(alpha, sigma, angle, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[..., None, None] * torch.exp(-d2 / (2 * (sigma[..., 0, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("You use the second width for both axes")
def round_by_the_second(alpha, sigma, angle, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[..., None, None] * torch.exp(-d2 / (2 * (sigma[..., 1, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("Your Gaussians are too narrow by a factor of sqrt(2)")
def without_the_two(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (sigma**2 + 1e-5)[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * torch.exp(-(u**2) / a - v**2 / b)).sum(0)


@wrong("Your kernel is NaN where a width is 0")
def bare_division(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * sigma**2)[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * torch.exp(-(u**2) / a - v**2 / b)).sum(0)


@wrong("Your Gaussians grow with distance")
def no_minus(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * (sigma**2 + 1e-5))[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * torch.exp(u**2 / a + v**2 / b)).sum(0)


@wrong("Your exponent has a minus for u only")
def bracket_forgotten(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * (sigma**2 + 1e-5))[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * torch.exp(-(u**2) / a + v**2 / b)).sum(0)


@wrong("You add one Gaussian of u and one of v")
def two_gaussians(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * (sigma**2 + 1e-5))[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * (torch.exp(-(u**2) / a) + torch.exp(-(v**2) / b))).sum(0)


@wrong("You do not square u and v")
def not_squares(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * (sigma**2 + 1e-5))[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * torch.exp(-u / a - v / b)).sum(0)


@wrong("You take the mean of the K Gaussians")
def mean(alpha, sigma, angle, grid):
    return in_one_go(alpha, sigma, angle, grid) / alpha.shape[0]


@wrong("You add up over the heads")
def wrong_axis(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * (sigma**2 + 1e-5))[..., None, None, :].unbind(-1)
    u, v = c * dx + s * dy, c * dy - s * dx
    return (alpha[..., None, None] * torch.exp(-(u**2) / a - v**2 / b)).sum(1)


@wrong("You divide by 2 pi times both widths")
def a_density(alpha, sigma, angle, grid):
    area = 2 * torch.pi * torch.sqrt((sigma**2 + 1e-5)[..., 0] * (sigma**2 + 1e-5)[..., 1])
    return in_one_go(alpha / area, sigma, angle, grid)


@wrong("You do not use alpha")
def heights_forgotten(alpha, sigma, angle, grid):
    return in_one_go(1 + 0 * alpha, sigma, angle, grid)


@wrong("returned None")
def forgot(alpha, sigma, angle, grid):
    in_one_go(alpha, sigma, angle, grid)


@wrong("raised")
def not_broadcast(alpha, sigma, angle, grid):
    dy, dx = kernel_offsets(grid).unbind(-1)
    return torch.cos(angle) * dx + torch.sin(angle) * dy


@wrong("You add 1e-5 to twice the square")
def bracket_misplaced(alpha, sigma, angle, grid):
    dy, dx, c, s = axes(angle, grid)
    a, b = (2 * each[:, :, None, None] ** 2 + 1e-5 for each in (sigma[..., 0], sigma[..., 1]))
    return (alpha[:, :, None, None] * torch.exp(-((c * dx + s * dy) ** 2) / a - (c * dy - s * dx) ** 2 / b)).sum(0)
