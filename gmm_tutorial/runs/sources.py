"""The source of a class or a function, with what it uses: two that differ in it may compute different things."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from types import CodeType, FunctionType
from typing import Any

LIBRARIES = ("builtins", "torch", "gmm_tutorial")
PLAIN = (bool, int, float, str, tuple, type(None))


def source(thing: Callable[..., Any]) -> str:
    """The text of a class or a function, and of all that it uses by name, as far as no library holds it.

    Bases, helper functions and numbers of the same notebook are part of it. Answers to exercises are not: one that is
    right computes what the reference computes, which takes its place as long as it is not.
    """
    return "\n".join(parts(thing, set()))


def parts(thing: Any, seen: set[int]) -> Iterator[str]:
    """The texts of a thing and of what it uses, each once."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, partial):
        yield repr((thing.args, sorted(thing.keywords.items())))
        yield from parts(thing.func, seen)
    elif isinstance(thing, FunctionType):
        if thing.__module__.partition(".")[0] in LIBRARIES or (written := text(thing)).startswith("@exercise("):
            return
        yield written
        yield from (
            repr(cell.cell_contents) for cell in thing.__closure__ or () if isinstance(cell.cell_contents, PLAIN)
        )
        for name in sorted(names(thing.__code__)):
            value = thing.__globals__.get(name)
            if isinstance(value, PLAIN) and name in thing.__globals__:
                yield f"{name} = {value!r}"
            elif isinstance(value, (type, FunctionType, partial)):
                yield from parts(value, seen)
    elif isinstance(thing, type):
        for each in thing.__mro__:
            if each.__module__.partition(".")[0] not in LIBRARIES:
                yield from members(each, seen)


def members(kind: type, seen: set[int]) -> Iterator[str]:
    """The name of a class and the texts of what its body defines."""
    yield kind.__qualname__
    for name, value in sorted(vars(kind).items()):
        function = getattr(value, "__func__", getattr(value, "fget", value))  # of a static method, of a property
        if isinstance(function, FunctionType):
            yield from parts(function, seen)
        elif not name.startswith("__"):
            yield f"{name} = {value!r}"
            if isinstance(value, (type, partial)):
                yield from parts(value, seen)


def names(code: CodeType) -> set[str]:
    """The global names that code uses, that of functions inside of it too."""
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*map(names, inner))


def text(function: FunctionType) -> str:
    """The source of a function; its code where there is no source, as in a console."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        code = function.__code__
        return repr((code.co_code, code.co_names, [each for each in code.co_consts if not isinstance(each, CodeType)]))
