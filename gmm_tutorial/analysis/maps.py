"""Measuring what a model attends to and what a mask has learned: distance, locality, extroversion, direction."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gmm_tutorial._checks import check_floating, check_type, readable
from gmm_tutorial.attention import AttentionLayer
from gmm_tutorial.grid import Grid, check_grid, coordinates, distances


@torch.no_grad()
def attention_maps(model: nn.Module, images: Tensor) -> list[Tensor]:
    """Collect the attention matrix of every attention layer of a model.

    The model runs once, in the mode that it is in. Decomposed Manhattan attention gives the matrix that it amounts to.

    Args:
        model: A model with at least one `AttentionLayer`.
        images: Normalized images on the model's device, shape (B, 3, S, S).

    Returns:
        One tensor per layer, shape (B, H, N, N), in the order in which the layers run. A class token, if there is one,
        is token 0.

    Raises:
        ValueError: If the model has no attention layer.
    """
    maps: list[Tensor] = []
    layers = [
        layer
        for layer in check_type("model", model, nn.Module, "a module").modules()
        if isinstance(layer, AttentionLayer)
    ]
    if not layers:
        raise ValueError(f"model is a {type(model).__name__} without an attention layer, but it needs one")
    hooks = [
        layer.register_forward_hook(
            lambda layer, inputs, options, _: maps.append(layer.weights(*inputs, **options)), with_kwargs=True
        )
        for layer in layers
    ]
    try:
        model(images)
    finally:
        for hook in hooks:
            hook.remove()
    return maps


def effective_receptive_field(features: Callable[[Tensor], Tensor], images: Tensor, token: int | None = None) -> Tensor:
    """Measure how strongly each pixel moves a token: the mean absolute gradient of the token's channels.

    The mean is over images and channels, the sum over colors. Each channel has its own backward pass: in the gradient
    of their sum, gradients cancel, and after a LayerNorm that sum does not move at all.

    Args:
        features: Images -> (B, N, C), with N tokens on a square grid: a model's `features`, or its first stages. The
            model must be in evaluation mode, because a BatchNorm in training mode lets all images see each other.
        images: Normalized images, shape (B, channels, S, S).
        token: The number of the token; by default the middle one, (n/2, n/2) on an n x n grid.

    Returns:
        One number per pixel, shape (S, S).

    Raises:
        ValueError: If the tokens are not on a square grid, or `token` is not one of them.
    """
    with torch.enable_grad():
        pixels = images.detach().clone().requires_grad_()
        tokens = features(pixels)
        side = math.isqrt(tokens.shape[1]) if tokens.ndim == 3 else 0
        if not side or side**2 != tokens.shape[1]:
            raise ValueError(f"features returns {tuple(tokens.shape)}, but it must be (B, N, C), N a square number")
        token = side // 2 * (side + 1) if token is None else token
        if not 0 <= token < side**2:
            raise ValueError(f"token is {token}, but it must be 0 to {side**2 - 1}")
        channels = tokens[:, token].sum(0).unbind()  # over images: none of them moves the token of another
    field = torch.zeros(pixels.shape[-2:], dtype=pixels.dtype, device=pixels.device)
    for channel in channels:
        (gradient,) = torch.autograd.grad(channel, pixels, retain_graph=True)
        field += gradient.abs().sum(1).mean(0)
    return field / len(channels)


def mean_distance(weights: Tensor, grid: Grid) -> Tensor:
    """Compute how far a token looks on average, in patches.

    Args:
        weights: Attention weights whose rows sum to 1, shape (..., N, N).
        grid: Rows and columns of the token grid, (h, w), with N = h w.

    Returns:
        The mean over queries of the expected distance of the key, shape (...).

    Raises:
        ValueError: If the weights do not fit the grid.

    Example:
        >>> mean_distance(torch.full((3, 3), 1 / 3), (1, 3))
        tensor(0.8889)
    """
    return (check_mask(weights, grid, "weights") * distances(grid).to(weights)).sum(-1).mean(-1)


def by_distance(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Average a mask over all pairs of tokens at the same distance.

    Args:
        mask: One number per pair of tokens, shape (..., N, N).
        grid: Rows and columns of the token grid, (h, w), with N = h w.

    Returns:
        The R distances that occur, in increasing order, shape (R,), and the mean at each, shape (..., R).

    Raises:
        ValueError: If the mask does not fit the grid.
    """
    check_mask(mask, grid)
    radii, group = distances(grid).unique(return_inverse=True)
    sums = torch.zeros(*mask.shape[:-2], len(radii), dtype=mask.dtype, device=mask.device)
    sums.index_add_(-1, group.flatten().to(mask.device), mask.flatten(-2))
    return radii, sums / group.flatten().bincount().to(mask)


