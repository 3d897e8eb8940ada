"""How fast it is, in Markdown: the receipts of benchmarks as pictures, answers, tables, and machines.

A receipt is what benchmarks/bench.py writes to results/bench/NAME.json.
"""

import re
from functools import partial
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.bench import Measured, shown
from book import intervals
from gmm_tutorial._files import unsealed
from gmm_tutorial.figures.base import COLORS, styled, subplots

# the benchmarks in the order of the page, which has a heading for each
NAMES = ("masks", "attention", "layers", "manhattan", "retention", "backbones")
SIZE = re.compile(r"N = ([\d,]+)")
KINDS = {"forward": "forward", "both": "forward and backward"}  # how a row may end, and what that means
UNITS = {"seconds": ("time, ms", 1e3), "bytes": ("memory, MB", 1e-6)}
LOOKS = [(marker, line) for line in ("-", "--") for marker in "osD^vP"]  # of the lines, beside their colors
Cell = dict[str, Any]


def fragments(receipts: Path, folder: Path) -> dict[str, str]:
    """The fragment of each benchmark by its name, with the pictures of the receipts that there are."""
    made = {f"bench_{name}": "Not measured yet.\n" for name in NAMES}
    for path in sorted(receipts.glob("*.json")):
        receipt = unsealed(path)
        made[f"bench_{path.stem}"] = fragment(path.stem, receipt)
        draw = over_tokens if sizes(receipt["measured"]) else bars
        intervals.save(partial(draw, receipt["measured"]), folder / f"bench_{path.stem}", colors=64)
    return made


def fragment(name: str, receipt: dict[str, Any]) -> str:
    """The picture, the answers, the table folded, and where it was measured."""
    versions = ", ".join(f"{each} {version}" for each, version in receipt["versions"].items())
    alt = f"{receipt['question']} The table below has the numbers of the picture."
    parts = [
        f"**{receipt['question']}** {receipt['notes']}.",
        intervals.shown(f"bench_{name}", alt),
        "\n".join(f"- {answer}." for answer in receipt["answers"]),
        f":::{{dropdown}} The numbers\n{table(receipt['measured'])}\n:::",
        f"Measured on {receipt['device']}, with {versions}: {{download}}`the receipt <receipts/bench/{name}.json>`.",
    ]
    return "\n\n".join(parts) + "\n"


def table(cells: list[Cell]) -> str:
    """What was measured, one line per row: the median, half of its spread, and the memory where it was counted."""
    columns, at = unique(cells, "column"), {(cell["row"], cell["column"]): Measured(**cell) for cell in cells}
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    for row in unique(cells, "row"):
        lines.append(f"| {row} | {' | '.join(shown(at.get((row, column))) for column in columns)} |")
    return "\n".join(lines)


def unique(cells: list[Cell], key: str) -> list[str]:
    """The different values of a key, in the order in which they come."""
    return list(dict.fromkeys(cell[key] for cell in cells))


def sizes(cells: list[Cell]) -> dict[str, int]:
    """How many tokens each column stands for; nothing if the columns are no sizes."""
    found = {column: SIZE.fullmatch(column) for column in unique(cells, "column")}
    return {column: int(match[1].replace(",", "")) for column, match in found.items() if match}


def split(row: str) -> tuple[str, str]:
    """The name of what was measured, and which of KINDS."""
    name, _, kind = row.rpartition(", ")
    return name, kind


@styled
def over_tokens(cells: list[Cell]) -> Figure:
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
        ax.set_xlabel("tokens, N")
        ax.xaxis.set_major_locator(FixedLocator(sorted(sizes(cells).values())))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        ax.xaxis.set_minor_locator(NullLocator())
    handles = {label: handle for ax in axes.flat for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend([handles[name] for name in names], names, loc="outside right center")
    return figure


def panel(ax: Axes, cells: list[Cell], measure: str, name: str, number: int) -> None:
    """Draw one line, if there is anything to draw."""
    tokens, (marker, style) = sizes(cells), LOOKS[number % len(LOOKS)]
    points = sorted((tokens[cell["column"]], UNITS[measure][1] * cell[measure]) for cell in cells if cell[measure])
    if points:
        color = COLORS[number % len(COLORS)]
        ax.plot(*zip(*points, strict=True), style, marker=marker, markersize=4, color=color, label=name)


@styled
def bars(cells: list[Cell]) -> Figure:
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
