"""The arguments of attention: where a prior may act, and checks that they fit together."""

from typing import NamedTuple

from torch import Tensor, nn

from gmm_tutorial._checks import (
    check_axes,
    check_broadcast,
    check_device,
    check_floating,
    check_like,
    check_one_of,
)

__all__ = ["COMBINE", "Arguments", "check_bias", "check_prior_shape", "check_shapes"]

COMBINE = ("scale", "gate", "gate_normalized", "bias")


class Arguments(NamedTuple):
    """What every backend takes: the arguments of `attention`, checked, with `combine` decided."""

    q: Tensor
    k: Tensor
    v: Tensor
    prior: Tensor | nn.Module | None
    combine: str
    bias: Tensor | None
    num_prefix_tokens: int


def check_shapes(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> None:
    """Raise an error that names the argument unless the arguments of `attention` fit together."""
    check_one_of("combine", combine, COMBINE)
    check_axes("q", check_floating("q", q), ("B", "H", "N", "D"))
    batch, heads, queries, channels = q.shape
    check_axes("k", check_floating("k", k), (batch, heads, "N", channels), f"q, {tuple(q.shape)}, needs")
    keys = k.shape[2]
    check_axes("v", check_floating("v", v), (batch, heads, keys, "Dv"), f"k, {tuple(k.shape)}, needs")
    check_like("k", k, "q", q)
    check_device("v", v, "q", q)
    if prior is not None:
        check_prior_shape(prior, q, k)
    if bias is not None:
        check_bias(bias, q, k)


def check_prior_shape(prior: Tensor, q: Tensor, k: Tensor) -> Tensor:
    """Return `prior`. Raises an error that names it unless it has one weight for each pair of q and k."""
    heads, pairs = q.shape[1], (q.shape[2], k.shape[2])
    check_device("prior", check_floating("prior", prior), "q", q)
    if prior.ndim != 3 or prior.shape[0] not in (1, heads) or prior.shape[1:] != pairs:
        queries, keys = pairs
        raise ValueError(
            f"prior is {tuple(prior.shape)}, but {heads} heads, {queries} queries and {keys} keys need "
            f"({heads}, {queries}, {keys}) or (1, {queries}, {keys})"
        )
    return prior


def check_bias(bias: Tensor, q: Tensor, k: Tensor) -> None:
    """Raise an error that names the argument unless a bias can be added to the logits of q and k."""
    check_device("bias", check_floating("bias", bias), "q", q)
    check_broadcast("bias", bias, (*q.shape[:3], k.shape[2]))
