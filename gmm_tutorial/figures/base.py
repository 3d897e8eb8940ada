"""The look that all pictures share, and the pictures that every lesson needs: matrices, images, curves."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler
from matplotlib.ticker import MaxNLocator
from PIL import Image
from torch import Tensor

SIGNED, POSITIVE = "RdBu_r", "magma"  # color maps: around zero, and from zero up
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe-Ito: told apart by all eyes
PIXELS = 2  # of a picture for each pixel that it takes on a page, in each direction: sharp on all screens
LOOK: Any = {
    "figure.dpi": 100 * PIXELS,
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLORS),
    "image.interpolation": "nearest",
    "legend.frameon": False,
}
Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")


def styled(draw: Callable[Arguments, Made]) -> Callable[Arguments, Made]:
    """Let a function that draws use our look, and leave matplotlib's settings as they were."""

    @wraps(draw)
    def wrapped(*arguments: Arguments.args, **options: Arguments.kwargs) -> Made:
        with matplotlib.rc_context(LOOK):
            return draw(*arguments, **options)

    return wrapped


class Picture(Figure):
    """A figure in our look that pyplot does not know of: a notebook shows it once, as the value of a cell.

    In the middle of a cell or in a loop it takes `display(picture)`. `picture.savefig(path)` writes it to a file.
    """

    # Which ticks there are, and how large, is decided only when a figure is measured and drawn: in our look as well.
    draw = styled(Figure.draw)
    get_tightbbox = styled(Figure.get_tightbbox)

    def as_png(self) -> tuple[bytes, dict[str, int]]:
        """The picture cut to its contents, and the size at which a page shows it: PIXELS of it for each of the page."""
        drawn = io.BytesIO()
        self.savefig(drawn, format="png", bbox_inches="tight")
        width, height = Image.open(drawn).size
        return drawn.getvalue(), {"width": width // PIXELS, "height": height // PIXELS}

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, bytes], dict[str, dict[str, int]]]:
        png, size = self.as_png()
        return {"image/png": png}, {"image/png": size}


def subplots(rows: int = 1, columns: int = 1, *, figsize: tuple[float, float], **options: Any) -> tuple[Picture, Any]:
    """A picture and its panels, as `pyplot.subplots` returns them."""
    figure = Picture(figsize=figsize, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def bare(ax: Axes, **labels: Any) -> None:
    """The look of matrices and images: no ticks, a thin gray frame, and what `Axes.set` takes besides."""
    ax.set(xticks=[], yticks=[], **labels)
    ax.spines[:].set(visible=True, color="0.75", linewidth=0.6)


def panels(count: int, columns: int | None = None, size: float = 2.2) -> tuple[Picture, list[Axes]]:
    """A picture with a row (or rows of `columns`) of empty square panels."""
    columns = min(count, columns or count)
    rows = -(-count // columns)
    figure, axes = subplots(rows, columns, figsize=(size * columns, size * rows), squeeze=False)
    flat = list(axes.flat)
    for unused in flat[count:]:
        unused.set_axis_off()
    return figure, flat[:count]


@styled
def matrices(
    named: Mapping[str, Tensor],
    *,
    signed: bool | None = None,
    shared: bool = True,
    columns: int | None = None,
    size: float = 2.2,
    down: str = "",
    along: str = "",
    label: str = "",
) -> Figure:
    """Draw (rows, columns) tensors side by side, with their names above and a color bar.

    signed: blue below zero, red above, white at zero; else from zero up; by default, signed where an entry is
    negative. shared: one color scale for all. down, along, label: what the rows, the columns and the colors are.
    """
    if signed is None:
        signed = any(bool((value < 0).any()) for value in named.values())
    figure, axes = panels(len(named), columns, size)
    arrays = [value.detach().float().cpu().numpy() for value in named.values()]
    top = [float(np.abs(a).max()) or 1.0 for a in arrays]
    if shared:
        top = [max(top)] * len(top)
    for ax, name, array, limit in zip(axes, named, arrays, top, strict=True):
        drawn = ax.imshow(array, cmap=SIGNED if signed else POSITIVE, vmin=-limit if signed else 0, vmax=limit)
        bare(ax, title=name, xlabel=along)
        if not shared:
            figure.colorbar(drawn, ax=ax, shrink=0.7, label=label)
    axes[0].set_ylabel(down)
    if shared:
        figure.colorbar(drawn, ax=axes, shrink=0.7, label=label)
    return figure


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


@styled
def curves(
    x: Sequence[float] | Tensor,
    named: Mapping[str, Sequence[float] | Tensor],
    *,
    xlabel: str,
    ylabel: str,
    dashed: Sequence[str] = (),
    levels: Mapping[str, float] | None = None,
) -> Figure:
    """Draw named curves over the same x, each point marked.

    dashed: the names of those that would cover others; levels: gray dashed lines, named at their right end.
    """
    figure, ax = subplots(figsize=(5, 2.8))
    for name, level in (levels or {}).items():
        ax.axhline(level, color="0.6", linestyle="--", linewidth=1, zorder=0)
        ax.annotate(name, (1, level), (3, 0), ax.get_yaxis_transform(), "offset points", color="0.4", va="center")
    for name, y in named.items():
        ax.plot(x, y, "--" if name in dashed else "-", marker="o", markersize=3, label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.xaxis.set_major_locator(MaxNLocator(integer=all(float(value).is_integer() for value in x)))
    if len(named) > 3:  # so many names would cover the curves
        figure.legend(loc="outside right center")
    elif len(named) > 1:
        ax.legend()
    return figure
