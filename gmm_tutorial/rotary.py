"""Rotary positions (arXiv 2104.09864), as RetNet and RMT use them: a query and a key meet by the angle between them."""

import torch
from torch import Tensor


def rotate(x: Tensor, positions: Tensor) -> Tensor:
    """Turn each pair of neighbouring channels by an angle that grows with the position.

    x: (..., N, D), D even; positions: (N,). The pair i turns by positions * 10000^-t, t the i-th of D/2 even steps from
    0 to 1 (as published with RetNet; the original has steps of 2/D). Returns (..., N, D). The product of a rotated
    query and a rotated key depends on the difference of their positions alone. Raises ValueError for an odd D.
    """
    channels = x.shape[-1]
    if channels % 2:
        raise ValueError(f"x is {tuple(x.shape)}, but channels can be rotated in pairs only if D is even")
    # never in half precision: it cannot tell a position above 256 from the next
    precise = torch.promote_types(x.dtype, torch.float32)
    speed = 10000.0 ** -torch.linspace(0, 1, channels // 2, dtype=precise, device=x.device)
    angle = positions.to(speed)[:, None] * speed  # (N, D/2)
    return turn(x, angle).to(x.dtype)


def turn(x: Tensor, angle: Tensor) -> Tensor:
    """x (..., D), angle (..., D/2) -> (..., D): the channels 2i and 2i + 1 are a pair, turned by the angle i."""
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = (even * angle.cos() - odd * angle.sin(), odd * angle.cos() + even * angle.sin())
    return torch.stack(turned, dim=-1).flatten(-2)
