"""Numbers about the rows of a table: each against the baseline of its family, over seeds, and over images too."""

from dataclasses import dataclass

from gmm_tutorial.results.by_image import bootstrap, mcnemar
from gmm_tutorial.results.comparison import Contrast, against, blocked
from gmm_tutorial.runs.tables import Table

__all__ = ["MARGIN", "OverImages", "contrasts", "over_images", "rectangle"]

MARGIN = 0.5  # points: the smallest difference of interest


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
    trained = [set(values) for values in first or accuracy.values()]
    seeds = sorted(set.intersection(*trained)) if trained else []
    whole = {label: values for label, values in accuracy.items() if set(seeds) <= set(values)}
    return {label: {seed: values[seed] for seed in seeds} for label, values in whole.items()}, seeds


@dataclass(frozen=True)
class OverImages:
    """One row minus the baseline, on the same test images: what another choice of images could change.

    low, high: the ends of a 95 % interval over seeds and images, in points; seed: of the two models in what follows;
    only_row, only_baseline: on how many images only the one is right, or only the other; p: by McNemar's test.
    """

    row: str
    baseline: str
    low: float
    high: float
    seed: int
    only_row: int
    only_baseline: int
    p: float


def over_images(table: Table, draws: int = 2_000) -> list[OverImages]:
    """Compare the rows of each family with the baseline image by image, in the order of `contrasts`.

    McNemar's test is about two single models: those of the first seed.

    Args:
        table: A study at one scale.
        draws: How often the bootstrap draws.

    Returns:
        One comparison per contrast; those are left out whose receipts do not say which images were right.
    """
    seeds = rectangle(table)[1]
    answers = {
        line.row.label: {r.config.seed: r.answers for r in line.receipts if r.right is not None} for line in table.lines
    }
    found = []
    for each in contrasts(table):
        if not all(seed in answers[label] for label in (each.row, each.baseline) for seed in seeds):
            continue
        ours, theirs = ([answers[label][seed] for seed in seeds] for label in (each.row, each.baseline))
        _, low, high = bootstrap(ours, theirs, draws)
        found.append(OverImages(each.row, each.baseline, low, high, seeds[0], *mcnemar(ours[0], theirs[0])))
    return found
