"""Exercise 07.rmt_block: the whole block from its picture, with weights in a dictionary."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_07.depthwise import depthwise
from gmm_tutorial.learn.lesson_07.feed_forward import feed_forward
from gmm_tutorial.learn.lesson_07.whole_block import Weights, some_weights, wired
from gmm_tutorial.manhattan import decomposed_manhattan_attention, manhattan_attention
from gmm_tutorial.rotary import rotate


def rmt_block(x: Tensor, weights: Mapping[str, Tensor], gamma: Tensor) -> Tensor:
    """x (B, h, w, C), tensors by name, gamma (H,) -> (B, h, w, C): `RMTBlock` with full attention, without biases."""
    return wired(x, weights, gamma)


def block_cases() -> list[dict[str, Any]]:
    """Two tokens with small whole weights; then several heads and images, on grids that are not square."""
    whole = Weights({name: (2 * value).clamp(-3, 3).round() for name, value in some_weights(2, 2).items()})
    cases = [{"x": torch.tensor([[[[1.0, 3], [2, 0]]]]), "weights": whole, "gamma": torch.tensor([0.5])}]
    for shape, hidden, gamma in (((1, 2, 3, 4), 3, (0.5, 0.9)), ((2, 4, 3, 12), 5, (0.25, 0.6, 0.95))):
        made = {"x": torch.randn(shape), "weights": some_weights(shape[-1], hidden), "gamma": torch.tensor(gamma)}
        cases.append(made)
    return cases


exercise = Exercise(
    "07.rmt_block",
    rmt_block,
    block_cases,
    unit="blocks",
    may_use=("manhattan.manhattan_attention", "rotary.rotate"),
    hints=(
        "Begin with the three steps of 07.block. Then fill in one box of the pictures after the other.",
        "Attention needs its own axes: the C channels of q, k and v are H heads with D channels each, and the h x w "
        "tokens are one axis of length N. The number of heads is the length of gamma.",
        "Rotate q and k, head by head, by the raster index of their token. The values are not rotated. Both "
        "convolutions need the grid, so take the values on their grid for the local enhancement.",
        "Add the local enhancement before the output matrix. A scale multiplies what its branch adds, channel by "
        "channel; the position convolution has none.",
    ),
)


def rotated_whole(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Attention whose queries and keys are rotated as if all heads were one."""
    q, k = (rearrange(y, "B H N D -> B N (H D)") for y in (q, k))
    q, k = (rotate(y, torch.arange(q.shape[1])) for y in (q, k))
    q, k = (rearrange(y, "B N (H D) -> B H N D", H=len(gamma)) for y in (q, k))
    return manhattan_attention(q, k, v, gamma, grid)


