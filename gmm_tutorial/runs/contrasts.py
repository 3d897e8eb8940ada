"""What a table says about its rows: each against the baseline of its family, with intervals that hold together."""

from rich.table import Table as RichTable

from gmm_tutorial.results.comparison import Contrast, against, blocked
from gmm_tutorial.runs.tables import Table

__all__ = ["COLUMNS", "MARGIN", "contrasts", "markdown", "rich"]

MARGIN = 0.5  # points: the smallest difference of interest
TOGETHER = "Intervals at 95 %; those with the same baseline hold together (Dunnett's test)."
# the last: the true difference that this procedure would find with a probability of 80 %
COLUMNS = ("", "difference, points", "p", f"within ±{MARGIN:g}", "80 % power at")


def contrasts(table: Table) -> list[Contrast]:
    """Compare the rows of each family of a table's study with the family's baseline.

    The seeds that count are those of all rows of the study's first group that were trained at all: a seed that is only
    half done says nothing yet. A row that lacks one of these seeds takes part in nothing. The spread of a training is
    estimated from all rows that are left, of all families together.

    Args:
        table: A study at one scale.

    Returns:
        One contrast per row of each family, in the study's order. Families without a baseline or without a row are
        left out, and all of them if there are fewer than two seeds.
    """
    accuracy, seeds = rectangle(table)
    families = [
        (baseline, present)
        for baseline, rows in table.study.families
        if baseline in accuracy and (present := [label for label in rows if label in accuracy])
    ]
    if not families or len(seeds) < 2:
        return []
    taken = {label for baseline, rows in families for label in (baseline, *rows)}
    fit = blocked({label: values for label, values in accuracy.items() if label in taken})
    return [each for baseline, rows in families for each in against(fit, baseline, rows, margin=MARGIN)]


def rectangle(table: Table) -> tuple[dict[str, dict[int, float]], list[int]]:
    """The accuracies that can be compared, row -> seed -> percent: the same seeds in each row. And these seeds."""
    accuracy = {line.row.label: line.accuracy for line in table.lines}
    first = [accuracy[row.label] for row in table.study.groups[0] if row.label in accuracy]
    seeds = sorted(set.intersection(*(set(values) for values in first or accuracy.values())))
    whole = {label: values for label, values in accuracy.items() if set(seeds) <= set(values)}
    return {label: {seed: values[seed] for seed in seeds} for label, values in whole.items()}, seeds


def rows(table: Table) -> list[tuple[str, ...]]:
    """The text for each of COLUMNS, a row per contrast."""
    return [
        (
            f"{each.row} minus {each.baseline}",
            f"{each.difference:+.2f} ± {each.half:.2f}",
            f"{each.p:.3f}" if each.p >= 0.0005 else "< 0.001",
            "yes" if each.equivalent else "not shown",
            f"{each.detectable:.2f}",
        )
        for each in contrasts(table)
    ]


def below(table: Table) -> str:
    """What to know about the contrasts of a table: how far their intervals reach, and whether they are final."""
    done, planned = rectangle(table)[1], table.study.seeds
    if planned is None or len(done) == len(planned):
        return TOGETHER
    return f"{TOGETHER} Not the plan's result yet: {len(done)} of {len(planned)} seeds are done."


def markdown(table: Table) -> str:
    """The contrasts of a table as Markdown; nothing if there are none."""
    if not (found := rows(table)):
        return ""
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{below(table)}\n"


def rich(table: Table) -> list[RichTable]:
    """The contrasts of a table for a terminal; an empty list if there are none."""
    if not (found := rows(table)):
        return []
    made = RichTable(caption=below(table), caption_justify="left")
    for name in COLUMNS:
        made.add_column(name, justify="right" if name else "left")
    for line in found:
        made.add_row(*line)
    return [made]
