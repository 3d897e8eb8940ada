"""What was measured, in Markdown: tables with a link to every receipt, and how long lessons and trainings took."""

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import nbformat

from book.lessons import exercises
from gmm_tutorial import results, runs
from gmm_tutorial.results import Receipt
from gmm_tutorial.runs.tables import configuration


class Receipts:
    """All receipts of a folder, each with the file that it came from."""

    def __init__(self, folder: Path) -> None:
        found = results.read(folder)
        self.all = list(found.values())
        # by the identity of a receipt, whose fields cannot be hashed
        self.paths = {id(receipt): path.relative_to(folder) for path, receipt in found.items()}

    def link(self, receipt: Receipt) -> str:
        """A link to the file, under the name of its seed."""
        return f"{{download}}`seed {receipt.config['seed']} <receipts/{self.paths[id(receipt)].as_posix()}>`"

    def listed(self, groups: Iterable[tuple[str, list[Receipt]]]) -> str:
        """Folded: a line for each group, with a link to each of its receipts."""
        lines = [f"- {name}: {', '.join(map(self.link, group))}" for name, group in groups]
        where = "; ".join(sorted({f"{r.device}, PyTorch {r.versions['torch']}" for _, g in groups for r in g}))
        return "\n".join([":::{dropdown} The receipts behind it", *lines, "", f"Trained on {where}.", ":::"])


def study(name: str, receipts: Receipts) -> str:
    """The tables of a study, one a folder and scale, each with what is missing and the receipts behind it."""
    made = []
    folders: dict[str, list[Receipt]] = defaultdict(list)
    for receipt in receipts.all:
        if (folder := receipts.paths[id(receipt)].parts[0]) not in runs.LESSON_STUDIES:
            folders[folder].append(receipt)
    for table in (table for each in folders.values() for table in runs.tables(name, each)):
        groups = [(line.row.label, line.receipts) for line in table.lines]
        title, _, rows = table.markdown().partition("\n\n")
        scale = title.strip("*").removeprefix(f"{runs.TABLES[name].title}. ")
        made.append(f"**{scale}**\n\n{rows}\n{receipts.listed(groups)}\n")
    return "\n".join(made) or "No training of this study is among the receipts yet.\n"


def lesson_study(name: str, receipts: Receipts) -> str:
    """The table of a folder of receipts, one line a variant, under the names of its files."""
    groups: dict[str, list[Receipt]] = defaultdict(list)
    variant: dict[int, str] = {}
    for receipt in receipts.all:
        path = receipts.paths[id(receipt)]
        if path.parts[0] == name:
            words = path.stem.removeprefix(f"{receipt.data['name']}-").rpartition("-seed")[0].replace("-", " ")
            variant[id(receipt)] = words
            groups[words].append(receipt)
    ordered = [receipt for group in groups.values() for receipt in group]
    return f"{results.table(ordered, lambda r: variant[id(r)])}\n\n{receipts.listed(groups.items())}\n"


def lessons(root: Path, stems: list[str]) -> str:
    """How much there is to do in each lesson, and how long it takes to run."""
    times = results.lesson_times(root / "results")
    lines = ["| lesson | exercises | to work through them | `learn` | `ci` |", "|---|---:|---:|---:|---:|"]
    for stem in stems:
        found = exercises(nbformat.read(root / "solutions" / f"{stem}.ipynb", as_version=4))
        seconds = times.get(stem)
        ran = [duration(seconds[profile]) if seconds else "not measured yet" for profile in ("learn", "ci")]
        minutes = sum(each for _, each in found)
        lines.append(f"| {{doc}}`lessons/{stem}` | {len(found)} | {minutes} min | {' | '.join(ran)} |")
    machine = json.loads((root / "results" / "lesson_times.json").read_text())["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return "\n".join(lines) + f"\n\nMeasured on {machine['device']}, with {versions}.\n"


def trainings(receipts: Receipts) -> str:
    """How long one training of each kind took: the median over its seeds."""
    kinds: dict[tuple[str, ...], list[Receipt]] = defaultdict(list)
    for receipt in receipts.all:
        config = configuration(receipt)
        prior = f" + {config.prior}" if config.prior else ""
        scale = f"{config.epochs} x {config.train_images:,}"
        kinds[f"{config.model}{prior}", scale, receipt.device].append(receipt)
    lines = ["| model | epochs x images | on | trainings | median |", "|---|---:|---|---:|---:|"]
    for (model, scale, device), group in sorted(kinds.items()):
        took = duration(median(r.seconds for r in group))
        lines.append(f"| {model} | {scale} | {device} | {len(group)} | {took} |")
    return "\n".join(lines) + "\n"


def duration(seconds: float) -> str:
    """Seconds as one says them: 45 s, 2.6 min, 40 min, 2.5 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.{1 if seconds < 600 else 0}f} min"
    return f"{seconds / 3600:.1f} h"


def write_fragments(root: Path, folder: Path, stems: list[str]) -> None:
    """Write what the pages include: one Markdown file a table."""
    folder.mkdir(parents=True, exist_ok=True)
    receipts = Receipts(root / "results")
    made = {f"study_{name}": study(name, receipts) for name in runs.TABLES}
    made |= {f"lesson_{name}": lesson_study(name, receipts) for name in runs.LESSON_STUDIES}
    made |= {"lessons": lessons(root, stems), "trainings": trainings(receipts)}
    for name, text in made.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
