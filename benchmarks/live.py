"""The live trainings of the lessons with several seeds: writes results/live.json, which the lessons show.

    python benchmarks/live.py               # every lesson that has live trainings to repeat; minutes each
    python benchmarks/live.py 05 --seeds 3  # one lesson, with one seed

Each lesson has a line `SEED = 0`, and keeps what its trainings gave in a dictionary `live`, by row. This runs the cells
of the solution up to the one that makes `live`, at the profile `learn`, with another number in that line. A lesson that
trains only some of its rows has a line `ALL = False`, which becomes True.
"""

import argparse
import json
import os
import re
import tempfile
from pathlib import Path

import torch
from nbformat.v4 import new_code_cell

from gmm_tutorial._files import write_whole
from gmm_tutorial.course import locate, run
from gmm_tutorial.course.build import generate
from gmm_tutorial.results import machine
from gmm_tutorial.results.lessons import LIVE
from gmm_tutorial.train import profiles

SEED, RESULT = re.compile(r"^SEED = 0$", re.MULTILINE), re.compile(r"^live = ", re.MULTILINE)
ALL = re.compile(r"^ALL = False", re.MULTILINE)


def measure(master: Path, seed: int) -> dict[str, float]:
    """Return what the lesson's live trainings give with a seed."""
    notebook = generate(master, solution=True)
    last = next(place for place, cell in enumerate(notebook.cells) if RESULT.search(cell.source))
    notebook.cells = notebook.cells[: last + 1]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = ALL.sub("ALL = True", SEED.sub(f"SEED = {seed}", cell.source))
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder, "live.json")
        values = "{name: float(value) for name, value in live.items()}"
        notebook.cells.append(new_code_cell(f"open({str(result)!r}, 'w').write(__import__('json').dumps({values}))"))
        run.execute(notebook, master.parent, f"{master.stem}, seed {seed}")
        values_by_row: dict[str, float] = json.loads(result.read_text())
    return values_by_row


def main(numbers: list[str], seeds: list[int]) -> None:
    """Measure lessons with each seed, and keep what each gave."""
    os.environ[profiles.VARIABLE] = "learn"
    kept = json.loads(LIVE.read_text()) if LIVE.exists() else {"lessons": {}}
    masters = locate.masters(locate.repository())
    for number in numbers or masters:
        master = masters[number]
        if not RESULT.search(text := master.read_text(encoding="utf-8")) or not SEED.search(text):
            continue
        rows: dict[str, list[float]] = {}
        for seed in seeds:
            for row, value in measure(master, seed).items():
                rows.setdefault(row, []).append(round(value, 2))
        kept["lessons"][master.stem] = rows
        kept |= {"seeds": seeds, "machine": machine(torch.device("cpu"))}
        write_whole(LIVE, json.dumps(kept, indent=1) + "\n")
        for row, values in rows.items():
            print(f"{master.stem}  {row:30}", *(f"{value:6.1f}" for value in values), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    arguments = parser.parse_args()
    main(arguments.lessons, arguments.seeds)
