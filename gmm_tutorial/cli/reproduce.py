"""`gmm-tutorial reproduce`: the trainings of a table, as many as a budget of time allows."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gmm_tutorial.cli.errors import plainly, resumable, same_command


def reproduce(
    table: Annotated[
        str,
        typer.Option(
            help="lessons, published, tuning, control, confirmation, secondary, cifar100, shapes, backbones, kernels "
            "or starts"
        ),
    ],
    dataset: Annotated[
        str | None, typer.Option(help="one that `gmm-tutorial data` lists; default: the table's own")
    ] = None,
    budget: Annotated[str | None, typer.Option(help="such as 20m or 1h30m; default: until everything is done")] = None,
    recipe: Annotated[str | None, typer.Option(help="lesson, short or paper; default: the table's own")] = None,
    profile: Annotated[str | None, typer.Option(help="sizes: ci, learn or full; default: the table's own")] = None,
    seeds: Annotated[str | None, typer.Option(help="separated by commas; default: the plan's, or 0,1,2")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="for all rows, such as epochs=30; repeatable"),
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for the receipts")] = Path("runs"),
    compile_: Annotated[bool, typer.Option("--compile", help="use torch.compile, on a CUDA GPU")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only list what would be trained")] = False,
) -> None:
    """Train what a table still lacks, the most informative rows first. Run it again to continue."""
    with plainly(ImportError):
        from gmm_tutorial import data, runs
        from gmm_tutorial._checks import check_one_of
        from gmm_tutorial.cli import options

    store = runs.Store(out, keep="priors")
    with plainly(ValueError, code=2):
        if int(os.environ.get("WORLD_SIZE", 1)) > 1:
            raise ValueError(
                "reproduce runs in one process: on several GPUs, start one per GPU, with different --seeds"
            )
        check_one_of("table", table, runs.TABLES)
        study = runs.TABLES[table]
        limit = runs.Budget(options.seconds(budget) if budget else None)
        values = {**study.scale, **options.scale_choices(set_ or ())}
        values |= {name: value for name, value in (("recipe", recipe), ("profile", profile)) if value}
        planned = study.planned(options.seeds(seeds) if seeds else None)
        plan = study.plan(dataset=study.data(dataset), seeds=planned, **values)
        if dry_run:
            for config in plan:
                typer.echo(f"{'done ' if store.find(config) else 'to do'}  {runs.run_name(config)}")
            return
    faults = (data.DataUnavailable, data.DataCorrupt, FloatingPointError)
    with plainly(*faults), plainly(ValueError, code=2), resumable():
        done = runs.reproduce(plan, store, limit, compiled=compile_, say=typer.echo)
    table_of = f"the table: gmm-tutorial results --table {table} --folder {out}"
    typer.echo(table_of if done else f"to continue: {same_command()}")
