"""Run a notebook cell by cell, and say where it failed."""

import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gmm_tutorial.course.locate import LessonError
from gmm_tutorial.train import profiles

CELL_TIMEOUT = 3600  # seconds; a training at full scale may take that long
PICTURE = re.compile(r"data:image/[\w+.-]+;base64,[A-Za-z0-9+/=]+")  # a picture inside of HTML


def execute(notebook: NotebookNode, folder: Path, title: str) -> None:
    """Run all cells in place, in `folder` and in the profile in force, with a progress bar by cell.

    Raises LessonError with the cell, its source and the last line of its traceback when a cell fails.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(f"{title} ({profiles.current().name})", total=len(cells))
        client = NotebookClient(
            notebook,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],  # a kernel on this machine need not warn of its local socket
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: progress.advance(bar),
        )
        try:
            client.execute()
        except CellExecutionError as error:
            failed = next(cell for cell in cells if any(output.output_type == "error" for output in cell.outputs))
            raise LessonError(about(title, cells, failed, f"{error.ename}: {error.evalue}")) from None
        except (CellTimeoutError, DeadKernelError) as error:
            failed = cells[int(progress.tasks[0].completed)]
            raise LessonError(about(title, cells, failed, str(error).splitlines()[0])) from None


def run(path: Path, output: Path | None = None) -> list[str]:
    """Run a notebook without touching it, and return what its training cells print.

    output: where to write the executed copy, also when a cell fails. Raises LessonError as `execute` does, and when
    `output` is where lessons are kept.
    """
    root = path.resolve().parent.parent
    if output and output.resolve().parent in (root / "notebooks", root / "solutions"):
        raise LessonError(
            f"output is {output}, among the lessons, which are not to be written over: name another folder"
        )
    notebook = nbformat.read(path, as_version=4)
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.outputs, cell.execution_count = [], None  # those of cells that are not reached are not this run's
    try:
        execute(notebook, path.parent, path.stem)
    finally:
        if output:
            write(notebook, output)
    trainings = (cell for cell in notebook.cells if "training" in cell.metadata.get("tags", []))
    return [text.strip() for cell in trainings for text in texts(cell)]


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook in one step: whoever reads sees the old one or the new one, never half of one."""
    partial = path.with_suffix(".partial")
    partial.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
    partial.replace(path)


def about(title: str, cells: list[NotebookNode], cell: NotebookNode, what: str) -> str:
    """What is wrong with a code cell, and which one it is: its number as Jupyter shows it, and its source."""
    source = "\n".join(f"    {line}" for line in cell.source.splitlines())
    return f"{title}, code cell [{cells.index(cell) + 1}]:\n{source}\n{what}"


def texts(cell: NotebookNode) -> list[str]:
    """What a code cell prints and shows in letters."""
    shown = (output.get("data", {"text/plain": output.get("text", "")}) for output in cell.outputs)
    return [PICTURE.sub("", data[kind]) for data in shown for kind in ("text/plain", "text/html") if kind in data]
