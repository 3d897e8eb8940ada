"""Pictures of RMT: how far its heads reach at each stage, its block, its rotation, its parameters, its parts."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.ticker import PercentFormatter
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, Picture, bare, styled, subplots
from gmm_tutorial.figures.parts import frame

KNOWS_PLACES, ALONE = "#F6C9A8", "#E4E4E4"  # a layer that knows the grid, and one that does not


@styled
def pyramid_reach(photo: Tensor, sides: Sequence[int], half_distances: Sequence[Tensor]) -> Figure:
    """A photo as coarse as each stage's grid, and around a token one diamond per head, at whose edge its decay is 1/2.

    photo: (3, S, S) bytes; sides: the grids are side x side; half_distances: (H,) each, in tokens.
    """
    # whole pixels per token keep the picture sharp and small
    side_px, width, height = 168, 1.9 * len(sides) + 0.9, 2.46
    figure = Picture(figsize=(width, height))
    pixels = F.interpolate(photo[None].float() / 255, size=(side_px, side_px), mode="bilinear")
    shades = colormaps["cool"]
    for i, (side, halves) in enumerate(zip(sides, half_distances, strict=True)):
        ax = figure.add_axes(((0.11 + 1.9 * i) / width, 0.5 / height, 1.68 / width, 1.68 / height))
        coarse = F.adaptive_avg_pool2d(pixels, side)[0].permute(1, 2, 0)
        ax.imshow(0.2 + 0.6 * (12 * coarse).round().numpy() / 12, extent=(0, side, side, 0))
        tops = halves.tolist()
        for head, half in enumerate(tops):
            corners = np.array([(0, -half), (half, 0), (0, half), (-half, 0), (0, -half)]) + side // 2 + 0.5
            ax.plot(*corners.T, color=shades(head / max(1, len(tops) - 1)), linewidth=1.4)
        frame(ax, (side // 2 + 0.5, side // 2 + 0.5))
        inside = sum(half < side / 2 for half in tops)
        bare(ax, xlim=(0, side), ylim=(side, 0), title=f"stage {i + 1}: {side} x {side} tokens")
        ax.set_xlabel(f"{inside} of {len(tops)} diamonds\nfit into the photo")
        ax.spines[:].set_visible(False)
    bar = figure.add_axes(((0.11 + 1.9 * len(sides)) / width, 0.5 / height, 0.12 / width, 1.68 / height))
    figure.colorbar(ScalarMappable(cmap=shades), cax=bar, ticks=()).set_label("head")
    for place, name in ((0, "first"), (1, "last")):
        bar.text(1.4, place, name, ha="left", va="top" if place else "bottom")
    return figure


@styled
def rmt_block() -> Figure:
    """The block as a line with three branches that leave it and are added back; orange is what knows the grid."""
    figure, ax = subplots(figsize=(9.4, 1.9))
    ax.set(xlim=(-0.2, 21.0), ylim=(-0.5, 3.6), aspect="equal")
    ax.set_axis_off()
    arrow(ax, (0.3, 0), (20.7, 0))
    ax.text(0.15, 0, "x", ha="right", va="center", fontsize=11)
    norm, scale = ("norm", ALONE, 1.2), ("scale", "white", 1.2)
    branches = [
        (0.8, [("3 x 3\nconvolution", KNOWS_PLACES, 2.0)], "position"),
        (4.4, [norm, ("Manhattan\nattention", KNOWS_PLACES, 2.6), scale], "attention"),
        (12.2, [norm, ("matrix, GELU, add\n3 x 3 convolution,\nmatrix", KNOWS_PLACES, 2.8), scale], "feed-forward"),
    ]
    for start, parts, name in branches:
        left = start + 0.5
        ax.plot([start, start], [0, 2], color="0.25", linewidth=1.3)
        arrow(ax, (start, 2), (left, 2))
        for i, (words, color, width) in enumerate(parts):
            box(ax, (left, 1.35), (width, 1.3), words, color)
            left += width
            if i + 1 < len(parts):
                arrow(ax, (left, 2), (left + 0.45, 2))
                left += 0.45
        ax.plot([left, left + 0.5], [2, 2], color="0.25", linewidth=1.3)
        arrow(ax, (left + 0.5, 2), (left + 0.5, 0.24))
        plus(ax, (left + 0.5, 0))
        ax.text((start + left + 0.5) / 2, 2.85, name, ha="center", va="bottom", fontsize=9.5)
    return figure


@styled
def rmt_attention() -> Figure:
    """The box "Manhattan attention" of the block from inside; orange is what knows the grid."""
    figure, ax = subplots(figsize=(8.8, 2.6))
    ax.set(xlim=(-1.4, 19.6), ylim=(-2.9, 3.3), aspect="equal")
    ax.set_axis_off()
    ax.text(-0.2, 1.2, "norm\nof x", ha="right", va="center")
    for name, y in (("q", 2.4), ("k", 1.2), ("v", 0.0)):
        arrow(ax, (0, 1.2), (1.0, y))
        box(ax, (1.0, y - 0.4), (1.9, 0.8), f"matrix {name}", ALONE)
        arrow(ax, (2.9, y), (3.9, y))
        box(ax, (3.9, y - 0.4), (2.3, 0.8), "split into heads", ALONE)
        start = 6.2
        if name != "v":
            arrow(ax, (6.2, y), (6.9, y))
            box(ax, (6.9, y - 0.4), (1.3, 0.8), "rotate", KNOWS_PLACES)
            start = 8.2
        arrow(ax, (start, y), (8.9, y))
    words = "softmax($q k^\\top / \\sqrt{D} + \\log\\,\\Gamma$) $v$,\nthen merge the heads"
    box(ax, (8.9, -0.5), (4.5, 3.4), words, KNOWS_PLACES)
    ax.plot([3.4, 3.4], [0, -1.8], color="0.25", linewidth=1.3)
    arrow(ax, (3.4, -1.8), (8.9, -1.8))
    box(ax, (8.9, -2.5), (4.5, 1.4), "5 x 5 convolution\n(local enhancement)", KNOWS_PLACES)
    ax.plot([13.4, 14.2], [-1.8, -1.8], color="0.25", linewidth=1.3)
    arrow(ax, (14.2, -1.8), (14.2, 0.95))
    arrow(ax, (13.4, 1.2), (15.1, 1.2))
    plus(ax, (14.2, 1.2))
    box(ax, (15.1, 0.6), (2.2, 1.2), "output\nmatrix", ALONE)
    arrow(ax, (17.3, 1.2), (18.6, 1.2))
    return figure


def box(ax: Axes, corner: tuple[float, float], size: tuple[float, float], words: str, color: str) -> None:
    """A box with words in it; a white one has a dashed edge: it is not in every model."""
    style = "round,pad=0,rounding_size=0.18"
    line = "--" if color == "white" else "-"
    ax.add_patch(FancyBboxPatch(corner, *size, boxstyle=style, fc=color, ec="0.35", linestyle=line))
    middle = (corner[0] + size[0] / 2, corner[1] + size[1] / 2)
    ax.text(*middle, words, ha="center", va="center", fontsize=8)


def arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow from a point to another."""
    look = {"arrowstyle": "-|>", "color": "0.25", "lw": 1.3, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11}
    ax.annotate("", end, start, arrowprops=look)


