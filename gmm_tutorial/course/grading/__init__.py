"""Grade a learner's notebook: which exercises are right, and what the check says of the others.

The notebook is not believed. Its answers are taken out of it as source, and each runs in a process of its own that only
returns values; these are compared here, with the references and checks of the installed package. So nothing that a
notebook prints or stores can make a wrong value right. Code in an answer can still cheat, by a copy of the reference or
by changing its arguments; `odd` names the usual ways. Running all cells in a kernel comes after that, and only shows
which of them fail.
"""

import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from gmm_tutorial._files import sha256
from gmm_tutorial.course.grading.answers import graded
from gmm_tutorial.course.grading.cells import attempts, cells_of
from gmm_tutorial.course.grading.kernel import failed_cells
from gmm_tutorial.course.grading.limits import Limits
from gmm_tutorial.course.grading.notebook import hints_shown, lesson_of, remarks
from gmm_tutorial.course.grading.odd import findings
from gmm_tutorial.course.grading.report import Graded, Report, clean
from gmm_tutorial.course.locate import LessonError
from gmm_tutorial.course.run import read

__all__ = ["Graded", "Limits", "PackageChanged", "Report", "grade", "notebooks"]

PACKAGE = Path(__file__).resolve().parents[2]


class PackageChanged(RuntimeError):
    """A notebook has changed files of the installed package, so that no verdict after that can be relied on."""


def notebooks(paths: Iterable[Path]) -> Iterator[Path]:
    """The files to grade: those named, and all notebooks in the folders named. Raises ValueError if there are none."""
    for path in paths:
        if path.is_dir():
            every = (each for each in path.rglob("*.ipynb") if each.is_file())  # a pipe could be read forever
            found = sorted(each for each in every if ".ipynb_checkpoints" not in each.parts)
            if not found:
                raise ValueError(f"PATH is {str(path)!r}, but that folder holds no notebook (*.ipynb)")
            yield from found
        elif path.exists():
            yield path
        else:
            raise ValueError(f"PATH is {str(path)!r}, but it must be a notebook, or a folder of notebooks")


def grade(path: Path, limits: Limits, profile: str = "ci", run: bool = True) -> Report:
    """Grade one notebook, which is not changed.

    Args:
        path: The notebook.
        limits: How much time and memory it may use.
        profile: That of the kernel, as in GMM_TUTORIAL_PROFILE.
        run: Whether to run all cells too. If not, only the answers run.

    Returns:
        The report. What is wrong with the notebook is in it.

    Raises:
        PackageChanged: If code of the notebook has written into the installed package.
    """
    start = time.perf_counter()
    try:
        notebook = read(path)
        cells = cells_of(notebook)
        found = list(attempts(cells))
        lesson = lesson_of(notebook, found)
    except (LessonError, OSError, ValueError) as error:
        why = str(getattr(error, "strerror", None) or error).splitlines()[0]
        return Report(path, problem=clean(why.removeprefix(f"{path} ")))
    before = fingerprint()
    with tempfile.TemporaryDirectory(prefix="gmm-tutorial-grade-", ignore_cleanup_errors=True) as folder:
        exercises = tuple(graded(lesson, found, cells, hints_shown(notebook, cells), limits, Path(folder)))
        unread = [(cell.number, cell.broken.splitlines()[0]) for cell in cells if cell.broken]
        failed = failed_cells(notebook, Path(folder), profile, limits) if run else unread
    if changed := sorted(name for name, digest in fingerprint().items() if before.get(name) != digest):
        raise PackageChanged(
            f"while it was graded, the installed package was changed ({', '.join(changed[:3])}): no verdict is given. "
            "Look at this notebook, install gmm-tutorial again, and grade without it."
        )
    return Report(
        path,
        lesson,
        exercises,
        failed=tuple((number, clean(what)) for number, what in failed),
        odd=tuple((number, clean(what)) for number, texts in findings(cells).items() for what in texts),
        notes=tuple(map(clean, remarks(notebook, lesson, found))),
        seconds=round(time.perf_counter() - start, 1),
    )


def fingerprint() -> dict[str, str]:
    """The checksum of each source file of the package."""
    return {path.relative_to(PACKAGE).as_posix(): sha256(path) for path in PACKAGE.rglob("*.py")}
