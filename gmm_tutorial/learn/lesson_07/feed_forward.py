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
        "There are four steps: to E hidden channels, GELU, convolution, back to C. Only the third looks around.",
        "A matrix multiplies the last axis, so x @ w1 has the shape (B, h, w, E), which is what depthwise expects.",
        "Keep the output of GELU: you need it twice. The last matrix gets this output plus its depthwise convolution.",
    ),
)


@exercise.mistake
def no_residual(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution replaces the hidden channels. Add its output to its input."""
    return depthwise(F.gelu(x @ w1), kernel) @ w2


@exercise.mistake
def before_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution comes before GELU. In the published layer it comes after GELU."""
    hidden = x @ w1
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def gelu_in_between(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your residual skips GELU: add the output of the convolution to its input, which is the output of GELU."""
    hidden = x @ w1
    return (hidden + depthwise(F.gelu(hidden), kernel)) @ w2


@exercise.mistake
def gelu_too_late(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You apply GELU to the output of the convolution. Apply it before the convolution, to the hidden channels."""
    hidden = x @ w1
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@exercise.mistake
def relu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You used ReLU, which sets every negative number to 0. RMT uses GELU, F.gelu."""
    hidden = F.relu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def tanh_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You used the tanh approximation of GELU. RMT uses the exact one, F.gelu without options."""
    hidden = F.gelu(x @ w1, approximate="tanh")
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def gelu_forgotten(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """GELU is missing. Without it, the whole layer is linear."""
    hidden = x @ w1
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def grid_turned(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Rows and columns are swapped, of the grid or of the kernel. A convolution expects (B, E, h, w), rows first."""
    return feed_forward(x, w1, kernel.mT, w2)


@exercise.mistake
def reshaped(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your channels are scrambled. A reshape to (B, E, h, w) does not move an axis: use movedim, before and after."""
    hidden = F.gelu(x @ w1)
    batch, h, w, width = hidden.shape
    picture = hidden.reshape(batch, width, h, w)
    return (hidden + F.conv2d(picture, kernel, padding=1, groups=width).reshape(hidden.shape)) @ w2


@exercise.mistake
def along_the_raster(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution sees the tokens as one long line in raster order. Keep the two axes of the grid."""
    hidden = F.gelu(x @ w1)
    line = hidden.flatten(1, 2)[:, None]  # (B, 1, N, E)
    return (hidden + depthwise(line, kernel).view(hidden.shape)) @ w2


@exercise.mistake
def dense(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution mixes channels. A depthwise one gives each channel its own kernel and never mixes."""
    hidden = F.gelu(x @ w1)
    every = kernel.expand(-1, len(kernel), -1, -1)
    return (hidden + channels_last(lambda y: F.conv2d(y, every, padding=1), hidden)) @ w2


@exercise.mistake
def outer_residual(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You add x at the end. The block does that; the feed-forward layer does not."""
    return x + feed_forward(x, w1, kernel, w2)


@exercise.mistake
def convolution_skips_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution gets the hidden channels before GELU. It must get the output of GELU, as the residual does."""
    hidden = x @ w1
    return (F.gelu(hidden) + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def gelu_twice(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You apply GELU twice. It comes once, before the convolution."""
    hidden = F.gelu(x @ w1)
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def gelu_of_the_convolution(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You apply GELU to the output of the convolution as well. It comes once, before the convolution."""
    hidden = F.gelu(x @ w1)
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@exercise.mistake
def gelu_of_the_output(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You apply GELU to the output of the layer as well. It comes once, before the convolution."""
    return F.gelu(feed_forward(x, w1, kernel, w2))


@exercise.mistake
def silu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You used SiLU. RMT uses GELU here, F.gelu; its SiLU is in the tail."""
    hidden = F.silu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def product(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You multiply the hidden channels by their convolution. Add the two."""
    hidden = F.gelu(x @ w1)
    return (hidden * depthwise(hidden, kernel)) @ w2


@exercise.mistake
def convolved_twice(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You apply the convolution twice. Once is enough."""
    hidden = F.gelu(x @ w1)
    hidden = hidden + depthwise(hidden, kernel)
    return (hidden + depthwise(hidden, kernel)) @ w2


@exercise.mistake
def one_kernel(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You use the kernel of the first channel for all channels. Each hidden channel has its own."""
    return feed_forward(x, w1, kernel[:1].expand_as(kernel), w2)


@exercise.mistake
def residual_of_the_block(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You add x, after the second matrix. Add the input of the convolution, before the second matrix."""
    return x + depthwise(F.gelu(x @ w1), kernel) @ w2


def with_padding(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor, mode: str) -> Tensor:
    """The layer with something else than zeros around the grid."""
    hidden = F.gelu(x @ w1)
    padded = F.pad(hidden.movedim(-1, 1), (1, 1, 1, 1), mode=mode)
    return (hidden + F.conv2d(padded, kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@exercise.mistake
def torus(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your grid wraps around: its left edge continues at the right edge. There are zeros around it."""
    return with_padding(x, w1, kernel, w2, "circular")


@exercise.mistake
def edges_repeated(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You repeat the edge of the grid outside of it. There are zeros around the grid."""
    return with_padding(x, w1, kernel, w2, "replicate")
