"""Decay: how a weight falls with distance, and how fast in each head.

A head with the rate gamma gives the weight gamma^d to what is d steps away: half of it is gone after
ln(1/2) / ln(gamma) steps. Rates are float32 or wider, because half precision rounds rates close to 1 to exactly 1.
Autocast leaves them as they are; a whole model in half precision would not decay as it should.
"""

import math

import torch
from torch import Tensor

from gmm_tutorial._checks import check_axes, check_count, check_finite, check_floating, check_number, check_rates

__all__ = ["alibi_slopes", "axis_distances", "causal_decay", "half_distance", "manhattan_gamma", "retnet_gamma"]


def retnet_gamma(heads: int) -> Tensor:
    r"""Return RetNet's rates of decay, one per head, which were chosen for long texts.

    .. math:: \gamma_h = 1 - 2^{-5-h}, \qquad h = 0, \dots, H - 1

    Args:
        heads: Number of heads H.

    Returns:
        The rates, shape (H,), float32.

    Raises:
        ValueError: If `heads` is not a positive integer.

    Source:
        RetNet, arXiv 2307.08621, Eq. 8.

    Example:
        >>> retnet_gamma(2)
        tensor([0.9688, 0.9844])
    """
    return 1 - 2.0 ** (-5 - torch.arange(check_count("heads", heads)))


def manhattan_gamma(heads: int, start: float = 2.0, span: float = 4.0) -> Tensor:
    r"""Return RMT's rates of decay, one per head.

    .. math:: \gamma_h = 1 - 2^{-\mathrm{start} - \mathrm{span} \, h / H}, \qquad h = 0, \dots, H - 1

    Args:
        heads: Number of heads H.
        start: Exponent of the first head, above 0. Infinity switches the decay off, because every rate is then 1.
        span: How much the exponent grows from head to head, times H.

    Returns:
        The rates, shape (H,), float32, each above 0 and at most 1.

    Raises:
        ValueError: If an argument is not a number, or a rate would not be above 0.

    Source:
        RMT, arXiv 2309.11523, Eq. 8.

    Example:
        >>> manhattan_gamma(2, start=1.0, span=2.0)
        tensor([0.5000, 0.7500])
    """
    check_number("start", start)
    check_finite("span", span)
    gamma = 1 - 2.0 ** (-start - span * torch.arange(check_count("heads", heads)) / heads)
    return check_rates(gamma, f"start is {start} and span is {span}, so ")


def alibi_slopes(heads: int) -> Tensor:
    r"""Return ALiBi's slopes, one per head. A slope m is the rate of decay exp(-m).

    .. math:: m_h = 2^{-8h/H}, \qquad h = 1, \dots, H

    Args:
        heads: Number of heads H. The source treats powers of two; the formula works for any number.

    Returns:
        The slopes, shape (H,), float32.

    Raises:
        ValueError: If `heads` is not a positive integer.

    Source:
        ALiBi, arXiv 2108.12409.

    Example:
        >>> alibi_slopes(4)
        tensor([0.2500, 0.0625, 0.0156, 0.0039])
    """
    return 2.0 ** (-8 * torch.arange(1, check_count("heads", heads) + 1) / heads)


def half_distance(gamma: Tensor) -> Tensor:
    """Return after how many steps half of the weight is gone.

    Args:
        gamma: Rates of decay, each above 0 and at most 1, any shape.

    Returns:
        The number of steps, the shape of `gamma`; infinity where `gamma` is 1.

    Raises:
        TypeError: If `gamma` is not a tensor of floating-point numbers.
        ValueError: If a rate is not above 0 or is above 1.

    Example:
        >>> half_distance(torch.tensor([0.5, 0.9, 1.0]))
        tensor([1.0000, 6.5788,    inf])
    """
    return math.log(2) / check_rates(gamma).log().abs()


def causal_decay(gamma: Tensor, n: int) -> Tensor:
    """Return the decay along a sequence, in which no query sees the keys after it.

    Args:
        gamma: Rates of decay, each above 0 and at most 1, shape (H,).
        n: Number of tokens N.

    Returns:
        gamma^(a-b) for a query a and a key b at or before it, 0 for a key after it, shape (H, N, N).

    Raises:
        TypeError: If `gamma` is not a tensor of floating-point numbers.
        ValueError: If `gamma` has another shape or range, or `n` is negative.

    Source:
        RetNet, arXiv 2307.08621, Eq. 5.

    Example:
        >>> causal_decay(torch.tensor([0.5]), 3)
        tensor([[[1.0000, 0.0000, 0.0000],
                 [0.5000, 1.0000, 0.0000],
                 [0.2500, 0.5000, 1.0000]]])
    """
    check_axes("gamma", check_floating("gamma", gamma), ("H",))
    return causal_powers(check_rates(gamma), check_count("n", n, least=0))


def causal_powers(gamma: Tensor, n: int) -> Tensor:
    """Compute `causal_decay` of rates that have been checked: looking at them again would make a GPU wait."""
    steps = torch.arange(n, device=gamma.device)
    past = steps[:, None] - steps
    return gamma[:, None, None] ** past.clamp(min=0) * (past >= 0)


def axis_distances(n: int, device: torch.device | None = None) -> Tensor:
    """Return how far apart every two of n places in a row are.

    Args:
        n: Number of places.
        device: Where to put the result; PyTorch's default device if None.

    Returns:
        The distances in steps, shape (n, n), int64.

    Raises:
        ValueError: If `n` is not an integer of at least 0.

    Example:
        >>> axis_distances(2)
        tensor([[0, 1],
                [1, 0]])
    """
    steps = torch.arange(check_count("n", n, least=0), device=device)
    return (steps[:, None] - steps).abs()
