"""An exercise: a reference, cases to compare on, the usual mistakes, and hints.

A check is a comparison. The learner's function runs on each case, smallest first, and its values and gradients are
held against the reference's. Where they differ, the usual mistakes run on the same cases: the one that agrees with
the learner everywhere is what the learner did, and its docstring is what they are told.
"""

import dis
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from gmm_tutorial.learn.compare import Outcome, outcome, show

Function = Callable[..., Any]

GO_ON = "going on with the reference"


@dataclass
class Exercise:
    """One exercise of a lesson.

    name: "03.unfold", the lesson and the function; reference: the right function, which the notebook goes on with
    while the learner's is not right; cases: a function that gives the arguments of each case by name, the smallest
    first; unit: what a case is, for "right (3 grids, ...)"; hints: the last one is the idea, never the code.
    """

    name: str
    reference: Function
    cases: Callable[[], Sequence[dict[str, Any]]]
    hints: tuple[str, ...]
    unit: str = "cases"
    mistakes: list[Function] = field(default_factory=list)
    hints_given: int = 0

    def mistake(self, function: Function) -> Function:
        """Decorator: add a usual mistake, a function like the reference whose docstring says what went wrong."""
        self.mistakes.append(function)
        return function

    @property
    def function_name(self) -> str:
        """The name that the learner defines: "unfold" of "03.unfold"."""
        return self.name.split(".")[1]

    def judge(self, answer: Function) -> tuple[bool, str]:
        """Whether the learner's function is right, and what to tell them."""
        if is_stub(answer):
            return False, f"{self.function_name}: not written yet; {GO_ON}"
        cases = self.draw_cases()
        try:
            got = [outcome(answer, case) for case in cases]
        except Exception as error:  # whatever a learner's code does, the notebook goes on
            return False, f"{self.function_name} raised {describe(error, answer)}\n  {GO_ON}"
        if None in got:
            return False, f"{self.function_name} returned None: did you forget return?\n  {GO_ON}"
        expected = [outcome(self.reference, case) for case in cases]
        wrong = [i for i, pair in enumerate(zip(got, expected, strict=True)) if not same(*pair)]
        if not wrong:
            backward = " and backward" if expected[0] and expected[0].gradients else ""
            return True, f"{self.function_name}: right ({len(expected)} {self.unit}, forward{backward})"
        first = wrong[0]
        message = self.diagnose(got, cases) or difference(got[first], expected[first])
        case = show(cases[first], got[first], expected[first])
        return False, f"{self.function_name}: not yet. {message}\n{case}\n  {GO_ON}"

    def draw_cases(self) -> Sequence[dict[str, Any]]:
        """The cases, the same at each call, without a trace in the notebook's own random numbers."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            return self.cases()

    def diagnose(self, got: list[Outcome | None], cases: Sequence[dict[str, Any]]) -> str | None:
        """The message of the usual mistake that agrees with what the learner got, in every case; None if none does."""
        for mistake in self.mistakes:
            if all(same(a, outcome(mistake, case)) for a, case in zip(got, cases, strict=True)):
                return inspect.getdoc(mistake)
        return None

    def next_hint(self) -> str:
        """One more hint at each call; the last one again when there are no more."""
        self.hints_given = min(self.hints_given + 1, len(self.hints))
        return f"hint {self.hints_given} of {len(self.hints)}: {self.hints[self.hints_given - 1]}"


REGISTRY: dict[str, Exercise] = {}


def register(*exercises: Exercise) -> dict[str, Exercise]:
    """Make exercises known to `exercise` and `hint`, and return all that are known."""
    REGISTRY.update({exercise.name: exercise for exercise in exercises})
    return REGISTRY


def find(name: str) -> Exercise:
    """The exercise of that name. Raises ValueError, with the names there are, when there is none."""
    if name not in REGISTRY:
        raise ValueError(f"name is {name!r}, but it must be one of {', '.join(map(repr, REGISTRY))}")
    return REGISTRY[name]


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


def is_stub(function: Function) -> bool:
    """Whether the body is only a docstring and `...`: then nothing is left of it but to return None."""
    instructions: Iterator[dis.Instruction] = dis.get_instructions(function)
    steps = [step for step in instructions if step.opname not in ("RESUME", "NOP", "COPY_FREE_VARS")]
    return all("CONST" in step.opname or step.opname == "RETURN_VALUE" for step in steps) and all(
        step.argval is None for step in steps
    )


def describe(error: Exception, answer: Function) -> str:
    """An exception in a learner's code: its type, its message, and the last line of their own that it passed."""
    where, frame = "", error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename == answer.__code__.co_filename:
            line, first = frame.tb_lineno, frame.tb_frame.f_code
            try:
                lines, start = inspect.getsourcelines(first)
                where = f"\n  in your line: {lines[line - start].strip()}"
            except (OSError, IndexError):
                where = f"\n  in your line {line}"
        frame = frame.tb_next
    return f"{type(error).__name__}: {error}{where}"


def same(a: Outcome | None, b: Outcome | None) -> bool:
    """Whether two outcomes agree in shapes, values and gradients."""
    return a is not None and b is not None and a.agrees(b)


def difference(got: Outcome | None, expected: Outcome | None) -> str:
    """What is different, when it is none of the usual mistakes."""
    assert got is not None and expected is not None
    if len(got.values) != len(expected.values):
        return f"It returns {len(got.values)} things, but {len(expected.values)} are asked for."
    for ours, theirs in zip(got.values, expected.values, strict=True):
        if ours.shape != theirs.shape:
            return f"It returns {tuple(ours.shape)}, but {tuple(theirs.shape)} is asked for."
    if not got.same_values(expected):
        gap = max(float((a - b).abs().max()) for a, b in zip(got.values, expected.values, strict=True))
        return f"The shape is right, the values differ by up to {gap:.4g}."
    if not got.gradients:
        return "The values are right, but no gradient comes back: is there a .item(), .detach() or numpy on the way?"
    return "The values are right, but a gradient is not: is there a .detach(), or a step through Python numbers?"
