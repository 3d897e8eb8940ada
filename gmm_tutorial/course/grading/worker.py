"""The process in which one answer of a notebook runs. It gives values on cases, and knows no expected ones.

The reference of the exercise cannot be called here: what calls it gets an exception. So a right value comes from the
answer, whatever else the code in this process changes, and the process that compares the values runs none of it.
"""

import ast
import functools
import io
import linecache
import os
import signal
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import torch

from gmm_tutorial.course.grading import wire
from gmm_tutorial.course.grading.cells import judged, parse
from gmm_tutorial.course.grading.limits import limit_memory
from gmm_tutorial.learn import EXERCISES, Exercise, sandbox
from gmm_tutorial.learn.answer import Answer

STANDS_IN = "__exercise__"  # what is called instead of exercise()
FREE = ("gmm_tutorial._checks", "gmm_tutorial.grid", "gmm_tutorial.windows")  # for all answers, also of references


@dataclass(frozen=True)
class Job:
    """What a process needs in order to run an answer.

    cells: the sources of cells by number. statements: those to run first, each by its cell and its position in it.
    target: the one with the answer. right: the exercises whose answers were found right, which other answers may use.
    memory, folder: how much it may allocate, in bytes, and where it runs.
    """

    exercise: str
    cells: dict[int, str]
    statements: tuple[tuple[int, int], ...]
    target: tuple[int, int]
    right: frozenset[str]
    memory: int
    folder: str


class CallsTheReference(Exception):
    """An answer has called the function that it should be."""


def main(job: Job, pipe: Connection) -> None:
    """Define the answer and say what it is; then its outcome on each case that comes through the pipe."""
    os.chdir(job.folder)
    alone(job.memory)
    exercise = EXERCISES[job.exercise]
    cases = exercise.draw_cases()
    for function in list(forbidden(exercise)):  # all are found before the first is changed
        function.__code__ = refuse.__code__
    pipe.send_bytes(wire.packed({"ready": True}))
    answer = Answer(None)
    try:
        answer = Answer(Notebook(job).answer())
        pipe.send_bytes(wire.packed({"is": [answer.instead, answer.is_stub, answer.has_return]}))
    except (sandbox.Raised, sandbox.TookTooLong) as error:
        pipe.send_bytes(wire.packed(wire.failure(error)))
    while request := pipe.recv_bytes():
        case, backward = wire.Unpickler(io.BytesIO(request), cases).load()
        try:
            reply = {"outcome": wire.plain(answer.outcome(case, backward))}
        except (sandbox.Raised, sandbox.TookTooLong) as error:
            reply = wire.failure(error)
        pipe.send_bytes(wire.packed(reply))


def alone(memory: int) -> None:
    """Take this process out of reach of the terminal, silence it, and limit its memory."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that grades
    if hasattr(os, "setsid"):
        os.setsid()  # so that what an answer starts can be stopped with it
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    torch.set_num_threads(1)
    limit_memory(memory)


# ---- the reference, out of reach


def forbidden(exercise: Exercise) -> Iterator[types.FunctionType]:
    """What an answer must not call: the reference, and the functions of the package that it is made of."""
    reference: Any = exercise.reference
    while isinstance(reference, functools.partial):
        reference = reference.func
    yield reference
    of_others = {id(other.reference) for other in EXERCISES.values()}  # an answer may use another one
    for name in names_in(reference.__code__):
        used = reference.__globals__.get(name)
        ours = isinstance(used, types.FunctionType) and used.__module__.startswith("gmm_tutorial.")
        if ours and used.__module__ not in FREE and not name.startswith("check_") and id(used) not in of_others:
            yield used
        elif isinstance(used, type) and issubclass(used, torch.autograd.Function):
            forward: Any = used.forward
            yield forward
    for mistake in exercise.mistakes:  # with other options, it may be right
        wrong: Any = mistake
        while isinstance(wrong, functools.partial):
            wrong = wrong.func
        ours = isinstance(wrong, types.FunctionType) and wrong.__module__.startswith("gmm_tutorial.learn.")
        if ours and wrong.__closure__ is None and id(wrong) not in of_others:
            yield wrong


def names_in(code: types.CodeType) -> Iterator[str]:
    """The global names that a function uses, those of the functions in it too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from names_in(constant)


def refuse(*arguments: Any, **named: Any) -> Any:
    """What a forbidden function does instead. It runs with the names of that function's own module."""
    from gmm_tutorial.course.grading.worker import CallsTheReference

    raise CallsTheReference


# ---- the notebook, as far as the answer needs it


class Notebook:
    """The statements of a job, run one after the other. `exercise` gives them what a learner would go on with."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.kept: Any = None
        self.cells = {number: parse(number, source, "") for number, source in job.cells.items()}
        self.space: dict[str, Any] = {"__name__": "__main__", "display": print, STANDS_IN: self.stands_in}
        for cell in self.cells.values():  # so that an error can be shown with its line
            lines = cell.source.splitlines(keepends=True)
            linecache.cache[cell.title] = (len(cell.source), None, lines, cell.title)

    def answer(self) -> Any:
        """What the notebook hands to `exercise`. Raises Raised or TookTooLong if its own statement does."""
        for place in self.job.statements:
            try:
                self.run(*place)
            except (sandbox.Raised, sandbox.TookTooLong):  # the cells below it are run nevertheless, as in a notebook
                continue
        self.kept = None
        self.run(*self.job.target)
        return self.kept

    def run(self, cell: int, position: int) -> None:
        """Run one statement, within the time that a check gives to a case."""
        statement = StandsIn().visit(self.cells[cell].tree.body[position])
        code = compile(ast.Module([statement], []), self.cells[cell].title, "exec", dont_inherit=True)
        sandbox.run(lambda: exec(code, self.space))

    def stands_in(self, name: str) -> Callable[[Any], Any]:
        """What `exercise` does here: keep the answer; use another one if it is right, and else its reference."""

        def keep(function: Any) -> Any:
            self.kept = function
            return function

        if name == self.job.exercise or name not in EXERCISES:
            return keep
        if name in self.job.right:
            return lambda function: EXERCISES[name].check(function).function
        return lambda function: EXERCISES[name].reference


class StandsIn(ast.NodeTransformer):
    """Replaces `exercise` by what stands in for it, whatever the notebook calls by that name."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call of `exercise` with the name of an exercise."""
        self.generic_visit(node)
        if judged(node):
            node.func = ast.copy_location(ast.Name(STANDS_IN, ast.Load()), node.func)
        return node
