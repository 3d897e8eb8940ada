"""Exercise 11.anisotropic_kernel: a mixture of Gaussians with two widths and an angle each."""

from math import pi
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.grid import Grid, kernel_offsets
from gmm_tutorial.learn.exercise import Exercise


def anisotropic_kernel(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """alpha, angle (K, H), sigma (K, H, 2), grid (h, w) -> kernel (H, 2h-1, 2w-1)."""
    return mixture(alpha, sigma, *turned(angle, grid))


def turned(angle: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """The offsets along the long axis of each Gaussian and across it, (K, H, 2h-1, 2w-1) each."""
    dy, dx = kernel_offsets(grid).unbind(-1)
    cos, sin = angle.cos()[..., None, None], angle.sin()[..., None, None]
    return cos * dx + sin * dy, cos * dy - sin * dx


def mixture(alpha: Tensor, sigma: Tensor, along: Tensor, across: Tensor) -> Tensor:
    """The sum of the Gaussians, (H, 2h-1, 2w-1), from the offsets in their own axes."""
    first, second = (2 * (sigma**2 + 1e-5)).unbind(-1)
    exponent = along**2 / first[..., None, None] + across**2 / second[..., None, None]
    return (alpha[..., None, None] * torch.exp(-exponent)).sum(0)


def kernel_cases() -> list[dict[str, Any]]:
    """One Gaussian that is not turned, one turned by 30 degrees, then several, on grids that are not square."""
    flat = {"alpha": torch.ones(1, 1), "sigma": torch.tensor([[[2.0, 0.5]]]), "angle": torch.zeros(1, 1)}
    tilted = {**flat, "angle": torch.full((1, 1), pi / 6)}
    narrow = {**tilted, "alpha": torch.full((1, 1), 2.0), "sigma": torch.tensor([[[1.5, 0.0]]])}
    cases: list[dict[str, Any]] = [{**flat, "grid": (2, 3)}, {**tilted, "grid": (3, 3)}, {**narrow, "grid": (2, 2)}]
    for kernels, heads, grid in ((2, 1, (3, 2)), (3, 2, (2, 5)), (2, 3, (4, 4))):
        shape = kernels, heads
        sigma, angle = 0.5 + 2 * torch.rand(*shape, 2), 2 * pi * torch.rand(shape)
        cases.append({"alpha": torch.randn(shape), "sigma": sigma, "angle": angle, "grid": grid})
    return cases


exercise = Exercise(
    "11.anisotropic_kernel",
    anisotropic_kernel,
    kernel_cases,
    unit="mixtures",
    hints=(
        "`kernel_offsets(grid)` has the shape (2h-1, 2w-1, 2) and holds (dy, dx). Give the parameters two axes of "
        "length 1 at their end, as in 03.mixture: then they broadcast against the offsets.",
        "Turn the offsets instead of the Gaussian: u is how far an offset goes along the first axis, and v how far it "
        "goes along the second one. Each is a sum of dy and dx, multiplied by a sine or a cosine.",
        "In its own axes, the Gaussian is the exponential of minus u^2 over twice its first width squared, minus v^2 "
        "over twice its second width squared. Multiply it by its height, and add up the K Gaussians of each head.",
    ),
)


@exercise.mistake
def widths_exchanged(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """Your two widths are exchanged: sigma[..., 0] belongs to u, and sigma[..., 1] to v."""
    return anisotropic_kernel(alpha, sigma.flip(-1), angle, grid)


@exercise.mistake
def not_squared(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You do not square u and v: a Gaussian falls with their squares."""
    first, second = (2 * (sigma**2 + 1e-5)).unbind(-1)
    along, across = turned(angle, grid)
    return (alpha[..., None, None] * (-along / first[..., None, None] - across / second[..., None, None]).exp()).sum(0)


@exercise.mistake
def angle_backward(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """Your Gaussian is turned the other way: u is cos dx + sin dy, and v is cos dy - sin dx."""
    return anisotropic_kernel(alpha, sigma, -angle, grid)


@exercise.mistake
def not_turned(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You do not use the angle: your Gaussians lie along rows and columns."""
    return anisotropic_kernel(alpha, sigma, 0 * angle, grid)


@exercise.mistake
def angle_from_the_columns(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You exchange dy and dx, or sine and cosine: at the angle 0, u must be dx, and v must be dy."""
    dy, dx = kernel_offsets(grid).unbind(-1)
    cos, sin = angle.cos()[..., None, None], angle.sin()[..., None, None]
    return mixture(alpha, sigma, cos * dy + sin * dx, cos * dx - sin * dy)


@exercise.mistake
def degrees(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You treat the angle as degrees: it is in radians already."""
    return anisotropic_kernel(alpha, sigma, torch.deg2rad(angle), grid)


@exercise.mistake
def sign_missing_in_v(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You add in both u and v, so the two axes are not at a right angle: v is cos dy - sin dx."""
    dy, dx = kernel_offsets(grid).unbind(-1)
    cos, sin = angle.cos()[..., None, None], angle.sin()[..., None, None]
    return mixture(alpha, sigma, cos * dx + sin * dy, cos * dy + sin * dx)


@exercise.mistake
def first_width_for_both(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You use the first width for both axes, which makes a round Gaussian: v has a width of its own."""
    return anisotropic_kernel(alpha, sigma[..., :1].expand_as(sigma), angle, grid)


@exercise.mistake
def second_width_for_both(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You use the second width for both axes, which makes a round Gaussian: u has a width of its own."""
    return anisotropic_kernel(alpha, sigma[..., 1:].expand_as(sigma), angle, grid)


@exercise.mistake
def no_two(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians are too narrow by a factor of sqrt(2): divide by twice the squared width."""
    return mixture(alpha, sigma, *(2**0.5 * each for each in turned(angle, grid)))


@exercise.mistake
def width_not_squared(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You divide by the widths themselves: divide by their squares."""
    return anisotropic_kernel(alpha, sigma.abs().clamp(min=1e-12).sqrt(), angle, grid)


@exercise.mistake
def no_epsilon(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """Your kernel is NaN where a width is 0: add 1e-5 to its square."""
    first, second = (2 * sigma**2).unbind(-1)
    along, across = turned(angle, grid)
    exponent = along**2 / first[..., None, None] + across**2 / second[..., None, None]
    return (alpha[..., None, None] * torch.exp(-exponent)).sum(0)


@exercise.mistake
def epsilon_behind_the_factor(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You add 1e-5 to twice the square: add it to the square, and then multiply by 2."""
    first, second = (2 * sigma**2 + 1e-5).unbind(-1)
    along, across = turned(angle, grid)
    exponent = along**2 / first[..., None, None] + across**2 / second[..., None, None]
    return (alpha[..., None, None] * torch.exp(-exponent)).sum(0)


@exercise.mistake
def growing(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """Your Gaussians grow with distance: the exponent needs a minus."""
    first, second = (2 * (sigma**2 + 1e-5)).unbind(-1)
    along, across = turned(angle, grid)
    return (
        alpha[..., None, None] * torch.exp(along**2 / first[..., None, None] + across**2 / second[..., None, None])
    ).sum(0)


@exercise.mistake
def minus_for_one_axis_only(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """Your exponent has a minus for u only, so the Gaussian grows along v: both squares need one."""
    first, second = (2 * (sigma**2 + 1e-5)).unbind(-1)
    along, across = turned(angle, grid)
    return (
        alpha[..., None, None] * torch.exp(across**2 / second[..., None, None] - along**2 / first[..., None, None])
    ).sum(0)


@exercise.mistake
def sum_of_two_gaussians(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You add one Gaussian of u and one of v: multiply the two, or add their exponents."""
    first, second = (2 * (sigma**2 + 1e-5)).unbind(-1)
    along, across = turned(angle, grid)
    both = torch.exp(-(along**2) / first[..., None, None]) + torch.exp(-(across**2) / second[..., None, None])
    return (alpha[..., None, None] * both).sum(0)


@exercise.mistake
def sum_over_heads(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You add up over the heads: add up over the K Gaussians, the first axis."""
    return anisotropic_kernel(alpha.T, sigma.transpose(0, 1), angle.T, grid)


@exercise.mistake
def mean_over_gaussians(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You take the mean of the K Gaussians: take their sum."""
    return anisotropic_kernel(alpha, sigma, angle, grid) / len(alpha)


@exercise.mistake
def no_height(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You do not use alpha: multiply each Gaussian by its height."""
    return anisotropic_kernel(torch.ones_like(alpha), sigma, angle, grid)


@exercise.mistake
def density(alpha: Tensor, sigma: Tensor, angle: Tensor, grid: Grid) -> Tensor:
    """You divide by 2 pi times both widths, as for a probability density: the height here is alpha."""
    return anisotropic_kernel(alpha / (2 * pi * (sigma**2 + 1e-5).sqrt().prod(-1)), sigma, angle, grid)
