"""What a learner defined, as a check sees it: what it is, and what it gives on a case."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from gmm_tutorial.learn import sandbox
from gmm_tutorial.learn.adapt import adapted
from gmm_tutorial.learn.compare import Case, Outcome, outcome
from gmm_tutorial.learn.kinds import kind
from gmm_tutorial.learn.stub import has_return, is_stub


class Answer:
    """A learner's function in this process. `course.grading` has one that runs in a process of its own.

    Args:
        function: What the learner has defined under the function's name.

    Example:
        >>> Answer(lambda x: 2 * x).outcome({"x": 3}).values
        (tensor(6., dtype=torch.float64),)
        >>> Answer(3).instead
        'a whole number'
    """

    def __init__(self, function: Any) -> None:
        self.function = function

    @property
    def instead(self) -> str:
        """In words, what it is if it is not a function; empty if it is one."""
        if inspect.isclass(self.function):
            return "a class"
        return "" if callable(self.function) else kind(self.function).words

    @property
    def is_stub(self) -> bool:
        """Whether nothing has been written yet."""
        return is_stub(self.function)

    @property
    def has_return(self) -> bool:
        """Whether `return` is written in it."""
        return has_return(self.function)

    def prepare(self, cases: Sequence[Case]) -> None:
        """Get to know the cases, before the first of them is run."""

    def outcome(self, case: Case, backward: bool = True) -> Outcome:
        """What it gives on a case.

        Args:
            case: Argument -> value, one of the cases or a variant of it.
            backward: Whether the tensors among the arguments collect gradients.

        Returns:
            What came out.

        Raises:
            sandbox.Raised: If the learner's code raises anything.
            sandbox.TookTooLong: If it does not finish.
        """
        return outcome(self.function, case, sandbox.run, backward)

    def adapted(self, name: str, got: Sequence[Outcome], expected: Sequence[Outcome]) -> Callable[..., Any]:
        """The function that a notebook goes on with if the answer is right: see `learn.adapt.adapted`."""
        return adapted(self.function, name, got, expected)
