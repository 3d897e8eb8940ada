"""What a table says about its rows: each against the baseline of its family, with intervals that hold together."""

from rich.table import Table as RichTable

from gmm_tutorial.results.comparison import Contrast, against, blocked
from gmm_tutorial.runs.tables import Table

__all__ = ["COLUMNS", "MARGIN", "contrasts", "markdown", "rich"]

MARGIN = 0.5  # points: the smallest difference of interest
TOGETHER = "Intervals at 95 %; those with the same baseline hold together (Dunnett's test)."
# the last: the true difference that this procedure would find with a probability of 80 %
COLUMNS = ("", "difference, points", "p", f"within ±{MARGIN:g}", "80 % power at")


def contrasts(table: Table) -> dict[str, list[Contrast]]:
    """Compare the rows of each family of a table's study with the family's baseline.

    Rows that lack a seed which another row has take part in nothing. The spread of a training is estimated from all
    rows that are left, of all families together.

    Args:
        table: A study at one scale.

    Returns:
        By the baseline's label: one contrast per row of its family, in the study's order. Families without a baseline,
        without a row, or with fewer than two seeds are left out.
    """
    accuracy = {line.row.label: line.accuracy for line in table.lines}
    seeds = {seed for values in accuracy.values() for seed in values}
    whole = {label: values for label, values in accuracy.items() if set(values) == seeds}
    families = {
        baseline: present
        for baseline, rows in table.study.families.items()
        if baseline in whole and (present := [label for label in rows if label in whole])
    }
    if not families or len(seeds) < 2:
        return {}
    taken = {*families, *(label for rows in families.values() for label in rows)}
    fit = blocked({label: values for label, values in whole.items() if label in taken})
    return {baseline: against(fit, baseline, rows, margin=MARGIN) for baseline, rows in families.items()}


def rows(table: Table) -> list[tuple[str, ...]]:
    """The text for each of COLUMNS, a row per contrast."""
    return [
        (
            f"{each.row} minus {baseline}",
            f"{each.difference:+.2f} ± {each.half:.2f}",
            f"{each.p:.3f}" if each.p >= 0.0005 else "< 0.001",
            "yes" if each.equivalent else "not shown",
            f"{each.detectable:.2f}",
        )
        for baseline, found in contrasts(table).items()
        for each in found
    ]


def markdown(table: Table) -> str:
    """The contrasts of a table as Markdown; nothing if there are none."""
    if not (found := rows(table)):
        return ""
    lines = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{TOGETHER}\n"


def rich(table: Table) -> list[RichTable]:
    """The contrasts of a table for a terminal; an empty list if there are none."""
    if not (found := rows(table)):
        return []
    made = RichTable(caption=TOGETHER, caption_justify="left")
    for name in COLUMNS:
        made.add_column(name, justify="right" if name else "left")
    for line in found:
        made.add_row(*line)
    return [made]
