"""Exercise 07.feed_forward: a depthwise convolution among the hidden channels."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_07.depthwise import depthwise
from gmm_tutorial.manhattan import channels_last


def feed_forward(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """x (B, h, w, C), w1 (C, E), kernel (E, 1, 3, 3), w2 (E, C) -> (B, h, w, C): `ConvMlp` without its biases."""
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


def feed_forward_cases() -> list[dict[str, Any]]:
    """Three tokens with one channel, large enough for GELU to leave them alone; two with whole numbers; then others."""
    one, left = torch.ones(1, 1), torch.zeros(1, 1, 3, 3)
    left[0, 0, 1, 0] = 2
    made = [(torch.tensor([8.0, 0, 20]).view(1, 1, 3, 1), one, left, one)]
    near = torch.tensor([[[0.0, 1, 0], [2, 1, 3], [0, 5, 0]], [[0, 2, 0], [1, 0, -1], [0, 0, 4]]])
    pair, mix, back = torch.tensor([[[2.0, 1], [3, 4]], [[1, 1], [-1, 0]], [[1, 2], [0, 1]]])
    made.append((pair.view(1, 1, 2, 2), mix, near[:, None], back))
    for shape, width in (((1, 2, 3, 2), 4), ((2, 4, 3, 2), 3)):
        channels = shape[-1]
        made.append(
            (
                torch.randn(shape),
                torch.randn(channels, width),
                torch.randn(width, 1, 3, 3),
                torch.randn(width, channels),
            )
        )
    return [dict(zip(("x", "w1", "kernel", "w2"), case, strict=True)) for case in made]


exercise = Exercise(
    "07.feed_forward",
    feed_forward,
    feed_forward_cases,
    unit="grids",
    hints=(
        "Four steps: to E hidden channels, GELU, neighbours, back to C. Only the third looks beyond the token.",
        "A matrix works on the last axis, so x @ w1 leaves the grid as it is: (B, h, w, E). depthwise wants just that.",
        "Keep what comes out of GELU. What goes into the last matrix is that plus its own depthwise convolution.",
    ),
)


@exercise.mistake
def no_residual(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution replaces the hidden channels. It is to be added to what went into it."""
    return depthwise(F.gelu(x @ w1), kernel) @ w2


@exercise.mistake
def before_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution comes before GELU. As published, it comes after."""
    hidden = x @ w1
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def gelu_in_between(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your residual skips GELU: what is added to the convolution is what went into it, with GELU done."""
    hidden = x @ w1
    return (hidden + depthwise(F.gelu(hidden), kernel)) @ w2


@exercise.mistake
def gelu_too_late(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your GELU works on what the convolution gives: it belongs before it, on the hidden channels."""
    hidden = x @ w1
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@exercise.mistake
def relu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You took ReLU, which cuts off all that is negative. RMT takes GELU, F.gelu."""
    hidden = F.relu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def tanh_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You took the tanh approximation of GELU: the exact one, F.gelu without options, is meant."""
    hidden = F.gelu(x @ w1, approximate="tanh")
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def gelu_forgotten(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """GELU is missing: without it the whole layer is linear."""
    hidden = x @ w1
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def grid_turned(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution sees the grid turned on its side: rows first, then columns, (B, C, h, w)."""
    return feed_forward(x, w1, kernel.mT, w2)


@exercise.mistake
def reshaped(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your channels are scrambled: a reshape to (B, E, h, w) does not move an axis. Move it, there and back."""
    hidden = F.gelu(x @ w1)
    batch, h, w, width = hidden.shape
    picture = hidden.reshape(batch, width, h, w)
    return (hidden + F.conv2d(picture, kernel, padding=1, groups=width).reshape(hidden.shape)) @ w2


@exercise.mistake
def along_the_raster(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You have not put the tokens back on the grid: your neighbours are those in raster order, on one long line."""
    hidden = F.gelu(x @ w1)
    line = hidden.flatten(1, 2)[:, None]  # (B, 1, N, E)
    return (hidden + depthwise(line, kernel).view(hidden.shape)) @ w2


@exercise.mistake
def dense(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution mixes channels. It is depthwise: each channel has its own kernel and sees no other channel."""
    hidden = F.gelu(x @ w1)
    every = kernel.expand(-1, len(kernel), -1, -1)
    return (hidden + channels_last(lambda y: F.conv2d(y, every, padding=1), hidden)) @ w2


@exercise.mistake
def outer_residual(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You add x at the end. The block does that, around the whole layer."""
    return x + feed_forward(x, w1, kernel, w2)
