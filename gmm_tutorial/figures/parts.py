"""The pieces of which pictures are made: matrices around zero, tables of whole numbers, frames around cells."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from gmm_tutorial.figures.base import SIGNED, bare


def heat(ax: Axes, values: Tensor, limit: float | None = None, title: str = "") -> None:
    """A matrix around zero: blue below, red above, white at zero."""
    array = values.detach().float().cpu().numpy()
    top = limit or float(np.nanmax(np.abs(array))) or 1.0
    ax.imshow(array, cmap=SIGNED, vmin=-top, vmax=top)
    bare(ax, title=title)


def outline(ax: Axes, top: float, left: float, height: float, width: float, color: str, line: float = 2.0) -> None:
    """A frame around the cells of a drawn matrix that begin at [top, left]."""
    corner = (left - 0.5, top - 0.5)
    ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=color, linewidth=line, clip_on=False))


def frame(ax: Axes, place: tuple[float, float], size: float = 1.0) -> None:
    """A frame, seen on any ground, around the token (y, x) of a grid, whose patches are `size` wide in the panel."""
    y, x = place
    for color, width in (("black", 3.0), ("white", 1.4)):
        outline(ax, y * size, x * size, size, size, color, width)


def table(ax: Axes, values: Tensor, title: str = "", shade: Tensor | None = None, size: float = 8) -> None:
    """A matrix of whole numbers, each written into its cell. shade: 0 to 1, how gray each cell is."""
    tone = torch.zeros(values.shape) if shade is None else shade
    height, width = values.shape
    edges = np.arange(width + 1) - 0.5, np.arange(height + 1) - 0.5
    ax.pcolormesh(*edges, tone, cmap="Greys", vmin=0, vmax=2.5, edgecolors="0.8", linewidth=0.7, clip_on=False)
    for y, row in enumerate(values.tolist()):
        for x, value in enumerate(row):
            ax.text(x, y, f"{value:.0f}", ha="center", va="center", fontsize=size)
    ax.set(title=title, xticks=[], yticks=[], aspect="equal", ylim=(height - 0.5, -0.5))
    ax.spines[:].set_visible(False)
