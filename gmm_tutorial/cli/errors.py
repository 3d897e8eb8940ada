"""How commands speak of errors, and of themselves."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def plainly(*errors: type[Exception], code: int = 1) -> Iterator[None]:
    """Show errors that a user can do something about as their text alone, and leave with an exit code."""
    try:
        yield
    except errors as error:
        if os.environ.get("RANK", "0") == "0":  # of several processes, one speaks
            typer.echo(str(error), err=True)
        raise typer.Exit(code) from None


def same_command() -> str:
    """The command line of this process, to be given again; without --fresh, which would throw away what is there."""
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
    """On Ctrl-C, say how to go on, and leave with the exit code that shells have for it."""
    try:
        yield
    except KeyboardInterrupt:
        if os.environ.get("RANK", "0") == "0":
            typer.echo(f"to go on: {same_command()}")
        raise typer.Exit(130) from None
