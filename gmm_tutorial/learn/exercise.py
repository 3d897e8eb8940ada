"""An exercise: a reference, cases to compare on, the usual mistakes, and hints.

A check is a comparison. The learner's function runs on each case, smallest first, and its values and gradients are
held against the reference's. Where they differ, the usual mistakes run on the same cases: the one that agrees with
the learner everywhere is what the learner did, and its docstring is what they are told. If none does, `diagnose` looks
for what the wrong values have to do with the expected ones.
"""

import inspect
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from io import StringIO
from typing import Any, NamedTuple

import torch

from gmm_tutorial.learn import sandbox
from gmm_tutorial.learn.answer import Answer
from gmm_tutorial.learn.compare import Case, Outcome, outcome
from gmm_tutorial.learn.diagnose import Trial, diagnose, with_shuffled
from gmm_tutorial.learn.explain import MOST_LINES, difference, raised, show, took_too_long

Function = Callable[..., Any]

GO_ON = "going on with the reference"
IN_PLACE = "You change {} in place, and the caller still needs it: make a new {}."
NEW = {torch.Tensor: "tensor, x = x + y instead of x += y", list: "list, or work on a copy"}


class Verdict(NamedTuple):
    """Whether an answer is right, what to tell the learner, and the function that the notebook goes on with.

    blank: nothing has been written yet.
    """

    right: bool
    message: str
    function: Function
    blank: bool = False


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
        differentiates: Whether the function computes gradients itself: an answer that takes them from autograd is right
            although no gradient goes through it.
        may_use: Functions of the package that an answer is meant to call, as "rotary.rotate"; those of `grid` always.

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
    cases: Callable[[], Sequence[Case]]
    hints: tuple[str, ...]
    unit: str = "cases"
    mistakes: list[Function] = field(default_factory=list)
    hints_given: int = 0
    differentiates: bool = False
    may_use: tuple[str, ...] = ()

    def mistake(self, function: Function) -> Function:
        """Decorator: add a usual mistake.

        Args:
            function: A function like the reference, but wrong. Its docstring tells the learner what went wrong.

        Returns:
            The same function.
        """
        self.mistakes.append(function)
        return function

    def mistake_by_options(self, function: Function, message: str, **options: Any) -> None:
        """Add a usual mistake that is another function with options which make it wrong.

        Args:
            function: A function like the reference, with further options.
            message: What went wrong, for the learner.
            options: Those that make it wrong.
        """
        wrong = partial(function, **options)
        wrong.__doc__, wrong.__module__ = message, self.reference.__module__
        self.mistake(wrong)

    @property
    def function_name(self) -> str:
        """The name that the learner defines: "unfold" of "03.unfold"."""
        return self.name.split(".")[1]

    def judge(self, answer: Any) -> tuple[bool, str]:
        """Whether the learner's function is right, and what to tell them.

        Args:
            answer: What the learner has defined under the function's name.

        Returns:
            Whether it agrees with the reference on every case, forward and backward, and the message. Whatever happens
            in the learner's code is a message too.

        Example:
            >>> cases = [{"x": 1}, {"x": 3}]
            >>> double = Exercise("99.double", lambda x: 2 * x, lambda: cases, hints=("Add.", "x plus x."))
            >>> double.judge(lambda x: x + x)
            (True, 'double: right (2 cases, forward)')
            >>> double.judge(lambda x: None)[0]
            False
        """
        verdict = self.check(answer)
        return verdict.right, verdict.message

    def check(self, answer: Any) -> Verdict:
        """What `judge` says, and the function that the notebook goes on with.

        Args:
            answer: What the learner has defined under the function's name, or an `Answer` that holds it.

        Returns:
            The verdict. Its function is the learner's if it is right, with results of the reference's kinds, and the
            reference otherwise.
        """
        name = self.function_name
        answer = answer if isinstance(answer, Answer) else Answer(answer)
        if answer.instead:
            return self.wrong(f"{name} is {answer.instead}, but it must be a function")
        if answer.is_stub:
            return Verdict(False, f"{name}: not written yet; {GO_ON}", self.reference, blank=True)
        with sandbox.undisturbed():
            verdict = self.compare(answer)
            if self.differentiates and not verdict.right:
                return self.compare(answer, backward=False)  # autograd may want arguments without a history
        return verdict

    def compare(self, answer: Answer, backward: bool = True) -> Verdict:
        """Run a learner's function on each case, and compare it with the reference."""
        name = self.function_name
        cases = self.draw_cases()
        answer.prepare(cases)
        got: list[Outcome] = []
        for case in cases:
            try:
                got.append(answer.outcome(case, backward))
            except sandbox.TookTooLong as late:
                return self.wrong(f"{name} {took_too_long(late)}")
            except sandbox.Raised as what:
                return self.wrong(f"{name} raised {raised(what.error, what.line)}")
            if got[-1].returns_none:
                question = "does every branch return a value?" if answer.has_return else "did you forget return?"
                return self.wrong(f"{name} returned None: {question}")
            if changed := got[-1].changed:
                new = NEW.get(type(case[changed[0]]), "one")
                return self.wrong(f"{name}: not yet. {IN_PLACE.format(changed[0], new)}")
        expected = [outcome(self.reference, case, backward=backward) for case in cases]
        pairs = list(zip(got, expected, strict=True))
        wrong = [i for i, (ours, theirs) in enumerate(pairs) if not ours.agrees(theirs)]
        values = [i for i, (ours, theirs) in enumerate(pairs) if not ours.same_values(theirs)]
        if values or (wrong and not self.differentiates):
            first = (values or wrong)[0]  # a gradient alone tells less than a value
            found = difference(got[first], expected[first])
            message = self.name_mistake(answer, cases, got, expected) or found.sentence
            return self.wrong(f"{name}: not yet. {message}\n{show(cases[first], found)}")
        passes = "forward and backward" if expected[0].gradients and not wrong else "forward"
        message = f"{name}: right ({len(cases)} {self.unit}, {passes})"
        return Verdict(True, message, answer.adapted(name, got, expected))

    def wrong(self, text: str) -> Verdict:
        """A verdict that goes on with the reference, in few lines."""
        lines = text.splitlines()[: MOST_LINES - 1]
        return Verdict(False, "\n".join([*lines, f"  {GO_ON}"]), self.reference)

    def draw_cases(self) -> Sequence[Case]:
        """The cases, the same at each call, without a trace in the notebook's own random numbers."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(0)  # torch.manual_seed would seed a GPU too
            return self.cases()

    def name_mistake(
        self, answer: Answer, cases: Sequence[Case], got: Sequence[Outcome], expected: Sequence[Outcome]
    ) -> str | None:
        """A usual mistake, or else what the wrong values have to do with the expected ones; None if nothing fits."""

        def of_reference(case: Case) -> Outcome:
            return outcome(self.reference, case, backward=False)

        def of_answer(case: Case) -> Outcome:
            with redirect_stdout(StringIO()):  # what a learner prints is shown for the cases only
                return answer.outcome(case, backward=False)

        more = with_shuffled(cases, got, expected, of_reference, of_answer)
        return (
            self.usual_mistake(cases, got, more)
            or diagnose(more, of_reference, of_answer)
            or self.usual_mistake(cases, got, more[: len(cases)])
        )

    def usual_mistake(self, cases: Sequence[Case], got: Sequence[Outcome], more: Sequence[Trial]) -> str | None:
        """The message of the usual mistake that gives the same values in all trials, best with the same gradients."""
        fitting = []
        for mistake in self.mistakes:
            try:
                if all(trial.got.same_values(outcome(mistake, trial.case, backward=False)) for trial in more):
                    fitting.append(mistake)
            except Exception:  # a mistake may be one that cannot run on every case; then it is not what happened
                continue
        for mistake in fitting:
            if all(ours.agrees(outcome(mistake, case)) for ours, case in zip(got, cases, strict=True)):
                return inspect.getdoc(mistake)
        right = all(trial.got.same_values(trial.expected) for trial in more)
        return inspect.getdoc(fitting[0]) if fitting and not right else None

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
