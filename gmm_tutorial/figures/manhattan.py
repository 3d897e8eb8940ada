"""Pictures of Manhattan attention: what four kinds of attention see, decays, and the path round a corner."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, SIGNED, bare, styled, subplots
from gmm_tutorial.figures.parts import frame
from gmm_tutorial.grid import Grid

Place = tuple[int, int]
REACH = 7  # patches, the largest offset on a grid of 8 x 8
PAPER = 0.93  # the gray that covers what a query does not see


@styled
def four_views(
    photo: Tensor, query: int, seen: Mapping[str, Tensor], weights: Mapping[str, Tensor], grid: Grid
) -> Figure:
    """What one query can see of a photo, and its attention weights: a column for each kind of attention.

    photo: (3, S, S) bytes; query: its token; seen: (N, N) each, 0 to 1, how much of a key is left; weights: (N, N).
    """
    place, patch = divmod(query, grid[1]), photo.shape[-1] / grid[1]
    figure, axes = subplots(2, len(seen), figsize=(1.95 * len(seen) + 0.8, 4.15), squeeze=False)
    pixels = photo.permute(1, 2, 0).numpy() / 255
    top = max(float(each[query].detach().max()) for each in weights.values())
    for (above, below), (name, share) in zip(axes.T, seen.items(), strict=True):
        left = share[query].view(grid).detach().numpy().repeat(int(patch), 0).repeat(int(patch), 1)[..., None]
        above.imshow(left * pixels + (1 - left) * PAPER)
        frame(above, place, patch)
        drawn = below.imshow(weights[name][query].detach().view(grid), cmap=POSITIVE, norm=PowerNorm(0.5, 0, top))
        frame(below, place)
        above.set_title(name, fontsize=10)
        for ax in (above, below):
            bare(ax)
            ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("what it can see")
    axes[1, 0].set_ylabel("attention weights")
    figure.colorbar(drawn, ax=axes[1], shrink=0.8, pad=0.02, label="weight")
    return figure


@styled
def decay_shapes(named: Mapping[str, Tensor], gamma: Tensor) -> Figure:
    """Kernels of decays, one row per name and one column per head, with the lines of equal decay 3/4, 1/2 and 1/4.

    named: (H, 2h-1, 2w-1) each, 1 in the middle, over offsets of up to REACH patches; gamma: (H,), for the titles.
    """
    figure, axes = subplots(len(named), len(gamma), figsize=(1.8 * len(gamma) + 0.9, 1.85 * len(named) + 0.2))
    look: dict[str, Any] = {"colors": ("white", "white", "black"), "linewidths": (0.9, 1.8, 0.9)}
    look["levels"] = (0.25, 0.5, 0.75)
    for line, (name, kernels) in zip(axes, named.items(), strict=True):
        for ax, kernel in zip(line, kernels.detach().numpy(), strict=True):
            sides = (-REACH, REACH, REACH, -REACH)
            drawn = ax.imshow(kernel, cmap=POSITIVE, vmin=0, vmax=1, extent=sides)
            ax.contour(kernel, **look, extent=sides, origin="upper")
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set(ylabel=f"{name}\n$\\Delta y$", yticks=(-REACH, 0, REACH))
    for ax in axes[-1]:
        ax.set(xlabel="$\\Delta x$", xticks=(-REACH, 0, REACH))
    for ax, rate in zip(axes[0], gamma.tolist(), strict=True):
        ax.set_title(rf"$\gamma$ = {rate:.4g}")
    bar = figure.colorbar(drawn, ax=axes, shrink=0.6, pad=0.02, label="share that is left")
    bar.set_ticks([0, *look["levels"], 1])
    bar.ax.hlines(look["levels"], 0, 1, colors=look["colors"], linewidths=look["linewidths"])
    return figure


@styled
def row_sums(named: Mapping[str, Tensor]) -> Figure:
    """What the weights of each token sum to, (h, w) each, written into the token's cell."""
    figure, axes = subplots(1, len(named), figsize=(2.9 * len(named), 2.3), squeeze=False)
    for ax, (name, sums) in zip(axes[0], named.items(), strict=True):
        drawn = ax.imshow(sums, cmap=POSITIVE, vmin=0, vmax=1)
        for (y, x), value in np.ndenumerate(sums.numpy()):
            ink = "black" if value > 0.65 else "white"
            ax.text(x, y, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=7.5)
        on_grid(ax, sums.shape, title=name)
        ax.label_outer()
    figure.colorbar(drawn, ax=axes, shrink=0.75, pad=0.02, label="sum of the row")
    return figure


