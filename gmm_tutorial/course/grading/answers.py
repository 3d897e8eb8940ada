"""The answers of a notebook: which one counts for each exercise, and the verdict on it."""

import ast
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from gmm_tutorial.course.grading.cells import Attempt, Cell, Place
from gmm_tutorial.course.grading.context import context
from gmm_tutorial.course.grading.limits import Limits
from gmm_tutorial.course.grading.odd import of_package
from gmm_tutorial.course.grading.remote import RemoteAnswer
from gmm_tutorial.course.grading.report import Graded, State, clean
from gmm_tutorial.course.grading.wire import Ended
from gmm_tutorial.course.grading.worker import Job
from gmm_tutorial.learn import EXERCISES, sandbox
from gmm_tutorial.learn.exercise import GO_ON
from gmm_tutorial.learn.explain import raised, took_too_long

COPIED = "{}: calls the reference, or what it is made of. An answer does the work itself"


def graded(
    lesson: str, attempts: Sequence[Attempt], cells: Sequence[Cell], hints: dict[str, int], limits: Limits, folder: Path
) -> Iterator[Graded]:
    """The verdict on each exercise of a lesson, in the order of the notebook; those that are missing come last.

    Args:
        lesson: Its number, as "03".
        attempts: All answers in the notebook.
        cells: All its code cells.
        hints: How many hints the notebook shows, by exercise.
        limits: What the process of an answer may use.
        folder: Where it runs.
    """
    wanted = [name for name in EXERCISES if name.startswith(f"{lesson}.")]
    counting = {name: chosen(name, [each for each in attempts if each.exercise == name]) for name in wanted}
    right: set[str] = set()
    for name, attempt in sorted(counting.items(), key=lambda item: position(item[1])):
        if attempt is None:
            missing = f"{name.split('.')[1]}: no cell has @exercise({name!r})"
            yield Graded(name, "missing", missing, hints.get(name, 0))
            continue
        state, message = verdict(attempt, cells, frozenset(right), limits, folder)
        if state == "right":
            right.add(name)
        lines = clean(message).replace(f"; {GO_ON}", "").splitlines()  # nothing goes on here
        said = "\n".join(line for line in lines if line.strip() != GO_ON)
        yield Graded(name, state, said, hints.get(name, 0), tuple(map(clean, notes(attempt, attempts, cells))))


def position(attempt: Attempt | None) -> tuple[float, int]:
    """Where an answer is in its notebook; one that is missing comes after all others."""
    if attempt is None:
        return math.inf, 0
    return attempt.cell.number, attempt.place.position if attempt.place else 0


def chosen(name: str, attempts: Sequence[Attempt]) -> Attempt | None:
    """The answer that counts: the last one that is not blank.

    Of several, those that have the name of the exercise: a lesson may show, under another name, what a check says of an
    example.
    """
    function = name.split(".")[1]
    named = [each for each in attempts if each.function == function or each.place is None]
    tagged = [each for each in attempts if "exercise" in each.cell.tags]
    pool = named or tagged or attempts
    written = [each for each in pool if not is_blank(each)]
    return written[-1] if written else pool[-1] if pool else None


def is_blank(attempt: Attempt) -> bool:
    """Whether an answer is a function with nothing in its body but a docstring and `...`."""
    statement = attempt.place.statement if attempt.place else None
    return isinstance(statement, ast.FunctionDef) and all(
        isinstance(line, ast.Pass) or (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))
        for line in statement.body
    )


def notes(attempt: Attempt, attempts: Sequence[Attempt], cells: Sequence[Cell]) -> Iterator[str]:
    """What a teacher may want to know of an answer."""
    name = attempt.exercise.split(".")[1]
    same = [each for each in attempts if each.exercise == attempt.exercise and each.function in (attempt.function, "")]
    if len(same) > 1:
        where = ", ".join(f"[{each.cell.number}]" for each in same)
        yield f"{len(same)} answers, in cells {where}; [{attempt.cell.number}] counts, the last that is not blank"
    if attempt.place is None:
        return
    if attempt.function not in (name, ""):
        yield f"the function is named {attempt.function}, but other cells call {name}"
    parts = [attempt.place, *(each for each in context(list(cells), attempt.place) if is_function(each))]
    for path in sorted(of_package(parts, cells) - set(EXERCISES[attempt.exercise].may_use)):
        if path.partition(".")[0] not in ("grid", "learn", "windows"):
            yield f"uses gmm_tutorial.{path}"


def is_function(place: Place) -> bool:
    """Whether a statement defines a function that is not an answer itself."""
    return isinstance(place.statement, ast.FunctionDef) and not place.statement.decorator_list


def verdict(
    attempt: Attempt, cells: Sequence[Cell], right: frozenset[str], limits: Limits, folder: Path
) -> tuple[State, str]:
    """What the check of the package says of an answer that runs in a process of its own."""
    name = attempt.exercise.split(".")[1]
    if attempt.place is None:
        return "wrong", f"{name}: Python cannot read the cell. {attempt.cell.broken}"
    statements = context(list(cells), attempt.place)
    job = Job(
        exercise=attempt.exercise,
        cells={place.cell.number: place.cell.source for place in (*statements, attempt.place)},
        statements=tuple((place.cell.number, place.position) for place in statements),
        target=(attempt.cell.number, attempt.place.position),
        right=right,
        memory=limits.memory,
        folder=str(folder),
    )
    answer = RemoteAnswer(job, limits)
    try:
        with answer:
            found = EXERCISES[attempt.exercise].check(answer)
    except Ended as how:
        return "wrong", f"{name} {how}"
    except sandbox.Raised as what:
        return "wrong", f"{name} cannot be defined: its cell raised {raised(what.error, what.line)}"
    except sandbox.TookTooLong as late:
        return "wrong", f"{name} cannot be defined: its cell {took_too_long(late)}"
    if answer.calls_reference and not found.right:
        return "reference", COPIED.format(name)
    return "blank" if found.blank else "right" if found.right else "wrong", found.message
