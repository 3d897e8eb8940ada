"""Pictures of free masks: whole and averaged, and their measures against chance."""

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, SIGNED, bare, styled, subplots
from gmm_tutorial.grid import Grid

CHANCE = "0.87"  # the gray of what shuffled masks give
STEPPED = colormaps[SIGNED].resampled(11)  # noise in 11 colors makes a file of less than half the size


def limit(values: np.ndarray, share: float = 0.995) -> float:
    """Where a color scale ends: beyond all but the most extreme entries, which would make all others pale."""
    return float(np.quantile(np.abs(values), share)) or 1.0


@styled
def mask_means(masks: Tensor, grid: Grid) -> Figure:
    """Draw masks, (layers, N, N), and below each the mean of every query's row and of every key's column, on the grid.

    All as differences from the mean of their layer; one color scale per row of panels.
    """
    values = masks.detach().float().numpy()
    values = values - values.mean((1, 2), keepdims=True)
    rows = {
        "mask": (values, "query", "key"),
        "mean of each query's row": (values.mean(2).reshape(-1, *grid), "row of grid", "column of grid"),
        "mean of each key's column": (values.mean(1).reshape(-1, *grid), "row of grid", "column of grid"),
    }
    scales = [limit(values), *[limit(np.concatenate([values.mean(1), values.mean(2)]))] * 2]
    layers = len(values)
    figure, axes = subplots(3, layers, figsize=(1.5 * layers + 1.3, 5.6), squeeze=False)
    for line, (name, (arrays, down, along)), scale in zip(axes, rows.items(), scales, strict=True):
        for layer, (ax, array) in enumerate(zip(line, arrays, strict=True)):
            drawn = ax.imshow(array, cmap=STEPPED, vmin=-scale, vmax=scale)
            height, width = array.shape
            bare(ax, title=f"layer {layer}" if name == "mask" else "", xlabel=along)
            ax.set(xticks=(0, width - 1), yticks=(0, height - 1) if layer == 0 else ())
            ax.tick_params(length=2, pad=1, labelsize=7)
            ax.xaxis.labelpad = -5
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(down, labelpad=-5)
        if name != "mask":
            line[0].set_title(name, loc="left")
        figure.colorbar(drawn, ax=list(line), shrink=0.75, aspect=12, label="difference from mean")
    return figure


@styled
def mask_profiles(radii: Tensor, means: Tensor, low: Tensor, high: Tensor) -> Figure:
    """Draw the mean of a mask by distance, one panel per layer, over the gray band in which most shuffled masks lie.

    radii: (R,); means: (layers, R); low, high: (layers, R), the ends of the band.
    """
    layers = len(means)
    figure, axes = subplots(1, layers, figsize=(1.9 * layers + 0.3, 2.3), sharey=True, squeeze=False)
    for layer, ax in enumerate(axes[0]):
        ax.fill_between(radii, low[layer], high[layer], color=CHANCE, linewidth=0, label="shuffled, 95 %")
        ax.plot(radii, means[layer], color=COLORS[0], marker="o", markersize=2.5, linewidth=1, label="learned")
        ax.set(title=f"layer {layer}")
    axes[0][0].set(ylabel="mean at this distance")
    axes[0][0].legend(fontsize=7)
    figure.supxlabel("distance in patches", fontsize=9)
    return figure


@styled
def mask_scores(named: Mapping[str, Tensor], chance: Mapping[str, Tensor]) -> Figure:
    """Draw one panel per score, with one dot per mask, by layer, over what shuffled masks give.

    named: (seeds, layers) each; chance: (draws,) each, of which the middle 95 % are drawn in gray.
    """
    figure, axes = subplots(1, len(named), figsize=(3.3 * len(named), 2.4), sharey=True, squeeze=False)
    for ax, (name, values) in zip(axes[0], named.items(), strict=True):
        low, high = np.quantile(chance[name].numpy(), (0.025, 0.975))
        ax.axhspan(low, high, color=CHANCE, linewidth=0, label="shuffled, 95 %")
        ax.axhline(0, color="0.6", linewidth=0.8)
        for seed, row in enumerate(values):
            shift = 0.08 * (seed - (len(values) - 1) / 2)  # beside each other, so that none hides another
            ax.plot(np.arange(len(row)) + shift, row, "o", markersize=5, label=f"seed {seed}")
        ax.set(title=name, xlabel="layer", xticks=range(values.shape[1]))
    axes[0][0].set(ylabel="standard deviations")
    axes[0][-1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure
