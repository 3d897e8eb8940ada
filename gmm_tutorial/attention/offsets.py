"""Priors that are still kernels: one number per offset, where a table of all pairs would be too large."""

from typing import TypeGuard

from torch import Tensor, nn

from gmm_tutorial._checks import check_device
from gmm_tutorial.priors.base import Prior

__all__ = ["ADDED", "has_kernel", "kernel_of"]

ADDED = ("bias", "gate_normalized")  # the ways to combine that add the prior's logarithm to the logits


def has_kernel(prior: Tensor | nn.Module | None, combine: str) -> TypeGuard[Prior]:
    """Whether a prior depends on the offset alone, and says so by a kernel."""
    if not isinstance(prior, Prior):
        return False
    kind = type(prior)
    # one that makes the table of all pairs, or of their logarithms, itself has a reason to
    by_hand = kind.forward is not Prior.forward or (combine in ADDED and kind.log is not Prior.log)
    return kind.kernel is not Prior.kernel and not by_hand


def kernel_of(prior: Prior, combine: str, q: Tensor, k: Tensor, num_prefix_tokens: int) -> Tensor:
    """What attention needs of a prior at each offset, shape (H, 2h-1, 2w-1): its logarithm where that is added.

    Raises ValueError, naming the argument, unless the prior fits the tokens of q and k.
    """
    (h, w), heads = prior.grid, q.shape[1]
    tokens = num_prefix_tokens + h * w
    if prior.heads not in (1, heads):
        raise ValueError(f"prior has {prior.heads} heads, but q, {tuple(q.shape)}, needs 1 or {heads}")
    for name, x in (("q", q), ("k", k)):
        if x.shape[2] != tokens:
            raise ValueError(
                f"{name} is {tuple(x.shape)}, but a prior for a grid of {h} x {w} and {num_prefix_tokens} "
                f"prefix tokens need {tokens} tokens"
            )
    kernel = prior.log_kernel() if combine in ADDED else prior.kernel()
    return check_device("prior", kernel, "q", q)
