"""Checks of lesson 01: scores, softmax, heads, attention, and how far a token looks."""

import math
from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial import attention as module
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise

# ---- scores


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    """(..., N, D), (..., M, D) -> (..., N, M): dot products over sqrt(D)."""
    return q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5


def score_cases() -> list[dict[str, Any]]:
    """D = 4 first, whose root is a whole number; as many keys as queries, and more; with and without heads."""
    tiny = {"q": torch.tensor([[2.0, 0, 0, 2]]), "k": torch.tensor([[1.0, 0, 0, 1], [0, 3, 0, 1]])}
    shapes = [((3, 5), (3, 5)), ((2, 3, 6, 4), (2, 3, 6, 4)), ((2, 2, 4, 9), (2, 2, 6, 9))]
    return [tiny, *({"q": torch.randn(a), "k": torch.randn(b)} for a, b in shapes)]


scores = Exercise(
    "01.scores",
    scaled_scores,
    score_cases,
    hints=(
        "Before the code, write down the shapes: q is (..., N, D), k is (..., M, D). Which axis must go away?",
        "A matrix product sums over the last axis of the left and the last but one of the right. "
        "So the last two axes of k change places, and whatever stands before them stays.",
        "The product of q with k, its last two axes exchanged, holds all dot products; divide it by the root of D, "
        "the length of the last axis.",
    ),
)


@scores.mistake
def no_scaling(q: Tensor, k: Tensor) -> Tensor:
    """The dot products are right, but nothing divides them: where is sqrt(D)?"""
    return q @ k.transpose(-2, -1)


@scores.mistake
def divided_by_width(q: Tensor, k: Tensor) -> Tensor:
    """You divide by D. The scores of wide vectors shrink to nothing then: divide by the square root of D."""
    return q @ k.transpose(-2, -1) / q.shape[-1]


@scores.mistake
def multiplied(q: Tensor, k: Tensor) -> Tensor:
    """You multiply by sqrt(D); dividing by it is what keeps the scores small."""
    return q @ k.transpose(-2, -1) * q.shape[-1] ** 0.5


