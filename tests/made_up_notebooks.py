"""Notebooks of lesson 03 as learners might hand them in, for the tests of grading."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from gmm_tutorial.course import grading

QUICK = grading.Limits(cell=60)

IMPORTS = "import torch\nfrom gmm_tutorial.grid import coordinates\nfrom gmm_tutorial.learn import exercise, hint"
WINDOW = '''@exercise("03.window")
def window(kernel, query, grid):
    """kernel (2h-1, 2w-1), query (y, x), grid (h, w) -> the window, (h, w)."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]'''
UNFOLD = """@exercise("03.unfold")
def unfold(kernel, grid):
    rows = [torch.stack([window(one, query, grid) for one in kernel]) for query in coordinates(grid).tolist()]
    return torch.stack(rows, dim=1).flatten(2)"""
MIRRORED = UNFOLD.replace(".flatten(2)", ".flatten(2).flip(1)")
BLANK = '@exercise("03.unfold")\ndef unfold(kernel, grid):\n    """Slide a window."""\n    ...'


@pytest.fixture
def graded(tmp_path):
    """graded("x = 1", "...") -> the report on a notebook with these code cells, of which only the answers are run."""

    def grade(*sources, limits=QUICK, run=False, name="learner.ipynb", **metadata):
        path = tmp_path / name
        cells = [new_code_cell(source) if isinstance(source, str) else source for source in (IMPORTS, *sources)]
        nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
        return grading.grade(path, limits, run=run)

    return grade


def states(report):
    return {each.exercise: each.state for each in report.exercises if each.state != "missing"}


def message(report, name="03.unfold"):
    (found,) = (each for each in report.exercises if each.exercise == name)
    return found.message


def notes(report, name="03.unfold"):
    (found,) = (each for each in report.exercises if each.exercise == name)
    return found.notes
