"""Attention under a spatial prior: one function for the whole family, and the layer made of it.

S = q k^T / sqrt(D) are the logits, `prior` holds one weight a pair of tokens, and `combine` says where it acts:
    "scale"            softmax(prior * S) V          ELM and GMM, as published
    "gate"             (softmax(S) * prior) V        Manhattan attention, as in its paper
    "gate_normalized"  the same, each row divided by its sum
    "bias"             softmax(S + log prior) V      Manhattan attention, as published; ALiBi; equal to gate_normalized
"""

from collections.abc import Callable

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial.checks import check_count

COMBINE = ("scale", "gate", "gate_normalized", "bias")


def attention(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> Tensor:
    """Softmax attention under a spatial prior.

    q, k, v: (B, H, N, D); prior: (H, N, N) or (1, N, N); bias: broadcast to (B, H, N, N), added to the logits after
    the prior. Returns (B, H, N, D). Raises ValueError for sizes that disagree, an unknown `combine`, or a prior that
    is not positive where its logarithm or its sum is needed.
    """
    # a prior may be of a wider dtype, as it is under autocast
    return attention_weights(q, k, v, prior, combine, bias).to(v.dtype) @ v


def attention_weights(
    q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale", bias: Tensor | None = None
) -> Tensor:
    """The (B, H, N, N) matrix that multiplies v in `attention`, from the same arguments.

    Its rows sum to 1, except under "gate", where a row's sum depends on where its token stands.
    """
    check_shapes(q, k, v, prior, combine)
    logits = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
    if prior is not None and combine == "scale":
        logits = logits * prior
    if prior is not None and combine == "bias":
        logits = logits + check_positive(prior, combine).log()
    if bias is not None:
        logits = logits + bias
    weights = logits.softmax(dim=-1)
    if prior is not None and combine == "gate":
        weights = weights * prior
    if prior is not None and combine == "gate_normalized":
        weights = weights * check_positive(prior, combine)
        weights = weights / weights.sum(dim=-1, keepdim=True)
    return weights


class Attention(nn.Module):
    """Multi-head self-attention whose logits are under a spatial prior.

    dim: C; num_heads: H; head_dim: D, C / H unless given; qkv_bias: whether the projection to q, k, v has a bias;
    prior: a module that returns (H, N, N) or (1, N, N) when called, with `.combine`; num_prefix_tokens: how many
    tokens, such as a class token, come before the grid's.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        *,
        head_dim: int | None = None,
        qkv_bias: bool = False,
        prior: nn.Module | None = None,
        num_prefix_tokens: int = 0,
    ) -> None:
        super().__init__()
        if head_dim is None and dim % check_count("num_heads", num_heads):
            raise ValueError(f"dim is {dim}, but it must be a multiple of num_heads, {num_heads}")
        self.num_heads = num_heads
        inner = num_heads * (dim // num_heads if head_dim is None else head_dim)
        self.qkv = nn.Linear(dim, 3 * inner, bias=qkv_bias)
        self.proj = nn.Linear(inner, dim)
        self.prior = prior
        self.num_prefix_tokens = num_prefix_tokens

    def arguments(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor | None, str, Tensor | None]:
        """x: (B, N, C) -> the arguments of `attention`: q, k, v, each (B, H, N, D), the prior, `combine`, the bias."""
        q, k, v = rearrange(self.qkv(x), "B N (three H D) -> three B H N D", three=3, H=self.num_heads)
        prior, combine, bias = prior_arguments(self.prior)
        # A prefix token has no place on the grid. A weight of 1, or its logarithm, leaves its pairs alone.
        prefix = (self.num_prefix_tokens, 0) * 2
        prior = None if prior is None else F.pad(prior, prefix, value=1.0)
        bias = None if bias is None else F.pad(bias, prefix, value=0.0)
        return q, k, v, prior, combine, bias

    def weights(self, x: Tensor) -> Tensor:
        """x: (B, N, C) -> the attention matrix of every head: (B, H, N, N)."""
        return attention_weights(*self.arguments(x))

    def forward(self, x: Tensor) -> Tensor:
        """x: (B, N, C) -> (B, N, C)."""
        return self.proj(rearrange(attention(*self.arguments(x)), "B H N D -> B N (H D)"))


def prior_arguments(prior: nn.Module | None) -> tuple[Tensor | None, str, Tensor | None]:
    """The arguments `prior`, `combine`, `bias` of `attention` that apply a prior as its `.combine` says.

    A prior with a method `log`, positive by construction, comes as a bias: far away its logarithm is still a number
    where the weight itself is too small to be one, and nobody needs to look whether all of it is positive.
    """
    if prior is None:
        return None, "scale", None
    log: Callable[[], Tensor] | None = getattr(prior, "log", None)
    if prior.combine == "bias" and log:
        return None, "scale", log()
    return prior(), str(prior.combine), None


def check_shapes(q: Tensor, k: Tensor, v: Tensor, prior: Tensor | None = None, combine: str = "scale") -> None:
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


def check_positive(prior: Tensor, combine: str) -> Tensor:
    """Return `prior`. Raises ValueError when an entry is not above 0: it has no logarithm, and may sum to 0."""
    if not bool((prior > 0).all()):
        raise ValueError(
            f"prior has entries down to {prior.min().item():.4g}, but combine={combine!r} needs a positive prior; "
            "one that can be negative or zero, such as ELM or GMM, is applied with combine='scale'"
        )
    return prior
