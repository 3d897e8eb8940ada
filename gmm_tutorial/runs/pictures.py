"""A table as pictures, for lessons, the book and the command alike: what each row reached, and how rows differ."""

from pathlib import Path

from matplotlib.figure import Figure

from gmm_tutorial import figures, results
from gmm_tutorial.runs.contrasts import MARGIN, contrasts, rectangle
from gmm_tutorial.runs.tables import Table

__all__ = ["accuracies", "differences", "save"]


def accuracies(table: Table) -> Figure:
    """Test accuracy, one row per line: a dot for each seed, the mean, its interval; a dashed line at the first mean."""
    values = {line.row.label: list(line.accuracy.values()) for line in table.lines}
    intervals = {label: results.interval(each) for label, each in values.items()}
    return figures.variants(values, intervals, next(iter(intervals.values()))[0], "test accuracy, %")


def differences(table: Table) -> Figure:
    """Each contrast with its interval, in a band of the smallest difference of interest; lines separate the families.

    Raises ValueError when the table has nothing to compare.
    """
    accuracy, seeds = rectangle(table)
    values, intervals, breaks, before = {}, {}, [], None
    for row, each in enumerate(contrasts(table)):
        name = f"{each.row}\nagainst {each.baseline}"
        values[name] = [accuracy[each.row][seed] - accuracy[each.baseline][seed] for seed in seeds]
        intervals[name] = each.difference, each.half
        if before not in (None, family := (each.baseline, each.family)):
            breaks.append(row)
        before = family
    if not values:
        raise ValueError("table has nothing to compare: it needs a baseline, another row, and two seeds of both")
    return figures.variants(values, intervals, 0.0, "difference in points", band=MARGIN, breaks=breaks)


def save(table: Table, folder: Path, name: str) -> None:
    """Write folder/name-accuracies.svg, and name-differences.svg if there is something to compare."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, draw in {"accuracies": accuracies, "differences": differences}.items():
        if draw is accuracies or contrasts(table):
            draw(table).savefig(folder / f"{name}-{kind}.svg", bbox_inches="tight")
