"""What a table says about its rows, in sentences and in small tables, for lessons, the book and the command alike."""

from rich.table import Table as RichTable

from gmm_tutorial.results.comparison import Contrast
from gmm_tutorial.runs.contrasts import MARGIN, contrasts, over_images, rectangle
from gmm_tutorial.runs.tables import Table, piped

__all__ = ["COLUMNS", "IMAGE_COLUMNS", "below", "markdown", "rich", "sentence", "sentences"]

TOGETHER = "Intervals at 95 %: those of a family hold together (Dunnett's test). A family of one stands for itself."
# the last: the true difference that this procedure would find with a probability of 80 %
COLUMNS = ("", "difference, points", "rows in its family", "p", f"within ±{MARGIN:g}", "80 % power at")
IMAGE_COLUMNS = ("", "over seeds and images", "only the first is right", "only the second", "McNemar's p")


def sentence(each: Contrast, exploratory: bool = False) -> str:
    """What a contrast says, with its numbers.

    Args:
        each: One row against its baseline.
        exploratory: Whether to tell the numbers alone, without a verdict.

    Returns:
        A sentence: better, worse, the same but for less than the smallest difference of interest, or nothing certain.

    Example:
        >>> sentence(Contrast("GMM", "no prior", 2.0, 0.5, 0.4, 4, 0.001, False, 0.7))
        'GMM against no prior: better by 2.00 ± 0.50 points.'
        >>> sentence(Contrast("GMM", "no prior", 0.1, 0.6, 0.4, 4, 0.9, True, 0.9))
        'GMM against no prior: the same to within 0.5 points, +0.10 ± 0.40 (90 % interval).'
    """
    size = f"{each.difference:+.2f} ± {each.half:.2f} points"
    if exploratory:
        said = f"{size}, exploratory"
    elif abs(each.difference) > each.half:
        which = "better" if each.difference > 0 else "worse"
        small = f", but by less than {MARGIN:g}" if each.equivalent else ""
        said = f"{which} by {size.lstrip('+-')}{small}"
    elif each.equivalent:
        said = f"the same to within {MARGIN:g} points, {each.difference:+.2f} ± {each.alone:.2f} (90 % interval)"
    else:
        said = f"cannot be told apart, {size} (80 of 100 such studies would find {each.detectable:.1f})"
    return f"{each.row} against {each.baseline}: {said}."


def sentences(table: Table) -> list[str]:
    """What a table says about its rows, a sentence per contrast."""
    return [sentence(each, table.study.exploratory) for each in contrasts(table)]


def columns_of(table: Table) -> tuple[str, ...]:
    """Those of COLUMNS that the contrasts of a table have: where there are no verdicts, the differences alone."""
    return COLUMNS[:3] if table.study.exploratory else COLUMNS


def rows(table: Table) -> list[tuple[str, ...]]:
    """The text for each of its columns, a row per contrast."""
    return [
        (
            f"{each.row} minus {each.baseline}",
            f"{each.difference:+.2f} ± {each.half:.2f}",
            str(each.family),
            probability(each.p),
            "yes" if each.equivalent else "not shown",
            f"{each.detectable:.2f}",
        )[: len(columns_of(table))]
        for each in contrasts(table)
    ]


def image_rows(table: Table) -> list[tuple[str, ...]]:
    """The text for each of IMAGE_COLUMNS, a row per contrast."""
    return [
        (
            f"{each.row} and {each.baseline}",
            f"{each.low:+.2f} to {each.high:+.2f}",
            str(each.only_row),
            str(each.only_baseline),
            probability(each.p),
        )
        for each in over_images(table)
    ]


def probability(p: float) -> str:
    """With three digits after the point."""
    return f"{p:.3f}" if p >= 0.0005 else "< 0.001"


def below(table: Table) -> str:
    """What to know about the contrasts of a table: how far their intervals reach, and whether they are final."""
    done, planned = rectangle(table)[1], table.study.seeds
    if planned is None or len(done) == len(planned):
        return TOGETHER
    return f"{TOGETHER} Not the plan's result yet: {len(done)} of {len(planned)} seeds are done."


def below_images(table: Table) -> str:
    """What to know about the comparison over images."""
    seed = rectangle(table)[1][0]
    return (
        f"Intervals at 95 %, each for itself (bootstrap). The last three columns are about the models of seed {seed}."
    )


def markdown(table: Table) -> str:
    """The contrasts of a table as Markdown: sentences, and two small tables; nothing if there are none."""
    if not (found := sentences(table)):
        return ""
    parts = ["\n".join(f"- {each}" for each in found), piped(columns_of(table), rows(table)), below(table)]
    if by_image := image_rows(table):
        parts += [piped(IMAGE_COLUMNS, by_image), below_images(table)]
    return "\n\n".join(parts) + "\n"


def rich(table: Table) -> list[RichTable | str]:
    """The same for a terminal; an empty list if there are none."""
    if not (found := sentences(table)):
        return []
    parts: list[RichTable | str] = [*found, drawn(columns_of(table), rows(table), below(table))]
    if by_image := image_rows(table):
        parts.append(drawn(IMAGE_COLUMNS, by_image, below_images(table)))
    return parts


def drawn(columns: tuple[str, ...], found: list[tuple[str, ...]], caption: str) -> RichTable:
    """A table for a terminal."""
    made = RichTable(caption=caption, caption_justify="left")
    for name in columns:
        made.add_column(name, justify="right" if name else "left")
    for line in found:
        made.add_row(*line)
    return made
