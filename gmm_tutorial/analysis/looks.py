"""What one patch of an image looks at in the first and in the last attention layer, and the kernels of the priors."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gmm_tutorial.analysis.maps import by_offset
from gmm_tutorial.attention import AttentionLayer
from gmm_tutorial.grid import Grid, kernel_offsets
from gmm_tutorial.manhattan import ManhattanAttention

PLACE = (0.4, 0.5)  # of the query, as shares of the image's height and width


class Look(NamedTuple):
    """A query in one layer.

    weights: what it gives to each token, (H, h, w); 0 outside of its window, if the layer has windows. query: its
    (y, x). kernel: the layer's prior by offset, (H, 2h-1, 2w-1), for the grid of a window if there are any; or None.
    """

    weights: Tensor
    query: tuple[int, int]
    kernel: Tensor | None


@torch.no_grad()
def first_and_last(model: nn.Module, image: Tensor, place: tuple[float, float] = PLACE) -> list[Look]:
    """Return how a patch looks in the first and in the last layer whose tokens attend to each other on a grid.

    Args:
        model: A model in evaluation mode.
        image: One normalized image, shape (1, 3, S, S).
        place: Where the patch is, as shares of the height and the width, each from 0 up to but not including 1.

    Returns:
        Two looks, one if there is a single such layer, or none for a model without attention. Windows are taken as not
        shifted, which holds for the first and last layers of our Swin.
    """
    found: list[tuple[AttentionLayer, Tensor]] = []

    def keep(layer: AttentionLayer, inputs: tuple[Tensor, ...], options: dict[str, Tensor], _: Tensor) -> None:
        found.append((layer, layer.weights(*inputs, **options)))

    layers = [layer for layer in model.modules() if isinstance(layer, AttentionLayer) and layer.grid is not None]
    hooks = [layer.register_forward_hook(keep, with_kwargs=True) for layer in layers]
    try:
        model(image)
    finally:
        for hook in hooks:
            hook.remove()
    return [look(layer, weights, place) for layer, weights in (found if len(found) < 2 else (found[0], found[-1]))]


def look(layer: AttentionLayer, weights: Tensor, place: tuple[float, float]) -> Look:
    """Pick the row of a query from the weights of one image, (windows, H, N, N): without windows, there is one."""
    assert layer.grid is not None
    (h, w), across = layer.grid, math.isqrt(len(weights))
    prefix = weights.shape[-1] - h * w  # a class token, which no patch belongs to
    y, x = int(place[0] * h * across), int(place[1] * w * across)
    seen = weights[y // h * across + x // w, :, prefix + y % h * w + x % w, prefix:]
    whole = weights.new_zeros(weights.shape[1], h * across, w * across)
    whole[:, y - y % h : y - y % h + h, x - x % w : x - x % w + w] = seen.unflatten(-1, (h, w))
    return Look(whole, (y, x), layer_kernel(layer, layer.grid))


def layer_kernel(layer: AttentionLayer, grid: Grid) -> Tensor | None:
    """The prior of a layer by offset, (H, 2h-1, 2w-1), also where it is the layer's own decay; None without a prior."""
    if layer.prior is None:
        if not isinstance(layer, ManhattanAttention):
            return None
        steps = kernel_offsets(grid).abs().sum(-1).to(layer.log_gamma)
        return (layer.log_gamma[:, None, None] * steps).exp()
    try:
        return layer.prior.kernel()  # type: ignore[operator]
    except (AttributeError, NotImplementedError):  # a weight for each pair of tokens
        return by_offset(layer.prior(), grid)
