"""The attention function: softmax attention under a spatial prior, and the matrix that it multiplies v with.

S = q k^T / sqrt(D) are the logits, `prior` holds one weight per pair of tokens, and `combine` says where it acts:
    "scale"            softmax(prior * S) V          ELM and GMM, as published
    "gate"             (softmax(S) * prior) V        Manhattan attention, as in its paper
    "gate_normalized"  the same, each row divided by its sum
    "bias"             softmax(S + log prior) V      Manhattan attention, as published; ALiBi; equal to gate_normalized
"""

from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_one_of, check_type
from gmm_tutorial.attention.arguments import COMBINE, Arguments, check_shapes
from gmm_tutorial.attention.backends import BACKENDS, choose
from gmm_tutorial.attention.dense import AttentionInputs, under_prior, weigh

__all__ = ["attention", "attention_weights"]


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    prior: Tensor | nn.Module | None = None,
    combine: str | None = None,
    bias: Tensor | None = None,
    *,
    num_prefix_tokens: int = 0,
    backend: str = "auto",
) -> Tensor:
    """Softmax attention under a spatial prior.

    The module's docstring gives the formula of each `combine`. "gate_normalized" and "bias" need a positive prior.

    All backends compute the same function, forward and backward:

    - "dense" makes the matrix of all weights. It is the reference, and takes everything.
    - "sdpa" is PyTorch's fused function, which can add to logits and do nothing else: it takes no prior, or one under
      "bias" or "gate_normalized".
    - "blocked" makes the weights of one block of queries at a time, and makes them again in the backward pass. It takes
      no `bias`.
    - "flex" is PyTorch's FlexAttention, compiled for the prior's kernel: a `Prior` that has one, under "scale", "bias"
      or "gate_normalized", on CUDA, or on a CPU without gradients. It takes no `bias`.
    - "auto" picks one, see `backends.choose`.

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, M, D). In self-attention M is N.
        v: Values, shape (B, H, M, Dv).
        prior: One weight per pair of tokens, shape (H, N, M), or (1, N, M) if all heads share it; or a `Prior`, whose
            kernel some backends read instead of that table.
        combine: Where the prior acts, one of `COMBINE`. If None, "scale" for a tensor, and its own `.combine` for a
            `Prior`.
        bias: Added to the logits after the prior; broadcast to (B, H, N, M).
        num_prefix_tokens: How many tokens, such as a class token, come before those that the prior is for. It leaves
            their logits alone.
        backend: How to compute it, one of `backends.BACKENDS`, or "auto".

    Returns:
        What each query gets, shape (B, H, N, Dv), of the dtype of `v`.

    Raises:
        TypeError: If a tensor is not floating point, or `q` and `k` differ in dtype.
        ValueError: If sizes or devices disagree, `combine` or `backend` is unknown, the prior is not positive where it
            has to be, or the backend does not take these arguments.

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
    combine = placed(prior, combine)
    check_shapes(q, k, v, bias=bias)
    check_count("num_prefix_tokens", num_prefix_tokens, least=0)
    check_one_of("backend", backend, ("auto", *BACKENDS))
    if backend == "auto":
        backend = choose(q, k, prior, combine, bias)
    return BACKENDS[backend](Arguments(q, k, v, prior, combine, bias, num_prefix_tokens))


def attention_weights(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    prior: Tensor | nn.Module | None = None,
    combine: str | None = None,
    bias: Tensor | None = None,
    *,
    num_prefix_tokens: int = 0,
) -> Tensor:
    """Return the matrix that multiplies `v` in `attention`.

    Args:
        q: Queries, shape (B, H, N, D).
        k: Keys, shape (B, H, M, D).
        v: Values, shape (B, H, M, Dv); only checked.
        prior: One weight per pair of tokens, shape (H, N, M) or (1, N, M); or a `Prior`.
        combine: Where the prior acts, as in `attention`.
        bias: Added to the logits after the prior; broadcast to (B, H, N, M).
        num_prefix_tokens: How many tokens come before those that the prior is for.

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
    combine = placed(prior, combine)
    check_count("num_prefix_tokens", num_prefix_tokens, least=0)
    return weigh(under_prior(AttentionInputs.of(q, k, v, bias=bias), prior, num_prefix_tokens, combine))


def placed(prior: Tensor | nn.Module | None, combine: str | None) -> str:
    """Where a prior acts: as it is said, else as it says itself, else on the logits."""
    if prior is not None:
        check_type("prior", prior, (Tensor, nn.Module), "a tensor, a module or None")
    if combine is None:
        combine = getattr(prior, "combine", "scale")
    return check_one_of("combine", combine, COMBINE)
