"""What a table says about its rows: each against the baseline of its family, with intervals that hold together."""

from rich.table import Table as RichTable

from gmm_tutorial.results.comparison import Contrast, against, blocked
from gmm_tutorial.runs.tables import Table

__all__ = ["COLUMNS", "MARGIN", "contrasts", "markdown", "rich"]

MARGIN = 0.5  # points: the smallest difference of interest
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
        without a row, or with less than two seeds are left out.
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


def cells(contrast: Contrast) -> tuple[str, ...]:
    """The text for each of COLUMNS."""
    return (
        contrast.row,
        f"{contrast.difference:+.2f} ± {contrast.half:.2f}",
        f"{contrast.p:.3f}" if contrast.p >= 0.0005 else "< 0.001",
        "yes" if contrast.equivalent else "not shown",
        f"{contrast.detectable:.2f}",
    )


def title(baseline: str, found: list[Contrast]) -> str:
    """What the numbers are, in words."""
    several = f"{len(found)} intervals that hold together with 95 % (Dunnett)"
    return f"Minus {baseline}: {several if len(found) > 1 else 'a 95 % interval'}"


def markdown(table: Table) -> str:
    """The contrasts of a table as Markdown; nothing if there are none."""
    parts = []
    for baseline, found in contrasts(table).items():
        rows = [COLUMNS, ("---", *["---:"] * (len(COLUMNS) - 1)), *map(cells, found)]
        parts.append(f"{title(baseline, found)}.\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n")
    return "\n".join(parts)


def rich(table: Table) -> list[RichTable]:
    """The contrasts of a table for a terminal, a table per family."""
    made = []
    for baseline, found in contrasts(table).items():
        one = RichTable(title=title(baseline, found), title_justify="left")
        for name in COLUMNS:
            one.add_column(name, justify="right" if name else "left")
        for contrast in found:
            one.add_row(*cells(contrast))
        made.append(one)
    return made
