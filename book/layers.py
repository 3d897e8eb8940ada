"""The layers of the package, and which knows which: `python -m book.layers` draws them from the imports.

A unit may import units of lower rows only, so that in the picture every arrow points down. tests/test_layers.py holds
the imports to it, those inside of functions too.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "book" / "pages" / "static" / "layers.png"

# from the lowest row to the highest, in each the units with their places from left to right; a unit is a module or a
# package, and one with a dot in its name is a module that does not belong to the row of its package
LAYERS: dict[str, tuple[dict[str, float], ...]] = {
    "reference": (
        {"_checks": 0.9, "_files": 2.2, "_schema": 3.5, "_shipped": 4.9, "_lazy": 6.2},
        {"windows": 1.9},
        {"grid": 1.9, "decay": 3.6, "rotary": 5.3},
        {"priors": 3.9},
        {"attention": 2.9},
        {"retention": 5.0, "plug": 1.6},
        {"manhattan": 3.9},
        {"models": 5.2},
    ),
    "looking, data": ({"analysis": 1.9, "data": 6.3}, {"figures": 1.2, "learn": 4.6}, {"explorers": 1.9}),
    "measuring": ({"train": 6.3}, {"results": 5.6}, {"runs": 4.7}),
    "course": ({"course": 6.2, "explorers.build": 1.6, "explorers.workbench": 4.0}, {"cli": 5.4}),
}
ROWS = [row for rows in LAYERS.values() for row in rows]
ROW_OF = {unit: number for number, row in enumerate(ROWS) for unit in row}
COLORS = {"reference": "#cfe3f5", "looking, data": "#d5ecd4", "measuring": "#fbe3bf", "course": "#ecd6ea"}


def modules(package: Path) -> dict[str, Path]:
    """The modules of a package by their names without the package's own; the package itself is the empty name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path, package: str) -> Iterator[str]:
    """What a file imports of a package, wherever in the file, as `attention.layer.Attention`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{path}:{node.lineno}: the import is relative, but it must be absolute")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.removeprefix(f"{package}.") for name in names if name.startswith(f"{package}."))


def unit(name: str) -> str:
    """The unit that a module, or a thing in it, belongs to."""
    parts = name.split(".")
    longer = ".".join(parts[:2])
    return longer if longer in ROW_OF else parts[0]


def edges(package: Path) -> dict[tuple[str, str], str]:
    """Which unit knows which, each pair with a file that says so; the package itself, its map, counts for none."""
    known = modules(package)
    found: dict[tuple[str, str], str] = {}
    for name, path in known.items():
        for target in imported(path, package.name):
            pair = unit(name), unit(target)
            if name and name != "__main__" and pair[0] != pair[1] and unit(target) in {unit(each) for each in known}:
                found.setdefault(pair, path.relative_to(package.parent).as_posix())
    return found


def drawn(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The pairs to be drawn: not those to the lowest row, which all may use, and no a -> c beside a -> b and b -> c."""
    pairs = {(upper, lower) for upper, lower in pairs if ROW_OF[lower] > 0}
    below: dict[str, set[str]] = {}
    for upper, lower in sorted(pairs, key=lambda pair: ROW_OF[pair[0]]):
        below.setdefault(upper, set()).update({lower}, below.get(lower, set()))
    return {(a, c) for a, c in pairs if not any((a, b) in pairs and c in below.get(b, ()) for b in ROW_OF)}


def caption(pairs: set[tuple[str, str]]) -> str:
    """What the picture shows, in words; kept in its file, so that a test can tell whether it is up to date."""
    return "; ".join(f"{upper} -> {lower}" for upper, lower in sorted(drawn(pairs)))


def draw(pairs: set[tuple[str, str]], path: Path) -> None:
    """Draw the layers: one band of color a group, the highest row on top, an arrow from each unit to what it knows."""
    figure = Figure(figsize=(7.2, 9.2), dpi=220)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 7.2), ylim=(-0.6, len(ROWS) - 0.4))
    axes.axis("off")
    first = 0
    for group, rows in LAYERS.items():
        low, high = first - 0.44, first + len(rows) - 0.56
        band = FancyBboxPatch((0.1, low), 7.0, high - low, "round,pad=0,rounding_size=.12", fc=COLORS[group], ec="none")
        axes.add_patch(band)
        axes.text(0.25, high - 0.12, group, fontsize=11, weight="bold", color="#444", va="top")
        first += len(rows)
    place = {name: (x, y) for y, row in enumerate(ROWS) for name, x in row.items()}
    for upper, lower in drawn(pairs):
        (x, y), (u, v) = place[upper], place[lower]
        bend = 0.0 if y - v == 1 else 0.12 if u >= x else -0.12
        style = f"arc3,rad={bend}"
        arrow = FancyArrowPatch((x, y - 0.2), (u, v + 0.2), arrowstyle="-|>", mutation_scale=11, connectionstyle=style)
        arrow.set(color="#5a6270", linewidth=1.1, alpha=0.8)
        axes.add_patch(arrow)
    for name, (x, y) in place.items():
        box = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#5a6270", "linewidth": 0.9}
        axes.text(x, y, name, ha="center", va="center", fontsize=10, family="monospace", bbox=box)
    figure.savefig(path, metadata={"Description": caption(pairs)})


def shown(path: Path) -> str:
    """The caption that a picture was drawn with."""
    with Image.open(path) as picture:
        return str(picture.info.get("Description", ""))


if __name__ == "__main__":
    draw(set(edges(ROOT / "gmm_tutorial")), PICTURE)
    print(f"drawn: {PICTURE.relative_to(ROOT)}")
