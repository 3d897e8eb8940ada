"""What a learner's notebook calls: `exercise` checks an answer and never breaks the notebook, `hint` helps.

`EXERCISES` holds every exercise by its name, "03.unfold" for the function `unfold` of lesson 03. Each is a file of its
own, lesson_03/unfold.py, and is found there: a new file needs no entry in any list.

Example:
    >>> EXERCISES["03.unfold"].function_name
    'unfold'
"""

from collections.abc import Callable

from gmm_tutorial._checks import check_one_of
from gmm_tutorial.learn import progress
from gmm_tutorial.learn.discover import find_exercises
from gmm_tutorial.learn.exercise import Exercise, Function

__all__ = ["EXERCISES", "Exercise", "exercise", "find", "hint"]

EXERCISES = find_exercises(__name__)


def exercise(name: str) -> Callable[[Function], Function]:
    """Decorator for a learner's function: check it, say how it went, and return it if right, else the reference.

    Args:
        name: Name of the exercise, as "03.unfold".

    Returns:
        A decorator that prints what the check says. It returns the learner's function if it is right, with results of
        the reference's kinds, and the reference if it is wrong or not written yet: the notebook can go on either way.

    Raises:
        ValueError: If there is no exercise of that name.

    Example:
        >>> @exercise("00.token_index")
        ... def token_index(y, x, grid):
        ...     return y * grid[1] + x
        token_index: right (8 places, forward)
        >>> @exercise("00.token_index")
        ... def token_index(y, x, grid): ...
        token_index: not written yet; going on with the reference
        >>> token_index(1, 0, (2, 3))
        3
    """
    found = find(name)

    def check(answer: Function) -> Function:
        verdict = found.check(answer)
        print(verdict.message)
        if not verdict.blank:
            progress.note(name, "right" if verdict.right else "tried")
        return verdict.function

    return check


def hint(name: str) -> None:
    """Print the next hint for an exercise: one more at each call.

    Args:
        name: Name of the exercise, as "03.unfold".

    Raises:
        ValueError: If there is no exercise of that name.

    Example:
        >>> hint("03.unfold")
        hint 1 of 3: ...
        >>> hint("03.unfold")
        hint 2 of 3: ...
    """
    found = find(name)
    print(found.next_hint())
    progress.note(name, f"hint-{found.hints_given}")


def find(name: str) -> Exercise:
    """The exercise of that name.

    Args:
        name: Name of the exercise, as "03.unfold".

    Returns:
        The exercise, with its reference, its hints and its check.

    Raises:
        ValueError: If there is no exercise of that name. The message lists the names that there are.

    Example:
        >>> find("03.unfold").reference.__name__
        'unfold_kernel'
    """
    return EXERCISES[check_one_of("name", name, EXERCISES)]
