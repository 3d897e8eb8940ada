"""The progress of a training: a table of epochs and a bar of steps on a terminal, one line per epoch in a file."""

from collections.abc import Callable
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from gmm_tutorial.runs.names import run_name
from gmm_tutorial.runs.once import Run, run_once
from gmm_tutorial.runs.store import Store
from gmm_tutorial.train import History, TrainConfig, parallel

SHOWN = 8  # epochs, the last ones


def run_shown(config: TrainConfig, store: Store, *, stop: Callable[[], None] | None = None, **options: Any) -> Run:
    """`run_once`, with a table of its progress. stop: called after each epoch; it may raise an exception to end it."""
    display = Display(config) if parallel.join().first else None

    def on_epoch(history: History) -> None:
        if display:
            display.add(history)
        if stop:
            stop()

    return run_once(config, store, on_epoch=on_epoch, show=display, **options)


class Display:
    """The display of one training, called by `train.fit` as its progress bar; `add` takes what each epoch measured."""

    def __init__(self, config: TrainConfig, console: Console | None = None) -> None:
        self.config, self.console = config, console or Console()
        self.rows: list[tuple[str, ...]] = []
        columns = (TextColumn("step"), MofNCompleteColumn(), BarColumn(bar_width=None), TimeRemainingColumn())
        self.progress = Progress(*columns, console=self.console)
        self.live = Live(console=self.console, get_renderable=self._all, refresh_per_second=2, transient=True)
        self.task: TaskID | None = None

    def __call__(self, done: int, steps: int) -> "Display":
        """Begin at a step of all steps."""
        self.task = self.progress.add_task("", completed=done, total=steps)
        return self

    def __enter__(self) -> "Display":
        print(run_name(self.config), flush=True)
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self.console.is_terminal:
            self.live.stop()
            self.console.print(self._table())

    def update(self) -> None:
        """One step is done."""
        if self.task is not None:
            self.progress.advance(self.task)

    def set_postfix_str(self, text: str) -> None:
        """What a bar alone would show behind itself; here it is in the table."""

    def add(self, history: History) -> None:
        """One epoch is done."""
        row = self._row(history)
        self.rows.append(row)
        if not self.console.is_terminal:
            names = ("epoch", "loss", "test accuracy", "images/s", "left")
            print(", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True) if value), flush=True)

    def _row(self, history: History) -> tuple[str, ...]:
        epoch, config = len(history.loss), self.config
        measured, share = history.accuracy[-1] if history.accuracy else (0, 0.0)
        left = history.seconds / epoch * (config.epochs - epoch)
        speed = config.train_images / history.epoch_seconds[-1]
        accuracy = f"{share:.2%}" if measured == epoch else ""
        return f"{epoch}/{config.epochs}", f"{history.loss[-1]:.3f}", accuracy, f"{speed:,.0f}", duration(left)

    def _table(self) -> Table:
        table = Table(box=None)
        for name in ("epoch", "loss", "test accuracy", "images/s", "time left"):
            table.add_column(name, justify="right")
        for row in self.rows[-SHOWN:]:
            table.add_row(*row)
        return table

    def _all(self) -> Any:
        return Group(self._table(), self.progress)


def duration(seconds: float) -> str:
    """A time in its two largest units, such as 45 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
