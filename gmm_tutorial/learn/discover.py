"""Exercises are found, not listed: a lesson is a package lesson_NN, and each exercise is a module in it."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from gmm_tutorial.learn.exercise import Exercise


def find_exercises(package: str) -> dict[str, Exercise]:
    """The exercises in the lessons of a package, by name: sorted by lesson, then by the name of the exercise.

    The exercise in lesson_03/unfold.py is named "03.unfold". A module without one holds what several exercises share.

    Args:
        package: Full name of the package that holds the lessons.

    Returns:
        Name -> exercise.

    Raises:
        ValueError: If an exercise is not named after its file, or if a file holds more than one.

    Example:
        >>> list(find_exercises("gmm_tutorial.learn"))[:3]
        ['00.token_index', '01.attention', '01.mean_distance']
    """
    found: dict[str, Exercise] = {}
    for lesson in submodules(package, prefix="lesson_"):
        for module in submodules(lesson.__name__):
            exercises = [value for value in vars(module).values() if isinstance(value, Exercise)]
            if len(exercises) > 1:
                raise ValueError(f"{module.__name__} holds {len(exercises)} exercises, but it must hold at most one")
            for each in exercises:
                if each.name != (needed := name_of(module)):
                    raise ValueError(f"{module.__name__} names its exercise {each.name!r}, but it must be {needed!r}")
                found[each.name] = each
    return found


def submodules(package: str, prefix: str = "") -> Iterator[ModuleType]:
    """What a package contains, imported, in the order of the names; only names with the prefix."""
    # pkgutil asks whatever imports the package, so that this works in an archive too
    names = sorted(info.name for info in pkgutil.iter_modules(import_module(package).__path__))
    return (import_module(f"{package}.{name}") for name in names if name.startswith(prefix))


def name_of(module: ModuleType) -> str:
    """What the exercise of a module must be named: "03.unfold" in lesson_03.unfold."""
    lesson, function = module.__name__.split(".")[-2:]
    return f"{lesson.removeprefix('lesson_')}.{function}"
