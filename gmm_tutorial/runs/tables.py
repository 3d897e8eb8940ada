"""The tables of the studies, from receipts: a table for each scale at which a row of a study was trained."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table as RichTable

from gmm_tutorial import results
from gmm_tutorial.data.catalog import TABLE as DATA
from gmm_tutorial.results import Receipt
from gmm_tutorial.runs import published
from gmm_tutorial.runs.names import KIND, beside
from gmm_tutorial.runs.rows import TABLES, Row, Study
from gmm_tutorial.train import TrainConfig

# folders of results/ that lessons 02, 03 and 07 read, each in a table of its own; some of their rows are here again
LESSON_STUDIES = ("small", "rmt")
COLUMNS = ("", "test accuracy, %", "seeds", "published, full scale", "parameters", "MACs")


@dataclass(frozen=True)
class Line:
    """A row of a study with the receipts that it has at one scale, one a seed."""

    row: Row
    receipts: list[Receipt]

    def cells(self, dataset: str) -> tuple[str, ...]:
        """What stands in each of COLUMNS."""
        mean, half = results.interval(100 * receipt.last_accuracy for receipt in self.receipts)
        count, first = len(self.receipts), self.receipts[0]
        theirs = published.ACCURACY.get((self.row.published or "", dataset))
        macs = next((receipt.macs for receipt in self.receipts if receipt.macs), None)  # older receipts have none
        return (
            self.row.label,
            f"{mean:.2f} ± {half:.2f}" if count > 1 else f"{mean:.2f}",
            str(count) if count > 1 else "one seed",
            f"{theirs:.2f}" if theirs else "",
            f"{first.parameters:,}",
            f"{macs / 1e6:.1f}M" if macs else "",
        )


@dataclass(frozen=True)
class Table:
    """A study at one scale. missing: what has no receipt, in words."""

    study: str
    title: str
    dataset: str
    lines: list[Line]
    missing: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """As Markdown, with a caption and what is missing."""
        rows = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *(line.cells(self.dataset) for line in self.lines)]
        text = "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
        missing = f"\n\nNot trained: {'; '.join(self.missing)}." if self.missing else ""
        return f"**{self.title}**\n\n{text}{missing}\n"

    def rich(self) -> RichTable:
        """For a terminal."""
        caption = f"not trained: {'; '.join(self.missing)}" if self.missing else None
        table = RichTable(title=self.title, caption=caption, title_justify="left", caption_justify="left")
        for name in COLUMNS:
            table.add_column(name, justify="right" if name else "left")
        for line in self.lines:
            table.add_row(*line.cells(self.dataset))
        return table


def tables(study: str, receipts: Iterable[Receipt]) -> list[Table]:
    """The tables of a study, one a scale: receipts that differ in data, recipe, size or length never share one.

    Receipts that are of no row of the study are left out. Raises ValueError for an unknown study, and for two receipts
    of the same row, scale and seed: which of them would count?
    """
    if study not in TABLES:
        raise ValueError(f"table is {study!r}, but it must be one of {', '.join(map(repr, TABLES))}")
    scales: dict[str, dict[str, dict[int, Receipt]]] = {}  # scale -> label -> seed
    for receipt in receipts:
        config = configuration(receipt)
        row = next((row for row in TABLES[study].rows(config.recipe) if row.has(config)), None)
        if row is not None:
            seeds = scales.setdefault(scale_of(receipt), {}).setdefault(row.label, {})
            if config.seed in seeds:
                raise ValueError(
                    f"receipts hold two of {row.label} with seed {config.seed}, {scale_in_words(receipt)}: keep one, "
                    "or keep them in folders of their own"
                )
            seeds[config.seed] = receipt
    return [_table(study, TABLES[study], labels) for labels in scales.values()]


def experiments(folder: Path) -> dict[Path, list[Receipt]]:
    """The receipts in a folder, and in each folder inside it; what lies in one is one experiment, with its own tables.

    The repository's LESSON_STUDIES are left out.
    """
    found: dict[Path, list[Receipt]] = {}
    for path, receipt in results.read(folder).items():
        if path.parent not in [results.RESULTS / name for name in LESSON_STUDIES]:
            found.setdefault(path.parent, []).append(receipt)
    return found


def configuration(receipt: Receipt) -> TrainConfig:
    """What was trained. The oldest receipts have their profile beside their configuration only."""
    return TrainConfig(**{"profile": receipt.profile, **receipt.config})


def scale_of(receipt: Receipt) -> str:
    """All that receipts of one table must have in common, as one comparable text."""
    told = {*KIND, "seed"}
    values = {name: value for name, value in configuration(receipt).as_dict().items() if name not in told}
    return json.dumps([values, receipt.data["name"], receipt.data["exact"]], sort_keys=True)


def _table(name: str, study: Study, labels: dict[str, dict[int, Receipt]]) -> Table:
    first = next(receipt for receipts in labels.values() for receipt in receipts.values())
    rows = study.rows(configuration(first).recipe)
    seeds = sorted({seed for receipts in labels.values() for seed in receipts})
    missing = []
    for row in rows:
        lacking = [seed for seed in seeds if seed not in labels.get(row.label, {})]
        if len(lacking) == len(seeds):
            missing.append(row.label)
        elif lacking:
            missing.append(f"{row.label} (seed {', '.join(map(str, lacking))})")
    lines = [Line(row, [r for _, r in sorted(labels[row.label].items())]) for row in rows if row.label in labels]
    return Table(name, f"{study.title}. {scale_in_words(first)}", first.data["name"], lines, missing)


def scale_in_words(receipt: Receipt) -> str:
    """Data, recipe, size and length of a training, and what else in its result is not as the recipe has it."""
    config = configuration(receipt)
    plain = {**beside(config).as_dict(), "train_images": 0, "test_images": 0, "epochs": 0}
    told = {*KIND, "seed", "train_images", "test_images", "epochs", "eval_every"}
    others = [f"{k} = {v}" for k, v in config.as_dict().items() if k not in told and v != plain[k]]
    data = DATA[receipt.data["name"]].title + ("" if receipt.data["exact"] else " (not exact)")
    return "; ".join(
        [
            f"{data}, recipe {config.recipe}, profile {config.profile}: {config.epochs} epochs of "
            f"{config.train_images:,} images, tested on {config.test_images:,}",
            *others,
        ]
    )
