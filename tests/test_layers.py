"""Imports point one way: a unit of the package knows units of lower rows only, in functions too."""

import re
from pathlib import Path

import pytest

from book import layers

PACKAGE = layers.ROOT / "gmm_tutorial"


def wrong(package: Path) -> list[str]:
    """The imports that do not point down, each with the file that holds it."""
    return [
        f"{path}: {upper} (row {layers.ROW_OF.get(upper)}) imports {lower} (row {layers.ROW_OF.get(lower)})"
        for (upper, lower), path in layers.edges(package).items()
        if layers.ROW_OF.get(upper, -1) <= layers.ROW_OF.get(lower, 99)
    ]


def test_every_import_points_down():
    assert wrong(PACKAGE) == []


def test_every_unit_has_its_row():
    units = {layers.unit(name) for name in layers.modules(PACKAGE)} - {"", "__main__"}
    assert units == set(layers.ROW_OF)


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("grid.py", "from gmm_tutorial.priors import GaussianMixtureMask"),
        ("attention/layer.py", "import gmm_tutorial.retention"),
        ("priors.py", "from gmm_tutorial import attention"),
        ("data/npz.py", "def f():\n    from gmm_tutorial import train"),
        ("train/loop.py", "if False:\n    import gmm_tutorial.runs.cache as cache"),
        ("explorers/pictures.py", "from gmm_tutorial.explorers.build import record"),
        ("explorers/pictures.py", "from gmm_tutorial.explorers import build"),
        ("learn/compare.py", "from gmm_tutorial import figures"),
        ("course/locate.py", "async def f():\n    from gmm_tutorial.cli import app"),
        ("_checks.py", "from gmm_tutorial._lazy import lazy"),
        ("new.py", "import gmm_tutorial.grid"),
    ],
)
def test_an_import_that_points_up_is_found(tmp_path, file, line):
    package = tmp_path / "gmm_tutorial"
    for name in layers.modules(PACKAGE).values():
        copy = package / name.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    (package / file).write_text(line)
    assert [text.partition(": ")[0] for text in wrong(package)] == [f"gmm_tutorial/{file}"]


def test_a_relative_import_is_refused(tmp_path):
    package = tmp_path / "gmm_tutorial"
    package.mkdir()
    (package / "grid.py").write_text("from . import models")
    with pytest.raises(ValueError, match=re.escape("grid.py:1: the import is relative, but it must be absolute")):
        layers.edges(package)


def test_the_picture_is_that_of_the_imports():
    """python -m book.layers draws it anew."""
    assert layers.shown(layers.PICTURE) == layers.caption(set(layers.edges(PACKAGE)))


def test_what_others_imply_is_not_drawn():
    pairs = {("models", "attention"), ("attention", "priors"), ("models", "priors"), ("models", "_checks")}
    assert layers.drawn(pairs) == {("models", "attention"), ("attention", "priors")}
