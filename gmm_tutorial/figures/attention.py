"""Pictures of attention: six patches and their weights, photos in a row, maps over photos, how far heads look."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, bare, image, styled, subplots
from gmm_tutorial.figures.parts import frame
from gmm_tutorial.grid import Grid, coordinates

GRAY = "0.6"
SHARE = Normalize(0, 1)  # weights are shares: the same color is the same share in every picture


@styled
def photos(named: Mapping[str, Tensor], size: float = 1.75) -> Figure:
    """Draw images in a row with their names above: (3, S, S), bytes or numbers from 0 to 1."""
    figure, axes = subplots(1, len(named), figsize=(size * len(named), size + 0.25), squeeze=False)
    for ax, (name, pixels) in zip(axes[0], named.items(), strict=True):
        image(ax, pixels if pixels.dtype == torch.uint8 else pixels.clamp(0, 1))
        ax.set_title(name)
        ax.spines[:].set_visible(False)
    return figure


@styled
def six_patches(named: Mapping[str, Tensor], words: Sequence[str]) -> Figure:
    """Draw 2 x 3 images made of six vectors each, side by side, each patch in its color, with its word and numbers.

    named: (6, 3) each, whose columns say how blue, how green and how bright a patch is, from 0 to 2.
    """
    figure, axes = subplots(1, len(named), figsize=(3.6 * len(named), 2.5), squeeze=False)
    for ax, (name, vectors) in zip(axes[0], named.items(), strict=True):
        colors = patch_colors(vectors)
        ax.imshow(colors.reshape(2, 3, 3))
        for (y, x), word, vector, color in zip(
            coordinates((2, 3)).tolist(), words, vectors.tolist(), colors, strict=True
        ):
            ink = "black" if color @ (0.3, 0.6, 0.1) > 0.45 else "white"
            numbers = "  ".join(f"{value:.3g}" if value == round(value) else f"{value:.1f}" for value in vector)
            ax.text(x, y - 0.12, word, ha="center", va="center", color=ink, fontsize=10)
            ax.text(x, y + 0.2, numbers, ha="center", va="center", color=ink, fontsize=8)
        bare(ax, title=name)
        ax.spines[:].set_visible(False)
    return figure


def patch_colors(vectors: Tensor) -> np.ndarray:
    """(6, 3) blue, green, bright -> (6, 3) red, green, blue from 0 to 1. Linear: a mean of patches has their mean."""
    blue, green, bright = vectors.detach().double().unbind(-1)
    mixed = 0.15 + 0.3 * bright[:, None] + 0.25 * torch.stack((0 * blue, green, blue), dim=-1)
    return mixed.clamp(0, 1).numpy()


@styled
def attention_matrices(named: Mapping[str, Tensor], words: Sequence[str]) -> Figure:
    """Draw attention matrices side by side, (N, N) each, with every weight written in and a word for each token."""
    figure, axes = subplots(1, len(named), figsize=(3.7 * len(named), 3.4), squeeze=False)
    for ax, (name, matrix) in zip(axes[0], named.items(), strict=True):
        ax.imshow(matrix.detach(), cmap=POSITIVE, norm=SHARE)
        for (i, j), weight in np.ndenumerate(matrix.detach().numpy()):
            ink = "black" if weight > 0.6 else "white"
            ax.text(j, i, f"{weight:.2f}", ha="center", va="center", color=ink, fontsize=8)
        ax.set(title=name, xlabel="key", ylabel="query")
        ax.set_xticks(range(len(words)), words, rotation=45)
        ax.set_yticks(range(len(words)), words)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
    return figure


@styled
def softmax_entropy(widths: Sequence[int], named: Mapping[str, Sequence[float]], uniform: float) -> Figure:
    """Draw the entropy of attention over the length of the vectors, on a scale of doublings."""
    figure, ax = subplots(figsize=(5.2, 2.8))
    ax.axhline(uniform, color=GRAY, linestyle="--", linewidth=1)
    ax.text(widths[-1], uniform + 0.06, "uniform", color="0.35", ha="right", va="bottom")
    for (name, entropy), color in zip(named.items(), COLORS, strict=False):
        ax.plot(widths, entropy, marker="o", markersize=4, color=color, label=name)
    ax.set_xscale("log", base=2)
    ax.set_xticks(widths, [str(width) for width in widths])
    ax.minorticks_off()
    ax.set(xlabel="D, the length of a query", ylabel="entropy of a row", ylim=(0, 1.15 * uniform))
    ax.legend(loc="lower left")
    return figure


@styled
def attention_maps(pictures: Tensor, queries: Sequence[int], named: Mapping[str, Tensor], grid: Grid) -> Figure:
    """Draw photos, one per row, each with one of its patches framed, and what that patch looks at, one panel per name.

    pictures: (B, 3, S, S) bytes; queries: a token for each; named: (B, N, N) attention matrices each.
    """
    rows, columns = len(pictures), 1 + len(named)
    figure, axes = subplots(rows, columns, figsize=(1.5 * columns + 0.6, 1.45 * rows + 0.25), squeeze=False)
    maps = torch.stack([m[torch.arange(rows), torch.tensor(queries)] for m in named.values()], dim=1).detach()
    # one scale for all, that of the root: the few large weights would otherwise hide all others
    top = float(maps.max())
    norm = PowerNorm(0.5, 0, top)
    for line, pixels, query, looks in zip(axes, pictures, queries, maps, strict=True):
        image(line[0], pixels)
        frame(line[0], divmod(query, grid[1]), pixels.shape[-1] / grid[1])
        for ax, weights in zip(line[1:], looks, strict=True):
            drawn = ax.imshow(weights.view(grid), cmap=POSITIVE, norm=norm)
            frame(ax, divmod(query, grid[1]))
            bare(ax)
        for ax in line:
            ax.spines[:].set_visible(False)
    for ax, name in zip(axes[0], ("the query", *named), strict=True):
        ax.set_title(name)
    uniform = 1 / (grid[0] * grid[1])
    marks = (0.05, 0.1, 0.2, 0.4, 0.8) if rows > 1 else (0.1, 0.4)  # a short bar has room for few
    ticks = [0, uniform] + [t for t in marks if 2 * uniform < t < top]
    bar = figure.colorbar(drawn, ax=axes, shrink=0.6 if rows > 1 else 1.0, pad=0.02, ticks=ticks, label="weight")
    bar.ax.set_yticklabels(["0", "uniform", *(f"{tick:g}" for tick in ticks[2:])])
    bar.ax.minorticks_off()
    return figure


@styled
def head_measures(measures: Mapping[str, Mapping[str, Tensor]], uniform: Sequence[float]) -> Figure:
    """Draw a panel for each measure of attention: one dot per head, by layer, over the line of uniform attention.

    measures: what is on the y axis -> the name of a model -> (layers, H); uniform: the control of each measure.
    """
    figure, axes = subplots(1, len(measures), figsize=(4.3 * len(measures), 3.0), squeeze=False)
    for ax, (measure, named), control in zip(axes[0], measures.items(), uniform, strict=True):
        layers, top = len(next(iter(named.values()))), max(control, *(float(v.max()) for v in named.values()))
        ax.axhline(control, color=GRAY, linestyle="--", linewidth=1, zorder=0, label="uniform attention")
        for (name, values), shift, color, marker in zip(named.items(), (-0.1, 0.1), COLORS, "oD", strict=False):
            place = np.repeat(np.arange(layers) + shift, values.shape[1])
            ax.plot(place, values.detach().flatten(), marker, color=color, markersize=5, alpha=0.75, label=name)
        ax.set(xlabel="layer", ylabel=measure, xticks=range(layers), xlim=(-0.5, layers - 0.5), ylim=(0, 1.15 * top))
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure
