"""Pictures of two models that were trained with the same seeds: curves, differences by seed, what each looks at."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from gmm_tutorial.analysis.looks import Look
from gmm_tutorial.figures.base import COLORS, POSITIVE, bare, image, styled, subplots
from gmm_tutorial.figures.parts import frame, heat

Curves = Mapping[str, Sequence[tuple[Sequence[float], Sequence[float]]]]  # by model, for each seed its x and y
MARKS = ("o", "D")


@styled
def paired_trainings(
    losses: Curves, accuracies: Curves, differences: Mapping[int, float], interval: tuple[float, float] | None
) -> Figure:
    """Draw the loss and the accuracy of two models by pass, one line per seed, and their difference for each seed.

    accuracies: in percent; differences: by seed, in points; interval: mean and half-width of these, the half-width nan
    for one seed; None without a difference.
    """
    figure, (loss, accuracy, difference) = subplots(1, 3, figsize=(9.2, 2.7), width_ratios=(1, 1, 1.05))
    for ax, curves, name in ((loss, losses, "training loss"), (accuracy, accuracies, "test accuracy, %")):
        for each, color, mark in zip(curves.values(), COLORS, MARKS, strict=False):
            for x, y in each:
                ax.plot(x, y, color=color, marker=mark, markersize=3, linewidth=1.1, alpha=0.85)
        ax.set(xlabel="passes over the images", ylabel=name)
        ax.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    draw_differences(difference, differences, interval)
    keys = [
        Line2D([], [], color=color, marker=mark, markersize=4, label=name)
        for name, color, mark in zip(losses, COLORS, MARKS, strict=False)
    ]
    figure.legend(handles=keys, loc="outside upper left", ncols=2)
    return figure


def draw_differences(ax: Axes, differences: Mapping[int, float], interval: tuple[float, float] | None) -> None:
    """A row for each seed with its dot, and one for the mean with its interval, beside a line at zero."""
    ax.axvline(0, color="0.5", linewidth=1, linestyle="--", zorder=0)
    rows = [f"seed {seed}" for seed in differences]
    ax.plot(list(differences.values()), range(len(rows)), "o", color="0.45", markersize=5)
    if interval is not None and len(differences) > 1:
        mean, half = interval
        ax.errorbar(mean, len(rows), xerr=half, fmt="D", color="black", capsize=4, markersize=5)
        rows.append("mean, 95 %")
    ax.set(yticks=range(len(rows)), yticklabels=rows, ylim=(max(len(rows), 2) - 0.4, -0.6))
    ax.set(xlabel="second minus first, points")
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    if not differences:
        ax.text(0.5, 0.5, "no seed is done\nfor both models", transform=ax.transAxes, ha="center", va="center")


@styled
def paired_looks(photo: Tensor, named: Mapping[str, Sequence[Look]]) -> Figure:
    """Draw one row per model: a photo with a framed query, its weights in two layers, the kernels of the last prior.

    photo: (3, S, S) bytes; named: for each model the looks of `analysis.looks.first_and_last`, whose weights are
    averaged over heads here. All maps share one color scale, that of the square root. Each row of kernels has its own.
    """
    titles = ("photo and query", "first layer", "last layer", "kernels of the last layer")
    figure, axes = subplots(len(named), 4, figsize=(8.2, 1.72 * len(named) + 0.25), squeeze=False)
    shares = [float(look.weights.mean(0).max()) for looks in named.values() for look in looks]
    top = max([0.0, *shares]) or 1.0
    colors = colormaps[POSITIVE].with_extremes(bad="0.75")
    for line, (name, looks) in zip(axes, named.items(), strict=True):
        image(line[0], photo)
        line[0].set_ylabel(name)
        for ax in line[1:]:
            bare(ax)
            ax.set_box_aspect(1)
        if not looks:
            absent(line[1], "no attention")
            absent(line[2], "no attention")
            absent(line[3], "no kernel")
            continue
        h, w = looks[0].weights.shape[-2:]
        y, x = looks[0].query
        frame(line[0], (y, x), photo.shape[-1] / w)
        for ax, look in zip(line[1:3], (looks[0], looks[-1]), strict=True):
            weights = look.weights.mean(0).cpu()
            drawn = ax.imshow(weights.sqrt().numpy(), cmap=colors, vmin=0, vmax=top**0.5)
            frame(ax, look.query)
            if bool((weights < 0).any()):  # of talking heads, which mix the weights after the softmax
                ax.set_xlabel("gray: below 0")
        draw_kernels(figure, line[3], looks[-1].kernel)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title)
    if shares:
        bar = figure.colorbar(drawn, ax=list(axes[:, 2]), shrink=0.8, aspect=14, ticks=[0, (top / 4) ** 0.5, top**0.5])
        bar.ax.set_yticklabels(["0", f"{top / 4:.2g}", f"{top:.2g}"])
    return figure


def absent(ax: Axes, text: str) -> None:
    """Words in place of what a model does not have."""
    ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", va="center", color="0.35")


def draw_kernels(figure: Figure, ax: Axes, kernel: Tensor | None) -> None:
    """The kernels of all heads, (H, a, b), around zero, as tiles of a square."""
    if kernel is None:
        absent(ax, "no prior")
        return
    side = math.ceil(math.sqrt(len(kernel)))
    border = ((0, side**2 - len(kernel)), (1, 1), (1, 1))
    tiles = np.pad(kernel.detach().float().cpu().numpy(), border, constant_values=np.nan)
    lines = tiles.reshape(side, side, *tiles.shape[1:])
    heat(ax, Tensor(np.concatenate([np.concatenate(list(line), axis=1) for line in lines])))
    ax.spines[:].set_visible(False)
    figure.colorbar(ax.images[0], ax=ax, shrink=0.8, aspect=14)
