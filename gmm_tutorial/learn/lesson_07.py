"""Checks of lesson 07: RMT's feed-forward layer, its rotation along the raster, its block, and its parameters."""

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.manhattan import channels_last
from gmm_tutorial.rotary import turn

# ---- 07.feed_forward: a depthwise convolution among the hidden channels


def depthwise(x: Tensor, kernel: Tensor) -> Tensor:
    """x (B, h, w, C), kernel (C, 1, n, n) -> (B, h, w, C)."""
    return channels_last(lambda y: F.conv2d(y, kernel, padding=kernel.shape[-1] // 2, groups=len(kernel)), x)


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


feeding = Exercise(
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


@feeding.mistake
def no_residual(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution replaces the hidden channels. It is to be added to what went into it."""
    return depthwise(F.gelu(x @ w1), kernel) @ w2


@feeding.mistake
def before_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution comes before GELU. As published, it comes after."""
    hidden = x @ w1
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@feeding.mistake
def gelu_in_between(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your residual skips GELU: what is added to the convolution is what went into it, with GELU done."""
    hidden = x @ w1
    return (hidden + depthwise(F.gelu(hidden), kernel)) @ w2


@feeding.mistake
def gelu_too_late(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your GELU works on what the convolution gives: it belongs before it, on the hidden channels."""
    hidden = x @ w1
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@feeding.mistake
def relu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You took ReLU, which cuts off all that is negative. RMT takes GELU, F.gelu."""
    hidden = F.relu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@feeding.mistake
def tanh_gelu(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You took the tanh approximation of GELU: the exact one, F.gelu without options, is meant."""
    hidden = F.gelu(x @ w1, approximate="tanh")
    return (hidden + depthwise(hidden, kernel)) @ w2


@feeding.mistake
def gelu_forgotten(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """GELU is missing: without it the whole layer is linear."""
    hidden = x @ w1
    return (hidden + depthwise(hidden, kernel)) @ w2


@feeding.mistake
def grid_turned(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution sees the grid turned on its side: rows first, then columns, (B, C, h, w)."""
    return feed_forward(x, w1, kernel.mT, w2)


@feeding.mistake
def reshaped(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your channels are scrambled: a reshape to (B, E, h, w) does not move an axis. Move it, there and back."""
    hidden = F.gelu(x @ w1)
    batch, h, w, width = hidden.shape
    picture = hidden.reshape(batch, width, h, w)
    return (hidden + F.conv2d(picture, kernel, padding=1, groups=width).reshape(hidden.shape)) @ w2


@feeding.mistake
def along_the_raster(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You have not put the tokens back on the grid: your neighbours are those in raster order, on one long line."""
    hidden = F.gelu(x @ w1)
    line = hidden.flatten(1, 2)[:, None]  # (B, 1, N, E)
    return (hidden + depthwise(line, kernel).view(hidden.shape)) @ w2


@feeding.mistake
def dense(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """Your convolution mixes channels. It is depthwise: each channel has its own kernel and sees no other channel."""
    hidden = F.gelu(x @ w1)
    every = kernel.expand(-1, len(kernel), -1, -1)
    return (hidden + channels_last(lambda y: F.conv2d(y, every, padding=1), hidden)) @ w2


@feeding.mistake
def outer_residual(x: Tensor, w1: Tensor, kernel: Tensor, w2: Tensor) -> Tensor:
    """You add x at the end. The block does that, around the whole layer."""
    return x + feed_forward(x, w1, kernel, w2)


# ---- 07.rotated: pairs of channels turned along the raster


def rotated(x: Tensor, speed: Tensor) -> Tensor:
    """x (h, w, D), speed (D/2,) -> (h, w, D): each pair of channels turned by its speed times the raster index."""
    h, w, _ = x.shape
    return turn(x, torch.arange(h * w).view(h, w, 1) * speed)


def rotated_cases() -> list[dict[str, Any]]:
    """Threes, fours and fives: 0.6435 is the angle whose sine is 3/5; two pairs, whole as well; then any numbers."""
    return [
        {"x": torch.tensor([5.0, 0]).expand(1, 2, 2), "speed": torch.tensor([0.6435011])},
        {"x": torch.tensor([5.0, 0]).expand(2, 2, 2), "speed": torch.tensor([0.6435011])},
        {"x": torch.tensor([[[3.0, 4, 6, 7], [1, 2, 5, 10]]]), "speed": torch.tensor([math.pi / 2, 0.6435011])},
        {"x": torch.randn(2, 3, 4), "speed": torch.tensor([1.0, 0.1])},
        {"x": torch.randn(4, 3, 8), "speed": 10000.0 ** -torch.linspace(0, 1, 4)},
    ]


rotation = Exercise(
    "07.rotated",
    rotated,
    rotated_cases,
    unit="grids",
    hints=(
        "You need an angle for every token and every pair: (h, w, D/2). The raster index of a grid is "
        "torch.arange(h * w), laid out as the grid is.",
        "The first channels of all pairs are x[..., 0::2], the second ones x[..., 1::2]: each is (h, w, D/2), as are "
        "the angles.",
        "Make the two new channels by the formula, stack them along a new last axis, and flatten the last two axes "
        "into D: that puts the partners next to each other again.",
    ),
)


@rotation.mistake
def other_way(x: Tensor, speed: Tensor) -> Tensor:
    """You turn the other way: a sine has the wrong sign. The first channel has the minus."""
    return rotated(x, -speed)


def with_step(x: Tensor, speed: Tensor, step: int) -> Tensor:
    """Each token turned by y * step + x: step is what a row is counted for."""
    h, w, _ = x.shape
    return turn(x, (torch.arange(h)[:, None] * step + torch.arange(w))[..., None] * speed)


@rotation.mistake
def by_columns(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle grows with the column and starts anew in every row. The raster index goes on: y * w + x."""
    return with_step(x, speed, 0)


@rotation.mistake
def by_rows(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle grows with the row only: all tokens of a row are turned alike. The raster index is y * w + x."""
    return turn(x, torch.arange(x.shape[0])[:, None, None] * speed)


@rotation.mistake
def columns_first(x: Tensor, speed: Tensor) -> Tensor:
    """You count tokens down the columns: raster order reads rows, y * w + x."""
    h, w, _ = x.shape
    return turn(x, torch.arange(h * w).view(w, h).T[..., None] * speed)


@rotation.mistake
def manhattan(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle is y + x. The next row begins w steps later: y * w + x."""
    return with_step(x, speed, 1)


@rotation.mistake
def height_for_width(x: Tensor, speed: Tensor) -> Tensor:
    """Your angle is y * h + x. A row has w tokens, so the next one begins w steps later: y * w + x."""
    return with_step(x, speed, len(x))


@rotation.mistake
def from_one(x: Tensor, speed: Tensor) -> Tensor:
    """You count from 1: the first token has the index 0, and is not turned."""
    h, w, _ = x.shape
    return turn(x, (1 + torch.arange(h * w)).view(h, w, 1) * speed)


@rotation.mistake
def halves(x: Tensor, speed: Tensor) -> Tensor:
    """You pair each channel with the one half of D further on. Here partners are neighbours, 2i and 2i + 1."""
    mixed = x.unflatten(-1, (2, -1)).transpose(-1, -2).flatten(-2)
    return rotated(mixed, speed).unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)


@rotation.mistake
def not_put_back(x: Tensor, speed: Tensor) -> Tensor:
    """Your channels come back in another order: partners must be neighbours again. Stack, then flatten."""
    return rotated(x, speed).unflatten(-1, (-1, 2)).transpose(-1, -2).flatten(-2)


@rotation.mistake
def in_place(x: Tensor, speed: Tensor) -> Tensor:
    """Your second channel is made from the first one after its turn: compute both from what came in."""
    h, w, _ = x.shape
    angle = torch.arange(h * w).view(h, w, 1) * speed
    a, b = x[..., 0::2], x[..., 1::2]
    a = a * angle.cos() - b * angle.sin()
    return torch.stack((a, a * angle.sin() + b * angle.cos()), dim=-1).flatten(-2)


# ---- 07.block: five parts in the right order


class Part:
    """A function of tokens that says in words what it does: a case is then readable."""

    def __init__(self, words: str, function: Callable[[Tensor], Tensor]) -> None:
        self.words, self.function = words, function

    def __call__(self, x: Tensor) -> Tensor:
        return self.function(x)

    def __repr__(self) -> str:
        return self.words


Layer = Callable[[Tensor], Tensor]


def block(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """x (B, h, w, C) -> the same: three residual branches, the last two of them pre-norm."""
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


def block_cases() -> list[dict[str, Any]]:
    """Whole numbers through parts that do not commute; then parts as in the network, with random weights."""
    whole = {
        "pos": Part("doubles", lambda x: 2 * x),
        "norm1": Part("takes 1 off", lambda x: x - 1),
        "attend": Part("times 10", lambda x: 10 * x),
        "norm2": Part("takes 5 off", lambda x: x - 5),
        "feed": Part("times -3", lambda x: -3 * x),
    }
    kernel, mix, out = torch.randn(4, 1, 3, 3), torch.randn(6, 6), torch.randn(4, 4)
    real = {
        "pos": Part("a depthwise convolution", lambda x: depthwise(x, kernel)),
        "norm1": Part("a LayerNorm", lambda x: F.layer_norm(x, (4,), torch.arange(1.0, 5))),
        "attend": Part("mixes tokens", lambda x: (mix @ x.flatten(1, 2)).view_as(x)),
        "norm2": Part("another LayerNorm", lambda x: F.layer_norm(x, (4,), torch.tensor([2.0, -1, 1, 3]))),
        "feed": Part("a layer with GELU", lambda x: F.gelu(x @ out)),
    }
    return [{"x": torch.tensor([1.0, 4]).view(1, 1, 2, 1), **whole}, {"x": torch.randn(2, 2, 3, 4), **real}]


blocks = Exercise(
    "07.block",
    block,
    block_cases,
    unit="blocks",
    hints=(
        "Three lines of the same kind: x becomes x plus something of x. Only the last two of them have a norm.",
        "A norm stands at the entry of its branch. What is added to is the x that was not normed.",
        "First the position convolution, then attention of the normed x, then the feed-forward layer of the normed x, "
        "each time with the x that the line before has made.",
    ),
)


@blocks.mistake
def pos_after_attention(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution comes after attention. It comes first."""
    x = x + attend(norm1(x))
    x = x + pos(x)
    return x + feed(norm2(x))


@blocks.mistake
def pos_replaces(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution replaces x. It is added to it, like the other two."""
    x = pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@blocks.mistake
def pos_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """The position convolution is missing: this is the block of a plain ViT."""
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@blocks.mistake
def pos_for_attention_only(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Only attention sees your position convolution: what attention is added to is x + pos(x) as well."""
    x = x + attend(norm1(x + pos(x)))
    return x + feed(norm2(x))


@blocks.mistake
def first_norm_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Attention gets x as it is: the first norm is missing."""
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(norm2(x))


@blocks.mistake
def second_norm_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """The feed-forward layer gets x as it is: the second norm is missing."""
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(x)


@blocks.mistake
def residual_normed(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add to the normed x. The norm belongs inside of the branch; x itself goes straight on."""
    x = norm1(x + pos(x))
    x = norm2(x + attend(x))
    return x + feed(x)


@blocks.mistake
def post_norm(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You norm after adding, as the first transformers did. Here the norm stands before the layer: pre-norm."""
    x = x + pos(x)
    x = norm1(x + attend(x))
    return norm2(x + feed(x))


@blocks.mistake
def side_by_side(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your feed-forward layer does not see what attention has added: let it work on the new x."""
    x = x + pos(x)
    return x + attend(norm1(x)) + feed(norm2(x))


@blocks.mistake
def no_residuals(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You go from layer to layer without adding anything: x itself must go straight through the block."""
    return feed(norm2(attend(norm1(pos(x)))))


# ---- 07.block_parameters: by formula


def block_parameters(dim: int, hidden: int) -> int:
    """How many numbers a released block trains, without LayerScale."""
    convolutions = (9 + 1) * dim + (25 + 1) * dim + (9 + 1) * hidden
    matrices = 4 * (dim * dim + dim) + (dim * hidden + hidden) + (hidden * dim + dim)
    return convolutions + 2 * 2 * dim + matrices


parameters = Exercise(
    "07.block_parameters",
    block_parameters,
    lambda: [{"dim": dim, "hidden": hidden} for dim, hidden in ((1, 1), (1, 2), (2, 3), (64, 192), (512, 1536))],
    unit="blocks",
    hints=(
        "A matrix from A to B channels has A B weights and B biases. A LayerNorm has a weight and a bias a channel.",
        "A depthwise n x n convolution has n n weights and one bias a channel, however many channels there are.",
        "Attention has four matrices from C to C and one convolution of C channels; the feed-forward layer has one "
        "matrix each way, and its convolution works on E channels.",
    ),
)


@parameters.mistake
def no_biases(dim: int, hidden: int) -> int:
    """You have counted weights only: each matrix, convolution and norm has biases too."""
    return 9 * dim + 25 * dim + 9 * hidden + 2 * dim + 4 * dim * dim + 2 * dim * hidden


@parameters.mistake
def convolutions_without_biases(dim: int, hidden: int) -> int:
    """The biases of your convolutions are missing: one a channel."""
    return block_parameters(dim, hidden) - 2 * dim - hidden


@parameters.mistake
def matrices_without_biases(dim: int, hidden: int) -> int:
    """The biases of your matrices are missing: one for each channel that comes out."""
    return block_parameters(dim, hidden) - 5 * dim - hidden


@parameters.mistake
def queries_without_biases(dim: int, hidden: int) -> int:
    """Your q, k and v have no biases; RMT's have."""
    return block_parameters(dim, hidden) - 3 * dim


@parameters.mistake
def no_norms(dim: int, hidden: int) -> int:
    """The norms are missing: there are two, each with a weight and a bias a channel."""
    return block_parameters(dim, hidden) - 4 * dim


@parameters.mistake
def half_of_the_norms(dim: int, hidden: int) -> int:
    """Your norms have half of what they should: there are two, each with a weight and a bias a channel."""
    return block_parameters(dim, hidden) - 2 * dim


@parameters.mistake
def dense_convolutions(dim: int, hidden: int) -> int:
    """You have counted convolutions that mix channels. Depthwise, each channel has one kernel of n n weights."""
    extra = (9 + 25) * (dim * dim - dim) + 9 * (hidden * hidden - hidden)
    return block_parameters(dim, hidden) + extra


@parameters.mistake
def three_matrices(dim: int, hidden: int) -> int:
    """One matrix of attention is missing: q, k, v, and the output."""
    return block_parameters(dim, hidden) - dim * dim - dim


@parameters.mistake
def narrow_convolution(dim: int, hidden: int) -> int:
    """The convolution of the feed-forward layer works among its hidden channels: E of them, not C."""
    return block_parameters(dim, hidden) - 10 * (hidden - dim)


@parameters.mistake
def no_position(dim: int, hidden: int) -> int:
    """The position convolution is missing: 3 x 3 weights and a bias a channel."""
    return block_parameters(dim, hidden) - 10 * dim


@parameters.mistake
def no_hidden_convolution(dim: int, hidden: int) -> int:
    """The convolution of the feed-forward layer is missing: 3 x 3 weights and a bias for each of E channels."""
    return block_parameters(dim, hidden) - 10 * hidden


@parameters.mistake
def no_enhancement(dim: int, hidden: int) -> int:
    """The local enhancement is missing: 5 x 5 weights and a bias a channel."""
    return block_parameters(dim, hidden) - 26 * dim


@parameters.mistake
def small_enhancement(dim: int, hidden: int) -> int:
    """Your local enhancement is 3 x 3. It is 5 x 5."""
    return block_parameters(dim, hidden) - 16 * dim


EXERCISES = (feeding, rotation, blocks, parameters)
