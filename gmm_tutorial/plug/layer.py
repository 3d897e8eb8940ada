"""What a foreign attention layer is while its model is plugged in: the same object, of a class that takes a prior."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_type
from gmm_tutorial.attention.dense import AttentionInputs, under_prior, weigh
from gmm_tutorial.attention.layer import AttentionLayer, check_prior
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors import PriorFactory

__all__ = ["Family", "Plugged", "PluggedLayer", "split_heads"]


class Plugged(nn.Module):
    """A foreign module that was given another class, and with it a grid.

    The object stays the same, so its weights keep their names, and hooks, optimizers and other modules still hold it.

    Attributes:
        original: The class that it had before.
        added: The attributes that only the new class has.
        grid: Rows and columns of the token grid that the priors were made for, (h, w).
    """

    original: ClassVar[type[nn.Module]]
    added: ClassVar[tuple[str, ...]] = ("grid",)
    grid: Grid | None

    @classmethod
    def attributes(cls, module: Any, grid: Grid, num_prefix_tokens: int, factory: PriorFactory) -> dict[str, Any]:
        """Make what a module needs beside the class, before anything changes."""
        return {"grid": grid}

    @classmethod
    def plug(cls, module: nn.Module, attributes: dict[str, Any]) -> None:
        """Give a module this class."""
        module.__class__ = cls
        for name in cls.added:
            setattr(module, name, attributes[name])

    def unplug(self) -> None:
        """Give the module back the class that it had."""
        for name in self.added:
            delattr(self, name)
        self.__class__ = self.original  # type: ignore[assignment]

    def check_grid(self, grid: Sequence[int]) -> None:
        """Raise ValueError unless the tokens are on the grid that the priors were made for."""
        if self.grid is not None and tuple(grid) != self.grid:
            (h, w), (rows, columns) = grid, self.grid
            raise ValueError(f"the tokens are on a grid of {h} x {w}, but the priors need one of {rows} x {columns}")


class PluggedLayer(Plugged, AttentionLayer):
    """A foreign attention layer under a prior.

    Attributes:
        num_prefix_tokens: How many tokens, such as a class token, come before those of the grid.
    """

    added = ("grid", "num_prefix_tokens", "prior")
    num_prefix_tokens: int

    @classmethod
    def attributes(cls, module: Any, grid: Grid, num_prefix_tokens: int, factory: PriorFactory) -> dict[str, Any]:
        """Make a prior for a layer, of the device, the dtype and the mode of the layer."""
        prior = check_type("what prior returns", factory(grid, module.num_heads), nn.Module, "a module")
        check_prior(prior)
        prior.to(next(module.parameters())).train(module.training)
        return {"grid": grid, "num_prefix_tokens": num_prefix_tokens, "prior": prior}

    def inputs(self, x: Tensor, *args: Any, **options: Any) -> AttentionInputs:
        """Return what attention is computed from, with the prior in its place; takes what `forward` takes."""
        raise NotImplementedError

    def weights(self, x: Tensor, *args: Any, **options: Any) -> Tensor:
        """Return the matrix that multiplies v, (B, H, N, N); takes what `forward` takes."""
        return self.weigh(self.inputs(x, *args, **options))

    def weigh(self, inputs: AttentionInputs) -> Tensor:
        """Compute the matrix that multiplies v, (B, H, N, N)."""
        return weigh(inputs)

    def under_prior(self, qkv: Tensor | tuple[Tensor, Tensor, Tensor], bias: Tensor | None = None) -> AttentionInputs:
        """Put the prior where it acts, before the bias, on q, k and v, three of (B, H, N, D)."""
        q, k, v = qkv
        h, w = self.grid or (0, 0)
        if q.shape[2] != self.num_prefix_tokens + h * w:
            wanted = f"{self.num_prefix_tokens} and those of a grid of {h} x {w}"
            raise ValueError(f"x has {q.shape[2]} tokens, but under its prior this layer needs {wanted}")
        return under_prior(AttentionInputs(q, k, v, bias=bias), self.prior, self.num_prefix_tokens)

    def attend(self, inputs: AttentionInputs, dropout: float) -> Tensor:
        """Compute what all heads give to each token, (B, N, H D), with dropout on the weights in training mode."""
        q, k, v, scale, bias, gate, _ = inputs
        dropout = dropout if self.training else 0.0
        if getattr(self, "fused_attn", False) and scale is None and gate is None:
            # the fused function can only add to the logits
            bias = None if bias is None else bias.to(q.dtype)
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=dropout)
        else:
            out = F.dropout(self.weigh(inputs), dropout).to(v.dtype) @ v
        return rearrange(out, "B H N D -> B N (H D)")

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: Any) -> None:
        """Load weights. A checkpoint of the plain model has none for the prior, which then keeps its own."""
        ours = f"{prefix}prior."
        if self.prior is not None and not any(name.startswith(ours) for name in state_dict):
            state_dict.update(self.prior.state_dict(prefix=ours))
        super()._load_from_state_dict(state_dict, prefix, *args)


class Family(NamedTuple):
    """Foreign models of one kind, the classes that their modules get, and the token grids of their parts.

    Attributes:
        model: The class of the models.
        plugged: The classes; in a part, each module of the class `original` is plugged in.
        parts: Model -> modules with tokens on one grid, (h, w) of that grid, how many tokens come before it.
    """

    model: type[nn.Module]
    plugged: tuple[type[Plugged], ...]
    parts: Callable[[Any], Iterator[tuple[nn.Module, Grid, int]]]


def split_heads(qkv: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """Split a joint projection (B, N, 3 H D) into q, k and v, three of (B, H, N, D)."""
    q, k, v = rearrange(qkv, "B N (three H D) -> three B H N D", three=3, H=heads)
    return q, k, v
