"""How commands report errors, and how they name themselves."""

import errno
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

ADVICE = {
    errno.ENOSPC: "Free some space on that disk, then run the same command again.",
    errno.EACCES: "Choose a folder that you can read and write, or change its permissions.",
    errno.EPERM: "Choose a folder that you can read and write, or change its permissions.",
    errno.EROFS: "That disk is read-only: choose a folder on another one.",
    errno.ENAMETOOLONG: "Choose a shorter path.",
    errno.EEXIST: "That is a file, but it must be a folder.",
    errno.ENOTDIR: "A part of that path is a file, but it must be a folder.",
    errno.EISDIR: "That is a folder, but it must be a file.",
    errno.EMFILE: "Too many files are open: close other programs, or raise the limit (ulimit -n).",
}


class Commands(TyperGroup):
    """All commands, for `typer.Typer(cls=Commands)`: errors of the system and Ctrl-C end in a message, not a traceback.

    Errors that a command can explain better it catches itself, with `plainly` and `resumable`.
    """

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
            raise typer.Exit(130) from None
        except BrokenPipeError:  # the reader of the output has closed it, as `| head` does
            raise
        except refusals() as error:
            typer.echo(refusal(error), err=True)
            raise typer.Exit(1) from None


def refusals() -> tuple[type[Exception], ...]:
    """The errors that say what the system refused; safetensors, once it is imported, has one of its own for writing."""
    safetensors = sys.modules.get("safetensors")
    return (OSError, safetensors.SafetensorError) if safetensors else (OSError,)


def refusal(error: Exception) -> str:
    """What the system refused, for which file, and what to do: at most two lines."""
    number, what = getattr(error, "errno", None) or 0, getattr(error, "strerror", None)
    said = (str(what or error) or type(error).__name__).splitlines()[0][:500]
    where = getattr(error, "filename", None)  # a number when it is a file that is open already
    line = f"{os.fsdecode(where)}: {said}" if isinstance(where, str | bytes) and where else said
    return "\n".join(filter(None, [line, ADVICE.get(number)]))


@contextmanager
def plainly(*errors: type[Exception], code: int = 1) -> Iterator[None]:
    """Show only the text of errors that a user can fix, and exit with a code."""
    try:
        yield
    except errors as error:
        if os.environ.get("RANK", "0") == "0":  # of several processes, one speaks
            typer.echo(str(error), err=True)
        raise typer.Exit(code) from None


def same_command() -> str:
    """The command line of this process, so that it can be run again. --fresh is left out: it would discard results."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--fresh"]
    if "TORCHELASTIC_RUN_ID" in os.environ:
        start = ["torchrun", f"--nproc-per-node={os.environ['LOCAL_WORLD_SIZE']}", "-m", "gmm_tutorial"]
    elif sys.argv[0].endswith("__main__.py"):
        start = ["python", "-m", "gmm_tutorial"]
    else:
        start = ["gmm-tutorial"]
    return shlex.join([*start, *arguments])


@contextmanager
def resumable() -> Iterator[None]:
    """On Ctrl-C, say how to continue, and exit with the code that shells use for it."""
    try:
        yield
    except KeyboardInterrupt:
        if os.environ.get("RANK", "0") == "0":
            typer.echo(f"to continue: {same_command()}")
        raise typer.Exit(130) from None
