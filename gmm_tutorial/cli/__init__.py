"""The command `gmm-tutorial`. Each subcommand is a few lines that call the module that does the work.

Modules are imported where they are needed: `--help` need not wait for torch, and `doctor` must work without it.
"""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gmm_tutorial.cli.errors import Commands, plainly
from gmm_tutorial.cli.grade import grade
from gmm_tutorial.cli.progress import progress
from gmm_tutorial.cli.reproduce import reproduce
from gmm_tutorial.cli.results import results
from gmm_tutorial.cli.train import train

app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Attention with a spatial prior, built from nothing, in notebooks that check themselves."""


@app.command()
def doctor() -> None:
    """Check that everything the lessons need is installed. Each line says ok, or what to do."""
    from gmm_tutorial.course.doctor import show

    raise typer.Exit(0 if show() else 1)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open JupyterLab on the lessons. Options are JupyterLab's own, such as --port 9000 or --no-browser.

    Without the repository, the lessons are first copied into ./gmm-tutorial-lessons. A copy in which you have worked is
    never overwritten.
    """
    from gmm_tutorial.course import handout, locate

    with plainly(locate.LessonError):
        folder = handout.folder(typer.echo)
    # in a container the user is root, and JupyterLab would refuse to start; it listens on this machine only
    root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    # the whole folder, so that links from a lesson to the glossary and the solutions can be followed
    places = [f"--ServerApp.root_dir={folder}", "--ContentsManager.preferred_dir=notebooks"]
    command = [sys.executable, "-m", "jupyterlab", *places, *root, *context.args]
    # these are defaults only: the user's own settings take precedence and are not touched
    settings = [str(locate.JUPYTER), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    environment = {**os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, settings))}
    raise typer.Exit(finish(subprocess.Popen(command, env=environment)))


def finish(process: "subprocess.Popen[bytes]") -> int:
    """The exit code of a process that handles Ctrl-C itself, such as JupyterLab, which asks before it stops."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


@app.command()
def run(
    lesson: Annotated[str, typer.Argument(help="its number, such as 03")],
    profile: Annotated[str | None, typer.Option(help="ci, learn or full; default: the current one")] = None,
    solution: Annotated[bool, typer.Option(help="the solved notebook")] = False,
    output: Annotated[Path | None, typer.Option(help="where to write the executed notebook")] = None,
) -> None:
    """Run all cells of a lesson and print the reports of its trainings. The notebook itself is not changed."""
    from gmm_tutorial.course import locate
    from gmm_tutorial.course.run import run as run_notebook
    from gmm_tutorial.train import profiles

    if profile:
        os.environ[profiles.VARIABLE] = profile  # for this process and the kernel that it starts
    with plainly(locate.LessonError, ValueError):
        profiles.current()
        path = locate.find(lesson, solution)
        for report in run_notebook(path, output):
            typer.echo(report)


@app.command()
def build(
    lessons: Annotated[list[str] | None, typer.Argument(help="their numbers, such as 03; all if none is given")] = None,
    force: Annotated[bool, typer.Option("--force", help="overwrite notebooks that contain changes")] = False,
    execute: Annotated[
        bool, typer.Option("--execute/--no-execute", help="run them; if not, outputs stay where only prose has changed")
    ] = True,
) -> None:
    """Build the two notebooks of each lesson, the solution and the learner's, from its master in solutions/."""
    from gmm_tutorial.course import locate
    from gmm_tutorial.course.build import make

    with plainly(locate.LessonError, ValueError):
        for path, seconds in make(locate.repository(), lessons, force, execute):
            typer.echo(f"{path.parent.name}/{path.name}  {seconds:.0f} s")


@app.command()
def data(
    name: Annotated[str | None, typer.Argument(help="such as cifar10; without a name: list all data sets")] = None,
    refetch: Annotated[bool, typer.Option(help="download it again even if it is there")] = False,
) -> None:
    """Download a data set, verify it, and print where it is."""
    from gmm_tutorial import data as sets
    from gmm_tutorial.course.doctor import data_line, guarded
    from gmm_tutorial.data.catalog import TABLE

    with plainly(sets.DataUnavailable, sets.DataCorrupt, ValueError):
        if name and not sets.catalog.entry(name).drawn:
            sets.fetch(name, refetch=refetch)
        typer.echo(f"Data sets are stored in {sets.root()}")
        lines = [guarded(one, partial(data_line, one)) for one in ([name] if name else TABLE)]
    typer.echo("\n".join(map(str, lines)))
    raise typer.Exit(1 if any(line.state == "must" for line in lines) else 0)


for command in (train, reproduce, results, grade, progress):
    app.command()(command)
