"""A table of trainings as a picture: a row for each of its lines, with the seeds, their mean and its 95 % interval."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image

from gmm_tutorial import figures, results, runs

SCHEMES = {"light": "default", "dark": "dark_background"}  # the page's color scheme: Matplotlib's style
ALT = (
    "Test accuracy in percent, one row per model: a dot for each seed, the mean, and its 95 % interval. "
    "The table below has the numbers."
)


def draw(table: runs.Table, path: Path) -> None:
    """Write the picture of a table for both color schemes: path-light.png and path-dark.png."""
    accuracy = {line.row.label: list(line.accuracy.values()) for line in table.lines}
    intervals = {label: results.interval(values) for label, values in accuracy.items()}
    baseline = next(iter(intervals.values()))[0]
    save(partial(figures.variants, accuracy, intervals, baseline, "test accuracy, %"), path)


def save(make: Callable[[], Figure], path: Path, colors: int = 32) -> None:
    """Make a figure for each color scheme, and write them to path-light.png and path-dark.png."""
    for scheme, look in SCHEMES.items():
        with style.context(look):
            file = path.with_name(f"{path.name}-{scheme}.png")
            make().savefig(file, dpi=216, bbox_inches="tight", transparent=True)
            # few colors are in it, and the page has many such
            Image.open(file).quantize(colors).save(file, optimize=True)


def shown(name: str, alt: str = ALT) -> str:
    """Markdown that shows, of the two pictures generated/name-*.png, the one for the reader's color scheme."""
    one = "```{{image}} generated/{name}-{scheme}.png\n:class: only-{scheme}\n:width: 100%\n:alt: {alt}\n```"
    return "\n".join(one.format(name=name, scheme=scheme, alt=alt) for scheme in SCHEMES)
