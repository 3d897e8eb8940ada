"""The attention function: softmax attention under a spatial prior, and the matrix that it multiplies v with.

S = q k^T / sqrt(D) are the logits, `prior` holds one weight per pair of tokens, and `combine` says where it acts:
    "scale"            softmax(prior * S) V          ELM and GMM, as published
    "gate"             (softmax(S) * prior) V        Manhattan attention, as in its paper
    "gate_normalized"  the same, each row divided by its sum
    "bias"             softmax(S + log prior) V      Manhattan attention, as published; ALiBi; equal to gate_normalized
"""

from typing import NamedTuple

from torch import Tensor

from gmm_tutorial._checks import (
    check_axes,
    check_broadcast,
    check_device,
    check_floating,
    check_like,
    check_one_of,
    check_positive,
)

__all__ = ["COMBINE", "AttentionInputs", "attention", "attention_weights"]

COMBINE = ("scale", "gate", "gate_normalized", "bias")


def attention(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> Tensor:
    """Softmax attention under a spatial prior.

    The module's docstring gives the formula of each `combine`. "gate_normalized" and "bias" need a positive prior.

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, M, D). In self-attention M is N.
        v: Values, shape (B, H, M, Dv).
        prior: One weight per pair of tokens, shape (H, N, M), or (1, N, M) if all heads share it.
        combine: Where the prior acts, one of `COMBINE`.
        bias: Added to the logits after the prior; broadcast to (B, H, N, M).

    Returns:
        What each query gets, shape (B, H, N, Dv), of the dtype of `v`.

    Raises:
        TypeError: If a tensor is not floating point, or `q` and `k` differ in dtype.
        ValueError: If sizes or devices disagree, `combine` is unknown, or the prior is not positive where it has to be.

    Example:
        >>> import torch
        >>> q = k = v = torch.eye(2).view(1, 1, 2, 2)
        >>> attention(q, k, v)
        tensor([[[[0.6698, 0.3302],
                  [0.3302, 0.6698]]]])
        >>> attention(q, k, v, prior=torch.zeros(1, 2, 2))  # a scale of 0 makes attention uniform
        tensor([[[[0.5000, 0.5000],
                  [0.5000, 0.5000]]]])
    """
    return attend(AttentionInputs.of(q, k, v, prior, combine, bias))


def attention_weights(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> Tensor:
    """Return the matrix that multiplies `v` in `attention`.

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, M, D).
        v: Values, shape (B, H, M, Dv); only checked.
        prior: One weight per pair of tokens, shape (H, N, M) or (1, N, M).
        combine: Where the prior acts, one of `COMBINE`.
        bias: Added to the logits after the prior; broadcast to (B, H, N, M).

    Returns:
        The weights, query by key, shape (B, H, N, M). Each row sums to 1, except under "gate", where the sum depends on
        the query's position.

    Raises:
        TypeError: As in `attention`.
        ValueError: As in `attention`.

    Example:
        >>> import torch
        >>> q = k = v = torch.ones(1, 1, 2, 4)
        >>> attention_weights(q, k, v, prior=torch.eye(2)[None], combine="gate")
        tensor([[[[0.5000, 0.0000],
                  [0.0000, 0.5000]]]])
    """
    return weigh(AttentionInputs.of(q, k, v, prior, combine, bias))


class AttentionInputs(NamedTuple):
    """Everything that attention is computed from, with the prior in the place where it acts.

    Attributes:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, M, D).
        v: Values, shape (B, H, M, Dv).
        scale: Multiplied onto the logits, or None. It broadcasts to (B, H, N, M), as `bias` and `gate` do.
        bias: Added to the logits, or None.
        gate: Multiplied onto the softmax, or None.
        normalized: Whether gated rows are divided by their sum.

    Example:
        >>> import torch
        >>> q = k = v = torch.ones(1, 1, 2, 4)
        >>> AttentionInputs.of(q, k, v, torch.ones(1, 2, 2), combine="bias").bias
        tensor([[[0., 0.],
                 [0., 0.]]])
    """

    q: Tensor
    k: Tensor
    v: Tensor
    scale: Tensor | None = None
    bias: Tensor | None = None
    gate: Tensor | None = None
    normalized: bool = False

    @classmethod
    def of(
        cls,
        q: Tensor,
        k: Tensor,
        v: Tensor,
        prior: Tensor | None = None,
        combine: str = "scale",
        bias: Tensor | None = None,
    ) -> "AttentionInputs":
        """Check the arguments of `attention`, and put the prior where `combine` says."""
        check_shapes(q, k, v, prior, combine, bias)
        if prior is None:
            return cls(q, k, v, bias=bias)
        if combine == "scale":
            return cls(q, k, v, scale=prior, bias=bias)
        if combine == "gate":
            return cls(q, k, v, bias=bias, gate=prior)
        check_positive(prior, combine)
        if combine == "bias":
            return cls(q, k, v, bias=prior.log() if bias is None else prior.log() + bias)
        return cls(q, k, v, bias=bias, gate=prior, normalized=True)


def attend(inputs: AttentionInputs) -> Tensor:
    """Compute attention from its inputs: (B, H, N, Dv)."""
    # a prior may be of a wider dtype, as it is under autocast
    return weigh(inputs).to(inputs.v.dtype) @ inputs.v


def weigh(inputs: AttentionInputs) -> Tensor:
    """Compute the matrix that multiplies v from the inputs of attention: (B, H, N, M)."""
    return gated(score(inputs).softmax(dim=-1), inputs)


def score(inputs: AttentionInputs) -> Tensor:
    """Compute the logits, with what is multiplied onto them and added to them: (B, H, N, M)."""
    q, k, _, scale, bias, *_ = inputs
    logits = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    if scale is not None:
        logits = logits * scale
    return logits if bias is None else logits + bias


def gated(weights: Tensor, inputs: AttentionInputs) -> Tensor:
    """Multiply the softmax of the logits by the gate, if there is one: (B, H, N, M)."""
    *_, gate, normalized = inputs
    if gate is not None:
        weights = weights * gate
    return weights / weights.sum(dim=-1, keepdim=True) if normalized else weights


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