@styled
def corner_path(query: Place, key: Place, named: Mapping[str, Tensor]) -> Figure:
    """The path from a key to a query by way of the corner token, and the query's weights, (h, w) each."""
    (y, x), (u, z) = query, key
    h, w = next(iter(named.values())).shape
    figure, (ways, *maps) = subplots(1, 1 + len(named), figsize=(3.2 * (1 + len(named)) + 0.5, 2.6))
    shade = torch.ones(h, w)
    shade[u], shade[:, x] = 0.88, 0.88
    ways.pcolormesh(
        np.arange(w + 1) - 0.5, np.arange(h + 1) - 0.5, shade, cmap="gray", vmin=0, vmax=1, edgecolors="0.75", lw=0.6
    )
    ways.set(title="from the key to the query", ylim=(h - 0.5, -0.5), aspect="equal")
    named_places = (("query", query, COLORS[0]), ("corner", (u, x), "0.35"), ("key", key, COLORS[1]))
    for name, (row, column), color in named_places:
        ways.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=color, edgecolor="white"))
        ways.text(column, row, name, ha="center", va="center", color="white", fontsize=7.5)
    arrow = {"arrowstyle": "-|>", "color": "0.15", "lw": 1.8, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 13}
    step = np.sign(z - x), np.sign(u - y)
    ways.annotate("", (x + 0.55 * step[0], u), (z - 0.55 * step[0], u), arrowprops=arrow)
    ways.annotate("", (x, y + 0.55 * step[1]), (x, u - 0.55 * step[1]), arrowprops=arrow)
    ways.text((x + z) / 2, u + 0.78 * step[1], "1. along the row", ha="center", va="center", fontsize=8)
    ways.text(x + 0.6 * step[0], (y + u) / 2, "2. along the\ncolumn", ha="left", va="center", fontsize=8)
    top = max(float(each.detach().max()) for each in named.values())
    for ax, (name, weights) in zip(maps, named.items(), strict=True):
        drawn = ax.imshow(weights.detach(), cmap=POSITIVE, norm=PowerNorm(0.5, 0, top))
        for place in (query, key):
            frame(ax, place)
        ax.set_title(name)
    for ax in (ways, *maps):
        on_grid(ax, (h, w))
        ax.label_outer()
    figure.colorbar(drawn, ax=maps, shrink=0.75, pad=0.02, label="weight")
    return figure


@styled
def compared_matrices(named: Mapping[str, Tensor], grid: Grid) -> Figure:
    """Two attention matrices (N, N) on one scale, and the second minus the first; lines part the rows of the grid."""
    figure, axes = subplots(1, 3, figsize=(10.6, 3.1))
    (first, one), (second, other) = named.items()
    top, gap = float(torch.maximum(one, other).max()), float((other - one).abs().max())
    shared = {"cmap": POSITIVE, "norm": PowerNorm(0.5, 0, top)}
    for ax, title, values in ((axes[0], first, one), (axes[1], second, other)):
        drawn = ax.imshow(values.detach(), **shared)
        ax.set(title=title)
    figure.colorbar(drawn, ax=axes[:2], shrink=0.85, pad=0.02, label="weight")
    figure.set_layout_engine("constrained", wspace=0.06)  # between a color bar and the next panel
    drawn = axes[2].imshow((other - one).detach(), cmap=SIGNED, vmin=-gap, vmax=gap)
    axes[2].set(title=f"{second} minus {first}")
    figure.colorbar(drawn, ax=axes[2], shrink=0.85, pad=0.04, label="difference of weights")
    edges = np.arange(0, grid[0] * grid[1] + 1, grid[1])
    for ax, color in zip(axes, ("0.6", "0.6", "0.75"), strict=True):
        for edge in edges[1:-1] - 0.5:
            ax.axhline(edge, color=color, linewidth=0.5)
            ax.axvline(edge, color=color, linewidth=0.5)
        ax.set(xlabel="key token", xticks=edges[:-1], yticks=edges[:-1])
    axes[0].set(ylabel="query token")
    return figure


def on_grid(ax: Axes, grid: Sequence[int], **labels: Any) -> None:
    """A panel that shows a token grid: its rows and columns are numbered."""
    ax.set(xlabel="column x", ylabel="row y", xticks=range(grid[1]), yticks=range(grid[0]), **labels)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
