"""Whether a learner has written anything yet."""

import ast
import dis
import inspect
import textwrap
from collections.abc import Callable, Iterator
from typing import Any


def is_stub(function: Callable[..., Any]) -> bool:
    """Whether the body is only a docstring and `...`: then nothing is left of it but to return None."""
    if not inspect.isfunction(function) or has_return(function):
        return False
    instructions: Iterator[dis.Instruction] = dis.get_instructions(function)
    steps = [step for step in instructions if step.opname not in ("RESUME", "NOP", "COPY_FREE_VARS")]
    return all("CONST" in step.opname or step.opname == "RETURN_VALUE" for step in steps) and all(
        step.argval is None for step in steps
    )


def has_return(function: Callable[..., Any]) -> bool:
    """Whether `return` is written in a function: its bytecode returns None either way."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):  # no source, no function, or a lambda in the middle of a line
        return False
    return any(isinstance(node, ast.Return) for node in ast.walk(tree))
