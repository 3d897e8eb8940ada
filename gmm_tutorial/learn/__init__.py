"""What a learner's notebook calls: `exercise` checks an answer and never breaks the notebook, `hint` helps."""

from collections.abc import Callable

from gmm_tutorial.learn import (
    lesson_00,
    lesson_01,
    lesson_02,
    lesson_03,
    lesson_04,
    lesson_05,
    lesson_06,
    lesson_07,
    lesson_09,
)
from gmm_tutorial.learn.exercise import Exercise, Function

LESSONS = (lesson_00, lesson_01, lesson_02, lesson_03, lesson_04, lesson_05, lesson_06, lesson_07, lesson_09)
EXERCISES = {each.name: each for lesson in LESSONS for each in lesson.EXERCISES}


def exercise(name: str) -> Callable[[Function], Function]:
    """Decorator for a learner's function: check it, say how it went, and return it if right, else the reference."""
    found = find(name)

    def check(answer: Function) -> Function:
        right, text = found.judge(answer)
        print(text)
        return answer if right else found.reference

    return check


def hint(name: str) -> None:
    """Print the next hint for an exercise: one more at each call."""
    print(find(name).next_hint())


def find(name: str) -> Exercise:
    """The exercise of that name. Raises ValueError, with the names there are, when there is none."""
    if name not in EXERCISES:
        raise ValueError(f"name is {name!r}, but it must be one of {', '.join(map(repr, EXERCISES))}")
    return EXERCISES[name]
