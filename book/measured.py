"""What was measured, in Markdown: pictures and tables with a link to every receipt, and how long everything took."""

import json
from collections import defaultdict
from pathlib import Path
from statistics import median

import nbformat

from book import intervals, speed
from book.lessons import exercises
from gmm_tutorial import results, runs
from gmm_tutorial.results import Receipt
from gmm_tutorial.runs.display import duration


class Receipts:
    """All receipts of a folder, each with the file that it came from."""

    def __init__(self, folder: Path) -> None:
        found = results.read(folder)
        self.all = list(found.values())
        # by the identity of a receipt, whose fields cannot be hashed
        self.paths = {id(receipt): path.relative_to(folder) for path, receipt in found.items()}

    def link(self, receipt: Receipt) -> str:
        """A link to the file, under the name of its seed."""
        return f"{{download}}`seed {receipt.config.seed} <receipts/{self.paths[id(receipt)].as_posix()}>`"

    def listed(self, lines: list[runs.Line]) -> str:
        """Folded: a line for each row, with a link to each of its receipts."""
        listed = [f"- {line.row.label}: {', '.join(map(self.link, line.receipts))}" for line in lines]
        where = sorted({f"{r.device}, PyTorch {r.versions['torch']}" for line in lines for r in line.receipts})
        return "\n".join(
            [":::{dropdown} The receipts behind it", *listed, "", f"Trained on {'; '.join(where)}.", ":::"]
        )


def study(name: str, receipts: Receipts, folder: Path) -> str:
    """The tables of a study, one per scale, each below its picture, with what is missing and the receipts behind it."""
    made = []
    for number, table in enumerate(runs.tables(name, receipts.all), start=1):
        parts = [
            f"**{table.scale}**",
            table.markdown(title=False),
            runs.reading.markdown(table),
            receipts.listed(table.lines),
        ]
        if len(table.lines) > 1:  # a single row has nothing to be compared with
            picture = f"study_{name}_{number}"
            intervals.draw(table, folder / picture)
            parts.insert(1, intervals.shown(picture))
            if intervals.draw_differences(table, folder / f"{picture}_differences"):
                parts.insert(3, intervals.shown(f"{picture}_differences", intervals.DIFFERENCES))
        made.append("\n\n".join(parts))
    return "\n\n".join(made) + "\n" if made else "Not trained yet.\n"


def lessons(root: Path, stems: list[str]) -> str:
    """How much there is to do in each lesson, and how long it takes to run."""
    times = results.lesson_times(root / "results")
    lines = ["| lesson | exercises | to work through them | `learn` | `ci` |", "|---|---:|---:|---:|---:|"]
    for stem in stems:
        found = exercises(nbformat.read(root / "solutions" / f"{stem}.ipynb", as_version=4))
        seconds = times.get(stem)
        ran = [duration(seconds[profile]) if seconds else "not measured yet" for profile in ("learn", "ci")]
        minutes = sum(each.minutes for each in found)
        lines.append(f"| {{doc}}`lessons/{stem}` | {len(found)} | {minutes} min | {' | '.join(ran)} |")
    machine = json.loads((root / "results" / "lesson_times.json").read_text())["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return "\n".join(lines) + f"\n\nMeasured on {machine['device']}, with {versions}.\n"


def difficulty(root: Path, stems: list[str]) -> str:
    """The exercises of all lessons by their difficulty, the hardest first, each with its minutes."""
    lines = ["| difficulty | exercises | which |", "|---:|---:|---|"]
    found = [each for stem in stems for each in exercises(nbformat.read(root / "solutions" / f"{stem}.ipynb", 4))]
    for level in range(5, 0, -1):
        some = [each for each in found if each.difficulty == level]
        which = ", ".join(f"`{each.name}` ({each.minutes})" for each in some)
        lines.append(f"| {level} | {len(some)} | {which} |")
    return "\n".join(lines) + "\n"


def trainings(receipts: Receipts) -> str:
    """How long one training of each kind took: the median over its seeds."""
    kinds: dict[tuple[str, ...], list[Receipt]] = defaultdict(list)
    for receipt in receipts.all:
        config = receipt.config
        prior = f" + {config.prior}" if config.prior else ""
        scale = f"{config.epochs} x {config.train_images:,}"
        kinds[f"{config.model}{prior}", scale, receipt.device].append(receipt)
    lines = ["| model | epochs x images | on | trainings | median |", "|---|---:|---|---:|---:|"]
    for (model, scale, device), group in sorted(kinds.items()):
        took = duration(median(r.seconds for r in group))
        lines.append(f"| {model} | {scale} | {device} | {len(group)} | {took} |")
    return "\n".join(lines) + "\n"


def write_fragments(root: Path, folder: Path, stems: list[str]) -> None:
    """Write what the pages include: one Markdown file per table."""
    folder.mkdir(parents=True, exist_ok=True)
    receipts = Receipts(root / "results")
    made = {f"study_{name}": study(name, receipts, folder) for name in runs.TABLES}
    made |= speed.fragments(root / "results" / "bench", folder)
    made |= {"lessons": lessons(root, stems), "difficulty": difficulty(root, stems), "trainings": trainings(receipts)}
    for name, text in made.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
