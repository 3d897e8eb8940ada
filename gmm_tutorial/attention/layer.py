"""Attention as a layer: projections to heads, a place for a spatial prior, and putting a prior into a whole model."""

from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_divides, check_input, check_one_of, check_type
from gmm_tutorial.attention.arguments import COMBINE, check_bias
from gmm_tutorial.attention.dense import AttentionInputs, under_prior, weigh
from gmm_tutorial.attention.function import attention
from gmm_tutorial.grid import Grid, check_grid
from gmm_tutorial.priors import PriorFactory
from gmm_tutorial.priors.named import check_factory

__all__ = ["Attention", "AttentionLayer", "install_priors"]


class AttentionLayer(nn.Module):
    """What every attention layer has, whatever its tokens look like: heads, a grid, and a place for a prior.

    Attributes:
        num_heads: Number of heads H.
        grid: Rows and columns of the token grid, (h, w), or None if it is not fixed.
        prior: The spatial prior, or None.
    """

    num_heads: int
    grid: Grid | None
    prior: nn.Module | None

    def weights(self, x: Tensor) -> Tensor:
        """Return the matrix that multiplies v, for the layer's own input.

        Args:
            x: What `forward` takes.

        Returns:
            The weights, shape (B, H, N, N).
        """
        raise NotImplementedError


class Attention(AttentionLayer):
    """Multi-head self-attention under a spatial prior: (B, N, C) -> (B, N, C).

    Args:
        dim: Number of channels C.
        num_heads: Number of heads H.
        head_dim: Channels of a head D; C / H if None.
        out_dim: Number of channels of the result; C if None.
        qkv_bias: Whether the projection to q, k and v has a bias.
        grid: Rows and columns of the token grid, (h, w), for which `install_priors` makes a prior.
        prior: A `Prior`, or another module that returns (H, N, N) or (1, N, N) when called without arguments and has an
            attribute `combine`.
        num_prefix_tokens: How many tokens, such as a class token, come before those of the grid. A prior leaves their
            logits alone.

    Raises:
        TypeError: If `prior` is not a module with an attribute `combine`.
        ValueError: If a size is not a positive integer, or `dim` is not a multiple of `num_heads` where it has to be.

    Example:
        >>> import torch
        >>> from gmm_tutorial.priors import GaussianMixtureMask
        >>> layer = Attention(24, num_heads=3, prior=GaussianMixtureMask((2, 4), heads=3))
        >>> layer(torch.zeros(5, 8, 24)).shape
        torch.Size([5, 8, 24])
    """

    def __init__(
        self,
        dim: int,
        num_heads: int,
        *,
        head_dim: int | None = None,
        out_dim: int | None = None,
        qkv_bias: bool = False,
        grid: Grid | None = None,
        prior: nn.Module | None = None,
        num_prefix_tokens: int = 0,
    ) -> None:
        super().__init__()
        if head_dim is None:
            head_dim = check_divides("dim", dim, "num_heads", num_heads) // num_heads
        self.dim, self.num_heads = check_count("dim", dim), check_count("num_heads", num_heads)
        self.grid = None if grid is None else check_grid(grid)
        inner = num_heads * check_count("head_dim", head_dim)
        self.qkv = nn.Linear(dim, 3 * inner, bias=qkv_bias)
        self.proj = nn.Linear(inner, dim if out_dim is None else check_count("out_dim", out_dim))
        self.prior = check_prior(prior)
        self.num_prefix_tokens = check_count("num_prefix_tokens", num_prefix_tokens, least=0)

    def project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each of shape (B, H, N, D), for tokens x (B, N, C)."""
        check_input("x", x, ("B", "N", self.dim), self.qkv)
        q, k, v = rearrange(self.qkv(x), "B N (three H D) -> three B H N D", three=3, H=self.num_heads)
        return q, k, v

    def inputs(self, x: Tensor, bias: Tensor | None = None) -> AttentionInputs:
        """Return what attention is computed from.

        Args:
            x: Tokens, shape (B, N, C).
            bias: Added to the logits after the prior; broadcast to (B, H, N, N).

        Returns:
            Queries, keys and values, and the prior and the bias in the place where they act.

        Raises:
            TypeError: If a tensor is not of the dtype that the layer needs.
            ValueError: If sizes or devices disagree.
        """
        q, k, v = self.project(x)
        if bias is not None:
            check_bias(bias, q, k)
        return under_prior(AttentionInputs(q, k, v, bias=bias), self.prior, self.num_prefix_tokens)

    def weights(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Return the attention matrix of every head, shape (B, H, N, N), for tokens x (B, N, C)."""
        return weigh(self.inputs(x, bias))

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        """Let the tokens attend to each other.

        Args:
            x: Tokens, shape (B, N, C).
            bias: Added to the logits after the prior; broadcast to (B, H, N, N).

        Returns:
            The new tokens, shape (B, N, C).

        Raises:
            TypeError: If a tensor is not of the dtype that the layer needs.
            ValueError: If sizes or devices disagree.
        """
        q, k, v = self.project(x)
        out = attention(q, k, v, self.prior, bias=bias, num_prefix_tokens=self.num_prefix_tokens)
        return self.proj(rearrange(out, "B H N D -> B N (H D)"))


def check_prior(prior: nn.Module | None) -> nn.Module | None:
    """Return `prior`. Raises an error unless it is None, or a module with a known `.combine`."""
    if prior is not None:
        combine = getattr(check_type("prior", prior, nn.Module, "a module or None"), "combine", None)
        check_one_of("prior.combine", combine, COMBINE)
    return prior


def install_priors(model: nn.Module, factory: PriorFactory | None) -> nn.Module:
    """Give every attention layer of a model its own prior, made for the layer's grid and heads.

    Args:
        model: A model that contains layers of the kind `AttentionLayer`. It is changed in place.
        factory: A callable (grid, heads) -> module; None takes all priors out.

    Returns:
        The same model.

    Raises:
        TypeError: If `model` is not a module, `factory` is not callable, or what it returns is not a module.
        ValueError: If the model has no attention layer on a grid.

    Example:
        >>> from gmm_tutorial.priors import ManhattanDecay
        >>> layer = install_priors(Attention(24, num_heads=3, grid=(2, 4)), ManhattanDecay)
        >>> layer.prior.grid, layer.prior.heads
        ((2, 4), 3)
    """
    layers = [m for m in check_type("model", model, nn.Module, "a module").modules() if isinstance(m, AttentionLayer)]
    if factory is not None and not any(layer.grid for layer in layers):
        raise ValueError(f"prior is given, but this {type(model).__name__} has no attention on a grid: it must be None")
    factory = None if factory is None else check_factory("factory", factory)
    for layer in layers:
        layer.prior = None
        if factory is not None and layer.grid is not None:
            layer.prior = check_prior(factory(layer.grid, layer.num_heads))
    return model
