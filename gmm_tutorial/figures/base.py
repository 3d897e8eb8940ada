"""The look that all pictures share, and the pictures that every lesson needs: matrices, images, curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

SIGNED, POSITIVE = "RdBu_r", "magma"  # colour maps: around zero, and from zero up
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe-Ito: told apart by all eyes

plt.rcParams.update(
    {
        "figure.dpi": 100,
        "savefig.dpi": 100,
        "figure.constrained_layout.use": True,
        "font.size": 9,
        "axes.titlesize": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": plt.cycler(color=COLOURS),
        "image.interpolation": "nearest",
        "legend.frameon": False,
    }
)


def bare(ax: Axes, **labels: Any) -> None:
    """The look of matrices and images: no ticks, a thin grey frame, and what `Axes.set` takes besides."""
    ax.set(xticks=[], yticks=[], **labels)
    ax.spines[:].set(visible=True, color="0.75", linewidth=0.6)


def panels(count: int, columns: int | None = None, size: float = 2.2) -> list[Axes]:
    """A row (or rows of `columns`) of empty square panels."""
    columns = min(count, columns or count)
    rows = -(-count // columns)
    _, axes = plt.subplots(rows, columns, figsize=(size * columns, size * rows), squeeze=False)
    flat = list(axes.flat)
    for unused in flat[count:]:
        unused.set_axis_off()
    return flat[:count]


def matrices(
    named: Mapping[str, Tensor],
    *,
    signed: bool | None = None,
    shared: bool = True,
    columns: int | None = None,
    size: float = 2.2,
) -> None:
    """Draw (rows, columns) tensors side by side, with their names above and a colour bar.

    signed: blue below zero, red above, white at zero; else from zero up; by default, signed where an entry is
    negative. shared: one colour scale for all.
    """
    if signed is None:
        signed = any(bool((value < 0).any()) for value in named.values())
    axes = panels(len(named), columns, size)
    arrays = [value.detach().float().cpu().numpy() for value in named.values()]
    top = [float(np.abs(a).max()) or 1.0 for a in arrays]
    if shared:
        top = [max(top)] * len(top)
    for ax, name, array, limit in zip(axes, named, arrays, top, strict=True):
        drawn = ax.imshow(array, cmap=SIGNED if signed else POSITIVE, vmin=-limit if signed else 0, vmax=limit)
        bare(ax, title=name)
        if not shared:
            ax.figure.colorbar(drawn, ax=ax, shrink=0.7)
    if shared:
        axes[0].figure.colorbar(drawn, ax=axes, shrink=0.7)
    plt.show()


def image(ax: Axes, pixels: Tensor, grid: tuple[int, int] | None = None) -> None:
    """Draw (3, S, S) bytes into a panel, with the lines of a token grid over it if one is given."""
    ax.imshow(pixels.permute(1, 2, 0).cpu().numpy())
    bare(ax)
    if grid:
        height, width = pixels.shape[-2] / grid[0], pixels.shape[-1] / grid[1]
        for y in range(1, grid[0]):
            ax.axhline(y * height - 0.5, color="white", linewidth=0.6)
        for x in range(1, grid[1]):
            ax.axvline(x * width - 0.5, color="white", linewidth=0.6)


def curves(
    x: Sequence[float] | Tensor, named: Mapping[str, Sequence[float] | Tensor], *, xlabel: str, ylabel: str
) -> None:
    """Draw named curves over the same x, each point marked."""
    _, ax = plt.subplots(figsize=(5, 2.8))
    for name, y in named.items():
        ax.plot(x, y, marker="o", markersize=3, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=all(float(value).is_integer() for value in x)))
    if len(named) > 1:
        ax.legend()
    plt.show()
