"""What goes through the pipe between the process that compares values and that of an answer.

Cases go to the answer as pickles. Nothing comes back that way: reading a pickle can run code, and what comes back may
have been made by anyone. It is JSON, and is refused unless it has the form of an outcome.
"""

import base64
import io
import json
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn import sandbox
from gmm_tutorial.learn.compare import Case, Outcome
from gmm_tutorial.learn.kinds import Kind

DTYPES = {str(each).removeprefix("torch."): each for each in vars(torch).values() if isinstance(each, torch.dtype)}
FAMILIES = {"", "real", "whole", "truth", "complex"}
MALFORMED = (ArithmeticError, AttributeError, IndexError, KeyError, RuntimeError, TypeError, ValueError)
LONGEST = 4000  # letters of a text: a report shows it


class Ended(Exception):
    """The process of an answer is of no more use; the text says why, and goes on after the name of the answer."""


class Nonsense(Ended):
    """What the process has sent is nothing that this package sends."""

    def __init__(self) -> None:
        super().__init__("sent something else than values to the process that compares them")


# ---- to the answer


class Pickler(pickle.Pickler):
    """Cases on their way. Functions among their arguments stay here: both sides have drawn them."""

    def __init__(self, file: io.BytesIO, cases: Sequence[Case]) -> None:
        super().__init__(file)
        self.places = {id(value): (i, name) for i, case in enumerate(cases) for name, value in functions(case)}

    def persistent_id(self, value: Any) -> Any:
        """Where the other side finds a function."""
        return self.places.get(id(value))


class Unpickler(pickle.Unpickler):
    """Cases as they arrive."""

    def __init__(self, file: io.BytesIO, cases: Sequence[Case]) -> None:
        super().__init__(file)
        self.cases = cases

    def persistent_load(self, place: Any) -> Any:
        """The function itself."""
        number, name = place
        return self.cases[number][name]


def functions(case: Case) -> Iterator[tuple[str, Any]]:
    """The arguments of a case that are functions."""
    return ((name, value) for name, value in case.items() if callable(value))


# ---- from the answer


def packed(reply: dict[str, Any]) -> bytes:
    """A reply as bytes that `unpacked` reads without running any code."""
    return json.dumps(reply, default=encoded).encode()


def encoded(value: Tensor) -> dict[str, Any]:
    """A tensor as JSON: its size cannot be larger than what is sent of it."""
    array = value.detach().resolve_conj().resolve_neg().numpy()
    return {"shape": list(array.shape), "dtype": str(array.dtype), "bytes": base64.b64encode(array.tobytes()).decode()}


def unpacked(said: bytes) -> dict[str, Any]:
    """What a process has sent. Raises Nonsense if it is no reply."""
    try:
        return dict(json.loads(said))
    except MALFORMED:
        raise Nonsense from None


def text(value: Any) -> str:
    """The beginning of a text. Raises TypeError if it is none: str() of a list may take forever."""
    if not isinstance(value, str):
        raise TypeError
    return value[:LONGEST]


def form(reply: dict[str, Any]) -> tuple[str, bool, bool]:
    """What an answer is instead of a function, whether it is blank, and whether it has a return. Raises Nonsense."""
    try:
        instead, blank, returns = reply["is"]
        instead, blank, returns = text(instead), blank is True, returns is True
    except MALFORMED:
        raise Nonsense from None
    return instead, blank, returns


def plain(outcome: Outcome) -> dict[str, Any]:
    """An outcome as tensors, strings and numbers."""
    return {
        "container": outcome.container,
        "kinds": [[*each[:2], str(each.dtype or "").removeprefix("torch."), each.type] for each in outcome.kinds],
        "values": list(outcome.values),
        "gradients": [[place, name, gradient] for (place, name), gradient in outcome.gradients.items()],
        "changed": list(outcome.changed),
    }


def outcome(reply: dict[str, Any], case: Case) -> Outcome:
    """An outcome out of a reply. Raises Nonsense unless it has the form of one."""
    try:
        sent = reply["outcome"]
        kinds = tuple(
            Kind(text(words), text(family), DTYPES[dtype] if dtype else None, text(kind))
            for words, family, dtype, kind in sent["kinds"]
        )
        changed = tuple(map(text, sent["changed"]))
        container = {"": "", "list": "list", "tuple": "tuple"}[sent["container"]]
        comparable = all(kind.family for kind in kinds) and not changed
        # strict: what is not there would not be compared
        pairs = zip(sent["values"], kinds if comparable else (), strict=True)
        values = tuple(number(value, kind.family == "complex") for value, kind in pairs)
        gradients = {(int(place), text(name)): number(value) for place, name, value in sent["gradients"]}
        if (
            not (container or len(kinds) == 1)
            or not {kind.family for kind in kinds} <= FAMILIES
            or not set(changed) <= set(case)
        ):
            raise ValueError
    except MALFORMED:
        raise Nonsense from None
    return Outcome(container, kinds, values, gradients, changed)


def number(value: Any, is_complex: bool = False) -> Tensor:
    """A tensor that can be compared. Raises one of MALFORMED if it is none."""
    dtype = torch.complex128 if is_complex else torch.float64
    shape, data = value["shape"], bytearray(base64.b64decode(value["bytes"], validate=True))
    if DTYPES[value["dtype"]] != dtype or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError
    return (torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)).reshape(shape)


def failure(error: sandbox.Raised | sandbox.TookTooLong) -> dict[str, Any]:
    """What went wrong, in strings: the learner's exception need not exist on the other side."""
    if isinstance(error, sandbox.TookTooLong):
        return {"late": [error.line, error.stopped]}
    try:
        said = str(error.error)[:LONGEST]
    except BaseException:  # the message of a learner's own exception can fail as well
        said = "(its message cannot be printed)"
    return {"raised": [type(error.error).__name__, said, error.line]}


def error(reply: dict[str, Any]) -> sandbox.Raised | sandbox.TookTooLong | None:
    """What went wrong, as an exception like the learner's; None if nothing did. Raises Nonsense."""
    try:
        if "late" in reply:
            line, stopped = reply["late"]
            return sandbox.TookTooLong(text(line), stopped is True)
        if "raised" not in reply:
            return None
        kind, said, line = map(text, reply["raised"])
    except MALFORMED:
        raise Nonsense from None
    made = type(kind if kind.isidentifier() else "Exception", (Exception,), {})
    raised = sandbox.Raised((SystemExit if kind == "SystemExit" else made)(said))
    raised.line = line
    return raised
