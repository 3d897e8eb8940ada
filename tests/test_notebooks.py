"""What makes a lesson a lesson, as far as a machine can tell: form, tags, pictures, outputs, exercises.

Whether its cells still print what they printed is asked elsewhere: `pytest --nbval notebooks/ solutions/`.
"""

import re
from itertools import pairwise
from pathlib import Path
from statistics import median

import nbformat
import pytest
from nbformat import NotebookNode

from gmm_tutorial.course import build, locate
from gmm_tutorial.course.run import texts
from gmm_tutorial.learn import EXERCISES

ROOT = Path(__file__).resolve().parent.parent
MASTERS = locate.masters(ROOT)
NOTEBOOKS = [path for master in MASTERS.values() for path in build.targets(master)]

TAGS = {"exercise", "training", "nbval-ignore-output", "nbval-skip", "hide-input", "hide-output"}
NOT_COMPARED = {"nbval-ignore-output", "nbval-skip"}
KEYS = {"tags", "reason", "mystnb"}
PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
# /folder/file, or C:\folder: of the machine that ran the lesson; not https://host/page, not 1/2
MACHINE_PATH = re.compile(r"(?<![\w.:/])/[\w.-]+/[\w.-]+|\b[A-Z]:\\\w+")

every_lesson = pytest.mark.parametrize("master", MASTERS.values(), ids=MASTERS)
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")


def read(path: Path) -> NotebookNode:
    """A committed notebook."""
    assert path.exists(), f"{path.relative_to(ROOT)} is missing: make lessons"
    return nbformat.read(path, as_version=4)


def code(notebook: NotebookNode) -> list[NotebookNode]:
    """Its code cells, each numbered as Jupyter would on Run All."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def pictures(cell: NotebookNode) -> list[str]:
    """The alt text of each picture that a code cell shows: its metadata's, or for one in HTML its own."""
    shown = [output.get("data", {}) for output in cell.get("outputs", [])]
    alts = [cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "") for data in shown if set(data) & PICTURES]
    tags_in_html = [tag for data in shown for tag in re.findall(r"<img\b[^>]*>", data.get("text/html", ""))]
    return alts + ["".join(re.findall(r'\balt="([^"]*)"', tag)) for tag in tags_in_html]


def lines(cell: NotebookNode) -> int:
    """The lines of code of a cell: neither empty ones nor the markers of a solution."""
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def words(cell: NotebookNode) -> int:
    """The words of its sentences: without tables, formulas, tags and the targets of links."""
    text = re.sub(
        r"\]\([^)]*\)|^\|[^\n]*$|\$\$.*?\$\$|\$[^$\n]*\$|<[^>]*>", "", cell.source, flags=re.DOTALL | re.MULTILINE
    )
    return len(re.findall(r"[^\W\d_][\w'-]*", text))


def offenders(cells: list[NotebookNode], wrong: list[bool]) -> list[str]:
    """The number and first line of each cell that is wrong: a failure then says where."""
    return [f"[{i}] {cell.source[:60]}" for i, (cell, bad) in enumerate(zip(cells, wrong, strict=True), start=1) if bad]


def names(cells: list[NotebookNode]) -> list[str]:
    """The names in @exercise("..."), in order."""
    return [name for cell in cells for name in re.findall(r'@exercise\(\s*["\']([^"\']+)', cell.source)]


def exercises(notebook: NotebookNode) -> list[NotebookNode]:
    """The cells that a learner fills in; others may call @exercise to show what a check says."""
    return [cell for cell in code(notebook) if "exercise" in tags(cell)]


