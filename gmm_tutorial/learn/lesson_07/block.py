"""Exercise 07.block: five parts in the right order."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_07.depthwise import depthwise


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


exercise = Exercise(
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


@exercise.mistake
def pos_after_attention(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution comes after attention. It comes first."""
    x = x + attend(norm1(x))
    x = x + pos(x)
    return x + feed(norm2(x))


@exercise.mistake
def pos_replaces(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution replaces x. It is added to it, like the other two."""
    x = pos(x)
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@exercise.mistake
def pos_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """The position convolution is missing: this is the block of a plain ViT."""
    x = x + attend(norm1(x))
    return x + feed(norm2(x))


@exercise.mistake
def pos_for_attention_only(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Only attention sees your position convolution: what attention is added to is x + pos(x) as well."""
    x = x + attend(norm1(x + pos(x)))
    return x + feed(norm2(x))


@exercise.mistake
def first_norm_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Attention gets x as it is: the first norm is missing."""
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(norm2(x))


@exercise.mistake
def second_norm_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """The feed-forward layer gets x as it is: the second norm is missing."""
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(x)


@exercise.mistake
def residual_normed(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add to the normed x. The norm belongs inside of the branch; x itself goes straight on."""
    x = norm1(x + pos(x))
    x = norm2(x + attend(x))
    return x + feed(x)


@exercise.mistake
def post_norm(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You norm after adding, as the first transformers did. Here the norm stands before the layer: pre-norm."""
    x = x + pos(x)
    x = norm1(x + attend(x))
    return norm2(x + feed(x))


@exercise.mistake
def side_by_side(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your feed-forward layer does not see what attention has added: let it work on the new x."""
    x = x + pos(x)
    return x + attend(norm1(x)) + feed(norm2(x))


@exercise.mistake
def no_residuals(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You go from layer to layer without adding anything: x itself must go straight through the block."""
    return feed(norm2(attend(norm1(pos(x)))))
