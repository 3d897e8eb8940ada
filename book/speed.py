"""How fast it is, in Markdown: the receipts of benchmarks as pictures, answers, tables, and machines.

A receipt is what benchmarks/bench.py writes to results/bench/NAME.json.
"""

from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bench import Measured, shown
from book import intervals
from gmm_tutorial._files import unsealed
from gmm_tutorial.figures import benchmark_bars, benchmark_curves
from gmm_tutorial.figures.speed import sizes, unique

# the benchmarks in the order of the page, which has a heading for each
NAMES = ("masks", "attention", "layers", "manhattan", "retention", "backbones")
Cell = dict[str, Any]


def fragments(receipts: Path, folder: Path) -> dict[str, str]:
    """The fragment of each benchmark by its name, with the pictures of the receipts that there are."""
    made = {f"bench_{name}": "Not measured yet.\n" for name in NAMES}
    for path in sorted(receipts.glob("*.json")):
        receipt = unsealed(path)
        made[f"bench_{path.stem}"] = fragment(path.stem, receipt)
        draw = benchmark_curves if sizes(receipt["measured"]) else benchmark_bars
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