def plus(ax: Axes, place: tuple[float, float]) -> None:
    """A circle in which two lines are added."""
    ax.add_patch(Circle(place, 0.25, fc="white", ec="0.25", zorder=3))
    ax.text(place[0], place[1] - 0.01, "+", ha="center", va="center", fontsize=10, zorder=4)


@styled
def part_accuracies(named: Mapping[str, Sequence[float]], chance: float) -> Figure:
    """Test accuracy of models, a row for each: a full dot for images as they are, a ring for jumbled ones.

    named: row -> accuracy as they are, and jumbled, in percent; chance: what guessing gets.
    """
    figure, ax = subplots(figsize=(6.8, 0.3 * len(named) + 1.1))
    rows = range(len(named))
    ax.axvline(chance, color="0.6", linestyle="--", linewidth=1, label="guessing")
    whole, jumbled = zip(*named.values(), strict=True)
    ax.hlines(rows, jumbled, whole, color="0.75", linewidth=1.5, zorder=1)
    ax.plot(whole, rows, "o", color=COLORS[0], markersize=6, label="images as they are")
    ring = {"markersize": 11, "markerfacecolor": "none", "markeredgewidth": 1.6}  # a dot fits into it
    ax.plot(jumbled, rows, "o", color=COLORS[1], label="jumbled images", **ring)
    ax.set(yticks=rows, yticklabels=named, ylim=(len(named) - 0.5, -0.5), xlim=(0, 100), xlabel="test accuracy, %")
    figure.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


