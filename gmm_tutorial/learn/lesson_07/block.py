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
        "There are three steps of the same kind: add to x what is computed from x. The last two have a norm.",
        "A norm is the first thing in its branch. The sum takes the x from before the norm.",
        "First add the position convolution of x, then attention of the normalized x, then the feed-forward layer of "
        "the normalized x. Each step starts from the x that the step before has made.",
    ),
)


@exercise.mistake
def pos_after_attention(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution comes after attention. It must come first."""
    x = x + attend(norm1(x))
    x = x + pos(x)
    return x + feed(norm2(x))


@exercise.mistake
def pos_replaces(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution replaces x. Add it to x, as in the other two steps."""
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
    """Only the input of attention contains your position convolution. Attention must be added to x + pos(x) as well."""
    x = x + attend(norm1(x + pos(x)))
    return x + feed(norm2(x))


@exercise.mistake
def first_norm_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Attention gets x itself: norm1 is missing."""
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(norm2(x))


@exercise.mistake
def second_norm_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """The feed-forward layer gets x itself: norm2 is missing."""
    x = x + pos(x)
    x = x + attend(norm1(x))
    return x + feed(x)


@exercise.mistake
def residual_normed(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add to the normalized x, twice. The norm belongs inside the branch: add to the x from before the norm."""
    x = norm1(x + pos(x))
    x = norm2(x + attend(x))
    return x + feed(x)


@exercise.mistake
def post_norm(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You normalize after adding (post-norm), as the first transformers did. Here the norm comes first (pre-norm)."""
    x = x + pos(x)
    x = norm1(x + attend(x))
    return norm2(x + feed(x))


@exercise.mistake
def side_by_side(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your feed-forward layer does not see what attention has added: compute it from the new x."""
    x = x + pos(x)
    return x + attend(norm1(x)) + feed(norm2(x))


@exercise.mistake
def no_residuals(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You pass x from layer to layer without adding anything. Each step must add its result to x."""
    return feed(norm2(attend(norm1(pos(x)))))


@exercise.mistake
def attention_replaces(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your attention replaces x. Add it to x, as in the other two steps."""
    x = x + pos(x)
    x = attend(norm1(x))
    return x + feed(norm2(x))


@exercise.mistake
def feed_replaces(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your feed-forward layer replaces x. Add it to x, as in the other two steps."""
    x = x + pos(x)
    x = x + attend(norm1(x))
    return feed(norm2(x))


@exercise.mistake
def no_norms(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Both norms are missing."""
    x = x + pos(x)
    x = x + attend(x)
    return x + feed(x)


@exercise.mistake
def norm_after_layer(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You normalize the output of each layer. Normalize its input: the norm comes first in its branch."""
    x = x + pos(x)
    x = x + norm1(attend(x))
    return x + norm2(feed(x))


@exercise.mistake
def first_residual_normed(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add attention to the normalized x. Add it to the x from before norm1."""
    x = norm1(x + pos(x))
    x = x + attend(x)
    return x + feed(norm2(x))


@exercise.mistake
def second_residual_normed(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add the feed-forward layer to the normalized x. Add it to the x from before norm2."""
    x = x + pos(x)
    x = norm2(x + attend(norm1(x)))
    return x + feed(x)


@exercise.mistake
def all_from_the_input(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """All three layers of yours start from the x that came in. Each step must start from the x of the step before."""
    return x + pos(x) + attend(norm1(x)) + feed(norm2(x))


@exercise.mistake
def pos_last(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your position convolution comes last. It must come first."""
    x = x + attend(norm1(x))
    x = x + feed(norm2(x))
    return x + pos(x)


@exercise.mistake
def feed_first(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your feed-forward layer comes before attention. It must come last."""
    x = x + pos(x)
    x = x + feed(norm2(x))
    return x + attend(norm1(x))


@exercise.mistake
def adds_to_the_input(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add each layer to the x that came in, so what the earlier steps have added is lost."""
    y = x + pos(x)
    y = x + attend(norm1(y))
    return x + feed(norm2(y))


@exercise.mistake
def last_adds_to_the_input(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """You add the feed-forward layer to the x that came in, so what the first two steps have added is lost."""
    y = x + pos(x)
    y = y + attend(norm1(y))
    return x + feed(norm2(y))


@exercise.mistake
def feed_of_attention_alone(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """Your second norm gets the output of attention alone. It must get the sum, x plus attention."""
    x = x + pos(x)
    y = attend(norm1(x))
    return x + y + feed(norm2(y))


@exercise.mistake
def feed_forgotten(x: Tensor, pos: Layer, norm1: Layer, attend: Layer, norm2: Layer, feed: Layer) -> Tensor:
    """The feed-forward layer is missing."""
    x = x + pos(x)
    return x + attend(norm1(x))
