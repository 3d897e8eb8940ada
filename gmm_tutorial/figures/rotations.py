"""Pictures of rotary positions: pairs of channels that turn, and scores that depend on the offset alone."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, styled, subplots


@styled
def turning_pairs(pairs: Mapping[str, Tensor], scores: Mapping[int, Tensor]) -> Figure:
    """Arrows for a pair of channels at positions 0, 1, ..., a panel per pair; then scores over the offset.

    pairs: name -> (positions, 2), vectors of length 1. scores: query's position -> its score with each key, (N,).
    """
    figure, axes = subplots(
        1, len(pairs) + 1, figsize=(2.5 * len(pairs) + 4.2, 2.6), width_ratios=[1] * len(pairs) + [1.7]
    )
    for ax, (name, vectors) in zip(axes, pairs.items(), strict=False):
        for position, (x, y) in enumerate(vectors.tolist()):
            ax.annotate(
                "", (x, y), (0, 0), arrowprops={"arrowstyle": "-|>", "color": COLORS[0], "shrinkA": 0, "shrinkB": 0}
            )
            ax.text(1.16 * x, 1.16 * y, f"{position}", ha="center", va="center")
        ax.set(title=name, xlabel="first channel", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal")
        ax.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    axes[0].set(ylabel="second channel")
    for (query, row), color, marker in zip(scores.items(), COLORS, "os^", strict=False):
        offsets = [key - query for key in range(len(row))]
        axes[-1].plot(
            offsets,
            row.tolist(),
            marker=marker,
            markersize=3.5,
            linewidth=1,
            fillstyle="none",
            color=color,
            label=f"query at position {query}",
        )
    axes[-1].set(title="scores after rotation", xlabel="offset: key's position minus query's", ylabel="score")
    axes[-1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