@scores.mistake
def root_of_keys(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the root of the number of keys. D says how long a key is, not how many there are."""
    return q @ k.transpose(-2, -1) * k.shape[-2] ** -0.5


@scores.mistake
def root_of_queries(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the root of N, the number of queries. D is the last axis, the length of each of them."""
    return q @ k.transpose(-2, -1) * q.shape[-2] ** -0.5


@scores.mistake
def root_of_first_axis(q: Tensor, k: Tensor) -> Tensor:
    """You take D from the first axis of q. What stands there depends on the axes in front: D is always the last."""
    return q @ k.transpose(-2, -1) * q.shape[0] ** -0.5


@scores.mistake
def swapped(q: Tensor, k: Tensor) -> Tensor:
    """Queries and keys have changed places: a row belongs to a query, a column to a key."""
    return k @ q.transpose(-2, -1) * q.shape[-1] ** -0.5


@scores.mistake
def cosines(q: Tensor, k: Tensor) -> Tensor:
    """You divide by the lengths of the two vectors: that is their cosine. A score keeps the lengths."""
    return (q / q.norm(dim=-1, keepdim=True)) @ (k / k.norm(dim=-1, keepdim=True)).transpose(-2, -1)


# ---- softmax


def softmax_over_keys(scores: Tensor) -> Tensor:
    """(..., N, M) -> (..., N, M): positive, and each row sums to 1."""
    return scores.softmax(dim=-1)


def softmax_cases() -> list[dict[str, Any]]:
    """Logarithms of small numbers, whose weights are plain fractions; scores too large for exp; many heads."""
    tiny = torch.tensor([[0, 0, math.log(2)], [0, math.log(3), 0]])
    large = torch.tensor([[1000.0, 1000], [-1000, -1000]])
    return [{"scores": tiny}, {"scores": large}, {"scores": 3 * torch.randn(2, 3, 4, 5)}]


softmax = Exercise(
    "01.softmax",
    softmax_over_keys,
    softmax_cases,
    hints=(
        "Two steps make weights of scores: something that is never negative, then something that makes rows sum to 1.",
        "Exponentials first, then each row over its own sum. keepdim=True keeps the sum a column, "
        "so that it divides row by row.",
        "A number taken off a whole row cancels in the fraction. Take off the row's largest score, "
        "and no exponential is above 1.",
    ),
)


@softmax.mistake
def overflows(scores: Tensor) -> Tensor:
    """Right for small scores, but exp(1000) is infinite in float32: take each row's largest score off first."""
    return scores.exp() / scores.exp().sum(-1, keepdim=True)


@softmax.mistake
def one_maximum_for_all(scores: Tensor) -> Tensor:
    """You take off the largest score of all rows. A row far below it turns into 0 / 0: use each row's own."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum(-1, keepdim=True)


@softmax.mistake
def over_queries(scores: Tensor) -> Tensor:
    """Your columns sum to 1. A query shares its attention among the keys: it is the rows that must."""
    return scores.softmax(dim=-2)


@softmax.mistake
def over_queries_and_overflows(scores: Tensor) -> Tensor:
    """Two things: your columns sum to 1 where the rows should, and exp(1000) is infinite in float32."""
    return scores.exp() / scores.exp().sum(-2, keepdim=True)


@softmax.mistake
def over_everything(scores: Tensor) -> Tensor:
    """All your weights together sum to 1. Each query has its own 1 to share: divide each row by its own sum."""
    powers = (scores - scores.max()).exp()
    return powers / powers.sum()


@softmax.mistake
def over_everything_and_overflows(scores: Tensor) -> Tensor:
    """Two things: all your weights together sum to 1, where each row should, and exp(1000) is infinite in float32."""
    return scores.exp() / scores.exp().sum()


@softmax.mistake
def not_normalised(scores: Tensor) -> Tensor:
    """The exponentials are there, but a row does not sum to 1 yet: divide it by its sum."""
    return (scores - scores.amax(-1, keepdim=True)).exp()


@softmax.mistake
def only_exponentials(scores: Tensor) -> Tensor:
    """These are the bare exponentials: large scores overflow, and a row does not sum to 1 yet."""
    return scores.exp()


@softmax.mistake
def no_exponential(scores: Tensor) -> Tensor:
    """You divide the scores themselves by their sum, which may be 0 or negative: where is the exponential?"""
    return scores / scores.sum(-1, keepdim=True)


# ---- heads


def heads_apart(x: Tensor, heads: int) -> Tensor:
    """(B, N, H D) -> (B, H, N, D): the first D channels go to head 0, the next D to head 1, ..."""
    return rearrange(x, "B N (H D) -> B H N D", H=heads)


def head_cases() -> list[dict[str, Any]]:
    """Counted numbers, so that each can be followed; then sizes that are all different."""
    return [
        {"x": torch.arange(4.0).view(1, 2, 2), "heads": 2},
        {"x": torch.arange(12.0).view(1, 3, 4), "heads": 2},
        {"x": torch.randn(2, 5, 12), "heads": 3},
    ]


split = Exercise(
    "01.split_heads",
    heads_apart,
    head_cases,
    hints=(
        "Number the channels of one token 0, 1, 2, 3 and give them to two heads. Which two go to head 0?",
        "Two steps: first cut the last axis in two, H and D, in this order. Then the new axes are B, N, H, D. "
        "Which two must change places?",
        "Cutting an axis is a reshape; moving an axis never is. So reshape to B, N, H, D, then exchange N and H; "
        "or say both at once in one einops string.",
    ),
)


@split.mistake
def reshaped_only(x: Tensor, heads: int) -> Tensor:
    """The shape is right, the numbers are not: a reshape never moves an axis, so your heads mix up the tokens."""
    batch, tokens, channels = x.shape
    return x.reshape(batch, heads, tokens, channels // heads)


@split.mistake
def interleaved(x: Tensor, heads: int) -> Tensor:
    """You deal the channels out like cards, one to each head in turn. Head 0 gets the first D of them, in one piece."""
    return rearrange(x, "B N (D H) -> B H N D", H=heads)


@split.mistake
def tokens_first(x: Tensor, heads: int) -> Tensor:
    """You have (B, N, H, D): cut rightly, but the heads are not in front of the tokens yet."""
    return rearrange(x, "B N (H D) -> B N H D", H=heads)


@split.mistake
def channels_before_tokens(x: Tensor, heads: int) -> Tensor:
    """You have (B, H, D, N): the heads are right, but tokens and channels have changed places."""
    return rearrange(x, "B N (H D) -> B H D N", H=heads)


@split.mistake
def tokens_cut(x: Tensor, heads: int) -> Tensor:
    """You have (B, D, N, H): the two sizes that the channels are cut into have changed roles."""
    return rearrange(x, "B N (H D) -> B D N H", H=heads)


# ---- all together


def with_heads(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """(B, N, C) each -> (B, N, C), C = H D: heads apart, attention in each, heads together again."""
    out = module.attention(heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads))
    return rearrange(out, "B H N D -> B N (H D)")


def attention_cases() -> list[dict[str, Any]]:
    """One head with one channel, whose weights are plain fractions; then several heads, all sizes different."""
    tiny = {"q": [[[0], [math.log(3)]]], "k": [[[0], [1]]], "v": [[[0], [4]]]}
    first = {name: torch.tensor(value, dtype=torch.float32) for name, value in tiny.items()}
    sizes = [((1, 3, 4), 2), ((2, 5, 12), 3)]
    return [{**first, "heads": 1}, *({**{n: 2 * torch.randn(s) for n in "qkv"}, "heads": h} for s, h in sizes)]


attention = Exercise(
    "01.attention",
    with_heads,
    attention_cases,
    hints=(
        "Everything is there already: three functions of yours, one matrix product, and a way back. In which order?",
        "Split q, k and v. Scores, then softmax, then the weights times v. Look at the shape that you have now.",
        "You have (B, H, N, D) and need (B, N, H D): the split backwards. First the heads go behind the tokens, "
        "then the last two axes become one.",
    ),
)


def variant(q: Tensor, k: Tensor, v: Tensor, heads: int, *, width: int | None = None, over: int = -1) -> Tensor:
    """Attention with the heads still apart, (B, H, N, D), scaled for another D, or its softmax over another axis."""
    q, k, v = heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads)
    return (q @ k.transpose(-2, -1) * (width or q.shape[-1]) ** -0.5).softmax(over) @ v


def together(x: Tensor) -> Tensor:
    """(B, H, N, D) -> (B, N, H D)."""
    return rearrange(x, "B H N D -> B N (H D)")


@attention.mistake
def softmax_over_queries(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your softmax runs over the queries: then a query's weights do not sum to 1. It runs over the keys, axis -1."""
    return together(variant(q, k, v, heads, over=-2))


@attention.mistake
def weights_transposed(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Your weights are transposed: each key collects from the queries that asked for it. Rows are queries."""
    return together(variant(k, q, v, heads, over=-2))


@attention.mistake
def queries_for_keys(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Queries and keys have changed places: row i must hold what query i finds, not what key i offers."""
    return together(variant(k, q, v, heads))


@attention.mistake
def scaled_by_all_channels(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You divide by the root of all channels, H D. Each head has vectors of length D only: scale after the split."""
    return together(variant(q, k, v, heads, width=q.shape[-1]))


@attention.mistake
def not_scaled(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """All is there but the scaling: the scores of a head are divided by sqrt(D)."""
    return together(variant(q, k, v, heads, width=1))


@attention.mistake
def one_head(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You never split: this is one head that is as wide as all of them."""
    return with_heads(q, k, v, 1)


@attention.mistake
def joined_by_reshape(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Each head is right, but joining them by a reshape alone mixes heads and tokens: move the axis back first."""
    return variant(q, k, v, heads).reshape(q.shape)


@attention.mistake
def split_by_reshape(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You cut the heads out by a reshape alone, which mixes up the tokens: use your split_heads."""
    q, k, v = reshaped_only(q, heads), reshaped_only(k, heads), reshaped_only(v, heads)
    return together(module.attention(q, k, v))


@attention.mistake
def reshaped_both_ways(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You reshape into heads and back without moving an axis: each head then sees a part of the tokens only."""
    q, k, v = reshaped_only(q, heads), reshaped_only(k, heads), reshaped_only(v, heads)
    out = module.attention(q, k, v)
    return out.reshape(out.shape[0], -1, out.shape[1] * out.shape[3])


@attention.mistake
def still_apart(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You return (B, H, N, D): every head is right, now put their channels side by side again."""
    return variant(q, k, v, heads)


@attention.mistake
def no_softmax(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """You weigh the values by the bare scores: where is the softmax?"""
    q, k, v = heads_apart(q, heads), heads_apart(k, heads), heads_apart(v, heads)
    return together(scaled_scores(q, k) @ v)


# ---- how far a token looks


def distance_cases() -> list[dict[str, Any]]:
    """Four tokens in a row, each looking at its mirror place; the same on 2 x 2; then other grids, and heads."""
    cases = [((1, 4), torch.eye(4).flip(0)), ((2, 2), torch.eye(4).flip(0))]
    shapes = [((2, 3), (6, 6)), ((3, 2), (6, 6)), ((5, 3), (2, 4, 15, 15))]
    cases += [(grid, torch.randn(shape).softmax(-1)) for grid, shape in shapes]
    return [{"weights": weights, "grid": grid} for grid, weights in cases]


distance = Exercise(
    "01.mean_distance",
    analysis.mean_distance,
    distance_cases,
    unit="grids",
    hints=(
        "Take one query. Its weights sum to 1, so they are shares: what is the mean of anything under such shares?",
        "First a table (N, N) of how far every two tokens are apart, from the differences of their places. "
        "Then weigh it. Over which axis does one sum, and over which does one average?",
        "Weights times distances, summed over the keys (the last axis), is how far each query looks. "
        "The mean over the queries is left; all axes before stay.",
    ),
)


@distance.mistake
def squared(weights: Tensor, grid: Grid) -> Tensor:
    """You average squared distances: where is the root?"""
    return (weights * distances(grid).square()).sum(-1).mean(-1)


@distance.mistake
def root_mean_square(weights: Tensor, grid: Grid) -> Tensor:
    """You take the root of a query's mean squared distance: far keys count too much. The root belongs to each pair."""
    return (weights * distances(grid).square()).sum(-1).sqrt().mean(-1)


@distance.mistake
def city_blocks(weights: Tensor, grid: Grid) -> Tensor:
    """You go along the streets, |dy| + |dx|. Asked for is the straight line between two patches."""
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).abs().sum(-1)).sum(-1).mean(-1)


@distance.mistake
def larger_of_two(weights: Tensor, grid: Grid) -> Tensor:
    """You take the larger of |dy| and |dx|. Asked for is the straight line between two patches."""
    places = coordinates(grid).float()
    return (weights * (places[:, None] - places).abs().amax(-1)).sum(-1).mean(-1)


@distance.mistake
def summed_over_queries(weights: Tensor, grid: Grid) -> Tensor:
    """You sum over the queries too, so larger grids look farther just for having more tokens: take their mean."""
    return (weights * distances(grid)).sum((-2, -1))


@distance.mistake
def averaged_over_keys(weights: Tensor, grid: Grid) -> Tensor:
    """You divide by N once too often: the weights of a query sum to 1 already, so its keys are summed, not averaged."""
    return (weights * distances(grid)).mean((-2, -1))


@distance.mistake
def unweighted(weights: Tensor, grid: Grid) -> Tensor:
    """Your answer does not depend on the weights: that is how far apart tokens are, not how far they look."""
    return distances(grid).mean() + 0 * weights.sum((-2, -1))


@distance.mistake
def width_and_height_swapped(weights: Tensor, grid: Grid) -> Tensor:
    """You read the grid as (w, h): the rows of your raster have the wrong length. A square grid would not show it."""
    return analysis.mean_distance(weights, (grid[1], grid[0]))


@distance.mistake
def one_number_for_all_heads(weights: Tensor, grid: Grid) -> Tensor:
    """One number comes out for all images and heads together: average over the queries only, axis -1 after the sum."""
    return (weights * distances(grid)).sum(-1).mean()


EXERCISES = (scores, softmax, split, attention, distance)
