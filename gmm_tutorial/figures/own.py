"""Pictures of priors of one's own: what a query sees under them when all keys match it equally."""

from collections.abc import Mapping

from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from torch import Tensor

from gmm_tutorial.analysis import by_distance
from gmm_tutorial.figures.base import POSITIVE, bare, styled, subplots
from gmm_tutorial.figures.parts import frame
from gmm_tutorial.grid import Grid


@styled
def prior_reach(named: Mapping[str, Tensor], grid: Grid, query: tuple[int, int]) -> Figure:
    """One row per prior: the weights of one query, a panel per head, and all weights over distance, a line per head.

    named: attention weights at equal scores, (H, N, N) each, with the same H; query: row and column. Colors follow the
    square root of the weight, on one scale for all heads of a row.
    """
    heads = len(next(iter(named.values())))
    size = (1.45 * heads + 3.0, 1.62 * len(named) + 0.25)
    figure, axes = subplots(len(named), heads + 1, figsize=size, squeeze=False, width_ratios=[1.0] * heads + [1.7])
    for (*maps, curve), (name, weights) in zip(axes, named.items(), strict=True):
        weights = weights.detach().cpu()
        seen = weights[:, query[0] * grid[1] + query[1]].unflatten(-1, grid)
        for head, (ax, shares) in enumerate(zip(maps, seen, strict=True)):
            ax.imshow(shares, cmap=POSITIVE, norm=PowerNorm(0.5, 0, float(seen.max())))
            frame(ax, query)
            bare(ax)
            radii, means = by_distance(weights[head], grid)
            curve.plot(radii, means, marker=".", markersize=3, linewidth=1.1, label=f"head {head}")
        maps[0].set_ylabel(name)
        curve.axhline(1 / weights.shape[-1], color="0.5", linestyle="--", linewidth=1)
        curve.set_ylim(0)
        curve.set_ylabel("weight")
    for head, ax in enumerate(axes[0][:-1]):
        ax.set_title(f"head {head}")
    axes[-1][-1].set_xlabel("distance in patches; dashed: no prior")
    return figure
