"""Attention as a layer: projections to heads, a place for a spatial prior, and putting a prior into a whole model."""

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_positive
from gmm_tutorial.attention.function import AttentionInputs, attend, weigh
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors import Prior, PriorFactory


class AttentionLayer(nn.Module):
    """What every attention layer has, whatever its tokens look like: heads, a grid, and a place for a prior."""

    num_heads: int
    grid: Grid | None
    prior: nn.Module | None

    def weights(self, x: Tensor) -> Tensor:
        """The matrix that multiplies v, for the layer's own input x: (B, H, N, N)."""
        raise NotImplementedError


class Attention(AttentionLayer):
    """Multi-head self-attention whose logits are under a spatial prior: (B, N, C) -> (B, N, C).

    dim: C; num_heads: H; head_dim: D, C / H unless given; qkv_bias: whether the projection to q, k, v has a bias;
    grid: (h, w) of the tokens, which a prior needs to know; prior: a `Prior`, or another module that returns (H, N, N)
    or (1, N, N) when called, with `.combine`; num_prefix_tokens: how many tokens, such as a class token, come before
    the grid's.
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        *,
        head_dim: int | None = None,
        qkv_bias: bool = False,
        grid: Grid | None = None,
        prior: nn.Module | None = None,
        num_prefix_tokens: int = 0,
    ) -> None:
        super().__init__()
        if head_dim is None and dim % check_count("num_heads", num_heads):
            raise ValueError(f"dim is {dim}, but it must be a multiple of num_heads, {num_heads}")
        self.num_heads, self.grid = num_heads, grid
        inner = num_heads * (dim // num_heads if head_dim is None else head_dim)
        self.qkv = nn.Linear(dim, 3 * inner, bias=qkv_bias)
        self.proj = nn.Linear(inner, dim)
        self.prior = prior
        self.num_prefix_tokens = num_prefix_tokens

    def inputs(self, x: Tensor, bias: Tensor | None = None) -> AttentionInputs:
        """What attention is computed from, for x (B, N, C); bias is added to the logits, after the prior."""
        q, k, v = rearrange(self.qkv(x), "B N (three H D) -> three B H N D", three=3, H=self.num_heads)
        inputs = under_prior(AttentionInputs(q, k, v), self.prior, self.num_prefix_tokens)
        if bias is None:
            return inputs
        return inputs._replace(bias=bias if inputs.bias is None else inputs.bias + bias)

    def weights(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """The attention matrix of every head, for x (B, N, C): (B, H, N, N)."""
        return weigh(self.inputs(x, bias))

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """x: (B, N, C), bias: broadcast to (B, H, N, N) -> (B, N, C)."""
        return self.proj(rearrange(attend(self.inputs(x, bias)), "B H N D -> B N (H D)"))


def under_prior(inputs: AttentionInputs, prior: nn.Module | None, num_prefix_tokens: int = 0) -> AttentionInputs:
    """The inputs of attention with a prior applied as its `.combine` says.

    Under "bias" a `Prior` gives its logarithm itself, which far away is still a number where the weight is too small to
    be one, and nobody needs to check that all of it is positive.
    """
    if prior is None:
        return inputs
    q, k, v, *_ = inputs  # unpacked, as torch.compile cannot slice a named tuple in PyTorch 2.8
    # A prefix token has no place on the grid. A weight of 1, or its logarithm, leaves its pairs alone.
    prefix = (num_prefix_tokens, 0) * 2
    if prior.combine != "bias":
        weights = F.pad(prior(), prefix, value=1.0)
        return AttentionInputs.of(q, k, v, weights, str(prior.combine), inputs.bias)
    log: Tensor = prior.log() if isinstance(prior, Prior) else check_positive(prior(), "bias").log()
    return AttentionInputs.of(q, k, v, bias=F.pad(log, prefix, value=0.0))


def install_priors(model: nn.Module, factory: PriorFactory | None) -> nn.Module:
    """Give every attention layer of a model a prior of its own, made for its grid and heads, and return the model.

    factory: (grid, heads) -> a prior; None takes all priors out. Raises ValueError if there is no attention layer on a
    grid.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, AttentionLayer)]
    if factory is not None and not any(layer.grid for layer in layers):
        raise ValueError(f"prior is given, but this {type(model).__name__} has no attention on a grid: it must be None")
    for layer in layers:
        layer.prior = None if factory is None or layer.grid is None else factory(layer.grid, layer.num_heads)
    return model
