"""From master to notebooks: markers, blanking, names of cells, and the learner's work that is not overwritten."""

import base64
import io
import re

import nbformat
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gmm_tutorial.cli import app
from gmm_tutorial.course import build, locate
from gmm_tutorial.course.locate import LessonError
from gmm_tutorial.course.run import execute
from gmm_tutorial.course.tidy import smaller, tidy

MASTER = """\
---
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A small lesson

```{code-cell} ipython3
:tags: [exercise]

def double(x):
    '''Twice x.'''
    ### BEGIN SOLUTION
    y = 2 * x
    return y
    ### END SOLUTION
```

```{code-cell} ipython3
:tags: [training, nbval-ignore-output]
:reason: a training, its numbers differ
:mystnb: {image: {alt: "a line"}}

print(double(3))
```

```{code-cell} ipython3
1 + 1
```

```{code-cell} ipython3
1 + 1
```
"""


@pytest.fixture
def repo(tmp_path):
    """A repository with one lesson, not built yet."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "03_small.md").write_text(MASTER)
    return tmp_path


@pytest.fixture
def built(repo):
    """The same after `make lessons`, without running anything."""
    list(build.make(repo, None, force=False, run=False))
    return repo


def sources(path):
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def edit(path, **changes):
    """Change a notebook as a learner would: the keys are cell numbers, c1 for the second cell."""
    notebook = nbformat.read(path, as_version=4)
    for key, source in changes.items():
        notebook.cells[int(key[1:])].source = source
    nbformat.write(notebook, path)


def test_solution_keeps_the_code_and_loses_the_markers(built):
    cell = sources(built / "solutions" / "03_small.ipynb")[1]
    assert cell == "def double(x):\n    '''Twice x.'''\n    y = 2 * x\n    return y"


def test_learners_notebook_has_an_ellipsis_in_its_place(built):
    cell = sources(built / "notebooks" / "03_small.ipynb")[1]
    assert cell == "def double(x):\n    '''Twice x.'''\n    ..."


def test_everything_else_is_the_same_in_both(built):
    solution, notebook = (sources(built / kind / "03_small.ipynb") for kind in ("solutions", "notebooks"))
    assert [a == b for a, b in zip(solution, notebook, strict=True)] == [True, False, True, True, True]


def test_tags_reason_and_alt_text_reach_the_notebook(built):
    cell = nbformat.read(built / "notebooks" / "03_small.ipynb", as_version=4).cells[2]
    assert cell.metadata == {
        "tags": ["training", "nbval-ignore-output"],
        "reason": "a training, its numbers differ",
        "mystnb": {"image": {"alt": "a line"}},
    }


def test_notebook_metadata_holds_only_what_is_needed(built):
    metadata = nbformat.read(built / "notebooks" / "03_small.ipynb", as_version=4).metadata
    assert set(metadata) == {"kernelspec", "language_info", "gmm_tutorial"}
    assert metadata.kernelspec.name == "python3"
    assert "version" not in metadata.language_info


def test_cells_are_named_by_content_and_twins_are_numbered(built):
    paths = [built / kind / "03_small.ipynb" for kind in ("solutions", "notebooks")]
    solution, notebook = ([cell.id for cell in nbformat.read(path, as_version=4).cells] for path in paths)
    assert len(set(notebook)) == len(notebook)
    assert notebook[3].removesuffix("-0") == notebook[4].removesuffix("-1")
    assert [a == b for a, b in zip(solution, notebook, strict=True)] == [True, False, True, True, True]


def test_building_twice_gives_the_same_bytes(built):
    paths = sorted(built.glob("*/*.ipynb"))
    before = [path.read_bytes() for path in paths]
    list(build.make(built, None, force=False, run=False))
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.parametrize(("old", "new", "kept"), [("# A small", "# A tiny", True), ("1 + 1", "1 + 2", False)])
def test_outputs_stay_where_only_prose_has_changed(built, old, new, kept):
    """A changed code cell makes all outputs stale, those of other cells too."""
    path, master = built / "notebooks" / "03_small.ipynb", built / "solutions" / "03_small.md"
    notebook = nbformat.read(path, as_version=4)
    for number, cell in enumerate((cell for cell in notebook.cells if cell.cell_type == "code"), 1):
        cell.execution_count, cell.outputs = number, [nbformat.v4.new_output("stream", text=f"output {number}")]
    nbformat.write(notebook, path)
    master.write_text(master.read_text().replace(old, new))
    list(build.make(built, None, force=False, run=False))
    after = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert any(new in source for source in sources(path))
    assert [cell.execution_count for cell in after] == ([1, 2, 3, 4] if kept else [None] * 4)
    assert [len(cell.outputs) for cell in after] == [kept] * 4
    assert not build.worked_in(path)


def test_only_the_lessons_asked_for_are_built(repo):
    (repo / "solutions" / "04_other.md").write_text(MASTER)
    list(build.make(repo, ["4"], force=False, run=False))
    assert [path.name for path in (repo / "notebooks").iterdir()] == ["04_other.ipynb"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    ### END SOLUTION\n", "", r"solutions/03_small.md:15: ### BEGIN SOLUTION is never closed"),
        ("    ### BEGIN SOLUTION\n", "", r"solutions/03_small.md:17: ### END SOLUTION without ### BEGIN SOLUTION"),
        ("    y = 2 * x\n", "    ### BEGIN SOLUTION\n", r"solutions/03_small.md:16: .* inside the one of line 15"),
    ],
)
def test_a_slip_with_the_markers_is_named_with_file_and_line(repo, old, new, message):
    master = repo / "solutions" / "03_small.md"
    master.write_text(MASTER.replace(old, new))
    with pytest.raises(LessonError, match=message):
        list(build.make(repo, None, force=False, run=False))
    assert not list(repo.glob("*/*.ipynb"))


def test_a_learners_work_is_not_overwritten(built):
    path = built / "notebooks" / "03_small.ipynb"
    edit(path, c1="def double(x):\n    return x + x")
    (built / "solutions" / "02_first.md").write_text(MASTER)  # it comes first, and must not be built either
    with pytest.raises(LessonError, match=r"notebooks/03_small\.ipynb contains changes.*--force"):
        list(build.make(built, None, force=False))
    assert "x + x" in sources(path)[1]
    assert not (built / "solutions" / "02_first.ipynb").exists()


def test_force_overwrites_it(built):
    path = built / "notebooks" / "03_small.ipynb"
    edit(path, c1="pass")
    list(build.make(built, None, force=True, run=False))
    assert "..." in sources(path)[1]


def test_a_notebook_without_a_digest_is_somebodys(built):
    path = built / "notebooks" / "03_small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["gmm_tutorial"]
    nbformat.write(notebook, path)
    assert build.worked_in(path)
    notebook.metadata["gmm_tutorial"] = 3
    nbformat.write(notebook, path)
    assert build.worked_in(path)


def test_a_file_that_is_no_notebook_is_named_and_only_force_overwrites_it(built):
    path = built / "notebooks" / "03_small.ipynb"
    path.write_text("{}")
    with pytest.raises(LessonError, match=r"notebooks/03_small\.ipynb is not a notebook: .*\n.*build 03 --force"):
        list(build.make(built, None, force=False, run=False))
    assert path.read_text() == "{}"
    list(build.make(built, None, force=True, run=False))
    assert not build.worked_in(path)


def test_new_outputs_and_an_empty_cell_are_not_work(built):
    path = built / "notebooks" / "03_small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[2].outputs = [nbformat.v4.new_output("stream", text="6\n")]
    notebook.cells.append(nbformat.v4.new_code_cell(""))  # JupyterLab adds one after Shift+Enter in the last cell
    nbformat.write(notebook, path)
    assert not build.worked_in(path)


def test_a_failure_while_writing_leaves_the_old_notebook(built, monkeypatch):
    path = built / "notebooks" / "03_small.ipynb"
    before = path.read_bytes()
    monkeypatch.setattr(nbformat, "writes", lambda notebook: "x" * 10 + "\ud800")  # not to be encoded: fails midway
    with pytest.raises(UnicodeEncodeError):
        list(build.make(built, None, force=False, run=False))
    assert path.read_bytes() == before


def test_find_takes_a_number_in_any_form(built):
    for number in ("3", "03", "03_small"):
        assert locate.find(number, root=built) == built / "notebooks" / "03_small.ipynb"
    assert locate.find("03", solution=True, root=built) == built / "solutions" / "03_small.ipynb"
    with pytest.raises(LessonError, match="lesson is '07', but notebooks/ has 03"):
        locate.find("07", root=built)


def test_an_unknown_lesson_is_named(built):
    with pytest.raises(LessonError, match="lesson '07' has no master: solutions/ has 03"):
        list(build.make(built, ["7"], force=False))


def test_the_command_refuses_with_a_sentence_and_exit_code_1(built, monkeypatch):
    monkeypatch.setattr(locate, "repository", lambda: built)
    edit(built / "notebooks" / "03_small.ipynb", c1="pass")
    result = CliRunner().invoke(app, ["build", "--no-execute"])
    assert result.exit_code == 1
    assert "Nothing was built" in result.output
    assert CliRunner().invoke(app, ["build", "03", "--no-execute", "--force"]).exit_code == 0
    result = CliRunner().invoke(app, ["build", "", "--no-execute"])
    assert result.exit_code == 1 and "lesson '' has no master: solutions/ has 03" in result.output


def code(*cells):
    """A notebook of code cells."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])


