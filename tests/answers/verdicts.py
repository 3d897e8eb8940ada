"""Answers that a learner might give, each with the verdict that it must get.

An answer is a function in a file named after its exercise: `lesson_03/unfold.py` holds answers to 03.unfold. All were
written from the text of the exercise, before looking at the mistakes that its check knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
DIFFERS = "values differ|is too large by|is too small by|has the wrong value"
"""What a wrong answer is told when nothing better is known."""

Answer = Callable[..., Any]


@dataclass(frozen=True)
class Expected:
    """The verdict that an answer must get.

    Args:
        right: Whether the answer is right.
        says: A part of the message, in the words of the check.
    """

    right: bool
    says: str


def right(answer: Answer) -> Answer:
    """Decorator: the answer is right, however unusual it looks."""
    answer.expected = Expected(True, "right (")  # type: ignore[attr-defined]
    return answer


def wrong(says: str) -> Callable[[Answer], Answer]:
    """Decorator: the answer is wrong, and the message must contain `says`."""

    def decorated(answer: Answer) -> Answer:
        answer.expected = Expected(False, says)  # type: ignore[attr-defined]
        return answer

    return decorated


def find_answers(folder: Path = FOLDER) -> dict[str, tuple[str, Answer]]:
    """All answers: "03.unfold-mirrored" -> the exercise's name and the function."""
    found = {}
    for path in sorted(folder.glob("lesson_*/*.py")):
        exercise = f"{path.parent.name.removeprefix('lesson_')}.{path.stem}"
        spec = spec_from_file_location(f"answers_{path.parent.name}_{path.stem}", path)
        spec.loader.exec_module(module := module_from_spec(spec))
        for name, value in vars(module).items():
            if isinstance(getattr(value, "expected", None), Expected):
                found[f"{exercise}-{name}"] = (exercise, value)
    return found
