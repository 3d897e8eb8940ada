"""Pictures of decays: three forms of the same sum, numbers that fade, rates, and what a token sees on a grid."""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from torch import Tensor

from gmm_tutorial.figures.base import COLOURS, POSITIVE, bare, styled, subplots
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
        for mask, colour in ((pairs, COLOURS[0]), (~pairs, COLOURS[1])):
            shades = LinearSegmentedColormap.from_list("shades", ["white", colour])
            edges = np.arange(tokens + 1) - 0.5
            values = np.where(mask, weight, np.nan)
            if np.isnan(values).all():
                continue
            ax.pcolormesh(edges, edges, values, cmap=shades, vmin=0, vmax=1, edgecolors="white", linewidth=0.8)
        bare(ax, title=title, xlabel="key", aspect="equal", ylim=(tokens - 0.5, -0.5))
        ax.spines[:].set_visible(False)
    axes[0].set(ylabel="query")
    for y, (text, colour) in enumerate((("computed for its pair", COLOURS[0]), ("inside of a state", COLOURS[1]))):
        axes[0].text(tokens - 0.6, 0.3 + 1.4 * y, text, color=colour, ha="right", va="center", fontsize=9)
    return figure


@styled
def fading_sum(numbers: Tensor, gamma: float) -> Figure:
    """A bar a step, stacked from what is left of each number that came in before. numbers: (N,), not negative."""
    steps = len(numbers)
    place = torch.arange(steps)
    left = numbers * float(gamma) ** (place[:, None] - place).clamp(min=0) * (place[:, None] >= place)  # (step, number)
    figure, ax = subplots(figsize=(5.6, 2.6))
    bottom = np.zeros(steps)
    colours = iter(COLOURS)
    for j in range(steps):
        if numbers[j] == 0:
            continue
        height = left[:, j].numpy()
        name = f"the {numbers[j]:g} of step {j}"
        ax.bar(place, height, 0.62, bottom=bottom, color=next(colours), label=name, edgecolor="white", linewidth=0.8)
        bottom += height
    for step, total in enumerate(bottom):
        ax.text(step, total + 0.2, f"{total:g}", ha="center", va="bottom")
    ax.set(xlabel="step", ylabel="total", xticks=place, ylim=(0, 1.15 * bottom.max()))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def decay_rates(named: Mapping[str, Tensor], reach: int) -> Figure:
    """What is left of a weight, 0 to `reach` steps away: a panel for each set of rates, (H,), a line a head."""
    steps = np.arange(reach + 1)
    figure, axes = subplots(1, len(named), figsize=(2.8 * len(named), 2.5), sharey=True, squeeze=False)
    for ax, (name, gammas) in zip(axes[0], named.items(), strict=True):
        ax.axhline(0.5, color="0.75", linestyle="--", linewidth=1)
        for head, (gamma, colour) in enumerate(zip(gammas.tolist(), COLOURS, strict=False)):
            ax.plot(steps, gamma**steps, marker="o", markersize=2.5, linewidth=1.2, color=colour, label=f"head {head}")
        ax.set(title=name, xlabel="steps away", ylim=(0, 1.04), xticks=(0, reach // 2, reach), yticks=(0, 0.5, 1))
    axes[0][0].set(ylabel="what is left")
    axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def token_maps(named: Mapping[str, Tensor], grid: Grid, token: int) -> Figure:
    """What one token sees of a grid, a panel each: (N,) or (h, w), not negative, with the token framed.

    Each has its own colour scale, from 0, black, to its largest entry but the token's own, along the square root.
    """
    h, w = grid
    figure, axes = subplots(1, len(named), figsize=(2.8 * len(named), 2.6 * h / w + 0.35), squeeze=False)
    for ax, (name, values) in zip(axes[0], named.items(), strict=True):
        array = values.detach().float().reshape(h, w).numpy()
        others = np.delete(array, token)
        ax.imshow(array, cmap=POSITIVE, norm=PowerNorm(0.5, 0, float(others.max()) or 1.0, clip=True))
        frame(ax, divmod(token, w))
        bare(ax, title=name)
        ax.spines[:].set_visible(False)
    return figure
