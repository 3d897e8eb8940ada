"""A table of trainings as a picture: a row for each of its lines, with the seeds, their mean and its 95 % interval."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image

from gmm_tutorial import runs

SCHEMES = {"light": "default", "dark": "dark_background"}  # the page's color scheme: Matplotlib's style
DIFFERENCES = (
    "Difference in test accuracy in points, one row per comparison: a dot for each seed, the mean, and its interval, "
    "over a gray band from minus to plus half a point. The table below has the numbers."
)
ALT = (
    "Test accuracy in percent, one row per model: a dot for each seed, the mean, and its 95 % interval. "
    "The table below has the numbers."
)


def draw(table: runs.Table, path: Path) -> None:
    """Write the picture of a table for both color schemes: path-light.png and path-dark.png."""
    save(partial(runs.pictures.accuracies, table), path)


def draw_differences(table: runs.Table, path: Path) -> bool:
    """Write the picture of a table's contrasts for both color schemes. Returns whether there are any."""
    if not runs.contrasts.contrasts(table):
        return False
    save(partial(runs.pictures.differences, table), path)
    return True


def save(make: Callable[[], Figure], path: Path, colors: int = 32) -> None:
    """Make a figure for each color scheme, and write them to path-light.png and path-dark.png."""
    for scheme, look in SCHEMES.items():
        with style.context(look):
            file = path.with_name(f"{path.name}-{scheme}.png")
            make().savefig(file, dpi=216, bbox_inches="tight", transparent=True)
            # few colors are in it, and the page has many such
            Image.open(file).quantize(colors).save(file, optimize=True)


def shown(name: str, alt: str = ALT) -> str:
    """Markdown that shows, of the two pictures generated/name-*.png, the one for the reader's color scheme.

    A browser loads only this one, and not before it is near: a page may have many.
    """
    one = (
        "```{{image}} generated/{name}-{scheme}.png\n"
        ":class: only-{scheme}\n:width: 100%\n:loading: lazy\n:alt: {alt}\n```"
    )
    return "\n".join(one.format(name=name, scheme=scheme, alt=alt) for scheme in SCHEMES)
