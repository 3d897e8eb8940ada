"""Pictures of a controlled comparison: rows with intervals, what these mean, how many seeds, what a mask holds."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, bare, styled, subplots
from gmm_tutorial.figures.base import image as draw_image
from gmm_tutorial.figures.parts import frame, heat

SEED = "0.55"  # the gray of single trainings


@styled
def variants(
    named: Mapping[str, Sequence[float]],
    intervals: Mapping[str, tuple[float, float]],
    line: float,
    xlabel: str,
    band: float | None = None,
    breaks: Sequence[int] = (),
) -> Figure:
    """One row per name: one gray dot per seed, the mean with its interval, a dashed line at what all are compared with.

    intervals: mean and half-width by the same names, the half-width nan for one seed; band: half the width of a gray
    band around the dashed line; breaks: rows that are separated from the one above by a thin line.
    """
    lines = max((name.count("\n") + 1 for name in named), default=1)
    figure, ax = subplots(figsize=(7.2, 0.31 * lines**0.5 * len(named) + 1.05))
    if band is not None:
        ax.axvspan(line - band, line + band, color="0.5", alpha=0.15, linewidth=0, zorder=0)
    ax.axvline(line, color="0.5", linewidth=1, linestyle="--", zorder=0)
    for row in breaks:
        ax.axhline(row - 0.4, color="0.7", linewidth=0.6, zorder=0)
    ends = [line]
    for row, (name, values) in enumerate(named.items()):
        mean, half = intervals[name]
        ends += [*values, *([] if np.isnan(half) else [mean - half, mean + half])]
        if not np.isnan(half):
            ax.plot([mean - half, mean + half], [row, row], color=COLORS[0], linewidth=2.4, solid_capstyle="butt")
        ax.plot(mean, row, "D", color=COLORS[0], markersize=5.5, markeredgecolor="white", zorder=4)
        ax.plot(values, [row + 0.27] * len(values), "o", color=SEED, markersize=3.5)
    margin = 0.04 * (max(ends) - min(ends))
    ax.set(yticks=range(len(named)), yticklabels=named, ylim=(len(named) - 0.4, -0.6), xlabel=xlabel)
    ax.set_xlim(min(ends) - margin, max(ends) + margin)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    several = any(not np.isnan(half) for _, half in intervals.values())
    figure.legend(handles=signs(several, band), loc="outside upper right", ncols=4, fontsize=8)
    return figure


def signs(intervals: bool, band: float | None) -> list[Artist]:
    """What the marks of `variants` mean, for a legend."""
    shown: list[Artist] = [
        Line2D([], [], color=SEED, marker="o", markersize=3.5, linestyle="none", label="one seed"),
        Line2D([], [], color=COLORS[0], marker="D", markersize=5.5, linestyle="none", label="mean"),
    ]
    if intervals:
        shown.append(Line2D([], [], color=COLORS[0], linewidth=2.4, label="95 % interval"))
    if band is not None:
        shown.append(Patch(color="0.5", alpha=0.15, linewidth=0, label=f"within ±{band:g}"))
    return shown


@styled
def many_intervals(means: Tensor, halves: Tensor, truth: float = 0.0) -> Figure:
    """Intervals side by side, those that miss the truth in orange. means, halves: (E,)."""
    figure, ax = subplots(figsize=(7.2, 2.3))
    ax.axhline(truth, color="0.5", linewidth=1, linestyle="--", zorder=0)
    missed = (means - truth).abs() > halves
    for kind, color, name in ((~missed, COLORS[0], "contains the true mean"), (missed, COLORS[1], "misses it")):
        x = kind.nonzero()[:, 0].numpy()
        y, half, label = means[kind].numpy(), halves[kind].numpy(), f"{name}: {len(x)}"
        ax.errorbar(x, y, yerr=half, fmt="o", markersize=3, color=color, linewidth=1.4, label=label)
    ax.set(xticks=[], xlabel=f"{len(means)} experiments", ylabel="mean and interval")
    ax.spines["bottom"].set_visible(False)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def power_curves(seeds: Sequence[int], named: Mapping[str, Sequence[float]], line: float = 0.8) -> Figure:
    """The power over the number of seeds: one curve per true difference (in points), a dashed line at `line`."""
    figure, ax = subplots(figsize=(6.4, 2.8))
    ax.axhline(100 * line, color="0.5", linewidth=1, linestyle="--", zorder=0)
    ax.annotate(f"{100 * line:g} %", (0.01, 100 * line + 1), xycoords=("axes fraction", "data"))
    for (name, shares), marker in zip(named.items(), "osD^v", strict=False):
        ax.plot(seeds, [100 * share for share in shares], marker=marker, markersize=4, label=name)
    ax.set(xlabel="seeds", ylabel="power, %", ylim=(0, 103))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend(title="true difference,\npoints", loc="center left", bbox_to_anchor=(1, 0.5), alignment="left")
    return figure


@styled
def temperature_shares(named: Mapping[str, Tensor]) -> Figure:
    """How much of each head's mask is its mean, in percent of its mean square: one row per name, one dot per head."""
    figure, ax = subplots(figsize=(6.4, 0.42 * len(named) + 0.7))
    for row, (shares, color) in enumerate(zip(named.values(), COLORS, strict=False)):
        values = 100 * shares.detach().flatten().cpu().numpy()
        height = row + 0.18 * np.sin(2.4 * np.arange(len(values)))  # apart from each other, the same at each call
        ax.plot(values, height, "o", color=color, markersize=5, alpha=0.75, markeredgewidth=0)
    ax.set(yticks=range(len(named)), yticklabels=named, ylim=(len(named) - 0.5, -0.5), xlim=(-2, 102))
    ax.set(xlabel="share of the mask that is one factor for all pairs, % (one dot per head)")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return figure


@styled
def masks_and_attention(
    photos: Tensor, masks: Sequence[Tensor], attention: Sequence[Tensor], query: tuple[int, int]
) -> Figure:
    """One row per photo: the photo with its framed query, the query's row of the mask, its row of the attention.

    photos: (P, 3, S, S) bytes; masks, attention: P rows of (h, w) each, every column on one scale.
    """
    side = photos.shape[-1] / masks[0].shape[0]
    figure, axes = subplots(len(photos), 3, figsize=(7.2, 1.9 * len(photos)), squeeze=False)
    limit = max(float(mask.abs().max()) for mask in masks) or 1.0
    top = max(float(row.max()) for row in attention)
    for line, photo, mask, row in zip(axes, photos, masks, attention, strict=True):
        draw_image(line[0], photo)
        frame(line[0], query, side)
        heat(line[1], mask, limit)
        drawn = line[2].imshow(row.detach().cpu().numpy(), cmap=POSITIVE, vmin=0, vmax=top)
        bare(line[2])
        for ax in line[1:]:
            frame(ax, query)
    for ax, title in zip(axes[0], ("photo and query", "its row of the mask", "its attention weights"), strict=True):
        ax.set_title(title)
    figure.colorbar(axes[0][1].images[0], ax=list(axes[:, 1]), shrink=0.6, aspect=14)
    figure.colorbar(drawn, ax=list(axes[:, 2]), shrink=0.6, aspect=14)
    return figure
