"""What the benchmarks share: a clock that says how much it varies, a table, and a receipt in results/bench/."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch.utils.benchmark import Timer

from gmm_tutorial._files import sealed, write_whole
from gmm_tutorial.analysis.cost import peak_bytes
from gmm_tutorial.results import RESULTS, machine
from gmm_tutorial.train.profiles import device

FOLDER = RESULTS / "bench"


@dataclass(frozen=True)
class Measured:
    """One cell of a table. seconds: the median of several calls; spread: their interquartile range, in seconds."""

    row: str
    column: str
    seconds: float
    spread: float
    bytes: int | None = None


def measure(row: str, column: str, compute: Callable[[], Any], *, least: float = 0.3, memory: bool = False) -> Measured:
    """Time a call on one thread, for at least so many seconds and at least three times, after one that warms up."""
    bytes_ = peak_bytes(compute) if memory else None
    timer = Timer("compute()", globals={"compute": compute}, num_threads=1)
    first = timer.timeit(1)
    taken = timer.timeit(1)
    if taken.mean > least:  # a block would take minutes
        times = sorted([first.mean, taken.mean, timer.timeit(1).mean])
        return Measured(row, column, times[1], times[2] - times[0], bytes_)
    found = timer.blocked_autorange(min_run_time=least)
    return Measured(row, column, found.median, found.iqr, bytes_)


def report(name: str, question: str, measured: Sequence[Measured], answers: Sequence[str], notes: str = "") -> None:
    """Print what was measured as a table, with the answers below, and keep it as a receipt.

    name: of the benchmark's file; notes: what was computed, in a sentence.
    """
    columns = list(dict.fromkeys(each.column for each in measured))
    table = Table(title=question, caption=notes)
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    for row in dict.fromkeys(each.row for each in measured):
        cells = {each.column: each for each in measured if each.row == row}
        table.add_row(row, *(shown(cells.get(column)) for column in columns))
    console = Console(width=160)
    console.print(table)
    for answer in answers:
        console.print(f"- {answer}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    values = {"question": question, "notes": notes, "answers": list(answers), **machine(device())}
    values["threads"] = 1
    write_whole(FOLDER / f"{name}.json", sealed({**values, "measured": [asdict(each) for each in measured]}))


def shown(cell: Measured | None) -> str:
    """A cell in words: milliseconds and their spread, and megabytes where memory was counted."""
    if cell is None:
        return ""
    time = f"{1e3 * cell.seconds:.2f} ± {1e3 * cell.spread / 2:.2f} ms"
    return time if cell.bytes is None else f"{time}, {cell.bytes / 1e6:.1f} MB"


def one_thread() -> None:
    """Compute on one thread, so that what other programs do matters less."""
    torch.set_num_threads(1)
