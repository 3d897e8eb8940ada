"""The readable backend: the whole matrix of weights is made, as the formulas say. All other backends must equal it."""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from gmm_tutorial._checks import check_positive
from gmm_tutorial.attention.arguments import check_prior_shape, check_shapes
from gmm_tutorial.priors.base import Prior

__all__ = ["AttentionInputs", "attend", "gated", "score", "under_prior", "weigh"]


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


def under_prior(
    inputs: AttentionInputs,
    prior: Tensor | nn.Module | None,
    num_prefix_tokens: int = 0,
    combine: str | None = None,
) -> AttentionInputs:
    """Apply a prior to the inputs of attention as `combine`, or else its own `.combine`, says.

    Under "bias" a `Prior` gives its logarithm itself. It is finite even where the weight is too small for a float, and
    no check has to look at its values, for which a GPU would have to wait.
    """
    if prior is None:
        return inputs
    q, k, v, *_ = inputs  # unpacked, as torch.compile cannot slice a named tuple in PyTorch 2.8
    combine = str(getattr(prior, "combine", "scale")) if combine is None else combine
    # A prefix token has no place on the grid. A weight of 1, or its logarithm, leaves its pairs alone.
    prefix = (num_prefix_tokens, 0) * 2
    if combine != "bias":
        weights = prior if isinstance(prior, Tensor) else prior()
        check_prior_shape(weights, q[:, :, num_prefix_tokens:], k[:, :, num_prefix_tokens:])
        return AttentionInputs.of(q, k, v, F.pad(weights, prefix, value=1.0), combine, inputs.bias)
    log: Tensor = prior.log() if isinstance(prior, Prior) else positive(prior).log()
    log = check_prior_shape(F.pad(log, prefix, value=0.0), q, k)
    return AttentionInputs.of(q, k, v, bias=log if inputs.bias is None else log + inputs.bias)


def positive(prior: Tensor | nn.Module) -> Tensor:
    """The entries of a prior, all of which are positive."""
    return check_positive(prior if isinstance(prior, Tensor) else prior(), "bias")


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
    logits = (q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)  # not the logits, which are more numbers
    if scale is not None:
        logits = logits * scale
    return logits if bias is None else logits + bias


def gated(weights: Tensor, inputs: AttentionInputs) -> Tensor:
    """Multiply the softmax of the logits by the gate, if there is one: (B, H, N, M)."""
    *_, gate, normalized = inputs
    if gate is not None:
        weights = weights * gate
    return weights / weights.sum(dim=-1, keepdim=True) if normalized else weights
