"""`gmm-tutorial results`: the tables that receipts give."""

from pathlib import Path
from typing import Annotated

import typer

from gmm_tutorial.cli.errors import plainly


def results(
    table: Annotated[str | None, typer.Option(help="as for `reproduce --table`; default: all")] = None,
    folder: Annotated[Path | None, typer.Option(help="a folder of receipts; default: those of the tutorial")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="print the tables as Markdown")] = False,
    pictures: Annotated[Path | None, typer.Option(help="a folder for the tables as pictures, in SVG")] = None,
) -> None:
    """Print what was measured: means with 95 % intervals over seeds, the published figures, what is missing.

    Below each table: how rows differ from their baseline. The intervals of a family hold together.
    """
    with plainly(ImportError):
        from rich.console import Console

        from gmm_tutorial import runs
        from gmm_tutorial._checks import check_one_of
        from gmm_tutorial.results import RESULTS, read

    where, console = folder or RESULTS, Console()
    with plainly(ValueError, code=2):
        if table:
            check_one_of("table", table, runs.TABLES)
        if not where.is_dir():
            raise ValueError(
                f"folder is {str(where)!r}, but it must be an existing folder; `gmm-tutorial reproduce` makes one"
            )
        receipts = read(where).values()
        found = {name: runs.tables(name, receipts) for name in ([table] if table else runs.TABLES)}
    for name, tables in found.items():
        for number, one in enumerate(tables, start=1):
            if markdown:
                typer.echo("\n".join((one.markdown(), runs.reading.markdown(one))))
            else:
                console.print(one.rich(), *runs.reading.rich(one), "", sep="\n")
            if pictures is not None:
                with plainly(OSError):
                    runs.pictures.save(one, pictures, f"{name}-{number}")
        if not tables:
            typer.echo(f"{name}: no receipt in {where}; to train: gmm-tutorial reproduce --table {name}")