def by_offset(mask: Tensor, grid: Grid) -> Tensor:
    """Average a mask over all pairs of tokens with the same offset, key minus query.

    This is the kernel whose unfolded mask is nearest to the given one, and the inverse of `unfold_kernel` on masks that
    depend on the offset alone.

    Args:
        mask: One number per pair of tokens, shape (..., N, N).
        grid: Rows and columns of the token grid, (h, w), with N = h w.

    Returns:
        The mean at each offset, shape (..., 2h-1, 2w-1).

    Raises:
        ValueError: If the mask does not fit the grid.
    """
    h, w = check_grid(grid)
    check_mask(mask, grid)
    dy, dx = (coordinates(grid)[None] - coordinates(grid)[:, None]).unbind(-1)
    place = ((dy + h - 1) * (2 * w - 1) + dx + w - 1).flatten()
    sums = torch.zeros(*mask.shape[:-2], (2 * h - 1) * (2 * w - 1), dtype=mask.dtype, device=mask.device)
    sums.index_add_(-1, place.to(mask.device), mask.flatten(-2))
    return (sums / place.bincount().to(mask)).unflatten(-1, (2 * h - 1, 2 * w - 1))


def diagonal_score(mask: Tensor) -> Tensor:
    """Extroversion: how many standard deviations of the mask its diagonal lies from its mean: (..., N, N) -> (...).

    Raises ValueError for a mask whose entries are all equal: it has no standard deviation to count in.
    """
    if check_floating("mask", mask).ndim < 2 or mask.shape[-1] != mask.shape[-2] or not mask.shape[-1]:
        raise ValueError(f"mask is {tuple(mask.shape)}, but it must be (..., N, N)")
    if readable(mask) and not bool((mask.amax((-2, -1)) > mask.amin((-2, -1))).all()):
        raise ValueError("mask has equal or NaN entries everywhere, but it must have different ones to be measured")
    diagonal = mask.diagonal(dim1=-2, dim2=-1).mean(-1)
    return (diagonal - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)


def neighbor_means(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """The mean of a mask over horizontal and over vertical neighbors: (..., N, N) -> two of (...).

    Raises ValueError for a grid of a single row or column, where one of the two kinds does not exist.
    """
    check_mask(mask, grid)
    if min(grid) < 2:
        raise ValueError(f"grid is {grid!r}, but it must have at least 2 rows and 2 columns")
    dy, dx = (coordinates(grid)[None] - coordinates(grid)[:, None]).abs().unbind(-1)
    # places, not a boolean mask, whose number of hits the meta device could not know
    horizontal, vertical = (pair.nonzero().to(mask.device) for pair in ((dy == 0) & (dx == 1), (dy == 1) & (dx == 0)))
    return mask[..., *horizontal.T].mean(-1), mask[..., *vertical.T].mean(-1)


def check_mask(mask: Tensor, grid: Grid, name: str = "mask") -> Tensor:
    """Return `mask`. Raises an error unless it is floating point and (..., N, N) for the grid."""
    h, w = check_grid(grid)
    if check_floating(name, mask).ndim < 2 or mask.shape[-2:] != (h * w, h * w):
        raise ValueError(f"{name} is {tuple(mask.shape)}, but a grid of {h} x {w} needs (..., {h * w}, {h * w})")
    return mask
