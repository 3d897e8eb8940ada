"""Decay: how a weight falls with distance, and how fast in each head.

A head with the rate gamma gives gamma^d to what is d steps away: half of it is gone after ln(1/2) / ln(gamma) steps.
Rates are float32 or wider: half precision would make 1 of those that are close to it. Autocast leaves them as they are;
a whole model in half precision would not decay as it should.
"""

import math

import torch
from torch import Tensor


def retnet_gamma(heads: int) -> Tensor:
    """RetNet's rates: 1 - 2^(-5-h) for h = 0 ... H-1, (H,), float32 (arXiv 2307.08621, Eq. 8). Made for long texts."""
    return 1 - 2.0 ** (-5 - torch.arange(heads))


def manhattan_gamma(heads: int, start: float = 2.0, span: float = 4.0) -> Tensor:
    """RMT's rates: 1 - 2^(-start - span h/H) for h = 0 ... H-1, (H,), float32 (arXiv 2309.11523, Eq. 8)."""
    return 1 - 2.0 ** (-start - span * torch.arange(heads) / heads)


def alibi_slopes(heads: int) -> Tensor:
    """ALiBi's slopes: 2^(-8h/H) for h = 1 ... H, (H,), float32 (arXiv 2108.12409). A slope m is the rate exp(-m)."""
    return 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)


def half_distance(gamma: Tensor) -> Tensor:
    """After how many steps half of the weight is gone: the shape of gamma, infinite where gamma is 1."""
    return math.log(2) / gamma.log().abs()


def causal_decay(gamma: Tensor, n: int) -> Tensor:
    """gamma (H,) -> (H, n, n): gamma^(a-b) for a query a and a key b at or before it, 0 for a key after it."""
    steps = torch.arange(n, device=gamma.device)
    past = steps[:, None] - steps
    return gamma[:, None, None] ** past.clamp(min=0) * (past >= 0)


def axis_distances(n: int, device: torch.device | None = None) -> Tensor:
    """How far apart every two of n places in a row are: (n, n), int64."""
    steps = torch.arange(n, device=device)
    return (steps[:, None] - steps).abs()
