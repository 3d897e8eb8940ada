"""Pictures of RMT: how far its heads reach at each stage, its block, its rotation, its parameters."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch.nn.functional as F
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch
from matplotlib.ticker import PercentFormatter
from torch import Tensor

from gmm_tutorial.figures.base import COLOURS, POSITIVE, Picture, bare, styled, subplots
from gmm_tutorial.figures.parts import frame

KNOWS_PLACES, ALONE = "#F6C9A8", "#E4E4E4"  # a layer that knows the grid, and one that does not


@styled
def pyramid_reach(photo: Tensor, sides: Sequence[int], half_distances: Sequence[Tensor]) -> Figure:
    """A photo as coarse as each stage's grid, and around a token the diamonds in which heads keep half of the weight.

    photo: (3, S, S) bytes; sides: the grids are side x side; half_distances: (H,) each, in tokens.
    """
    side_px, width, height = 168, 1.9 * len(sides), 2.46  # whole pixels a token keep the picture sharp and small
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
    return figure


@styled
def rmt_block() -> Figure:
    """The block as a line with three branches that leave it and are added back; orange is what knows the grid."""
    figure, ax = subplots(figsize=(8.6, 2.0))
    ax.set(xlim=(-0.2, 18.0), ylim=(-0.5, 3.6), aspect="equal")
    ax.set_axis_off()
    arrow = {"arrowstyle": "-|>", "color": "0.25", "lw": 1.3, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 11}
    ax.annotate("", (17.7, 0), (0.3, 0), arrowprops=arrow)
    ax.text(0.15, 0, "x", ha="right", va="center", fontsize=11)
    branches = [
        (0.8, [("3 x 3\nconvolution", KNOWS_PLACES, 2.0)], "position"),
        (4.4, [("norm", ALONE, 1.2), ("Manhattan attention\n+ 5 x 5 of the values", KNOWS_PLACES, 3.4)], "attention"),
        (11.3, [("norm", ALONE, 1.2), ("matrix, GELU,\n+ 3 x 3, matrix", KNOWS_PLACES, 2.8)], "feed-forward"),
    ]
    for start, parts, name in branches:
        left = start + 0.5
        ax.plot([start, start], [0, 2], color="0.25", linewidth=1.3)
        ax.annotate("", (left, 2), (start, 2), arrowprops=arrow)
        for i, (words, colour, width) in enumerate(parts):
            box = FancyBboxPatch(
                (left, 1.35), width, 1.3, boxstyle="round,pad=0,rounding_size=0.18", fc=colour, ec="0.35"
            )
            ax.add_patch(box)
            ax.text(left + width / 2, 2, words, ha="center", va="center", fontsize=8)
            left += width
            if i + 1 < len(parts):
                ax.annotate("", (left + 0.45, 2), (left, 2), arrowprops=arrow)
                left += 0.45
        ax.plot([left, left + 0.5], [2, 2], color="0.25", linewidth=1.3)
        ax.annotate("", (left + 0.5, 0.24), (left + 0.5, 2), arrowprops=arrow)
        ax.add_patch(Circle((left + 0.5, 0), 0.25, fc="white", ec="0.25", zorder=3))
        ax.text(left + 0.5, -0.01, "+", ha="center", va="center", fontsize=10, zorder=4)
        ax.text((start + left + 0.5) / 2, 2.85, name, ha="center", va="bottom", fontsize=9.5)
    return figure


@styled
def raster_scores(steps: Tensor, scores: Tensor, maps: Mapping[int, Tensor]) -> Figure:
    """The score of two equal tokens over the difference of their raster indices, and on grids of some widths.

    steps, scores: (R,); maps: width -> (w, w), seen from the token in the middle, which is framed.
    """
    widths = [1.9] + [1.0] * len(maps)
    figure, (curve, *panels) = subplots(1, 1 + len(maps), figsize=(8.4, 2.5), width_ratios=widths)
    curve.plot(steps, scores, color="0.25", linewidth=1.2)
    marks = {1: "right neighbour", **{w: f"neighbour below, {w} tokens wide" for w in maps}}
    for (step, name), colour, marker in zip(marks.items(), COLOURS, "oDs", strict=False):
        curve.plot(step, float(scores[step]), marker, color=colour, markersize=6, label=name)
    curve.set(xlabel="difference of raster indices", ylabel="score", ylim=(0, 1.05), xlim=(-1.5, 60))
    curve.legend(loc="lower left")
    for ax, (width, values) in zip(panels, maps.items(), strict=True):
        ax.imshow(values, cmap=colormaps[POSITIVE].resampled(16), vmin=0, vmax=1)
        bare(ax, title=f"{width} x {width} tokens")
        frame(ax, (width // 2, width // 2))
        ax.spines[:].set_visible(False)
    figure.colorbar(panels[-1].images[0], ax=panels, shrink=0.75, aspect=14, ticks=(0, 0.5, 1), label="score")
    return figure


@styled
def parameter_shares(named: Mapping[str, Mapping[str, float]]) -> Figure:
    """What share of a model's parameters each part has: a stacked bar a model, the parts in the order of the first."""
    figure, ax = subplots(figsize=(7.6, 0.42 * len(named) + 1.35))
    rows, left = np.arange(len(named)), np.zeros(len(named))
    order = sorted(next(iter(named.values())), key=lambda part: -next(iter(named.values()))[part])
    for part, colour in zip(order, ("0.72", "0.85", *COLOURS), strict=False):
        values = np.array([shares[part] for shares in named.values()])
        ax.barh(rows, values, 0.66, left=left, color=colour, edgecolor="white", linewidth=0.6, label=part)
        for row, (start, value) in enumerate(zip(left, values, strict=True)):
            if value > 0.045:
                ink = "white" if colour == COLOURS[0] else "black"
                ax.text(start + value / 2, row, f"{value:.0%}", ha="center", va="center", color=ink, fontsize=8)
        left += values
    ax.set(yticks=rows, yticklabels=named, ylim=(len(named) - 0.5, -0.5), xlim=(0, 1), xlabel="share of the parameters")
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(loc="outside upper center", ncols=3)
    return figure


