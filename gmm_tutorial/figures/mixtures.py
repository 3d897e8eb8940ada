"""Pictures of mixtures of Gaussians, of the window that slides over a kernel, and of how a mask changes weights."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, Picture, bare, image, styled, subplots
from gmm_tutorial.figures.parts import frame, heat, outline, table
from gmm_tutorial.grid import Grid, unfold_kernel

QUERIES = (COLORS[2], COLORS[4], COLORS[3])  # green, orange, pink: none of them is in the color map of masks


@styled
def mixture_overview(photo: Tensor, kernels: Tensor, queries: Sequence[tuple[int, int]]) -> Figure:
    """Patches, Gaussians, their sum, the sum's window for three queries, and each window flattened to a row.

    photo: (3, S, S) bytes; kernels: (K, 2n-1, 2n-1), to be added up; queries: three positions (y, x) on the n x n grid.
    """
    n = (kernels.shape[-1] + 1) // 2
    mixture = kernels.sum(0)
    mask = unfold_kernel(mixture[None], (n, n))[0]
    limit = float(mixture.abs().max())  # one scale for all panels: what is beyond it has the deepest color
    width, height = 8.6, 5.5  # all sides below are whole numbers of pixels a cell, which keeps the picture small
    figure = Picture(figsize=(width, height))

    def square(left: float, bottom: float, side: float) -> Axes:
        return figure.add_axes((left / width, bottom / height, side / width, side / height))

    first, parts = square(0.1, 3.65, 1.6), [square(2.3 + 2.15 * i, 3.65, 1.65) for i in range(len(kernels))]
    whole, rows = square(0.1, 0.45, 2.85), square(5.3, 0.1, 3.2)
    image(first, photo, (n, n))
    first.set_title(f"an image: {n} rows of {n} patches")
    for i, (ax, kernel) in enumerate(zip(parts, kernels, strict=True)):
        heat(ax, kernel, limit, f"Gaussian {i + 1}" + (" (negative)" if kernel[n - 1, n - 1] < 0 else ""))
        if i:
            ax.text(-0.15, 0.5, "+", transform=ax.transAxes, ha="center", va="center", fontsize=16)
    heat(whole, mixture, limit, f"kernel, {2 * n - 1} x {2 * n - 1}: their sum")
    heat(rows, mask, limit, f"mask, {n * n} x {n * n}: one row per patch")
    patch = photo.shape[-1] / n
    for i, ((y, x), color) in enumerate(zip(queries, QUERIES, strict=True)):
        ax = square(3.55, 0.42 + 1.0 * (len(queries) - 1 - i), 0.88)
        heat(ax, mask[y * n + x].view(n, n), limit)
        ax.spines[:].set(visible=True, color=color, linewidth=3)
        outline(first, y * patch, x * patch, patch, patch, color, 2.5)
        outline(whole, n - 1 - y, n - 1 - x, n, n, color, 2.5)
        outline(rows, y * n + x, 0, 1, n * n, color, 1.2)
        edge, row = (n - 0.4, (n - 1) / 2), (-0.8, y * n + x)
        arrow = ConnectionPatch(edge, row, "data", "data", axesA=ax, axesB=rows, arrowstyle="-|>", color=color)
        arrow.set_annotation_clip(False)  # its ends lie just outside of both panels
        figure.add_artist(arrow)
        if i == 0:
            ax.set_title("windows")
    return figure


@styled
def mixture_profile(alpha: Sequence[float], sigma: Sequence[float], reach: float = 5.0) -> Figure:
    """A mixture along one line away from the query: each Gaussian dashed, the sum solid, a dot at each patch."""
    d = np.linspace(-reach, reach, 501)
    patches = np.arange(-int(reach), int(reach) + 1)

    def gaussian(i: int, d: np.ndarray) -> np.ndarray:
        return alpha[i] * np.exp(-(d**2) / (2 * sigma[i] ** 2))

    figure, ax = subplots(figsize=(5.4, 2.2))
    ax.axhline(0, color="0.8", linewidth=0.8)
    for i, color in zip(range(len(alpha)), COLORS, strict=False):
        name = f"alpha {alpha[i]:g}, sigma {sigma[i]:g}"
        ax.plot(d, gaussian(i, d), "--", color=color, linewidth=1.2, label=name)
    ax.plot(d, sum(gaussian(i, d) for i in range(len(alpha))), color="0.15", linewidth=1.5, label="their sum")
    ax.plot(patches, sum(gaussian(i, patches) for i in range(len(alpha))), "o", color="0.15", markersize=5)
    ax.set(xlabel="patches from the query", ylabel="weight", xticks=patches[::5], yticks=(-0.8, 0, 0.6))
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


@styled
def window_steps(kernel: Tensor, grid: Grid, query: tuple[int, int]) -> Figure:
    """The four steps for one query: its place, the grid laid on the kernel, the window, the row of the mask."""
    (h, w), (y, x) = grid, query
    top, left = h - 1 - y, w - 1 - x
    window = kernel[top : top + h, left : left + w]
    figure, axes = subplots(1, 4, figsize=(8.4, 2.1), width_ratios=(w, 2 * w - 1, w, h * w))
    places = torch.zeros(h, w)
    places[y, x] = 1
    middle, inside = torch.zeros_like(kernel), torch.zeros_like(kernel)
    middle[h - 1, w - 1] = 1
    inside[top : top + h, left : left + w] = 0.3
    table(axes[0], torch.arange(h * w).view(h, w), "1. the tokens,\nthe query gray", places)
    table(axes[1], kernel, "2. on the kernel: the query\non the center", torch.maximum(middle, inside))
    table(axes[2], window, "3. cut the\nwindow out", 0.3 + 0.7 * places)
    table(
        axes[3], window.reshape(1, -1), f"4. flatten it:\nrow {y * w + x} of the mask", 0.3 + 0.7 * places.view(1, -1)
    )
    outline(axes[0], 0, 0, h, w, COLORS[1])
    outline(axes[1], top, left, h, w, COLORS[1])
    outline(axes[2], 0, 0, h, w, COLORS[1])
    outline(axes[3], 0, 0, 1, h * w, COLORS[1])
    return figure


@styled
def windows_on_kernel(kernel: Tensor, grid: Grid) -> Figure:
    """Where the window of every query lies on the kernel: one panel per query, arranged as the tokens are."""
    h, w = grid
    figure, axes = subplots(h, w, figsize=(2.3 * w, 1.65 * h), squeeze=False)
    for y in range(h):
        for x in range(w):
            shade = torch.zeros_like(kernel)
            shade[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x] = 0.3
            shade[h - 1, w - 1] = 1
            table(axes[y, x], kernel, f"query ({y}, {x})", shade)
            outline(axes[y, x], h - 1 - y, w - 1 - x, h, w, COLORS[1])
    return figure


@styled
def kernel_and_mask(kernel: Tensor, mask: Tensor, grid: Grid) -> Figure:
    """A small kernel and the mask that it unfolds to, as whole numbers, with lines between the rows of tokens."""
    h, w = grid
    figure, (left, right) = subplots(1, 2, figsize=(6, 2.9), width_ratios=(2 * w - 1, h * w))
    middle = torch.zeros_like(kernel)
    middle[h - 1, w - 1] = 1
    table(left, kernel, f"kernel, {2 * h - 1} x {2 * w - 1}", middle)
    table(right, mask, f"mask, {h * w} x {h * w}", torch.eye(h * w))
    for block in range(1, h):
        right.axhline(block * w - 0.5, color=COLORS[1], linewidth=1.5)
        right.axvline(block * w - 0.5, color=COLORS[1], linewidth=1.5)
    right.set(xlabel="key", ylabel="query")
    return figure


@styled
def underflow(published: Tensor, exact: Tensor, distance: Tensor) -> Figure:
    """The weights of the query in the corner, as published and as the formula says: two maps, and along distance.

    published, exact: (n, n), the weights of all keys; distance: (n, n), in patches.
    """
    figure, (left, middle, right) = subplots(1, 3, figsize=(8.4, 2.3), width_ratios=(1, 1, 1.6))
    for ax, values, title in ((left, published, "as published"), (middle, exact, "exponent formed first")):
        drawn = ax.imshow(values, cmap="magma", vmin=0, vmax=1)
        frame(ax, (0, 0))
        bare(ax, title=title)
    figure.colorbar(drawn, ax=(left, middle), shrink=0.8, ticks=(0, 0.5, 1), label="weight")
    order = distance.flatten().argsort()
    for values, name, style in ((exact, "exponent formed first", "-"), (published, "as published", "--")):
        right.plot(distance.flatten()[order], values.flatten()[order], style, label=name, linewidth=1.6)
    right.set(xlabel="distance, patches", ylabel="weight", ylim=(-0.03, 1.03), xticks=(0, 10, 20), yticks=(0, 0.5, 1))
    right.legend(loc="upper right")
    return figure


@styled
def weight_bars(named: Mapping[str, Mapping[str, Tensor]], keys: Sequence[str], ylabel: str) -> Figure:
    """Grouped bars: a panel for each name, a group for each key, a bar for each of the inner names."""
    figure, axes = subplots(1, len(named), figsize=(4 * len(named), 2.5), sharey=True, squeeze=False)
    for ax, (title, group) in zip(axes.flat, named.items(), strict=True):
        width = 0.8 / len(group)
        for i, ((name, values), color) in enumerate(zip(group.items(), ("0.7", *COLORS), strict=False)):
            ax.bar(np.arange(len(keys)) + (i - (len(group) - 1) / 2) * width, values, width, color=color, label=name)
        ax.set(title=title, xticks=np.arange(len(keys)), xticklabels=keys)
    axes[0, 0].set_ylabel(ylabel)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
