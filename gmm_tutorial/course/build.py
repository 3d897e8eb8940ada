"""From the master of a lesson to its two notebooks: the solution, and the learner's with its exercises blanked.

The master, solutions/NN_name.md, is the only place where a lesson is edited. What is made from it depends on nothing
else: cells are named by their content, and of the metadata only what is needed is kept. So a notebook also knows
whether somebody has worked in it, and is not overwritten then.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from gmm_tutorial.course.locate import LessonError, masters, padded, targets
from gmm_tutorial.course.run import execute, read, write
from gmm_tutorial.course.tidy import METADATA, tidy
from gmm_tutorial.learn.cells import cell_name

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"


def cut(lines: list[str], solution: bool, where: str) -> Iterator[str]:
    """The lines of a master with its solutions kept (without their markers) or each replaced by one `...`.

    Raises LessonError with `where` and the line when a marker is not closed, not opened, or inside another.
    """
    opened = 0
    for number, line in enumerate(lines, start=1):
        if line.strip() == BEGIN:
            if opened:
                raise LessonError(f"{where}:{number}: {BEGIN} inside the one of line {opened}")
            opened = number
            if not solution:
                yield line.replace(BEGIN, "...")
        elif line.strip() == END:
            if not opened:
                raise LessonError(f"{where}:{number}: {END} without {BEGIN}")
            opened = 0
        elif opened and line.startswith("```"):
            break
        elif solution or not opened:
            yield line
    if opened:
        raise LessonError(f"{where}:{opened}: {BEGIN} is never closed")


def generate(master: Path, solution: bool) -> NotebookNode:
    """The solution or the learner's notebook of a master, not executed yet; the same bytes at each call."""
    text = "\n".join(cut(master.read_text(encoding="utf-8").splitlines(), solution, f"solutions/{master.name}"))
    notebook: NotebookNode = jupytext.reads(text, fmt="md:myst")
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        name = cell_name(cell.cell_type, cell.source)
        cell["id"] = f"{name}-{seen[name]}"
        seen[name] += 1
    notebook.metadata = nbformat.from_dict({**METADATA, "gmm_tutorial": {"digest": digest(notebook)}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def digest(notebook: NotebookNode) -> str:
    """The sha256 of all that somebody can write into a notebook: the sources of its cells.

    Empty cells do not count: JupyterLab adds one below the last cell that is run.
    """
    text = "\0".join(f"{cell.cell_type}\n{cell.source}" for cell in notebook.cells if cell.source.strip())
    return hashlib.sha256(text.encode()).hexdigest()


def worked_in(path: Path) -> bool:
    """Whether the sources of a notebook are no longer those that were built; its outputs do not count.

    Raises LessonError when there is a file, but no notebook in it.
    """
    if not path.exists():
        return False
    notebook = read(path)
    return bool(notebook.metadata.get("gmm_tutorial") != {"digest": digest(notebook)})


def keep_outputs(notebook: NotebookNode, path: Path) -> None:
    """Give a notebook the outputs of the one that it will replace, if only prose has changed and no code."""
    try:
        replaced = read(path)
    except (FileNotFoundError, LessonError):  # none, or no notebook, which `force` overwrites
        return
    new, old = ([cell for cell in each.cells if cell.cell_type == "code"] for each in (notebook, replaced))
    if [cell.source for cell in new] == [cell.source for cell in old]:
        for cell, before in zip(new, old, strict=True):
            cell.outputs, cell.execution_count = before.outputs, before.execution_count


def make(root: Path, numbers: list[str] | None, force: bool, run: bool = True) -> Iterator[tuple[Path, float]]:
    """Make the notebooks of lessons, of all when no number is given: yields each with the seconds that it took.

    run: whether to execute them. If not, a notebook in which only prose has changed keeps its outputs.

    Raises LessonError before anything is run when a notebook holds somebody's work, or none at all, and `force` is not
    given.
    """
    known = masters(root)
    wanted = [padded(number) for number in numbers or known]
    if missing := [number for number in wanted if number not in known]:
        raise LessonError(f"lesson {missing[0]!r} has no master: solutions/ has {', '.join(known) or 'none yet'}")
    # all are cut before the first is run, so that a slip in the last one costs no waiting
    jobs = [
        (path, generate(known[number], solution=path.parent.name == "solutions"))
        for number in wanted
        for path in targets(known[number])
    ]
    if busy := [path for path, _ in jobs if not force and worked_in(path)]:
        names = ", ".join(f"{path.parent.name}/{path.name}" for path in busy)
        raise LessonError(
            f"Nothing was built: {names} contains changes. Rename your copy to keep it, "
            "or overwrite it with gmm-tutorial build --force (make lessons FORCE=1)."
        )
    for path, notebook in jobs:
        start = time.perf_counter()
        title = f"{path.parent.name}/{path.stem}"
        if run:
            execute(notebook, path.parent, title)
            tidy(notebook, title)
        else:
            keep_outputs(notebook, path)
        write(notebook, path)
        yield path, time.perf_counter() - start
