"""What grading found out, as plain values."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

State = Literal["right", "wrong", "reference", "blank", "missing"]

# what a terminal or XML takes for an instruction; the texts come from notebooks
CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Graded:
    """One exercise of one notebook.

    state: reference if the answer calls the reference instead of doing the work; missing if no cell answers it.
    message: what its check says, as the learner would see it. hints: how many the notebook shows. notes: one line each.
    """

    exercise: str
    state: State
    message: str
    hints: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """One notebook.

    problem: why it cannot be graded; else empty. failed: cells that raise or do not end, by number. odd: what cells do
    that no lesson asks for. notes: what else there is to say, one line each.
    """

    path: Path
    lesson: str = ""
    exercises: tuple[Graded, ...] = ()
    problem: str = ""
    failed: tuple[tuple[int, str], ...] = ()
    odd: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter, compare=False)

    def __post_init__(self) -> None:
        self.counts.update(each.state for each in self.exercises)

    @property
    def share(self) -> float:
        """The percentage of exercises that are right; 0 if the notebook cannot be graded."""
        return 100 * self.counts["right"] / len(self.exercises) if self.exercises else 0.0


def clean(text: str) -> str:
    """A text without what a terminal or XML would take for an instruction."""
    return CONTROL.sub("", text)
