"""`gmm-tutorial grade`: which exercises of learners' notebooks are right."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_tutorial.cli.errors import plainly


def grade(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="notebooks, or folders of them")],
    pass_mark: Annotated[
        float, typer.Option(metavar="PERCENT", help="how many of the exercises of a notebook must be right")
    ] = 0,
    json: Annotated[Path | None, typer.Option(help="write the reports to this file as JSON")] = None,
    junit: Annotated[Path | None, typer.Option(help="write them as JUnit XML, for a CI")] = None,
    profile: Annotated[str, typer.Option(help="how much the cells compute: ci, learn or full")] = "ci",
    cell_time: Annotated[float, typer.Option(metavar="SECONDS", help="limit for a cell, and for an answer")] = 60,
    time: Annotated[float, typer.Option(metavar="SECONDS", help="limit for all cells of a notebook")] = 600,
    memory: Annotated[float, typer.Option(metavar="GB", help="limit for the kernel, and for an answer")] = 4,
    answers_only: Annotated[bool, typer.Option("--answers-only", help="do not run the other cells")] = False,
) -> None:
    """Grade learners' notebooks, which are not changed. Each answer, and each kernel, has a process of its own.

    The exit code is 0 if every notebook can be graded and reaches the pass mark, and 1 if not.
    """
    with plainly(ImportError):
        from rich.console import Console

        from gmm_tutorial._checks import check_number
        from gmm_tutorial._files import write_whole
        from gmm_tutorial.course import grading
        from gmm_tutorial.course.grading import limits, show
        from gmm_tutorial.train import profiles

    with plainly(ValueError, code=2):
        check_number("--pass-mark", pass_mark, 0, 100)
        for option, value in (("--cell-time", cell_time), ("--time", time), ("--memory", memory)):
            check_number(option, value, 1, 1e6)
        profiles.find(profile)
        files = list(grading.notebooks(paths))
    allowed = grading.Limits(int(memory * 2**30), cell_time, time)
    console, reports, changed = Console(), list[grading.Report](), False
    for number, path in enumerate(files, start=1):
        with Console(stderr=True).status(f"grading {show.escaped(path.name)}, {number} of {len(files)}"):
            try:
                report = grading.grade(path, allowed, profile, run=not answers_only)
            except grading.PackageChanged as error:
                report, changed = grading.Report(path, problem=str(error)), True
            except Exception as error:  # what one notebook does must not cost the others their grades
                report = grading.Report(path, problem=show.unexpected(error))
        reports.append(report)
        typer.echo(show.title(report))
        if report.exercises:
            console.print(show.table(report))
        for line in (*show.lines(report), ""):
            typer.echo(line)
        if json:  # after each notebook, so that nothing is lost if something stops the others
            write_whole(json, show.as_json(reports, pass_mark))
        if junit:
            write_whole(junit, show.as_junit(reports))
        if changed:  # the others would be graded by what this one has left
            break
    if len(reports) > 1:
        console.print(show.summary(reports, pass_mark))
    if not limits.ENFORCED:
        console.print(limits.NOT_ENFORCED)
    raise typer.Exit(0 if all(show.passes(report, pass_mark) for report in reports) else 1)
