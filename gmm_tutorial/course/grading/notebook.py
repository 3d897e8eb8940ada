"""What a notebook is, beside its answers: which lesson, which version, which hints it shows."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from nbformat import NotebookNode

from gmm_tutorial._shipped import shipped
from gmm_tutorial.course import locate
from gmm_tutorial.course.grading.cells import Attempt, Cell, called
from gmm_tutorial.course.run import read
from gmm_tutorial.learn import EXERCISES
from gmm_tutorial.learn.cells import as_built

LESSONS = tuple(dict.fromkeys(name[:2] for name in EXERCISES))
NO_LESSON = "no cell calls @exercise, and no heading names a lesson: this is not a notebook of the tutorial"
HEADING = re.compile(r"^# (\d\d) ", re.MULTILINE)
HINT = re.compile(r"^hint ([0-9]{1,3}) of [0-9]+:", re.MULTILINE)


def lesson_of(notebook: NotebookNode, found: Iterable[Attempt]) -> str:
    """The number of the lesson: that of most answers, else of the first heading.

    Raises ValueError, which says why, if it is no lesson that this version has.
    """
    headings = (HEADING.search(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    heading = next((match[1] for match in headings if match), "")
    counted = Counter(each.exercise[:2] for each in found)
    lesson = counted.most_common(1)[0][0] if counted else heading
    if not lesson:
        raise ValueError(NO_LESSON)
    if lesson not in LESSONS:
        raise ValueError(f"lesson is {lesson!r}, but this version has {', '.join(LESSONS)}")
    return lesson


def remarks(notebook: NotebookNode, lesson: str, found: Iterable[Attempt]) -> Iterator[str]:
    """What there is to say of the notebook as a whole, one line each."""
    about, known = notebook.metadata.get("gmm_tutorial"), digests(lesson)
    built = about.get("digest") if isinstance(about, dict) else None
    if isinstance(built, str) and known and built not in known:  # other programs may have dropped it
        yield "built from another version of the lesson: its answers are judged by the checks of this version"
    for each in found:
        if each.exercise not in EXERCISES:
            yield f"cell [{each.cell.number}] answers {each.exercise}, but there is no exercise of that name"
        elif each.exercise[:2] != lesson:
            yield f"cell [{each.cell.number}] answers {each.exercise}, which does not count in lesson {lesson}"


def digests(lesson: str) -> set[str]:
    """What the two notebooks of a lesson were built from, as they are installed here; empty if they are not."""
    try:
        paths = [locate.find(lesson, solution, root=shipped()) for solution in (False, True)]
        return {read(path).metadata.get("gmm_tutorial", {}).get("digest", "") for path in paths}
    except (locate.LessonError, OSError):
        return set()


def hints_shown(notebook: NotebookNode, cells: Iterable[Cell]) -> dict[str, int]:
    """How many hints of each exercise a notebook shows, by its calls and what they printed; the lesson's own apart."""
    shown: Counter[str] = Counter()
    for cell, node in zip(cells, (cell for cell in notebook.cells if cell.cell_type == "code"), strict=True):
        if as_built("code", cell.source, cell.id):
            continue
        names = list(hints_in(cell))
        printed = "\n".join(str(output.get("text", "")) for output in node.get("outputs", ()))
        for name in set(names):
            numbers = map(int, HINT.findall(printed)) if len(set(names)) == 1 else ()
            shown[name] = max(shown[name] + names.count(name), *numbers, 0)
    return {name: min(count, len(EXERCISES[name].hints)) for name, count in shown.items()}


def hints_in(cell: Cell) -> Iterator[str]:
    """The exercises that a cell asks hints for."""
    for node in ast.walk(cell.tree):
        first = node.args[0] if isinstance(node, ast.Call) and called(node) == "hint" and node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value in EXERCISES:
            yield first.value
