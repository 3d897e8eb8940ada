"""Checks of arguments that several modules share. Each returns what it was given, or says what was wrong with it."""

from torch import Tensor


def check_count(name: str, count: int) -> int:
    """Return `count`. Raises ValueError, naming the argument, unless it is an integer of at least 1."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError(f"{name} is {count!r}, but it must be an integer of at least 1")
    return count


def check_gamma(gamma: Tensor, heads: int) -> Tensor:
    """Return `gamma`. Raises ValueError unless it is (H,), above 0 and at most 1."""
    if gamma.shape != (heads,):
        raise ValueError(f"gamma is {tuple(gamma.shape)}, but {heads} heads need ({heads},)")
    if not bool(((gamma > 0) & (gamma <= 1)).all()):
        raise ValueError(f"gamma is {gamma.tolist()}, but each must be above 0 and at most 1")
    return gamma


def check_positive(prior: Tensor, combine: str) -> Tensor:
    """Return `prior`. Raises ValueError when an entry is not above 0: it has no logarithm, and may sum to 0."""
    if not bool((prior > 0).all()):
        raise ValueError(
            f"prior has entries down to {prior.min().item():.4g}, but combine={combine!r} needs a positive prior; "
            "one that can be negative or zero, such as ELM or GMM, is applied with combine='scale'"
        )
    return prior
