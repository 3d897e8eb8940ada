"""What a learner has done so far, kept in the cache folder of this machine.

progress/03.unfold/tried      an answer was checked that was not right
progress/03.unfold/right      one that was
progress/03.unfold/hint-2     the second hint was shown

The files are empty: that one is there is all it says. The system makes it in one step, so that none is ever half
written, and several notebooks can make them at the same time.
"""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gmm_tutorial._files import cache_folder
from gmm_tutorial.learn.cells import as_built


class Record(NamedTuple):
    """What is known of one exercise."""

    right: bool = False
    tried: bool = False
    hints: int = 0


def folder() -> Path:
    """Where it is kept."""
    return cache_folder() / "progress"


def note(exercise: str, what: str) -> None:
    """Keep that something happened in an exercise: "tried", "right" or "hint-2".

    Nothing is kept unless a learner is at work, and nothing goes wrong if it cannot be kept.
    """
    if at_work():
        with suppress(OSError, RuntimeError):  # a disk that is full or read-only; a user without a home
            path = folder() / exercise / what
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()


def at_work() -> bool:
    """Whether a learner runs a cell of their own in a notebook.

    Programs that run notebooks (tests, builds, grading) tell the kernel that nobody is there to be asked for input. And
    a cell that is as it was built holds no answer of theirs: a solution, or an example of how a check reports.
    """
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    try:
        request = shell.kernel.get_parent()
        cell_id = request["metadata"].get("cellId") or ""
        return bool(request["content"]["allow_stdin"]) and not as_built("code", request["content"]["code"], cell_id)
    except Exception:  # no kernel, or one that is not ipykernel
        return False


def read() -> dict[str, Record]:
    """What is kept of each exercise, by name. Raises OSError if the folder cannot be read."""
    found = {}
    for each in sorted(folder().iterdir()) if folder().is_dir() else []:
        if each.is_dir():
            names = {path.name for path in each.iterdir()}
            hints = [int(name[5:]) for name in names if name.startswith("hint-") and name[5:].isdecimal()]
            found[each.name] = Record("right" in names, "tried" in names, max(hints, default=0))
    return found
