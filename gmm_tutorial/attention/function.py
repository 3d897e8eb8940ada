"""The attention function: softmax attention under a spatial prior, and the matrix that it multiplies v with.

S = q k^T / sqrt(D) are the logits, `prior` holds one weight per pair of tokens, and `combine` says where it acts:
    "scale"            softmax(prior * S) V          ELM and GMM, as published
    "gate"             (softmax(S) * prior) V        Manhattan attention, as in its paper
    "gate_normalized"  the same, each row divided by its sum
    "bias"             softmax(S + log prior) V      Manhattan attention, as published; ALiBi; equal to gate_normalized
"""

from typing import NamedTuple

from torch import Tensor

from gmm_tutorial._checks import check_positive

COMBINE = ("scale", "gate", "gate_normalized", "bias")


def attention(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> Tensor:
    """Softmax attention under a spatial prior.

    q, k, v: (B, H, N, D); prior: (H, N, N) or (1, N, N); bias: broadcast to (B, H, N, N), added to the logits after
    the prior. Returns (B, H, N, D). Raises ValueError for sizes that disagree, an unknown `combine`, or a prior that
    is not positive where its logarithm or its sum is needed.
    """
    return attend(AttentionInputs.of(q, k, v, prior, combine, bias))


def attention_weights(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> Tensor:
    """The (B, H, N, N) matrix that multiplies v in `attention`, from the same arguments.

    Its rows sum to 1, except under "gate", where a row's sum depends on where its token is.
    """
    return weigh(AttentionInputs.of(q, k, v, prior, combine, bias))


class AttentionInputs(NamedTuple):
    """Everything that attention is computed from, with the prior in the place where it acts.

    q, k, v: (B, H, N, D); scale: multiplied onto the logits; bias: added to them; gate: multiplied onto the softmax.
    Each of the three broadcasts to (B, H, N, N), or is None. normalized: whether gated rows are divided by their sum.
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
        """The arguments of `attention`, checked, with the prior put where `combine` says."""
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
    """Attention from its inputs: (B, H, N, D)."""
    # a prior may be of a wider dtype, as it is under autocast
    return weigh(inputs).to(inputs.v.dtype) @ inputs.v


def weigh(inputs: AttentionInputs) -> Tensor:
    """The matrix that multiplies v, from the inputs of attention: (B, H, N, N)."""
    q, k, _, scale, bias, gate, normalized = inputs
    logits = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    if scale is not None:
        logits = logits * scale
    if bias is not None:
        logits = logits + bias
    weights = logits.softmax(dim=-1)
    if gate is not None:
        weights = weights * gate
    if normalized:
        weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights


def check_shapes(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> None:
    """Raise ValueError, naming the argument, unless the arguments of `attention` fit together."""
    if combine not in COMBINE:
        raise ValueError(f"combine is {combine!r}, but it must be one of {', '.join(map(repr, COMBINE))}")
    if q.ndim != 4:
        raise ValueError(f"q is {tuple(q.shape)}, but it must be (B, H, N, D)")
    batch, heads, queries, channels = q.shape
    if k.ndim != 4 or (k.shape[0], k.shape[1], k.shape[3]) != (batch, heads, channels):
        raise ValueError(f"k is {tuple(k.shape)}, but q, {tuple(q.shape)}, needs ({batch}, {heads}, N, {channels})")
    keys = k.shape[2]
    if v.ndim != 4 or v.shape[:3] != k.shape[:3]:
        raise ValueError(f"v is {tuple(v.shape)}, but k, {tuple(k.shape)}, needs ({batch}, {heads}, {keys}, D)")
    if prior is not None and (prior.shape[0] not in (1, heads) or prior.shape[1:] != (queries, keys)):
        raise ValueError(
            f"prior is {tuple(prior.shape)}, but {heads} heads, {queries} queries and {keys} keys need "
            f"({heads}, {queries}, {keys}) or (1, {queries}, {keys})"
        )
