"""The whole block of RMT, with an option for each thing that a usual mistake changes; for `rmt_block`."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.lesson_07.depthwise import depthwise
from gmm_tutorial.learn.lesson_07.feed_forward import feed_forward
from gmm_tutorial.manhattan import manhattan_attention
from gmm_tutorial.rotary import rotate

SPLIT, MERGE = "B h w (H D) -> B H (h w) D", "B H (h w) D -> B h w (H D)"


class Weights(dict[str, Tensor]):
    """The tensors of a block by name; where a case is shown, their names are enough."""

    def __repr__(self) -> str:
        return f"tensors {', '.join(self)}"


def some_weights(dim: int, hidden: int) -> Weights:
    """Random weights of a block, large enough for every part to be seen in the result."""
    shapes: dict[str, tuple[int, ...]] = {"pos": (dim, 1, 3, 3), "lepe": (dim, 1, 5, 5), "kernel": (hidden, 1, 3, 3)}
    shapes |= dict.fromkeys(("q", "k", "v", "out"), (dim, dim)) | {"w1": (dim, hidden), "w2": (hidden, dim)}
    shapes |= dict.fromkeys(("norm1", "norm2", "scale1", "scale2"), (dim,))
    fan = {name: shape[0] if len(shape) == 2 else 1 for name, shape in shapes.items()}
    return Weights({name: torch.randn(shape) / fan[name] ** 0.5 for name, shape in shapes.items()})


def norm(x: Tensor, weight: Tensor) -> Tensor:
    """LayerNorm of the last axis without a bias."""
    return F.layer_norm(x, weight.shape, weight, eps=1e-6)


def attend(
    x: Tensor,
    weights: Mapping[str, Tensor],
    gamma: Tensor,
    *,
    turned: str = "qk",
    place: Callable[[Tensor, Grid], Tensor] = lambda index, grid: index,
    split: str = SPLIT,
    merge: str = MERGE,
    inner: Callable[..., Tensor] = manhattan_attention,
    enhanced: str = "v",
    late: bool = False,
) -> Tensor:
    """Attention of the normalized tokens x (B, h, w, C), with local enhancement and output matrix."""
    grid = h, w = x.shape[1], x.shape[2]
    places = place(torch.arange(h * w), grid)
    made = {name: rearrange(x @ weights[name], split, H=len(gamma)) for name in "qkv"}
    q, k, v = (rotate(y, places) if name in turned else y for name, y in made.items())
    out = rearrange(inner(q, k, v, gamma, grid), merge, h=h)
    sources = {"v": x @ weights["v"], "q": x @ weights["q"], "x": x, "out": out, "nothing": 0 * x}
    near = depthwise(sources[enhanced], weights["lepe"])
    return out @ weights["out"] + near if late else (out + near) @ weights["out"]


def wired(
    x: Tensor,
    weights: Mapping[str, Tensor],
    gamma: Tensor,
    *,
    scales: str = "12",
    norms: str = "12",
    kept: str = "12",
    normed: Callable[[Tensor, Tensor], Tensor] = norm,
    add: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda x, branch, scale: x + scale * branch,
    feed: Callable[..., Tensor] = feed_forward,
    pos: Callable[[Tensor, Tensor], Tensor] = lambda x, near: x + near,
    beside: bool = False,
    renamed: Mapping[str, str] | None = None,
    **options: Any,
) -> Tensor:
    """The block with those of its scales, norms and residuals that are named, and with options of `attend`."""
    weights = dict(weights) | {name: weights[other] for name, other in (renamed or {}).items()}
    one = torch.ones_like(weights["scale1"])
    first, second = (weights[f"scale{i}"] if i in scales else one for i in "12")
    x = pos(x, depthwise(x, weights["pos"]))
    y = attend(normed(x, weights["norm1"]) if "1" in norms else x, weights, gamma, **options)
    y = add(x if "1" in kept else 0 * x, y, first)
    seen = x if beside else y
    z = feed(normed(seen, weights["norm2"]) if "2" in norms else seen, *(weights[n] for n in ("w1", "kernel", "w2")))
    return add(y if "2" in kept else 0 * y, z, second)
