"""Run a notebook cell by cell, and say where it failed."""

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gmm_tutorial._files import write_whole
from gmm_tutorial.course.locate import LessonError, is_copy

CELL_TIMEOUT = 3600  # seconds; a training at full scale may take that long
PICTURE = re.compile(r"data:image/[\w+.-]+;base64,[A-Za-z0-9+/=]+")  # a picture inside of HTML


class Client(NotebookClient):
    """nbclient, in which Ctrl-C is an ordinary KeyboardInterrupt, after which the kernel is shut down."""

    async def async_start_new_kernel(self, **options: Any) -> None:
        # nbclient has just set handlers of its own, which shut the kernel down twice and fail at it
        with suppress(NotImplementedError):  # Windows has none
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().remove_signal_handler(number)
        await super().async_start_new_kernel(**options)

    async def async_execute(self, reset_kc: bool = False, **options: Any) -> NotebookNode:
        try:
            return await super().async_execute(reset_kc, **options)
        except DeadKernelError:  # nbclient takes Ctrl-C for this
            task = asyncio.current_task()
            if task and task.cancelling():
                raise asyncio.CancelledError from None
            raise


def execute(notebook: NotebookNode, folder: Path, title: str) -> None:
    """Run all cells in place, in `folder` and in the profile in force, with a progress bar by cell.

    Raises LessonError with the cell, its source and the last line of its traceback when a cell fails.
    """
    from gmm_tutorial.train import profiles  # it imports torch, for which those who only read a notebook need not wait

    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"{title} ({profiles.current().name})", total=len(cells))
        client = Client(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            shutdown_kernel="immediate",  # a kernel that is asked politely in the middle of a cell complains at length
            extra_arguments=["--log-level=ERROR"],  # a kernel on this machine need not warn of its local socket
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: progress.advance(bar),
        )
        try:
            asyncio.run(client.async_execute())
        except CellExecutionError as error:
            failed = next(cell for cell in cells if any(output.output_type == "error" for output in cell.outputs))
            raise LessonError(about(title, cells, failed, f"{error.ename}: {error.evalue}")) from None
        except (CellTimeoutError, DeadKernelError) as error:
            failed = cells[int(progress.tasks[0].completed)]
            raise LessonError(about(title, cells, failed, str(error).splitlines()[0])) from None


def run(path: Path, output: Path | None = None) -> list[str]:
    """Run a notebook without touching it, and return what its training cells print.

    output: where to write the executed copy, also when a cell fails. Raises LessonError as `execute` does, and before
    anything is run when `output` is where lessons are kept, or no file; OSError when nothing can be written there.
    """
    root = path.resolve().parent.parent
    # not Path.resolve, which has an error of its own for a link to itself
    if output and Path(os.path.realpath(output)).parent in (root / "notebooks", root / "solutions"):
        raise LessonError(f"output is {output}, among the lessons, which must not be overwritten: name another folder")
    if output and output.exists() and not output.is_file():
        raise LessonError(f"output is {output}, but it must be a file, such as {output / path.name}")
    notebook = read(path)
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.outputs, cell.execution_count = [], None  # those of cells that are not reached are not this run's
    if output:
        write(notebook, output)  # a place that cannot be written to is found before the lesson is run, not after
    try:
        execute(notebook, path.parent, path.stem)
    finally:
        if output:
            write(notebook, output)
    trainings = (cell for cell in notebook.cells if "training" in cell.metadata.get("tags", []))
    return [text.strip() for cell in trainings for text in texts(cell)]


def read(path: Path) -> NotebookNode:
    """A notebook, valid in all its parts. Raises LessonError, which says what to do, when the file holds none."""
    try:
        # nbformat.read logs what is invalid and goes on
        notebook = nbformat.convert(nbformat.reader.reads(path.read_text(encoding="utf-8")), 4)
        nbformat.validate(notebook)
    except OSError:
        raise
    except Exception as error:  # JSON that is no notebook makes nbformat fail in ways of all kinds
        why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        again = f"then build it again from its master: gmm-tutorial build {path.name[:2]} --force"
        if is_copy(path.parent.parent):
            again = "then run gmm-tutorial lab, which puts a new copy in its place"
        raise LessonError(f"{path} is not a notebook: {why}\nRename it to keep it, {again}") from None
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook in one step, so that a reader sees the old or the new version, never a partial one."""
    write_whole(path, nbformat.writes(notebook) + "\n")


def about(title: str, cells: list[NotebookNode], cell: NotebookNode, what: str) -> str:
    """What is wrong with a code cell, and which one it is: its number as Jupyter shows it, and its source."""
    source = "\n".join(f"    {line}" for line in cell.source.splitlines())
    return f"{title}, code cell [{cells.index(cell) + 1}]:\n{source}\n{what}"


def texts(cell: NotebookNode) -> list[str]:
    """What a code cell prints and shows in letters."""
    shown = (output.get("data", {"text/plain": output.get("text", "")}) for output in cell.outputs)
    return [PICTURE.sub("", data[kind]) for data in shown for kind in ("text/plain", "text/html") if kind in data]
