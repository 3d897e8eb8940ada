"""Pictures of decays: three forms of the same sum, numbers that fade, rates, and what a token sees on a grid."""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib import colormaps
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, bare, matrices, styled, subplots
from gmm_tutorial.figures.measured import NOTHING
from gmm_tutorial.figures.parts import frame
from gmm_tutorial.grid import Grid


@styled
def three_forms(tokens: int, chunk: int, gamma: float) -> Figure:
    """The weights of retention in three panels: blue where a form computes the pair, else orange."""
    place = np.arange(tokens)
    age = place[:, None] - place
    weight = np.where(age >= 0, float(gamma) ** np.maximum(age, 0), np.nan)
    direct = {
        "parallel: one matrix": age >= 0,
        "recurrent: a state from token to token": age < 0,
        f"chunkwise: chunks of {chunk}": place[:, None] // chunk == place // chunk,
    }
    figure, axes = subplots(1, 3, figsize=(8.4, 3.0))
    for ax, (title, pairs) in zip(axes, direct.items(), strict=True):
        for mask, color in ((pairs, COLORS[0]), (~pairs, COLORS[1])):
            shades = LinearSegmentedColormap.from_list("shades", ["white", color])
            edges = np.arange(tokens + 1) - 0.5
            values = np.where(mask, weight, np.nan)
            if np.isnan(values).all():
                continue
            ax.pcolormesh(edges, edges, values, cmap=shades, vmin=0, vmax=1, edgecolors="white", linewidth=0.8)
        bare(ax, title=title, xlabel="key", aspect="equal", ylim=(tokens - 0.5, -0.5))
        ax.spines[:].set_visible(False)
        ends = (0, tokens - 1)
        ax.set(xticks=ends, yticks=ends)
        ax.tick_params(length=0)
    axes[0].set(ylabel="query")
    kinds = (("computed for its own pair", COLORS[0]), ("never computed, part of a state", COLORS[1]))
    figure.legend(
        handles=[Patch(color=color, label=text) for text, color in kinds], loc="outside lower center", ncols=2
    )
    return figure


@styled
def fading_sum(numbers: Tensor, gamma: float) -> Figure:
    """A bar per step, stacked from what is left of each number that came in before. numbers: (N,), not negative."""
    steps = len(numbers)
    place = torch.arange(steps)
    left = numbers * float(gamma) ** (place[:, None] - place).clamp(min=0) * (place[:, None] >= place)  # (step, number)
    figure, ax = subplots(figsize=(5.6, 2.6))
    bottom = np.zeros(steps)
    colors = iter(COLORS)
    for j in range(steps):
        if numbers[j] == 0:
            continue
        height = left[:, j].numpy()
        name = f"the {numbers[j]:g} of step {j}"
        ax.bar(place, height, 0.62, bottom=bottom, color=next(colors), label=name, edgecolor="white", linewidth=0.8)
        bottom += height
    for step, total in enumerate(bottom):
        ax.text(step, total + 0.2, f"{total:g}", ha="center", va="bottom")
    ax.set(xlabel="step", ylabel="total", xticks=place, ylim=(0, 1.15 * bottom.max()))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def decay_rates(named: Mapping[str, Tensor], reach: int) -> Figure:
    """What is left of a weight, 0 to `reach` steps away: a panel for each set of rates, (H,), a line per head."""
    steps = np.arange(reach + 1)
    figure, axes = subplots(1, len(named), figsize=(2.8 * len(named), 2.5), sharey=True, squeeze=False)
    for ax, (name, gammas) in zip(axes[0], named.items(), strict=True):
        ax.axhline(0.5, color="0.75", linestyle="--", linewidth=1)
        for head, (gamma, color) in enumerate(zip(gammas.tolist(), COLORS, strict=False)):
            ax.plot(steps, gamma**steps, marker="o", markersize=2.5, linewidth=1.2, color=color, label=f"head {head}")
        ax.set(title=name, xlabel="steps away", ylim=(0, 1.04), xticks=(0, reach // 2, reach), yticks=(0, 0.5, 1))
    axes[0][0].set(ylabel="what is left")
    axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def pair_maps(named: Mapping[str, Tensor]) -> Figure:
    """Matrices of queries by keys, (N, N), a panel each on the same scale: blue below zero, red above."""
    figure = matrices(named, signed=True)
    for ax, values in zip(figure.axes, named.values(), strict=False):
        ends = (0, len(values) - 1)
        ax.set(xlabel="key", xticks=ends, yticks=ends)
    figure.axes[0].set(ylabel="query")
    return figure


@styled
def token_maps(named: Mapping[str, Tensor], grid: Grid, token: int) -> Figure:
    """What one token sees of a grid, a panel each: (N,) or (h, w), not negative, with the token framed.

    Each map is divided by its largest entry but the token's own. Colors follow the square root, so that small weights
    can be seen; exactly 0 is gray.
    """
    h, w = grid
    figure, axes = subplots(1, len(named), figsize=(2.8 * len(named) + 0.7, 2.6 * h / w + 0.6), squeeze=False)
    colors = colormaps[POSITIVE].with_extremes(bad=NOTHING)
    for ax, (name, values) in zip(axes[0], named.items(), strict=True):
        array = values.detach().float().reshape(h, w).numpy()
        shares = array / (float(np.delete(array, token).max()) or 1.0)
        drawn = ax.imshow(np.ma.masked_equal(shares, 0), cmap=colors, norm=PowerNorm(0.5, 0, 1, clip=True))
        frame(ax, divmod(token, w))
        ax.set(title=name, xlabel="column", xticks=(0, w - 1), yticks=(0, h - 1))
        ax.spines[:].set_visible(False)
    axes[0][0].set(ylabel="row")
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="weight / largest", ticks=(0, 0.1, 0.5, 1))
    return figure
