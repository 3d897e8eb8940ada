"""Pictures of cost: what attention holds in memory, a roofline, and the receipts of benchmarks.

A receipt's `measured` is a list of cells: a row and a column of its table, the seconds, their spread, and the bytes.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from torch import Tensor

from gmm_tutorial.figures.base import COLORS, styled, subplots
from gmm_tutorial.figures.parts import heat, outline
from gmm_tutorial.grid import Grid, unfold_kernel

SIZE = re.compile(r"N = ([\d,]+)")
KINDS = {"forward": "forward", "both": "forward and backward"}  # how a row may end, and what that means
UNITS = {"seconds": ("time, ms", 1e3), "bytes": ("memory, MB", 1e-6)}
# of lines, beside their colors; one marker more than there are colors, so that no two of twelve are alike
LOOKS = [(marker, line) for line in ("-", "--") for marker in "osD^vPX"]
FRAME = COLORS[2]  # green, which is not in the color map of masks
Cell = Mapping[str, Any]


@styled
def mask_by_blocks(kernel: Tensor, grid: Grid, row: int, sides: Sequence[int] = (8, 16, 32, 64)) -> Figure:
    """A mask with the columns of one row of keys framed, the part of the kernel that they are read from, and memory.

    kernel: (2h-1, 2w-1); row: of the grid, whose tokens are the keys; sides: of the square grids to count bytes for.
    """
    (h, w), mask = grid, unfold_kernel(kernel[None], grid)[0]
    figure, (left, middle, right) = subplots(1, 3, figsize=(9.4, 2.9), width_ratios=(1, 1, 1.25))
    limit = float(kernel.abs().max())
    heat(left, mask, limit, f"mask, {h * w} x {h * w}")
    left.set(xlabel="key", ylabel="query")
    outline(left, 0, row * w, h * w, w, FRAME, 2.5)
    heat(middle, kernel, limit, f"kernel, {2 * h - 1} x {2 * w - 1}")
    middle.set(xlabel="columns to the right", ylabel="rows down")
    outline(middle, row, 0, h, 2 * w - 1, FRAME, 2.5)
    tokens = [side**2 for side in sides]
    held = {"table of all pairs": ([n * n for n in tokens], COLORS[0])}
    held["one block of it"] = ([side**3 for side in sides], FRAME)
    held["kernel"] = ([(2 * side - 1) ** 2 for side in sides], COLORS[1])
    for (name, (numbers, color)), marker in zip(held.items(), "osD", strict=True):
        right.plot(tokens, [4 * number for number in numbers], marker=marker, markersize=4, color=color, label=name)
    token_axis(right, tokens)
    right.set(title="held for one head", ylabel="bytes, float32", yscale="log")
    right.yaxis.set_minor_locator(NullLocator())
    right.legend()
    return figure


def token_axis(ax: Axes, sizes: Sequence[int]) -> None:
    """A logarithmic axis of numbers of tokens, which are written out."""
    ax.set(xscale="log", xlabel="tokens, N")
    ax.xaxis.set_major_locator(FixedLocator(list(sizes)))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.xaxis.set_minor_locator(NullLocator())


@styled
def roofline(peak: float, bandwidth: float, named: Mapping[str, tuple[float, float]]) -> Figure:
    """The roof of a machine on logarithmic axes, and a point for each computation.

    peak: operations per second; bandwidth: bytes per second; named: operations per byte, and operations per second.
    """
    figure, ax = subplots(figsize=(6.6, 3.2))
    ridge = peak / bandwidth
    intensities = [ridge, *(intensity for intensity, _ in named.values())]
    ends = np.array([min(intensities) / 2, ridge, max(intensities) * 2])
    ax.plot(ends, np.minimum(peak, ends * bandwidth) / 1e9, color="0.4", linewidth=1.5, label="the roof")
    ax.axvline(ridge, color="0.75", linestyle="--", linewidth=1, zorder=0, label="the ridge")
    for number, (name, (intensity, speed)) in enumerate(named.items()):
        marker, _ = LOOKS[number % len(LOOKS)]
        color = COLORS[number % len(COLORS)]
        ax.plot(intensity, speed / 1e9, marker, color=color, markersize=7, linestyle="", label=name)
    ax.set(xscale="log", yscale="log", xlabel="intensity, FLOP per byte", ylabel="speed, GFLOP per second")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
    figure.legend(loc="outside right center")
    return figure


def unique(cells: Sequence[Cell], key: str) -> list[str]:
    """The different values of a key, in the order in which they come."""
    return list(dict.fromkeys(cell[key] for cell in cells))


def sizes(cells: Sequence[Cell]) -> dict[str, int]:
    """How many tokens each column stands for; nothing if the columns are no sizes."""
    found = {column: SIZE.fullmatch(column) for column in unique(cells, "column")}
    return {column: int(match[1].replace(",", "")) for column, match in found.items() if match}


def split(row: str) -> tuple[str, str]:
    """The name of what was measured, and which of KINDS."""
    name, _, kind = row.rpartition(", ")
    return name, kind


@styled
def benchmark_curves(cells: Sequence[Cell]) -> Figure:
    """Time, and memory where it was counted, over the number of tokens: a panel for each kind, a line for each name."""
    kinds = [kind for kind in KINDS if any(split(cell["row"])[1] == kind for cell in cells)]
    measures = [measure for measure in UNITS if any(cell[measure] for cell in cells)]
    names = list(dict.fromkeys(split(cell["row"])[0] for cell in cells))
    size = (3.1 * len(kinds) + 1.6, 2.4 * len(measures) + 0.3)
    figure, axes = subplots(len(measures), len(kinds), figsize=size, squeeze=False, sharex=True, sharey="row")
    for line, measure in zip(axes, measures, strict=True):
        for ax, kind in zip(line, kinds, strict=True):
            for number, name in enumerate(names):
                panel(ax, [cell for cell in cells if cell["row"] == f"{name}, {kind}"], measure, name, number)
            ax.set(xscale="log", yscale="log")
            ax.yaxis.set_major_formatter("{x:g}")
        line[0].set_ylabel(UNITS[measure][0])
    for top, ax, kind in zip(axes[0], axes[-1], kinds, strict=True):
        top.set_title(KINDS[kind])
        token_axis(ax, sorted(sizes(cells).values()))
    handles = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend([handles[name] for name in names], names, loc="outside right center")
    return figure


def panel(ax: Axes, cells: Sequence[Cell], measure: str, name: str, number: int) -> None:
    """Draw one line, if there is anything to draw."""
    tokens, (marker, style) = sizes(cells), LOOKS[number % len(LOOKS)]
    points = sorted((tokens[cell["column"]], UNITS[measure][1] * cell[measure]) for cell in cells if cell[measure])
    if points:
        color = COLORS[number % len(COLORS)]
        ax.plot(*zip(*points, strict=True), style, marker=marker, markersize=4, color=color, label=name)


@styled
def benchmark_bars(cells: Sequence[Cell]) -> Figure:
    """A panel for each column, a bar for each row, with its spread; what a row's name ends with has its color."""
    rows, columns = unique(cells, "row"), unique(cells, "column")
    kinds = list(dict.fromkeys(split(row)[1] for row in rows))
    size = (2.8 * len(columns) + 1.4, 0.26 * len(rows) + 0.8)
    figure, axes = subplots(1, len(columns), figsize=size, squeeze=False, sharey=True)
    for ax, column in zip(axes[0], columns, strict=True):
        for cell in cells:
            if cell["column"] == column:
                color = COLORS[kinds.index(split(cell["row"])[1]) % len(COLORS)]
                time, spread = 1e3 * cell["seconds"], 1e3 * cell["spread"] / 2
                ax.barh(rows.index(cell["row"]), time, xerr=spread, color=color, ecolor="0.5", height=0.7)
        ax.set(xlabel="time, ms", title=column, yticks=range(len(rows)), yticklabels=rows)
        ax.tick_params(axis="y", length=0)
    axes[0][0].invert_yaxis()
    return figure