BAR = r"for text in ('\r 10%', '\r100%', '\r    \r'): print(text, end='', flush=True)"


def test_a_run_leaves_nothing_that_only_it_could_print(tmp_path):
    notebook = code("print('hello  ')", BAR, f"{BAR}\nprint('receipt')", "1 + 1")
    execute(notebook, tmp_path, "toy")
    tidy(notebook, "toy")
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert notebook.cells[0].outputs[0].text == "hello  \n"
    assert notebook.cells[1].outputs == []
    assert notebook.cells[2].outputs[0].text == "receipt\n"
    assert notebook.cells[3].outputs[0].data == {"text/plain": "2"}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import warnings\nwarnings.warn('old')", "writes to stderr: .*old"),
        ("object()", "shows the address of an object, at 0x"),
        ("x = 1\nraise ValueError('no such grid')", "    x = 1\n    raise .*\nValueError: no such grid"),
    ],
)
def test_what_cannot_be_committed_is_named_with_its_cell(tmp_path, cell, message):
    notebook = code("y = 2", cell)
    with pytest.raises(LessonError, match=re.compile(rf"toy, code cell \[2\]:.*{message}", re.DOTALL)):
        execute(notebook, tmp_path, "toy")
        tidy(notebook, "toy")


def test_a_kernel_that_dies_is_named_with_its_cell(tmp_path):
    with pytest.raises(LessonError, match=r"toy, code cell \[2\]:\n    import os; os._exit\(1\)\n"):
        execute(code("y = 2", "import os; os._exit(1)"), tmp_path, "toy")


