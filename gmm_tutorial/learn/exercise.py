"""An exercise: a reference, cases to compare on, the usual mistakes, and hints.

A check is a comparison. The learner's function runs on each case, smallest first, and its values and gradients are
held against the reference's. Where they differ, the usual mistakes run on the same cases: the one that agrees with
the learner everywhere is what the learner did, and its docstring is what they are told.
"""

import dis
import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from gmm_tutorial.learn.compare import Outcome, outcome, show

Function = Callable[..., Any]

GO_ON = "going on with the reference"
IN_PLACE = "You change {} in place, and the caller still needs it: make a new tensor, x = x + y instead of x += y."
OVERWRITTEN = "you overwrite a tensor that the backward pass still needs: make new ones, and put them together"


@dataclass
class Exercise:
    """One exercise of a lesson.

    Args:
        name: The lesson and the function, as "03.unfold".
        reference: The right function, which the notebook goes on with while the learner's is not right.
        cases: Function that returns the arguments of each case by name, the smallest case first.
        hints: At least two. The last one is the idea of the solution, never its code.
        unit: What a case is, for "right (3 grids, ...)".
        mistakes: The usual mistakes; the decorator `mistake` adds one.
        hints_given: Number of hints that the learner has seen.

    Example:
        >>> double = Exercise("99.double", lambda x: 2 * x, lambda: [{"x": 1}, {"x": 3}], hints=("Add.", "x plus x."))
        >>> @double.mistake
        ... def squared(x):
        ...     '''You square x: multiply it by 2.'''
        ...     return x * x
        >>> print(double.judge(lambda x: x**2)[1])
        double: not yet. You square x: multiply it by 2.
          smallest failing case:
            x = 1
            expected 2
            got      1
          going on with the reference
    """

    name: str
    reference: Function
    cases: Callable[[], Sequence[dict[str, Any]]]
    hints: tuple[str, ...]
    unit: str = "cases"
    mistakes: list[Function] = field(default_factory=list)
    hints_given: int = 0

    def mistake(self, function: Function) -> Function:
        """Decorator: add a usual mistake.

        Args:
            function: A function like the reference, but wrong. Its docstring tells the learner what went wrong.

        Returns:
            The same function.
        """
        self.mistakes.append(function)
        return function

    @property
    def function_name(self) -> str:
        """The name that the learner defines: "unfold" of "03.unfold"."""
        return self.name.split(".")[1]

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Whether the learner's function is right, and what to tell them.

        Args:
            answer: What the learner has defined under the function's name.

        Returns:
            Whether it agrees with the reference on every case, forward and backward, and the message. An exception in
            the learner's code is a message too.

        Example:
            >>> cases = [{"x": 1}, {"x": 3}]
            >>> double = Exercise("99.double", lambda x: 2 * x, lambda: cases, hints=("Add.", "x plus x."))
            >>> double.judge(lambda x: x + x)
            (True, 'double: right (2 cases, forward)')
            >>> double.judge(lambda x: None)[0]
            False
        """
        name = self.function_name
        if not inspect.isfunction(answer):
            return False, f"{name} is a {type(answer).__name__}, but a function is asked for\n  {GO_ON}"
        if is_stub(answer):
            return False, f"{name}: not written yet; {GO_ON}"
        cases = self.draw_cases()
        got = []
        for case in cases:
            try:
                got.append(outcome(answer, case))
            except Exception as error:  # whatever a learner's code does, the notebook goes on
                return False, f"{name} raised {describe(error, answer)}\n  {GO_ON}"
            if got[-1].returns_none:
                return False, f"{name} returned None: did you forget return?\n  {GO_ON}"
            if changed := got[-1].changed:
                return False, f"{name}: not yet. {IN_PLACE.format(changed[0])}\n  {GO_ON}"
        expected = [outcome(self.reference, case) for case in cases]
        wrong = [i for i, (ours, theirs) in enumerate(zip(got, expected, strict=True)) if not ours.agrees(theirs)]
        if wrong:
            values = [i for i in wrong if not got[i].agrees(replace(expected[i], gradients=()))]
            first = (values or wrong)[0]  # a gradient alone tells less than a value
            message = self.diagnose(got, cases) or got[first].difference(expected[first])
            return False, f"{name}: not yet. {message}\n{show(cases[first], got[first], expected[first])}\n  {GO_ON}"
        backward = " and backward" if expected[0].gradients else ""
        return True, f"{name}: right ({len(cases)} {self.unit}, forward{backward})"

    def draw_cases(self) -> Sequence[dict[str, Any]]:
        """The cases, the same at each call, without a trace in the notebook's own random numbers."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)  # torch.manual_seed would seed a GPU too
            return self.cases()

    def diagnose(self, got: Sequence[Outcome], cases: Sequence[dict[str, Any]]) -> str | None:
        """The message of the usual mistake that agrees with what the learner got, in every case; None if none does."""
        for mistake in self.mistakes:
            try:
                if all(ours.agrees(outcome(mistake, case)) for ours, case in zip(got, cases, strict=True)):
                    return inspect.getdoc(mistake)
            except Exception:  # a mistake may be one that cannot run on every case; then it is not what happened
                continue
        return None

    def next_hint(self) -> str:
        """One more hint at each call; the last one again when there are no more.

        Returns:
            The hint, with its number.

        Example:
            >>> double = Exercise("99.double", lambda x: 2 * x, lambda: [{"x": 1}], hints=("Add.", "x plus x."))
            >>> double.next_hint(), double.next_hint()
            ('hint 1 of 2: Add.', 'hint 2 of 2: x plus x.')
        """
        self.hints_given = min(self.hints_given + 1, len(self.hints))
        return f"hint {self.hints_given} of {len(self.hints)}: {self.hints[self.hints_given - 1]}"


def is_stub(function: Function) -> bool:
    """Whether the body is only a docstring and `...`: then nothing is left of it but to return None."""
    instructions: Iterator[dis.Instruction] = dis.get_instructions(function)
    steps = [step for step in instructions if step.opname not in ("RESUME", "NOP", "COPY_FREE_VARS")]
    return all("CONST" in step.opname or step.opname == "RETURN_VALUE" for step in steps) and all(
        step.argval is None for step in steps
    )


def describe(error: Exception, answer: Function) -> str:
    """An exception in a learner's code: its type, its message, and the last line of their own that it passed."""
    own = [
        frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == answer.__code__.co_filename
    ]
    where = f"\n  in your line: {own[-1].line}" if own else ""
    text = OVERWRITTEN if "inplace operation" in str(error) else str(error)
    return f"{type(error).__name__}: {text}{where}"