@pytest.mark.parametrize("number", ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11"])
def test_the_lesson_exists(number):
    assert number in MASTERS


def test_each_notebook_has_a_master():
    made = {path for folder in ("notebooks", "solutions") for path in (ROOT / folder).glob("*.ipynb")}
    assert made == set(NOTEBOOKS)


# ---- the notebooks and their masters


@every_notebook
def test_in_step_with_its_master(path):
    """Sources, names and metadata of all cells are those that `make lessons` would write."""
    expected = build.generate(ROOT / "solutions" / f"{path.stem}.md", solution=path.parent.name == "solutions")
    found = read(path)
    assert [cell.source for cell in found.cells] == [cell.source for cell in expected.cells]
    assert [(c.id, c.cell_type, c.metadata) for c in found.cells] == [
        (c.id, c.cell_type, c.metadata) for c in expected.cells
    ]
    assert found.metadata == expected.metadata


@every_lesson
def test_blank_notebook_holds_no_solution(master):
    solution, blank = (read(path) for path in build.targets(master))
    given = "\n".join(cell.source for cell in blank.cells)
    for text in (given, "\n".join(cell.source for cell in solution.cells)):
        assert build.BEGIN not in text and build.END not in text
    blocks = re.findall(f"{build.BEGIN}\n(.*?){build.END}", master.read_text(), re.DOTALL)
    assert blocks
    assert [block for block in blocks if block.strip() in given] == []


# ---- what was committed was executed, in order, and without complaint


@every_notebook
def test_executed_in_order(path):
    cells = code(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@every_notebook
def test_no_errors_no_warnings(path):
    cells = code(read(path))
    wrong = [any(o.output_type == "error" or o.get("name") == "stderr" for o in cell.outputs) for cell in cells]
    assert offenders(cells, wrong) == []


@every_notebook
def test_outputs_show_nothing_of_the_machine(path):
    cells = code(read(path))
    wrong = [bool(MACHINE_PATH.search(text) or " at 0x" in text) for text in map("\n".join, map(texts, cells))]
    assert offenders(cells, wrong) == []


@every_notebook
def test_what_is_compared_prints_no_layout_of_a_library(path):
    """PyTorch has changed how it prints a tensor, and a comparison then failed with the right numbers."""
    cells = code(read(path))
    shown = [not tags(cell) & NOT_COMPARED and "\n".join(texts(cell)) for cell in cells]
    wrong = [bool(text and re.search(r"\b(tensor|array|Size)\(|<All keys", text)) for text in shown]
    assert offenders(cells, wrong) == []


@every_notebook
def test_small_enough_to_read_on_a_code_host(path):
    assert path.stat().st_size < 500_000


# ---- cells


@every_notebook
def test_25_to_65_cells(path):
    assert 25 <= len(read(path).cells) <= 65


@every_notebook
def test_short_code_cells(path):
    cells = code(read(path))
    assert offenders(cells, [lines(cell) > 14 for cell in cells]) == []
    assert median(map(lines, cells)) < 7


@every_notebook
def test_tags_and_metadata_are_known(path):
    cells = read(path).cells
    assert offenders(cells, [bool(tags(cell) - TAGS) for cell in cells]) == []
    assert offenders(cells, [bool(set(cell.metadata) - KEYS) for cell in cells]) == []


@every_notebook
def test_what_is_not_compared_has_a_reason(path):
    cells = code(read(path))
    wrong = [bool(tags(cell) & NOT_COMPARED) != (len(cell.metadata.get("reason", "")) > 10) for cell in cells]
    assert offenders(cells, wrong) == []
    wrong = ["training" in tags(cell) and "nbval-ignore-output" not in tags(cell) for cell in cells]
    assert offenders(cells, wrong) == []
    # comments that steer nbval would have no reason beside them
    assert offenders(cells, ["NBVAL_" in cell.source for cell in cells]) == []


@every_notebook
def test_most_cells_are_really_compared(path):
    cells = code(read(path))
    compared = [not tags(cell) & NOT_COMPARED for cell in cells]
    assert sum(compared) >= 0.6 * len(cells)
    # and at least a third have letters to compare: a picture or an empty output proves nothing
    assert sum(yes and bool(texts(cell)) for cell, yes in zip(cells, compared, strict=True)) >= len(cells) / 3


@every_notebook
def test_every_picture_has_an_alt_text(path):
    cells = code(read(path))
    wrong = [any(not 30 <= len(alt) <= 400 for alt in pictures(cell)) for cell in cells]
    assert offenders(cells, wrong) == []
    alts = [alt for cell in cells for alt in dict.fromkeys(pictures(cell))]
    assert len(set(alts)) == len(alts), "two pictures have the same alt text"


@every_notebook
def test_a_picture_is_followed_by_what_to_see(path):
    cells = read(path).cells
    wrong = [
        bool(pictures(cell)) and after == "code"
        for cell, after in zip(cells, [cell.cell_type for cell in cells[1:]] + ["code"], strict=True)
    ]
    assert offenders(cells, wrong) == []


@every_notebook
def test_no_output_needs_a_kernel(path):
    """A widget without its kernel is a message of error: what is committed is the still picture."""
    notebook = read(path)
    cells = code(notebook)
    widgets = ["widget" in kind for cell in cells for output in cell.outputs for kind in output.get("data", {})]
    assert not any(widgets) and "widgets" not in notebook.metadata


# ---- exercises


@every_lesson
def test_exercises_of_the_lesson_are_those_that_learn_knows(master):
    solution, blank = map(read, build.targets(master))
    found = names(exercises(blank))
    assert found == names(exercises(solution))
    assert sorted(found) == sorted(name for name in EXERCISES if name.startswith(master.name[:2] + "."))
    assert (1 if master.name.startswith("00") else 3) <= len(found) <= 6
    assert set(names(code(blank))) == set(found), "a cell that calls @exercise for another lesson, or lacks its tag"


@every_lesson
def test_an_exercise_has_a_task_with_difficulty_and_minutes(master):
    cells = read(build.targets(master)[1]).cells
    for before, cell in pairwise(cells):
        if "exercise" in tags(cell):
            assert before.cell_type == "markdown", f"no task before {cell.source[:40]}"
            assert re.search(r"difficulty\W+[1-5]\b", before.source, re.IGNORECASE), before.source
            assert re.search(r"\b\d+ min", before.source), before.source


@every_lesson
def test_an_exercise_is_a_stub_with_a_docstring(master):
    for cell in exercises(read(build.targets(master)[1])):
        assert len(names([cell])) == 1, cell.source
        assert '"""' in cell.source, f"no docstring with the shapes: {cell.source}"
        assert [line.strip() for line in cell.source.splitlines()].count("...") == 1, cell.source


@every_lesson
def test_solution_passes_every_check_and_blank_goes_on_with_the_reference(master):
    solution, blank = map(read, build.targets(master))
    for notebook, verdict in ((solution, "right ("), (blank, "not written yet")):
        for cell in exercises(notebook):
            (name,) = names([cell])
            assert f"{name.split('.')[1]}: {verdict}" in "".join(texts(cell)), name


# ---- the prose


@every_lesson
def test_opens_with_a_title_and_its_claim(master):
    first = read(build.targets(master)[1]).cells[0]
    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert words(first) >= 20


@every_lesson
def test_ends_with_what_was_learned_what_was_not_and_a_quiz(master):
    cells = read(build.targets(master)[1]).cells
    end = "\n".join(cell.source for cell in cells[-6:] if cell.cell_type == "markdown").lower()
    assert re.search(r"^#+ .*\blearn", end, re.MULTILINE)
    assert re.search(r"\bnot\b", end)
    assert re.search(r"^#+ .*\bquiz\b", end, re.MULTILINE)
    assert end.count("<details>") == end.count("</details>") >= 1


@every_lesson
def test_prose_carries_the_code(master):
    """About 8 to 16 words of prose per line of code, with some room; 00 tells more, and 09 reads a study."""
    notebook = read(build.targets(master)[0])
    prose = sum(words(cell) for cell in notebook.cells if cell.cell_type == "markdown")
    assert 6 <= prose / sum(map(lines, code(notebook))) <= {"00": 34, "09": 20}.get(master.name[:2], 18)


@every_lesson
def test_plain_markdown_only(master):
    """What renders in JupyterLab, on a code host and in the book: no directives, no HTML but <details>."""
    for cell in read(build.targets(master)[1]).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", cell.source, flags=re.DOTALL)
            assert set(re.findall(r"<(/?\w+)[^>]*>", text)) <= {"details", "/details", "summary", "/summary", "br"}
            assert not re.search(r"^(:::|```\{)|\{\w+\}`", cell.source, re.MULTILINE), cell.source


# what a typed percentage may be, said by a word of its own paragraph; what was measured here is printed by cells
QUOTED = ("published", "chance", "guess", "noise", "shuffles", "you see", "the matrices have", "missing to 100 %")
TYPED = re.compile(r"\d\s?(?:%|percent\b|points\b)")


def typed_measurements(master: str) -> list[str]:
    """The paragraphs of a master that hold a percentage, or a number of points, and do not say that it is quoted."""
    prose = re.sub(r"```.*?```", "", master, flags=re.DOTALL)
    return [
        part for part in prose.split("\n\n") if TYPED.search(part) and not any(word in part.lower() for word in QUOTED)
    ]


@every_lesson
def test_no_accuracy_is_typed_into_prose(master):
    assert typed_measurements(master.read_text()) == []


def test_a_typed_accuracy_would_be_found():
    master = "The GMM gets 50.2 % here.\n\nThe published one, 95.06 %.\n\nIt gains 1.3 points.\n\n```\nx = '3 %'\n```\n"
    assert typed_measurements(master) == ["The GMM gets 50.2 % here.", "It gains 1.3 points."]
