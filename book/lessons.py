"""The page of a lesson: its executed solution, with each exercise as a stub, folded hints and a folded answer."""

import ast
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from book import links
from gmm_tutorial.learn import find

TASK = re.compile(r"^Difficulty (\d)/5 · (\d+) minutes", re.MULTILINE)
NAME = re.compile(r'^@exercise\("([\w.]+)"\)', re.MULTILINE)


def page(stem: str, solution: NotebookNode, blank: NotebookNode, running: str) -> NotebookNode:
    """The notebook that becomes the page of a lesson.

    stem: as 03_gmm; solution, blank: the two notebooks made of its master, the first one executed; running: how long
    it takes to run, in words. Raises ValueError when the two are not of the same master.
    """
    if [cell.cell_type for cell in solution.cells] != [cell.cell_type for cell in blank.cells]:
        raise ValueError(f"{stem}: solutions/ and notebooks/ have different cells; make lessons LESSON={stem[:2]}")
    cells = []
    for solved, stub in zip(solution.cells, blank.cells, strict=True):
        if "exercise" in solved.metadata.get("tags", []):
            cells.append(new_markdown_cell(exercise(solved, stub), id=solved.id))
        elif solved.cell_type == "markdown":
            cells.append(new_markdown_cell(links.of_lesson(solved.source), id=solved.id, metadata=solved.metadata))
        else:
            cells.append(solved)
    cells.insert(1, new_markdown_cell(heading(stem, solution, running), id="about"))
    cells.append(new_markdown_cell("\n".join(references(solution)), id="reference"))
    made = nbformat.from_dict({**solution, "cells": cells})
    made.metadata.pop("gmm_tutorial", None)
    return made


class Task(NamedTuple):
    """An exercise, with the difficulty from 1 to 5 and the minutes that its text says."""

    name: str
    difficulty: int
    minutes: int


def exercises(notebook: NotebookNode) -> list[Task]:
    """The exercises of a lesson, in order."""
    cells = notebook.cells
    names = [NAME.search(cell.source) for cell in cells if "exercise" in cell.metadata.get("tags", [])]
    said = [match for cell in cells if cell.cell_type == "markdown" for match in TASK.finditer(cell.source)]
    return [Task(name[1], int(m[1]), int(m[2])) for name, m in zip((n for n in names if n), said, strict=True)]


def heading(stem: str, notebook: NotebookNode, running: str) -> str:
    """What a reader wants to know before a lesson, and links to its two notebooks."""
    found = exercises(notebook)
    minutes = sum(each.minutes for each in found)
    count = f"{len(found)} exercise{'s' if len(found) != 1 else ''}, about {minutes} minutes"
    return (
        ":::{div} lesson-about\n"
        f"{count} · runs in {running} on two cores\n\n"
        f"{{download}}`Download the notebook <../downloads/notebooks/{stem}.ipynb>` "
        f"{{download}}`with solutions <../downloads/solutions/{stem}.ipynb>` {{doc}}`set up <../setup>`\n"
        ":::"
    )


def exercise(solved: NotebookNode, stub: NotebookNode) -> str:
    """An exercise in Markdown: what to write, one folded hint after the other, and the folded answer."""
    match = NAME.search(solved.source)
    if match is None:
        raise ValueError(f"a cell has the tag exercise, but no line @exercise(...):\n{solved.source}")
    hints = find(match[1]).hints
    folded = "\n".join(
        f'<details class="hint"><summary>Hint {number} of {len(hints)}</summary><p>{html.escape(text)}</p></details>'
        for number, text in enumerate(hints, start=1)
    )
    said = "".join(output.get("text", "") for output in solved.outputs).strip()
    return (
        f"::::{{div}} exercise\n```python\n{stub.source}\n```\n\n{folded}\n\n"
        f'<details class="solution"><summary>A solution</summary>\n\n'
        f"```python\n{solved.source}\n```\n\nThe check says: `{said}`\n\n</details>\n::::"
    )


def references(notebook: NotebookNode) -> Iterator[str]:
    """Links to the pages of the reference module that a lesson imports from, one line per module."""
    used: dict[str, set[str]] = {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gmm_tutorial."):
                used.setdefault(str(node.module), set()).update(alias.name for alias in node.names)
    yield "## In the reference module"
    yield "\nWhat this lesson takes from {doc}`the reference module <../reference>`:\n"
    for module, names in sorted(used.items()):
        links = ", ".join(f"{{py:obj}}`~{module}.{name}`" for name in sorted(names))
        yield f"- {{py:mod}}`{module}`: {links}"


def write_pages(root: Path, folder: Path, running: dict[str, str]) -> list[str]:
    """Write the pages of all lessons that have both notebooks, and return their stems, in order."""
    folder.mkdir(parents=True, exist_ok=True)
    stems = [path.stem for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb"))]
    for stem in stems:
        both = [nbformat.read(root / kind / f"{stem}.ipynb", as_version=4) for kind in ("solutions", "notebooks")]
        made = page(stem, both[0], both[1], running.get(stem, "a few minutes"))
        (folder / f"{stem}.ipynb").write_text(nbformat.writes(made), encoding="utf-8")
    return stems