def test_pictures_lose_bytes_but_no_pixel():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 4), dtype=np.uint8).repeat(4, 0)
    for alpha, mode in ((255, "RGB"), (128, "RGBA")):
        pixels[..., 3] = alpha
        saved = io.BytesIO()
        Image.fromarray(pixels).save(saved, "PNG", compress_level=1, dpi=(100, 100))
        packed = base64.b64decode(smaller(base64.b64encode(saved.getvalue()).decode()))
        picture = Image.open(io.BytesIO(packed))
        assert len(packed) < len(saved.getvalue()) and picture.mode == mode
        np.testing.assert_array_equal(np.asarray(picture.convert("RGBA")), pixels)
        assert round(picture.info["dpi"][0]) == 100, "its size on the page"


def test_a_plot_needs_few_colors_and_a_photo_keeps_its_own():
    plot = np.full((60, 80, 3), 255, dtype=np.uint8)
    plot[20:30], plot[:, 40:50] = (0, 114, 178), np.linspace(0, 255, 60)[:, None, None]
    photo = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    for pixels, mode, near in ((plot, "P", 8), (photo, "RGB", 0)):
        saved = io.BytesIO()
        Image.fromarray(pixels).save(saved, "PNG")
        packed = base64.b64decode(smaller(base64.b64encode(saved.getvalue()).decode()))
        picture = Image.open(io.BytesIO(packed))
        assert picture.mode == mode
        assert np.abs(np.asarray(picture.convert("RGB"), dtype=int) - pixels).max() <= near
