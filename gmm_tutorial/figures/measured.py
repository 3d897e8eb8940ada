"""Pictures of what lessons measure: costs, what a token sees of the pixels, differences between trainings."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, styled, subplots
from gmm_tutorial.figures.parts import frame

NOTHING = "0.75"  # the gray of what is exactly 0


@styled
def cost_curves(
    sizes: Sequence[int],
    measures: Mapping[str, Mapping[str, Sequence[float]]],
    xlabel: str = "tokens, N",
    size: float = 3.8,
) -> Figure:
    """Costs over sizes on logarithmic axes: one panel per measure, one line per name, gray guides for N and N^2.

    size: the width of a panel in inches.
    """
    figure, axes = subplots(1, len(measures), figsize=(size * len(measures), 2.9), squeeze=False)
    n = np.array(sizes, dtype=float)
    for ax, (measure, named) in zip(axes[0], measures.items(), strict=True):
        values = np.concatenate([list(each) for each in named.values()])
        low, high = values.min() / 1.6, values.max() * 1.8
        top = values.max() / 2  # where the guides end: below the line of the costliest, which may follow one of them
        for power, style, name in ((1, ":", "slope of $N$"), (2, "--", "slope of $N^2$")):
            ax.plot(n, top * (n / n[-1]) ** power, style, color="0.6", linewidth=1, zorder=0, label=name)
        for (name, each), color, marker in zip(named.items(), COLORS, "osD^v", strict=False):
            ax.plot(n, each, marker=marker, markersize=4, color=color, label=name)
        ax.set(xscale="log", yscale="log", xlabel=xlabel, title=measure, ylim=(low, high))
        ax.xaxis.set_major_locator(FixedLocator(list(n)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_minor_locator(NullLocator())
    axes[0][-1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def receptive_fields(rows: Mapping[str, Mapping[str, Tensor]], sides: Mapping[str, int]) -> Figure:
    """What a token sees of the pixels: a row for each state of the models, a column for each model or stage of one.

    rows: state -> column -> (S, S), gradients, each panel on its own scale; exactly 0 is gray. sides: column -> the
    side of its grid, whose token [side // 2, side // 2] is framed.
    """
    columns = len(sides)
    size = (1.75 * columns + 1.0, 1.65 * len(rows) + 0.2)
    figure, axes = subplots(len(rows), columns, figsize=size, squeeze=False)
    colors = colormaps[POSITIVE].resampled(16).with_extremes(bad=NOTHING)
    for line, (state, fields) in zip(axes, rows.items(), strict=True):
        for ax, (name, side) in zip(line, sides.items(), strict=True):
            shares = (fields[name] / fields[name].max()).cpu().numpy()
            drawn = ax.imshow(np.ma.masked_equal(shares, 0), cmap=colors, norm=LogNorm(1e-3, 1))
            frame(ax, (side // 2, side // 2), len(shares) / side)
            ax.set(xticks=[], yticks=[], title=f"{name}, {side} x {side} tokens" if state == next(iter(rows)) else "")
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(state)
    bar = figure.colorbar(drawn, ax=axes, shrink=0.7, aspect=16, ticks=(1e-3, 1e-2, 0.1, 1), extend="min")
    bar.set_label("gradient, relative to the largest\n(gray: exactly 0)")
    bar.ax.set_yticklabels(["0.1 %", "1 %", "10 %", "100 %"])
    bar.ax.minorticks_off()
    return figure


@styled
def paired_differences(named: Mapping[str, Sequence[float]], intervals: Mapping[str, tuple[float, float]]) -> Figure:
    """Differences in accuracy, in points: one gray dot per seed, the mean with its 95 % interval, a line at zero.

    named: one value per seed; intervals: by the same names, mean and half-width.
    """
    figure, ax = subplots(figsize=(7, 3.0))
    ax.axvline(0, color="0.6", linewidth=1)
    for row, (name, values) in enumerate(named.items()):
        mean, half = intervals[name]
        ax.errorbar(mean, row, xerr=None if np.isnan(half) else half, fmt="D", capsize=4, color=COLORS[0])
        ax.plot(values, [row + 0.25] * len(values), "o", color="0.6", markersize=4)
    ax.set(yticks=range(len(named)), yticklabels=named, ylim=(len(named) - 0.4, -0.5))
    ax.set(xlabel="difference in test accuracy, points")
    return figure


@styled
def tuning_curves(named: Mapping[str, Mapping[str, Sequence[float]]], chance: float = 10) -> Figure:
    """Accuracy, in percent, before fine-tuning and after each epoch: one panel per task, one curve per model.

    named: task -> model -> (epochs + 1,); chance: what guessing gives, a dashed line.
    """
    figure, axes = subplots(1, len(named), figsize=(3.3 * len(named), 2.9), sharey=True, squeeze=False)
    for ax, (task, curves) in zip(axes[0], named.items(), strict=True):
        ax.axhline(chance, color="0.5", linewidth=1, linestyle="--", label="chance")
        for (model, shares), marker in zip(curves.items(), "os^v", strict=False):
            ax.plot(range(len(shares)), shares, marker=marker, markersize=4, label=model)
        ax.set(title=task, xlabel="epochs of fine-tuning", xticks=range(len(shares)))
    top = max(max(shares) for curves in named.values() for shares in curves.values())
    axes[0][0].set(ylabel="test accuracy, %", ylim=(0, 1.08 * max(top, chance)))
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside right center")
    return figure
