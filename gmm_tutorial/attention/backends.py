"""The ways to compute attention by name, and the one that is taken where nobody chooses."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gmm_tutorial.attention import blocked, flex
from gmm_tutorial.attention.arguments import Arguments
from gmm_tutorial.attention.dense import AttentionInputs, attend, under_prior

__all__ = ["BACKENDS", "choose"]

Backend = Callable[[Arguments], Tensor]
FEW = 512**2  # pairs of tokens, in which a matrix of weights takes 1 MB per head


def dense(arguments: Arguments) -> Tensor:
    """Make the matrix of all weights."""
    q, k, v, prior, combine, bias, num_prefix_tokens = arguments
    inputs = AttentionInputs(q, k, v, bias=bias)
    return attend(under_prior(inputs, prior, num_prefix_tokens, combine))


def sdpa(arguments: Arguments) -> Tensor:
    """Let PyTorch's fused function add the logarithm of the prior to the logits."""
    q, k, v, prior, combine, bias, num_prefix_tokens = arguments
    if prior is not None and combine in ("scale", "gate"):
        raise ValueError(
            f"backend is 'sdpa', which can only add to the logits, but combine is {combine!r}: "
            "use 'blocked' or 'dense', or, with combine='scale', 'flex'"
        )
    inputs = under_prior(AttentionInputs(q, k, v, bias=bias), prior, num_prefix_tokens, "bias")
    added = None if inputs.bias is None else inputs.bias.to(q.dtype)
    if added is not None and added.ndim < 4:
        added = added.expand(*q.shape[:2], *added.shape[-2:])
    return F.scaled_dot_product_attention(q, k, v, attn_mask=added)


BACKENDS: dict[str, Backend] = {
    "dense": dense,
    "sdpa": sdpa,
    "blocked": blocked.attend_by_blocks,
    "flex": flex.attend_flexibly,
}


def choose(
    q: Tensor, k: Tensor, prior: Tensor | nn.Module | None = None, combine: str = "scale", bias: Tensor | None = None
) -> str:
    """Return the backend that "auto" stands for.

    - Up to 512 x 512 pairs of tokens per head, with a `bias`, and while a model is being compiled: "dense".
    - Above that, without a prior: "sdpa".
    - Above that, with a prior: on CUDA "flex" if it takes the arguments, else "blocked".

    On a CPU, benchmarks/attention.py compares them. With a prior, "blocked" is chosen for its memory: at 1,024 tokens
    it needs about a seventh of that of "dense", at 4,096 tokens less than a twentieth. For the backward pass it
    computes the weights again, so both passes take 1.4 to 2.3 times as long at 1,024 tokens, and 0.9 to 1.2 times at
    4,096. Without a prior "sdpa" is mostly faster on few tokens too, but there the readable function runs. The rule
    for CUDA is not measured.

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, M, D).
        prior: As in `attention`.
        combine: As in `attention`.
        bias: As in `attention`.

    Returns:
        One of `BACKENDS`.

    Example:
        >>> few, many = torch.zeros(1, 2, 64, 8), torch.zeros(1, 2, 4096, 8)
        >>> choose(few, few), choose(many, many)
        ('dense', 'sdpa')
    """
    few = q.shape[-2] * k.shape[-2] <= FEW
    if few or bias is not None or q.is_meta or torch.compiler.is_compiling():
        return "dense"
    if prior is None:
        return "sdpa"
    return "flex" if q.is_cuda and flex.refusal(q, prior, combine) is None else "blocked"
