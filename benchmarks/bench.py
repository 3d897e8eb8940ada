"""What the benchmarks share: a clock that says how much it varies, a table, and a receipt in results/bench/.

`make bench` runs them all, each as `python -m benchmarks.NAME`. The page "How fast" of the book shows the receipts.
"""

import ctypes
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from timeit import timeit
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.utils.benchmark import Timer

from gmm_tutorial._files import sealed, write_whole
from gmm_tutorial.analysis.cost import clock, exponent, peak_bytes
from gmm_tutorial.results import BENCHMARKS, machine
from gmm_tutorial.train.profiles import device

FOLDER = BENCHMARKS
LEAST = 0.3  # seconds that a call is timed for


@dataclass(frozen=True)
class Measured:
    """One cell of a table. seconds: the median of several calls; spread: their interquartile range, in seconds."""

    row: str
    column: str
    seconds: float
    spread: float
    bytes: int | None = None


def measure(row: str, column: str, compute: Callable[[], Any], *, memory: bool = False) -> Measured:
    """Time a call on one thread, for at least LEAST seconds or three times, after one that warms up."""
    bytes_ = peak_bytes(compute)  # the call that warms up
    once = partial(timeit, compute, timer=clock, number=1)
    if (first := once()) > LEAST:  # a `Timer` would make two calls before each one that counts
        times = sorted([first, once(), once()])
        return Measured(row, column, times[1], times[2] - times[0], bytes_ if memory else None)
    found = Timer("compute()", globals={"compute": compute}, num_threads=1).blocked_autorange(min_run_time=LEAST)
    return Measured(row, column, found.median, found.iqr, bytes_ if memory else None)


def passes(
    function: Callable[..., Tensor], inputs: Sequence[Tensor], wanted: Sequence[Tensor]
) -> dict[str, Callable[[], Any]]:
    """What there is to measure of a function: "forward", without gradients, and "both", a forward and a backward pass.

    wanted: of what the gradients are. The gradient of the result, from which they follow, is random and always the
    same: that of a sum, which is 1 everywhere, would let a backward pass read one number instead of all.
    """
    with torch.no_grad():
        upstream = torch.randn_like(function(*inputs))

    def forward() -> None:
        with torch.no_grad():
            function(*inputs)

    def both() -> None:
        torch.autograd.grad(function(*inputs), wanted, upstream, allow_unused=True)

    return {"forward": forward, "both": both}


def matrix_peak(size: int = 1024) -> float:
    """The multiplications and additions per second of a large matrix product, in float32: what nothing exceeds here."""
    a, b = torch.randn(2, size, size, device=device()).unbind()
    return 2 * size**3 / measure("", "", partial(torch.mm, a, b)).seconds


def tokens(number: int) -> str:
    """The name of a column: so many tokens."""
    return f"N = {number:,}"


def growth(measured: Sequence[Measured], row: str, sizes: Sequence[int]) -> str:
    """The powers of N by which the costs of a row grow, in words: over all sizes, and between the two largest."""
    sizes = sorted(sizes)
    cells = {each.column: each for each in measured if each.row == row}
    found = [cells[tokens(size)] for size in sizes]
    costs: dict[str, list[float]] = {"time": [each.seconds for each in found]}
    if all(each.bytes for each in found):
        costs["memory"] = [float(each.bytes or 0) for each in found]
    powers = (
        f"{name} grows as N^{exponent(sizes, cost):.2f} (N^{exponent(sizes[-2:], cost[-2:]):.2f} at the end)"
        for name, cost in costs.items()
    )
    return f"{row}: {', '.join(powers)}"


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
    """Compute on one thread, so that what other programs do matters less, and keep memory, for the same reason."""
    torch.set_num_threads(1)
    keep_memory()


def keep_memory() -> bool:
    """Let this process keep the memory that it frees. Returns whether its C library, glibc, can be told to.

    By default it hands every block above 32 MB back to the system at once, and the next call has to ask for it anew.
    That takes several times as long as to fill it, and how often it happens is a matter of chance.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(libc, "mallopt"):
        return False
    mmap_max, trim_threshold = -4, -1  # the numbers of these options in malloc.h
    return bool(libc.mallopt(mmap_max, 0) and libc.mallopt(trim_threshold, 2**31 - 1))
