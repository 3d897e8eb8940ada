"""The tables of the studies, from receipts: a table for each scale at which a row of a study was trained."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from rich.table import Table as RichTable
from torch import Tensor

from gmm_tutorial import results
from gmm_tutorial._checks import check_one_of
from gmm_tutorial._files import digest
from gmm_tutorial.data.catalog import TABLE as DATA
from gmm_tutorial.results import Receipt
from gmm_tutorial.runs import published
from gmm_tutorial.runs.names import differences
from gmm_tutorial.runs.rows import MODEL, Row, Study
from gmm_tutorial.runs.store import by_other_code, read_tensors, weights_path
from gmm_tutorial.runs.studies import TABLES
from gmm_tutorial.train import TrainConfig

COLUMNS = ("", "test accuracy, %", "seeds", "published, full scale", "parameters", "MACs")
# what does not change what is trained
APART = {*MODEL, "seed", "eval_every"}


@dataclass(frozen=True)
class Line:
    """A row of a study with the receipts that it has at one scale, one per seed."""

    row: Row
    receipts: list[Receipt]

    @property
    def accuracy(self) -> dict[int, float]:
        """Test accuracy in percent, by seed."""
        return {receipt.config.seed: 100 * receipt.last_accuracy for receipt in self.receipts}

    def cells(self) -> tuple[str, ...]:
        """The text for each of COLUMNS."""
        mean, half = results.interval(self.accuracy.values())
        count, first = len(self.receipts), self.receipts[0]
        theirs = published.ACCURACY.get((self.row.published or "", first.config.dataset))
        return (
            self.row.label,
            f"{mean:.2f} ± {half:.2f}" if count > 1 else f"{mean:.2f}",
            str(count) if count > 1 else "one seed",
            f"{theirs:.2f}" if theirs else "",
            f"{first.parameters:,}",
            f"{first.macs / 1e6:.1f}M",
        )


@dataclass(frozen=True)
class Table:
    """A study at one scale.

    config: one of its configurations, or None when nothing is trained yet; scale: data, recipe, size and length, in
    words; missing: what has no receipt, in words.
    """

    study: Study
    config: TrainConfig | None
    scale: str
    lines: list[Line]
    missing: list[str] = field(default_factory=list)

    def line(self, label: str) -> Line | None:
        """The line of that label, or None when nothing of it is trained yet."""
        return next((line for line in self.lines if line.row.label == label), None)

    def accuracy(self, label: str) -> dict[int, float]:
        """Test accuracy in percent of the line of that label, by seed; empty when nothing of it is trained yet."""
        line = self.line(label)
        return {} if line is None else line.accuracy

    def pick(self, *labels: str) -> "Table":
        """The same with these rows alone."""
        lines = [line for line in self.lines if line.row.label in labels]
        missing = [text for text in self.missing if text.partition(" (seed")[0] in labels]
        return replace(self, lines=lines, missing=missing)

    def markdown(self, title: bool = True) -> str:
        """As Markdown, with a caption, and what is missing."""
        caption = f"**{self.study.title}. {self.scale}**\n\n" if title else ""
        if not self.lines:
            return f"{caption}Not trained yet.\n"
        text = piped(COLUMNS, [line.cells() for line in self.lines])
        missing = f"\n\nNot trained yet: {'; '.join(self.missing)}." if self.missing else ""
        return f"{caption}{text}{missing}\n"

    def rich(self) -> RichTable:
        """For a terminal."""
        caption = f"not trained yet: {'; '.join(self.missing)}" if self.missing else None
        title = f"{self.study.title}. {self.scale}"
        table = RichTable(title=title, caption=caption, title_justify="left", caption_justify="left")
        for name in COLUMNS:
            table.add_column(name, justify="right" if name else "left")
        for line in self.lines:
            table.add_row(*line.cells())
        return table


def piped(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown, all columns but the first aligned to the right."""
    lines = [columns, ("---", *["---:"] * (len(columns) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def read_study(name: str, folder: Path = results.RESULTS) -> Table:
    """The table of a study at its own scale, from the receipts in a folder and in those inside it.

    Where nothing is trained yet, the table has no lines. Raises ValueError for an unknown study, or a damaged receipt.
    """
    study = TABLES[check_one_of("study", name, TABLES)]
    scale = {field: value for field, value in study.scale.items() if field not in APART}
    for table in tables(name, results.read(folder).values()):
        if all(getattr(table.config, field) == value for field, value in scale.items()):
            return table
    return Table(study, None, "", [], [row.label for row in study.rows(study.scale["recipe"])])


def read_kept(name: str, label: str, folder: Path = results.RESULTS) -> dict[int, dict[str, Tensor]]:
    """The weights that are kept beside the receipts of a study's row, by seed: parameter's name -> tensor.

    Raises ValueError for an unknown study, and for a file that is missing or damaged.
    """
    line = read_study(name, folder).line(label)
    wanted = [] if line is None else line.receipts
    found = {path: receipt for path, receipt in results.read(folder).items() if receipt in wanted}
    return {receipt.config.seed: read_tensors(receipt, weights_path(path)) for path, receipt in sorted(found.items())}


def tables(name: str, receipts: Iterable[Receipt]) -> list[Table]:
    """The tables of a study, one per scale: receipts that differ in data, recipe, size or length never share one.

    Receipts that are of no row of the study are left out. Raises ValueError for an unknown study, for two receipts of
    the same row, scale and seed (which of them would count?), and for receipts that only some of today's code made.
    """
    check_one_of("table", name, TABLES)
    scales: dict[str, dict[str, dict[int, Receipt]]] = {}  # scale -> label -> seed
    for receipt in receipts:
        config = receipt.config
        if TABLES[name].counts(config) and (row := TABLES[name].row(config)) is not None:
            seeds = scales.setdefault(scale_of(receipt, TABLES[name]), {}).setdefault(row.label, {})
            if config.seed in seeds:
                raise ValueError(
                    f"receipts hold two of {row.label} with seed {config.seed}, "
                    f"{scale_in_words(receipt, TABLES[name])}: keep one of them, "
                    "or put them into separate folders"
                )
            seeds[config.seed] = receipt
    return [_table(TABLES[name], labels) for labels in scales.values()]


def scale_of(receipt: Receipt, study: Study) -> str:
    """All that receipts of one table must have in common, as one comparable text."""
    apart = APART | study.chosen
    values = {name: value for name, value in receipt.config.model_dump(mode="json").items() if name not in apart}
    return digest([values, receipt.data.name, receipt.data.exact])


def scale_in_words(receipt: Receipt, study: Study) -> str:
    """Data, recipe, size and length of a training, and what else in its result is not as the recipe has it."""
    config = receipt.config
    told = {*APART, *study.chosen, *config.model_options, *config.prior_options}
    told |= {"train_images", "test_images", "test_split", "epochs"}
    others = [f"{name} = {value}" for name, value in differences(config).items() if name not in told]
    data = DATA[config.dataset].title + ("" if receipt.data.exact else " (not exact)")
    tested = {"test": "tested on", "held_out": "judged on held-out training images:"}[config.test_split]
    passes = f"{config.epochs} {'epoch' if config.epochs == 1 else 'epochs'}"
    scale = (
        f"{data}, recipe {config.recipe}, profile {config.profile}: {passes} of "
        f"{config.train_images:,} images, {tested} {config.test_images:,}"
    )
    return "; ".join([scale, *others])


def _table(study: Study, labels: dict[str, dict[int, Receipt]]) -> Table:
    first = next(receipt for receipts in labels.values() for receipt in receipts.values())
    _check_code(labels)
    seeds = study.seeds or sorted({seed for receipts in labels.values() for seed in receipts})
    rows, missing = study.rows(first.config.recipe), []
    for row in rows:
        lacking = [seed for seed in seeds if seed not in labels.get(row.label, {})]
        if len(lacking) == len(seeds):
            missing.append(row.label)
        elif lacking:
            missing.append(f"{row.label} (seed {', '.join(map(str, lacking))})")
    lines = [Line(row, [r for _, r in sorted(labels[row.label].items())]) for row in rows if row.label in labels]
    return Table(study, first.config, scale_in_words(first, study), lines, missing)


def _check_code(labels: dict[str, dict[int, Receipt]]) -> None:
    """Raise ValueError when some receipts of a table are by code that does what today's does, and others are not."""
    old = [
        f"{label} (seed {seed})"
        for label, receipts in labels.items()
        for seed, receipt in receipts.items()
        if by_other_code(receipt)
    ]
    if 0 < len(old) < sum(map(len, labels.values())):
        raise ValueError(
            f"receipts were made by different code: {', '.join(old)} do not match the current code; train them again"
        )
