"""Rotary positions (arXiv 2104.09864), as RetNet and RMT use them: products depend on differences of positions."""

import torch
from torch import Tensor

from gmm_tutorial._checks import check_axes, check_device, check_floating, check_type

__all__ = ["rotate"]


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    r"""Rotate each pair of neighboring channels by an angle that is proportional to the position.

    The pair i of D/2 pairs is rotated by

    .. math:: \mathrm{position} \cdot 10000^{-t_i}, \qquad t_i = i / (D/2 - 1)

    as published with RetNet; the original has steps of 2/D. The product of a rotated query and a rotated key depends
    on their positions only through the difference of the two.

    Args:
        x: Queries or keys, shape (..., N, D) with an even D.
        positions: The position of each token, shape (N,), on the device of `x`.

    Returns:
        The rotated channels, the shape and dtype of `x`. Angles are computed in float32 or wider, because half
        precision cannot tell a position above 256 from the next.

    Raises:
        TypeError: If `x` is not a tensor of floating-point numbers, or `positions` is not a tensor of real numbers.
        ValueError: If D is odd, or there is not one position per token.

    Example:
        >>> quarter = torch.tensor([0.0, torch.pi / 2])
        >>> rotate(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), quarter).round().abs()
        tensor([[1., 0.],
                [0., 1.]])
    """
    if check_floating("x", x).ndim < 2:
        raise ValueError(f"x is {tuple(x.shape)}, but it must be (..., N, D)")
    tokens, channels = x.shape[-2:]
    if channels % 2:
        raise ValueError(f"x is {tuple(x.shape)}, but channels can be rotated in pairs only if D is even")
    check_axes("positions", check_type("positions", positions, Tensor, "a tensor"), (tokens,), "x needs")
    if check_device("positions", positions, "x", x).is_complex() or positions.dtype == torch.bool:
        raise TypeError(f"positions is {positions.dtype}, but it must be of a real dtype")
    # never in half precision: it cannot tell a position above 256 from the next
    precise = torch.promote_types(x.dtype, torch.float32)
    speed = 10000.0 ** -torch.linspace(0, 1, channels // 2, dtype=precise, device=x.device)
    angle = positions.to(speed)[:, None] * speed  # (N, D/2)
    return turn(x, angle).to(x.dtype)


def turn(x: Tensor, angle: Tensor) -> Tensor:
    """Turn the pair of channels 2i and 2i + 1 by the angle i: x (..., D), angle (..., D/2) -> (..., D)."""
    cos, sin = (each.repeat_interleave(2, dim=-1) for each in (angle.cos(), angle.sin()))
    across = torch.stack((-x[..., 1::2], x[..., 0::2]), dim=-1).flatten(-2)  # each pair by a quarter turn
    return x * cos + across * sin
