"""Pictures of the backbones: which tokens the mask of a query reaches, and where in attention it acts."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle
from torch import Tensor

from gmm_tutorial.figures.base import Picture, bare, styled, subplots
from gmm_tutorial.figures.parts import frame, outline
from gmm_tutorial.figures.rmt import ALONE, KNOWS_PLACES
from gmm_tutorial.grid import Grid, coordinates

SIDE = 1.62  # of a photo, in inches
UNSEEN = 0.88  # the gray of tokens that a query does not see
PIECES = ("#9CC9E8", "#F6C9A8", "#9AD6C0", "#E6BED3")  # of a window
MEET, HIDDEN = "#F3E9A0", "#3B3B4F"  # pairs of tokens


class Sight(NamedTuple):
    """What one query is given by its mask.

    weights: (h, w), from 0 to 1; query: its (y, x), or None if the class token is the query; side, shift: of windows,
    side 0 for none; class_token: whether there is one.
    """

    weights: Tensor
    query: tuple[int, int] | None
    side: int = 0
    shift: int = 0
    class_token: bool = False

    @classmethod
    def through(cls, grid: Grid, query: tuple[int, int], width: float, **options: Any) -> "Sight":
        """What a query sees through one Gaussian, whose width is in patches of the grid (h, w)."""
        squared = (coordinates(grid) - torch.tensor(query)).square().sum(-1)
        return cls(torch.exp(-squared / (2 * width**2)).view(grid), query, **options)


@styled
def mask_reach(photo: Tensor, sights: Mapping[str, Sight]) -> Figure:
    """A photo for each name, as bright in each patch as its weight; gray is what the query does not see at all."""
    figure = Picture(figsize=(1.8 * len(sights), 2.45))
    photos(figure, photo, sights)
    return figure


@styled
def mask_place(photo: Tensor, sights: Mapping[str, Sight], steps: Sequence[str], masked: Sequence[int]) -> Figure:
    """Steps in a row above the photos of `mask_reach`; those with a mask, by their numbers, are orange."""
    height = 3.1
    figure = Picture(figsize=(max(1.8 * len(sights), 7.4), height))
    ax = figure.add_axes((0, 2.42 / height, 1, 0.62 / height))
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_axis_off()
    words = [step.split("\n") for step in steps]
    widths = [0.35 + max(len(line) for line in lines) for lines in words]
    gap = 0.03
    unit, left = (1 - gap * (len(steps) + 1)) / sum(widths), gap
    for i, (step, width) in enumerate(zip(steps, widths, strict=True)):
        color = KNOWS_PLACES if i in masked else ALONE
        style = "round,pad=0,rounding_size=0.012"
        ax.add_patch(FancyBboxPatch((left, 0.1), width * unit, 0.8, boxstyle=style, fc=color, ec="0.35"))
        ax.text(left + width * unit / 2, 0.48, step, ha="center", va="center", fontsize=8.5)
        left += width * unit
        if i + 1 < len(steps):
            arrow = {"arrowstyle": "-|>", "color": "0.25", "lw": 1.2, "shrinkA": 1, "shrinkB": 1}
            ax.annotate("", (left + gap, 0.5), (left, 0.5), arrowprops=arrow)
        left += gap
    photos(figure, photo, sights)
    return figure


def photos(figure: Figure, photo: Tensor, sights: Mapping[str, Sight], bottom: float = 0.38) -> None:
    """A row of photos in the middle of a figure, `bottom` inches above its lower edge, and what they show below."""
    width, height = figure.get_size_inches()
    key(figure, list(sights.values()))
    left = (width - 1.8 * len(sights)) / 2 + 0.09
    room = 0.2 * any(sight.class_token for sight in sights.values())  # for a class token, as a share of the photo
    for i, (name, sight) in enumerate(sights.items()):
        ax = figure.add_axes(((left + 1.8 * i) / width, bottom / height, SIDE / width, SIDE / height))
        lit(ax, photo, sight, room)
        ax.set_title(name, fontsize=9, x=(room + 0.5) / (room + 1))


def key(figure: Figure, sights: Sequence[Sight]) -> None:
    """One line at the bottom of a figure: how bright which weight is, and the signs that these photos have."""
    width, height = figure.get_size_inches()
    signs = {"the query": "frame", "not in its window": "gray"}
    shown = [name for name, sign in signs.items() if sign == "frame" or any(sight.side for sight in sights)]
    if any(sight.class_token for sight in sights):
        shown.append("class token")
    left, line, side = width / 2 - 1.3 - 0.65 * len(shown), 0.11, 0.16  # in inches

    def box(x: float, wide: float, **look: Any) -> None:
        place = (x / width, (line - side / 2) / height)
        figure.add_artist(Rectangle(place, wide / width, side / height, transform=figure.transFigure, **look))

    def words(x: float, text: str, align: str = "left") -> None:
        figure.text(x / width, line / height, text, ha=align, va="center_baseline", fontsize=8)

    words(left + 1.05, "mask weight: 0", "right")
    for i in range(12):
        box(left + 1.12 + 0.07 * i, 0.07, facecolor=str(0.12 + 0.88 * i / 11), edgecolor="none")
    box(left + 1.12, 0.84, facecolor="none", edgecolor="0.35", linewidth=0.8)
    words(left + 2.02, "1")
    left += 2.4
    for name in shown:
        if name == "class token":
            box(left, side, facecolor="white", edgecolor="0.35", linewidth=1.0)
            words(left + side / 2, "c", "center")
        elif name == "the query":
            box(left, side, facecolor="none", edgecolor="black", linewidth=3.0)
            box(left, side, facecolor="none", edgecolor="white", linewidth=1.4)
        else:
            box(left, side, facecolor=str(UNSEEN), edgecolor="0.35", linewidth=0.8)
        words(left + side + 0.07, name)
        left += 0.45 + 0.065 * len(name)


def lit(ax: Axes, photo: Tensor, sight: Sight, room: float) -> None:
    """A photo under the weights of one query, the query framed; a class token stands to the left of the photo."""
    h, w = sight.weights.shape
    room = room * w
    ax.set_anchor("N")  # right below its title, also where room for a class token makes it smaller
    pixels = F.interpolate(0.25 + 0.75 * photo[None].float() / 255, size=(160, 160), mode="nearest")[0]
    weights = F.interpolate((0.12 + 0.88 * sight.weights)[None, None], size=(160, 160), mode="nearest")[0]
    seen = F.interpolate(same_window(sight)[None, None].float(), size=(160, 160), mode="nearest")[0]
    # 24 shades are enough, and keep the file small
    shades = (24 * torch.where(seen > 0, pixels * weights, UNSEEN)).round() / 24
    ax.imshow(shades.permute(1, 2, 0).numpy(), extent=(-0.5, w - 0.5, h - 0.5, -0.5))
    bare(ax, xlim=(-0.5 - room, w - 0.5), ylim=(h - 0.5, -0.5), aspect="equal")
    ax.spines[:].set_visible(False)
    if sight.side:
        for edge in range(sight.shift or sight.side, max(h, w), sight.side):
            ax.axhline(edge - 0.5, xmin=room / (w + room), color="black", linewidth=1.1)
            ax.axvline(edge - 0.5, color="black", linewidth=1.1)
    if sight.class_token:
        size = 0.8 * room
        ax.add_patch(Rectangle((-0.5 - room, -0.5), size, size, fc="white", ec="0.35", linewidth=1.0))
        ax.text(-0.5 - room + size / 2, -0.5 + size / 2, "c", ha="center", va="center", fontsize=8)
    if sight.query is not None:
        frame(ax, sight.query)


def same_window(sight: Sight) -> Tensor:
    """Whether each token is in the window of the query, (h, w); all are where there are no windows."""
    h, w = sight.weights.shape
    if not sight.side or sight.query is None:
        return torch.ones(h, w, dtype=torch.bool)
    # a window that wraps around is cut where it does: its first part has the number -1
    rows, columns = ((torch.arange(n) - sight.shift) // sight.side for n in (h, w))
    y, x = sight.query
    return (rows == rows[y])[:, None] & (columns == columns[x])


@styled
def shifted_windows(together: Tensor, grid: Grid, side: int) -> Figure:
    """The windows of a rolled grid, cut into pieces that may meet, and for each window which of its pairs may meet.

    together: (windows, side^2, side^2), true where two tokens may meet; windows and tokens in raster order.
    """
    names = [f"window {number}" for number in range(len(together))]
    figure, axes = subplots(1, 1 + len(names), figsize=(2.0 * (1 + len(names)), 2.5), squeeze=False)
    # a token is named after the first one that it may meet; then the names are counted in each window
    firsts = together.int().argmax(-1)
    pieces = torch.stack([torch.unique(window, return_inverse=True)[1] for window in firsts])
    h, w = (length // side for length in grid)
    laid = pieces.view(h, w, side, side).transpose(1, 2).reshape(grid)
    ax = axes[0][0]
    ax.imshow(laid.numpy(), cmap=ListedColormap(PIECES), vmin=0, vmax=len(PIECES) - 1)
    bare(ax, title="the rolled grid")
    for y, x in product(range(h), range(w)):
        outline(ax, y * side, x * side, side, side, "black", 1.6)
        middle = (x * side + (side - 1) / 2, y * side + (side - 1) / 2)
        look = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none"}
        ax.text(*middle, str(y * w + x), ha="center", va="center", fontsize=9, bbox=look)
    for ax, name, pairs in zip(axes[0][1:], names, together, strict=True):
        ax.imshow(pairs.numpy(), cmap=ListedColormap((HIDDEN, MEET)), vmin=0, vmax=1)
        bare(ax, title=name, xlabel="key")
    axes[0][1].set_ylabel("query")
    handles = [Patch(fc=color, ec="0.35", label=name) for name, color in (("may meet", MEET), ("hidden", HIDDEN))]
    figure.legend(handles=handles, loc="outside lower right", ncols=2)
    return figure
