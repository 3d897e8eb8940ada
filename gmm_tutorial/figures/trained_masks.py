"""Pictures of what was found in masks: many kernels, the quality of fits, and what each head's mask is worth."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, bare, styled, subplots
from gmm_tutorial.figures.parts import heat


@styled
def kernel_mosaic(named: Mapping[str, Tensor], *, rows: str = "", columns: str = "heads", size: float = 1.0) -> Figure:
    """Many kernels in few panels: each value is (rows, columns, a, b), a mosaic with its own color scale."""
    figure, axes = subplots(1, len(named), figsize=(3.4 * size * len(named), 2.6 * size), squeeze=False)
    for ax, (name, kernels) in zip(axes.flat, named.items(), strict=True):
        padded = torch.nn.functional.pad(kernels.detach().float().cpu(), (1, 1, 1, 1), value=float("nan"))
        heat(ax, torch.cat([torch.cat(list(row), dim=-1) for row in padded]))
        bar = figure.colorbar(ax.images[0], ax=ax, shrink=0.7, label="weight")
        bar.locator = MaxNLocator(3)
        ax.set(title=name, xlabel=columns, ylabel=rows)
        ax.spines[:].set_visible(False)
    return figure


@styled
def fit_scores(
    counts: Sequence[int],
    planted: Sequence[float],
    ceiling: float,
    learned: Mapping[str, Sequence[float]],
    chance: Mapping[str, Sequence[float]],
) -> Figure:
    """R^2 of fits: to a planted mask against the number of Gaussians, and to each layer's mask, on a logarithmic scale.

    planted: one value per count; ceiling: of the best function of distance; learned: by what is fitted, one value per
    layer; chance: by the same names, the highest value that shuffled masks give, one per layer.
    """
    figure, (left, right) = subplots(1, 2, figsize=(8.8, 2.9), width_ratios=(1.2, 2))
    left.axhline(ceiling, color=COLORS[1], linestyle="--")
    left.plot(counts, planted, "o-", markersize=4)
    left.text(counts[-1], ceiling + 0.03, "best function of distance", color=COLORS[1], ha="right", fontsize=8)
    left.set(title="planted mixture", xlabel="number of Gaussians, K", ylabel="$R^2$", ylim=(0, 1), xticks=counts)
    for i, ((name, values), color, marker) in enumerate(zip(learned.items(), COLORS, "osD^", strict=False)):
        places = [layer + 0.2 * (i - (len(learned) - 1) / 2) for layer in range(len(values))]
        right.plot(places, values, marker, color=color, markersize=6, label=name)
        right.plot(places, chance[name], "_", color=color, markersize=11, markeredgewidth=1.8)
    layers = [str(layer) for layer in range(len(values))]
    for layer in range(0, len(values), 2):  # every other layer is shaded, so that its marks are seen as a group
        right.axvspan(layer - 0.5, layer + 0.5, color="0.94", zorder=0)
    right.set(title="learned masks (ELM)", xlabel="layer", yscale="log", ylabel="$R^2$, logarithmic scale")
    right.set(xticks=range(len(layers)), xticklabels=layers, xlim=(-0.5, len(layers) - 0.5))
    dash = Line2D([], [], color="0.25", marker="_", linestyle="", markersize=11, markeredgewidth=1.8)
    marks, names = right.get_legend_handles_labels()
    names = [*names, "same color: highest\nof the shuffled masks"]
    right.legend([*marks, dash], names, loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def head_accuracies(named: Mapping[str, Tensor]) -> Figure:
    """Accuracy in percent when the mask of one head is made flat: (layers, heads) for each name, as tables."""
    figure, axes = subplots(1, len(named), figsize=(3.2 * len(named), 2.6), squeeze=False)
    for ax, (name, accuracy) in zip(axes.flat, named.items(), strict=True):
        drawn = ax.imshow(accuracy, cmap="gray", vmin=0, vmax=100)
        for layer, row in enumerate(accuracy.tolist()):
            for head, value in enumerate(row):
                ax.text(head, layer, f"{value:.0f}", ha="center", va="center", color="w" if value < 55 else "k")
        bare(ax, title=name, xlabel="head", ylabel="layer")
        ax.set(xticks=range(accuracy.shape[1]), yticks=range(accuracy.shape[0]))
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="accuracy, %")
    return figure
