"""`gmm-tutorial train`: one model, one recipe, one receipt."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gmm_tutorial.cli.errors import plainly, resumable, same_command


def train(
    model: Annotated[str, typer.Option(help="vit, rmt-cifar, convnet, ...")] = "vit",
    prior: Annotated[str, typer.Option(help="none, elm, gmm, manhattan, alibi, temperature, free or frozen")] = "none",
    dataset: Annotated[str, typer.Option(help="one that `gmm-tutorial data` lists")] = "cifar10",
    recipe: Annotated[str, typer.Option(help="lesson, short or paper (as published)")] = "lesson",
    profile: Annotated[str | None, typer.Option(help="sizes: ci, learn or full (as published)")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    epochs: Annotated[int | None, typer.Option(help="passes over the images; default: the recipe's")] = None,
    batch_size: Annotated[int | None, typer.Option(help="images per batch, over all processes")] = None,
    pool: Annotated[str | None, typer.Option(help="mean or cls, for models that have both")] = None,
    kernels: Annotated[int | None, typer.Option(help="Gaussians per head, for the prior gmm")] = None,
    precision: Annotated[str | None, typer.Option(help="float32 or bfloat16")] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="such as lr=5e-4, model.drop_path=0 or prior.init=local; repeatable"
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for receipts, weights and checkpoints")] = Path("runs"),
    fresh: Annotated[
        bool, typer.Option("--fresh/--resume", help="start again, or continue from the last checkpoint")
    ] = False,
    compile_: Annotated[bool, typer.Option("--compile", help="use torch.compile, on a CUDA GPU")] = False,
) -> None:
    """Train a model and save its receipt and weights in a folder. Run it again to continue an interrupted training.

    Several GPUs: torchrun --nproc-per-node=2 -m gmm_tutorial train ...
    """
    with plainly(ImportError):
        from gmm_tutorial import data, runs
        from gmm_tutorial.cli.options import model_choices
        from gmm_tutorial.train import configure, parallel

    store = runs.Store(out, keep="weights")
    with plainly(ValueError, code=2):
        own: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size, "precision": precision}
        chosen = {name: value for name, value in own.items() if value is not None}
        chosen |= model_choices(prior, pool=pool, kernels=kernels, given=set_ or ())
        config = configure(dataset, model, recipe=recipe, profile=profile, **{"seed": seed, **chosen})
        done = None if fresh else store.find(config)
    with plainly(RuntimeError):
        first = parallel.join().first
    faults = (data.DataUnavailable, data.DataCorrupt, FloatingPointError)
    with plainly(*faults), plainly(ValueError, code=2), resumable():
        receipt = done or runs.run_shown(config, store, fresh=fresh, compiled=compile_).receipt
    if first:
        typer.echo(f"{receipt.summary()}\n  {'already trained: ' if done else ''}{store.receipt_path(config)}")
        if done and done.kept is None:
            typer.echo("  its weights were not kept: `gmm-tutorial reproduce` keeps none")
        if done:
            typer.echo(f"  to start again: {same_command()} --fresh")