@styled
def head_reach(
    stages: Mapping[str, Mapping[str, Tensor]], half_distances: Sequence[Tensor], uniform: Sequence[float]
) -> Figure:
    """How far each head looks over its half-distance, a panel a stage, with the line of uniform attention.

    stages: the name of a stage -> before, after -> (H,), in tokens; half_distances: (H,) each; uniform: one a stage.
    """
    figure, axes = subplots(1, len(stages), figsize=(3.9 * len(stages), 2.7), squeeze=False)
    for ax, (name, named), halves, line in zip(axes[0], stages.items(), half_distances, uniform, strict=True):
        ax.axhline(line, color="0.6", linestyle="--", linewidth=1, label="uniform attention")
        # before: large and hollow, so that it is seen where nothing has changed
        styles = (("0.45", "o", 9, "none"), (COLOURS[0], "D", 4, COLOURS[0]))
        for (when, values), (colour, marker, size, face) in zip(named.items(), styles, strict=True):
            style = {"color": colour, "marker": marker, "markersize": size, "markerfacecolor": face}
            ax.plot(halves, values.detach(), linewidth=1, label=when, **style)
        pad(ax, halves.tolist())
        ax.set(title=f"{name} tokens", xlabel="half-distance, tokens", ylim=(0, 1.12 * line))
    axes[0][0].set_ylabel("looks this far, tokens")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def pad(ax: Axes, values: Sequence[float]) -> None:
    """A logarithmic x axis with a tick at every value."""
    ax.set_xscale("log")
    ax.set_xticks(values, [f"{value:.1f}" if value < 10 else f"{value:.0f}" for value in values])
    ax.minorticks_off()