@styled
def raster_scores(steps: Tensor, scores: Tensor, maps: Mapping[int, Tensor]) -> Figure:
    """The score of two equal tokens over the difference of their raster indices, and on grids of some widths.

    steps, scores: (R,); maps: width -> (w, w), seen from the token in the middle, which is framed.
    """
    widths = [1.9] + [1.0] * len(maps)
    figure, (curve, *panels) = subplots(1, 1 + len(maps), figsize=(8.4, 2.5), width_ratios=widths)
    curve.plot(steps, scores, color="0.25", linewidth=1.2)
    marks = {1: "right neighbor", **{w: f"neighbor below, {w} tokens wide" for w in maps}}
    for (step, name), color, marker in zip(marks.items(), COLORS, "oDs", strict=False):
        curve.plot(step, float(scores[step]), marker, color=color, markersize=6, label=name)
    curve.set(xlabel="difference of raster indices", ylabel="score / largest score")
    curve.set(ylim=(0, 1.05), xlim=(-2, len(steps)))
    curve.legend(loc="upper right")
    for ax, (width, values) in zip(panels, maps.items(), strict=True):
        ax.imshow(values, cmap=colormaps[POSITIVE].resampled(16), vmin=0, vmax=1)
        bare(ax, title=f"{width} x {width} tokens", xlabel="framed: the query")
        frame(ax, (width // 2, width // 2))
        ax.spines[:].set_visible(False)
    figure.colorbar(
        panels[-1].images[0], ax=panels, shrink=0.75, aspect=14, ticks=(0, 0.5, 1), label="score / largest score"
    )
    return figure


@styled
def parameter_shares(named: Mapping[str, Mapping[str, float]]) -> Figure:
    """The share of a model's parameters that each part has: one stacked bar per model, in the order of the first."""
    figure, ax = subplots(figsize=(7.6, 0.42 * len(named) + 1.35))
    rows, left = np.arange(len(named)), np.zeros(len(named))
    order = sorted(next(iter(named.values())), key=lambda part: -next(iter(named.values()))[part])
    for part, color in zip(order, ("0.72", "0.85", *COLORS), strict=False):
        values = np.array([shares[part] for shares in named.values()])
        ax.barh(rows, values, 0.66, left=left, color=color, edgecolor="white", linewidth=0.6, label=part)
        for row, (start, value) in enumerate(zip(left, values, strict=True)):
            ink = "white" if color == COLORS[0] else "black"
            if part == order[-1]:
                ax.text(1.008, row, f"{value:.1%}", ha="left", va="center", color=color, fontsize=8)
            elif value > 0.03:
                ax.text(start + value / 2, row, f"{value:.0%}", ha="center", va="center", color=ink, fontsize=8)
        left += values
    ax.set(yticks=rows, yticklabels=named, ylim=(len(named) - 0.5, -0.5), xlim=(0, 1), xlabel="share of the parameters")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(loc="outside upper center", ncols=3)
    return figure
