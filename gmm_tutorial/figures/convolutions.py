"""Pictures of masks as convolutions: two ways to one result, blocks, borders, singular values."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, POSITIVE, Picture, image, styled, subplots
from gmm_tutorial.figures.parts import frame, heat, outline, table
from gmm_tutorial.grid import Grid, unfold_kernel

ROWS = (COLORS[0], COLORS[5], "0.6", COLORS[4], COLORS[1])  # blue to orange, one for each row of a kernel


@styled
def two_roads(photo: Tensor, kernel: Tensor, mask: Tensor, by_kernel: Tensor, by_mask: Tensor) -> Figure:
    """A kernel that slides over a photo above, the mask of it that multiplies the photo's pixels below.

    photo: (3, S, S), 0 to 1; kernel: (2S-1, 2S-1); mask: (S^2, S^2); by_kernel, by_mask: (3, S, S), around 0.
    """
    width, height, side = 7.9, 4.75, 2.0
    figure = Picture(figsize=(width, height))

    def square(column: int, row: int) -> Axes:
        return figure.add_axes(
            ((0.12 + 2.85 * column) / width, (2.45 - 2.4 * row) / height, side / width, side / height)
        )

    def operators(row: int, *signs: str) -> None:
        for place, sign in zip((2.48, 5.33), signs, strict=True):
            figure.text(place / width, (2.45 - 2.4 * row + side / 2) / height, sign, ha="center", va="center", size=17)

    line, size, limit = photo.shape[-1], len(mask), 0.4 * float(kernel.max())  # beyond it, the deepest color
    near, rows = slice(line - 11, line + 10), slice(size // 2 - 3 * line, size // 2 + 3 * line)
    heat(square(1, 0), kernel[near, near], limit, f"middle of the kernel, {len(kernel)} x {len(kernel)}")
    middle = square(0, 1)
    heat(middle, mask[rows, rows], limit, f"middle of the mask, {size:,} x {size:,}")
    middle.set_xlabel("key", labelpad=2)
    middle.set_ylabel("query", labelpad=2)
    pictures = {
        (0, 0): ("a photo", photo),
        (2, 0): ("convolution", 0.5 + 3 * by_kernel),
        (1, 1): (f"the photo, {size:,} pixels", photo),
        (2, 1): ("matrix product", 0.5 + 3 * by_mask),
    }
    for place, (title, pixels) in pictures.items():
        ax = square(*place)
        image(ax, pixels.clamp(0, 1))
        ax.set_title(title)
    operators(0, "∗", "=")
    operators(1, "@", "=")
    for ax in figure.axes:
        ax.spines[:].set_visible(False)
    return figure


@styled
def toeplitz_blocks(kernel: Tensor, grid: Grid) -> Figure:
    """A kernel of whole numbers, each of its rows in a color, and its mask, each block in the color of its row."""
    h, w = grid
    mask = unfold_kernel(kernel[None], grid)[0]
    figure, (left, right) = subplots(1, 2, figsize=(5.6, 3.3), width_ratios=(2 * w - 1, h * w))
    table(left, kernel, f"kernel, {2 * h - 1} x {2 * w - 1}", size=10)
    table(right, mask, f"mask, {h * w} x {h * w}", size=10)
    for dy in range(1 - h, h):
        tint(left, dy + h - 1, 0, 1, 2 * w - 1, ROWS[(dy + 2) % 5])
        for y in range(max(0, -dy), min(h, h - dy)):
            tint(right, y * w, (y + dy) * w, w, w, ROWS[(dy + 2) % 5])
    left.set(xticks=range(2 * w - 1), xticklabels=range(1 - w, w), xlabel="dx, columns to the right")
    left.set(yticks=range(2 * h - 1), yticklabels=range(1 - h, h), ylabel="dy, rows down")
    left.tick_params(length=0)
    numbered(right)
    return figure


def numbered(ax: Axes) -> None:
    """Number the queries and keys of a mask that is drawn as a table."""
    rows, columns = round(ax.get_ylim()[0] + 0.5), round(ax.get_xlim()[1] + 0.5)
    ax.set(xticks=range(columns), yticks=range(rows), xlabel="key", ylabel="query")
    ax.tick_params(length=0)


@styled
def row_and_ring(row: Tensor, ring: Tensor) -> Figure:
    """Two masks of whole numbers, (N, N) each, of tokens in a row and on a ring; where they differ is framed."""
    figure, axes = subplots(1, 2, figsize=(5.6, 2.9))
    for ax, mask, title in zip(axes, (row, ring), ("a row, zeros around", "a ring"), strict=True):
        table(ax, mask, title, shade=mask / mask.max(), size=10)
        for query, key in (row != ring).nonzero().tolist():
            outline(ax, query, key, 1, 1, COLORS[1], 2.5)
        numbered(ax)
    return figure


@styled
def rearranged_blocks(Y: Tensor, X: Tensor) -> Figure:
    """The Kronecker product of two small masks of whole numbers, and the same numbers with one row per block.

    Y: (h, h), of at most five entries; X: (w, w). A block and its row have the same color.
    """
    h, w = len(Y), len(X)
    figure, (left, right) = subplots(1, 2, figsize=(7.4, 2.9), width_ratios=(h * w, w * w))
    table(left, torch.kron(Y, X), f"Y kron X, {h * w} x {h * w}", size=10)
    table(right, torch.outer(Y.flatten(), X.flatten()), f"rearranged, {h * h} x {w * w}", size=10)
    for number, (y, key_y) in enumerate(product(range(h), repeat=2)):
        tint(left, y * w, key_y * w, w, w, ROWS[number])
        tint(right, number, 0, 1, w * w, ROWS[number])
    numbered(left)
    pairs = [[f"{a},{b}" for a, b in product(range(side), repeat=2)] for side in (h, w)]
    right.set(yticks=range(h * h), yticklabels=pairs[0], ylabel="rows y, y'")
    right.set(xticks=range(w * w), xticklabels=pairs[1], xlabel="columns x, x'")
    right.tick_params(length=0)
    return figure


def tint(ax: Axes, top: float, left: float, height: float, width: float, color: str) -> None:
    """Color the cells of a table that begin at [top, left], with a white line around them."""
    corner = (left - 0.5, top - 0.5)
    ax.add_patch(Rectangle(corner, width, height, facecolor=color, alpha=0.45, linewidth=0))
    outline(ax, top, left, height, width, "white", 2.5)


@styled
def token_weights(named: Mapping[str, Tensor], query: tuple[int, int]) -> Figure:
    """Maps over the token grid, (h, w) each: the weight that a query, which is framed, gives to each token."""
    figure, axes = subplots(1, len(named), figsize=(2.7 * len(named) + 0.7, 2.6), squeeze=False)
    limit = max(float(weights.max()) for weights in named.values())
    for ax, (name, weights) in zip(axes[0], named.items(), strict=True):
        drawn = ax.imshow(weights.detach().numpy(), cmap=POSITIVE, vmin=0, vmax=limit)
        frame(ax, query)
        ax.set(title=name, xlabel="column of the key", xticks=range(0, weights.shape[1], 2))
        ax.set(yticks=range(0, weights.shape[0], 2))
    axes[0][0].set_ylabel("row of the key")
    figure.colorbar(drawn, ax=axes, shrink=0.8, label="weight")
    return figure


@styled
def wrapped_border(photo: Tensor, torus: Tensor, padded: Tensor) -> Figure:
    """A photo, blurred on a torus and with zeros around, and how far the two differ at each pixel; (3, S, S) each."""
    figure, axes = subplots(1, 4, figsize=(8.6, 2.3))
    pictures = {"photo": photo, "FFT, not padded": torus, "FFT, padded": padded}
    for ax, (name, pixels) in zip(axes, pictures.items(), strict=False):
        image(ax, pixels.clamp(0, 1))
        ax.set_title(name)
    drawn = axes[3].imshow((torus - padded).abs().mean(0).numpy(), cmap=POSITIVE, vmin=0)
    axes[3].set(title="difference of the two", xticks=[], yticks=[])
    figure.colorbar(drawn, ax=axes[3], shrink=0.8, label="difference in brightness")
    return figure


@styled
def singular_values(named: Mapping[str, Tensor], shown: int = 20, floor: float = 1e-6) -> Figure:
    """The first singular values of some matrices, the largest set to 1, on a logarithmic scale, down to a floor."""
    figure, ax = subplots(figsize=(6.6, 2.9))
    for (name, values), color, marker in zip(named.items(), ("0.2", *COLORS), "oDs^vPX", strict=False):
        shares = (values / values[0])[:shown].numpy()
        above = int((shares > floor).sum())
        line, *_ = ax.semilogy(np.arange(1, above + 1), shares[:above], marker, linestyle="-", color=color, label=name)
        line.set(markersize=4.5, linewidth=1)
        if above < shown:  # from here on there is nothing but rounding
            ax.semilogy([above, above + 0.6], [shares[above - 1], floor / 3], color=color, linewidth=1)
    ax.set(xlabel="number of the singular value", ylabel="relative to the first", ylim=(floor, 2))
    ax.set_xticks([1, *range(5, shown + 1, 5)])
    ax.minorticks_off()
    figure.legend(loc="outside right center")
    return figure


@styled
def share_curves(x: Sequence[float], named: Mapping[str, Sequence[float]], chance: float, *, xlabel: str) -> Figure:
    """What share of some matrices a function of the offset explains, over x, and the line of chance."""
    figure, ax = subplots(figsize=(5.6, 2.7))
    ax.axhline(chance, color="0.6", linestyle="--", linewidth=1)
    ax.text(0, chance + 0.02, "chance", color="0.4", ha="left", va="bottom")
    for (name, y), marker in zip(named.items(), "oDs", strict=False):
        ax.plot(x, y, marker=marker, markersize=4, label=name)
    ax.set(xlabel=xlabel, ylabel="explained by the offset", ylim=(0, 1.03))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.legend(loc="upper right")
    return figure


@styled
def layer_shares(shares: Mapping[tuple[str, str], Sequence[float]], relabeled: Sequence[float]) -> Figure:
    """What share of attention the offset explains, layer by layer.

    shares: (model, "before" or "after" training) -> one share per layer; relabeled: those of the control.
    """
    figure, ax = subplots(figsize=(6, 2.8))
    layers = range(len(relabeled))
    models = list(dict.fromkeys(model for model, _ in shares))
    for (model, state), y in shares.items():
        color, marker = COLORS[models.index(model)], "oDs"[models.index(model)]
        style = "--" if state == "before" else "-"
        ax.plot(layers, y, style, marker=marker, markersize=4, color=color, label=f"{model}, {state} training")
    ax.plot(layers, relabeled, ":", marker="x", markersize=5, color="0.4", label="control: relabeled patches")
    ax.set(xlabel="layer", ylabel="explained by the offset", xticks=layers, ylim=(0, None))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    figure.legend(loc="outside right center")
    return figure