def gated(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid) -> Tensor:
    """Attention as in the paper: the decay multiplies the weights, and rows are not divided by their sums."""
    y, x = (torch.arange(grid[0] * grid[1]) // grid[1], torch.arange(grid[0] * grid[1]) % grid[1])
    steps = (y[:, None] - y).abs() + (x[:, None] - x).abs()
    return ((q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) * gamma[:, None, None] ** steps) @ v


def reshaped(q: Tensor, k: Tensor, v: Tensor, gamma: Tensor, grid: Grid, merged: bool = True) -> Tensor:
    """Attention whose heads are split by reshaping alone, although the axis of heads is the one before the tokens."""
    heads, tokens = len(gamma), q.shape[2]
    q, k, v = (rearrange(y, "B H N D -> B N (H D)").reshape(y.shape) for y in (q, k, v))
    q, k = (rotate(y, torch.arange(tokens)) for y in (q, k))
    out = manhattan_attention(q, k, v, gamma, grid)
    flat = rearrange(out, "B H N D -> B N (H D)") if merged else out.reshape(len(out), tokens, -1)
    return rearrange(flat, "B N (H D) -> B H N D", H=heads)


def scaled_again(q: Tensor, k: Tensor, *rest: Any) -> Tensor:
    """Attention whose scores are divided by the root of D twice."""
    return manhattan_attention(q, k / k.shape[-1] ** 0.5, *rest)


MISTAKES: dict[str, dict[str, Any]] = {
    "Your queries and keys are not rotated.": {"turned": ""},
    "You rotate the values as well. Only queries and keys are rotated.": {"turned": "qkv"},
    "You rotate the queries, but not the keys.": {"turned": "q"},
    "You rotate the keys, but not the queries.": {"turned": "k"},
    "You rotate by the column. The index of a token is its raster index, y * w + x.": {
        "place": lambda index, grid: index % grid[1]
    },
    "You rotate by the row. The index of a token is its raster index, y * w + x.": {
        "place": lambda index, grid: index // grid[1]
    },
    "You rotate before the heads are split. Each head has its own D/2 pairs, with speeds from 1 to 1/10000.": {
        "turned": "",
        "inner": rotated_whole,
    },
    "Your heads take every H-th channel. Head i has the channels from i D to (i + 1) D - 1: split C into (H D).": {
        "split": "B h w (D H) -> B H (h w) D",
        "merge": "B H (h w) D -> B h w (D H)",
    },
    "You split the heads by reshaping alone. Reshape to (B, N, H, D), then bring H before N.": {
        "turned": "",
        "inner": reshaped,
    },
    "You split and merge heads by reshaping alone. Reshape to (B, N, H, D), then bring H before N; then undo both.": {
        "turned": "",
        "inner": partial(reshaped, merged=False),
    },
    "You merge the heads as (D H), but you have split the channels as (H D).": {"merge": "B H (h w) D -> B h w (D H)"},
    "Your attention has no decay.": {"inner": lambda q, k, v, *_: F.scaled_dot_product_attention(q, k, v)},
    "Your attention is decomposed into rows and columns. Here it is in full.": {
        "inner": decomposed_manhattan_attention
    },
    "Your rows of attention do not sum to 1: you multiply by the decay after the softmax, as in the paper.": {
        "inner": gated
    },
    "Your scores are divided by the root of D twice: `manhattan_attention` does it already.": {"inner": scaled_again},
    "You give attention the grid (w, h). It is (h, w), rows first.": {
        "inner": lambda q, k, v, gamma, grid: manhattan_attention(q, k, v, gamma, grid[::-1])
    },
    "All your heads decay at the rate of the first. Head i has its own rate, gamma[i].": {
        "inner": lambda q, k, v, gamma, grid: manhattan_attention(q, k, v, gamma[:1].expand_as(gamma), grid)
    },
    "Your queries and keys are swapped.": {"renamed": {"q": "k", "k": "q"}},
    "The local enhancement is missing: the 5 x 5 convolution of the values.": {"enhanced": "nothing"},
    "Your local enhancement convolves the normalized tokens. It must convolve the values.": {"enhanced": "x"},
    "Your local enhancement convolves the queries. It must convolve the values.": {"enhanced": "q"},
    "Your local enhancement convolves what attention gives. It must convolve the values.": {"enhanced": "out"},
    "You add the local enhancement after the output matrix. Add it before.": {"late": True},
    "Both norms are missing.": {"norms": ""},
    "The norm before attention is missing, norm1.": {"norms": "2"},
    "The norm before the feed-forward layer is missing, norm2.": {"norms": "1"},
    "Your norms have no weight: multiply by norm1 and norm2.": {
        "normed": lambda x, weight: F.layer_norm(x, weight.shape, eps=1e-6)
    },
    "Your norms do not subtract the mean: a LayerNorm does.": {
        "normed": lambda x, weight: F.rms_norm(x, weight.shape, weight, eps=1e-6)
    },
    "You use norm1 twice. The feed-forward layer has a norm of its own, norm2.": {"renamed": {"norm2": "norm1"}},
    "The two norms are swapped: norm1 belongs to attention.": {"renamed": {"norm1": "norm2", "norm2": "norm1"}},
    "Both scales are missing.": {"scales": ""},
    "The scale of attention is missing, scale1.": {"scales": "2"},
    "The scale of the feed-forward layer is missing, scale2.": {"scales": "1"},
    "You use scale1 twice. The feed-forward layer has a scale of its own, scale2.": {"renamed": {"scale2": "scale1"}},
    "The two scales are swapped: scale1 belongs to attention.": {"renamed": {"scale1": "scale2", "scale2": "scale1"}},
    "You scale the sum. A scale multiplies only what its branch adds.": {
        "add": lambda x, branch, scale: scale * (x + branch)
    },
    "You scale x. A scale multiplies what its branch adds.": {"add": lambda x, branch, scale: scale * x + branch},
    "The position convolution is missing.": {"pos": lambda x, near: x},
    "Your position convolution replaces x. Add it to x, as in the other two steps.": {"pos": lambda x, near: near},
    "Your attention replaces x. Add it to x, as in the other two steps.": {"kept": "2"},
    "Your feed-forward layer replaces x. Add it to x, as in the other two steps.": {"kept": "1"},
    "Your feed-forward layer does not see what attention has added: compute it from the new x.": {"beside": True},
    "Your feed-forward layer has no GELU.": {
        "feed": lambda x, w1, kernel, w2: (x @ w1 + depthwise(x @ w1, kernel)) @ w2
    },
    "The convolution in your feed-forward layer replaces the hidden channels. Add its output to its input.": {
        "feed": lambda x, w1, kernel, w2: depthwise(F.gelu(x @ w1), kernel) @ w2
    },
    "The convolution in the feed-forward layer is missing.": {
        "feed": lambda x, w1, kernel, w2: feed_forward(x, w1, 0 * kernel, w2)
    },
}


for message, options in MISTAKES.items():
    exercise.mistake_by_options(wired, message, **options)


@exercise.mistake
def output_missing(x: Tensor, weights: Mapping[str, Tensor], gamma: Tensor) -> Tensor:
    """The output matrix of attention is missing."""
    return wired(x, {**weights, "out": torch.eye(x.shape[-1])}, gamma)


@exercise.mistake
def pos_scaled(x: Tensor, weights: Mapping[str, Tensor], gamma: Tensor) -> Tensor:
    """You scale the position convolution as well. Only attention and the feed-forward layer have a scale."""
    return wired(x, weights, gamma, pos=lambda x, near: x + weights["scale1"] * near)


@exercise.mistake
def scaled_inside(x: Tensor, weights: Mapping[str, Tensor], gamma: Tensor) -> Tensor:
    """You scale the input of each layer. A scale multiplies its output."""
    inside = {f"norm{i}": weights[f"norm{i}"] * weights[f"scale{i}"] for i in "12"}
    return wired(x, {**weights, **inside}, gamma, scales="")


@exercise.mistake
def one_head(x: Tensor, weights: Mapping[str, Tensor], gamma: Tensor) -> Tensor:
    """You use a single head for all channels, with the first rate. There are as many heads as rates in gamma."""
    return wired(x, weights, gamma[:1])


@exercise.mistake
def transposed(x: Tensor, weights: Mapping[str, Tensor], gamma: Tensor) -> Tensor:
    """Your matrices of attention are transposed: it is x @ weights["q"], without .T."""
    return wired(x, {**weights, **{name: weights[name].T for name in ("q", "k", "v", "out")}}, gamma)
