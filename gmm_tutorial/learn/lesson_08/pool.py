"""Exercise 08.pool: from one stage of PiT to the next."""

from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise


def pool(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """x (B, 1+N, C), cls (E, C), depthwise (E, 1, 3, 3), pointwise (E, E) -> (B, 1+M, E), half the grid."""
    return joined(x[:, :1] @ cls.T, on_half_the_grid(x, grid, depthwise) @ pointwise.T)


def on_half_the_grid(x: Tensor, grid: Grid, depthwise: Tensor, stride: int = 2) -> Tensor:
    """The patches of x (B, 1+N, C) after the depthwise convolution, (B, M, E)."""
    patches = rearrange(x[:, 1:], "B (h w) C -> B C h w", h=grid[0])
    patches = F.conv2d(patches, depthwise, stride=stride, padding=1, groups=x.shape[-1])
    return rearrange(patches, "B E h w -> B (h w) E")


def joined(first: Tensor, patches: Tensor) -> Tensor:
    """The class token before the patches."""
    return torch.cat((first, patches), dim=1)


def pool_cases() -> list[dict[str, Any]]:
    """Ones on two rows of patches, then random numbers on grids with even and with odd sides."""
    ones = {"cls": torch.tensor([[10.0]]), "depthwise": torch.ones(1, 1, 3, 3), "pointwise": torch.tensor([[1.0]])}
    cases = [{"x": torch.arange(9.0).view(1, 9, 1), "grid": (2, 4), **ones}]
    for batch, grid, channels, wider in ((2, (4, 6), 2, 4), (3, (3, 5), 3, 6), (2, (6, 2), 2, 2)):
        x = torch.randn(batch, 1 + grid[0] * grid[1], channels)
        weights = torch.randn(wider, channels), torch.randn(wider, 1, 3, 3), torch.randn(wider, wider)
        cases.append({"x": x, "grid": grid, **dict(zip(ones, weights, strict=True))})
    return cases


exercise = Exercise(
    "08.pool",
    pool,
    pool_cases,
    unit="grids",
    hints=(
        "Split x first: token 0 is the class token, the others are the patches. They go different ways and meet again "
        "at the end.",
        "A convolution wants (B, C, h, w): move the channels to the front and split N into h rows of w patches. "
        "`groups` tells conv2d that each channel has kernels of its own.",
        "Move the channels back to the end, (B, M, E). Now the 1 x 1 convolution is a matrix for each patch. "
        "A weight is stored as (out, in), so it must be transposed.",
    ),
)


@exercise.mistake
def rows_and_columns_swapped(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """You take the grid for (w, h): it has h rows of w patches."""
    return pool(x, (grid[1], grid[0]), cls, depthwise, pointwise)


@exercise.mistake
def channels_not_moved(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """You reshape the patches to (B, C, h, w) directly, which mixes channels and places up: move the channels first."""
    batch, _, channels = x.shape
    mixed = rearrange(x[:, 1:].reshape(batch, channels, -1), "B C N -> B N C")
    return pool(joined(x[:, :1], mixed), grid, cls, depthwise, pointwise)


@exercise.mistake
def one_layer_for_both(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """Your class token goes through the 1 x 1 convolution as well: it has a matrix of its own, and only that."""
    return joined(x[:, :1] @ cls.T @ pointwise.T, on_half_the_grid(x, grid, depthwise) @ pointwise.T)


@exercise.mistake
def pointwise_transposed(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """You multiply by the 1 x 1 convolution's weight as it is stored, (out, in): transpose it."""
    return pool(x, grid, cls, depthwise, pointwise.T)


@exercise.mistake
def pointwise_forgotten(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """The 1 x 1 convolution is missing: the depthwise one never mixes channels, so something else has to."""
    return joined(x[:, :1] @ cls.T, on_half_the_grid(x, grid, depthwise))


@exercise.mistake
def not_halved(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """Your grid stays as large as it was: the convolution takes steps of 2."""
    return joined(x[:, :1] @ cls.T, on_half_the_grid(x, grid, depthwise, stride=1) @ pointwise.T)


@exercise.mistake
def class_token_last(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """Your class token comes last: put it before the patches again."""
    return pool(x, grid, cls, depthwise, pointwise).roll(-1, dims=1)


@exercise.mistake
def channels_in_turn(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """Your output channels take the input channels in turn: the first E / C of them all come from input channel 0."""
    wider = x.repeat(1, 1, len(depthwise) // x.shape[-1])
    return joined(x[:, :1] @ cls.T, on_half_the_grid(wider, grid, depthwise) @ pointwise.T)


@exercise.mistake
def channels_in_another_order(x: Tensor, grid: Grid, cls: Tensor, depthwise: Tensor, pointwise: Tensor) -> Tensor:
    """Your output channels are in another order: E/C - 1 others of the same input channel follow each one."""
    patches = rearrange(on_half_the_grid(x, grid, depthwise), "B M (C m) -> B M (m C)", C=x.shape[-1])
    return joined(x[:, :1] @ cls.T, patches @ pointwise.T)
