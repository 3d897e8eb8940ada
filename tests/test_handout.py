"""A learner's copy of the lessons: made, brought up to date, and never overwritten where somebody has worked in it."""

import errno
import os
import shutil
import subprocess

import nbformat
import pytest

from gmm_tutorial import _shipped
from gmm_tutorial.course import handout, locate
from gmm_tutorial.course.build import generate
from gmm_tutorial.course.run import write

OLD = """# A lesson

```{code-cell} ipython3
x = 1
```

## The exercise

```{code-cell} ipython3
def answer():
    ...
```

## The end
"""
NEW = OLD.replace("## The end", "## The end\n\n```{code-cell} ipython3\nx = 2\n```")
LESSON, BESIDE = "notebooks/03_small.ipynb", "notebooks/03_small.new-0.2.0.ipynb"
PAGE = "book/pages/glossary.md"


@pytest.fixture
def release(tmp_path, monkeypatch):
    """release("0.2.0", NEW): install that version of the package, with one lesson of that text and a glossary."""
    monkeypatch.setattr(_shipped, "BUNDLE", tmp_path / "package" / "_lessons")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def install(version, text=OLD, page="a page", printed="1\n"):
        monkeypatch.setattr(handout, "__version__", version)
        shutil.rmtree(_shipped.BUNDLE, ignore_errors=True)
        for name in ("notebooks", "solutions", "book/pages"):
            (_shipped.BUNDLE / name).mkdir(parents=True)
        master = tmp_path / "03_small.md"
        master.write_text(text)
        for name in ("notebooks", "solutions"):
            notebook = generate(master, solution=name == "solutions")
            notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text=printed)]
            write(notebook, _shipped.BUNDLE / name / "03_small.ipynb")
        (_shipped.BUNDLE / PAGE).write_text(page)

    return install


@pytest.fixture(autouse=True)
def started(monkeypatch):
    """The commands of JupyterLab that `gmm-tutorial lab` would start."""
    commands = []

    class Lab:
        def __init__(self, command, env):
            commands.append(command)

        def wait(self):
            return 0

    monkeypatch.setattr(subprocess, "Popen", Lab)
    return commands


@pytest.fixture
def copy(release, tmp_path):
    """A copy that version 0.1.0 has made."""
    release("0.1.0")
    assert updated() == [f"3 files were copied to {tmp_path / 'here' / locate.COPY}, version 0.1.0"]
    return tmp_path / "here" / locate.COPY


def updated():
    said = []
    handout.folder(said.append)
    return said


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def edit(path, change):
    """Change a notebook as JupyterLab saves it."""
    notebook = nbformat.read(path, 4)
    change(notebook)
    nbformat.write(notebook, path)


def opened(notebook):
    notebook.metadata.language_info["version"] = "3.13.1"
    notebook.cells.append(nbformat.v4.new_code_cell(""))


def run(notebook):
    for number, cell in enumerate(cell for cell in notebook.cells if cell.cell_type == "code"):
        cell.execution_count, cell.outputs = number + 1, [nbformat.v4.new_output("stream", text="mine\n")]


def answered(notebook):
    run(notebook)
    next(cell for cell in notebook.cells if "..." in cell.source).source = "def answer():\n    return 'WORK'"


def noted(notebook):
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("WORK"))


# ---- a copy is made


def test_a_copy_is_made_once(copy, tmp_path):
    for name in (LESSON, "solutions/03_small.ipynb", PAGE):
        assert (copy / name).read_bytes() == (_shipped.BUNDLE / name).read_bytes()
    before = {path: path.stat().st_mtime_ns for path in copy.rglob("*")}
    assert updated() == []
    assert {path: path.stat().st_mtime_ns for path in copy.rglob("*")} == before


@pytest.mark.parametrize("inside", [".", "notebooks", "book/pages"])
@pytest.mark.parametrize("recorded", [True, False])
def test_from_inside_it_is_the_same_copy(copy, monkeypatch, inside, recorded):
    if not recorded:
        (copy / locate.RECORD).unlink()
    monkeypatch.chdir(copy / inside)
    assert handout.folder(print) == copy
    assert not list(copy.rglob(locate.COPY))
    assert locate.find("3") == copy / LESSON


def test_lab_opens_it(call, release, started, tmp_path):
    release("0.1.0")
    copy = tmp_path / "here" / locate.COPY
    assert call("lab", "--no-browser") == (0, f"3 files were copied to {copy}, version 0.1.0\n")
    assert f"--ServerApp.root_dir={copy}" in started[0]
    assert (copy / LESSON).exists()


def test_in_a_checkout_nothing_is_copied(checkout, monkeypatch):
    monkeypatch.chdir(checkout)
    assert handout.folder(pytest.fail) == checkout
    assert not (checkout / locate.COPY).exists()


def test_run_takes_the_copy_and_without_one_the_package(release, tmp_path):
    release("0.1.0")
    assert locate.find("3", solution=True) == _shipped.BUNDLE / "solutions" / "03_small.ipynb"
    updated()
    assert locate.find("3") == tmp_path / "here" / locate.COPY / LESSON


def test_a_lesson_is_found_among_copies_of_it(copy):
    for name in ("03_small-Copy1", "03_small.new-0.2.0", "03_small_mine"):
        shutil.copy(copy / LESSON, copy / "notebooks" / f"{name}.ipynb")
    assert locate.find("03") == copy / LESSON


# ---- it is brought up to date


@pytest.mark.parametrize("done", [opened, run])
def test_a_notebook_that_was_only_opened_or_run_is_kept_with_its_outputs_until_its_text_is_new(copy, release, done):
    edit(copy / LESSON, done)
    before = (copy / LESSON).read_bytes()
    release("0.2.0", printed="other outputs\n")
    updated()
    assert (copy / LESSON).read_bytes() == before
    release("0.3.0", NEW)
    assert updated() == [f"2 files were copied to {copy}, version 0.3.0"]
    assert (copy / LESSON).read_bytes() == (_shipped.BUNDLE / LESSON).read_bytes()


def test_what_nobody_touched_is_updated(copy, release):
    release("0.2.0", page="another page", printed="other outputs\n")
    assert updated() == [f"3 files were copied to {copy}, version 0.2.0"]
    for name in (LESSON, PAGE):
        assert (copy / name).read_bytes() == (_shipped.BUNDLE / name).read_bytes()


def test_work_stays_and_a_new_text_is_laid_beside_it_once(copy, release):
    edit(copy / LESSON, answered)
    before = (copy / LESSON).read_bytes()
    release("0.2.0", NEW)
    said = [
        f'{LESSON} stays as you changed it. 03_small.new-0.2.0.ipynb is its new version: 1 cell changed, in "The end"',
        f"1 file was copied to {copy}, version 0.2.0",
    ]
    assert updated() == said
    assert (copy / LESSON).read_bytes() == before
    assert (copy / BESIDE).read_bytes() == (_shipped.BUNDLE / LESSON).read_bytes()
    (copy / BESIDE).unlink()
    assert updated() == [] and not (copy / BESIDE).exists(), "who has removed it does not want it"


def test_work_in_what_was_laid_beside_stays_too(copy, release):
    edit(copy / LESSON, noted)
    release("0.2.0", NEW)
    updated()
    edit(copy / BESIDE, answered)
    before = contents(copy)
    release("0.2.0", NEW + "\nand more\n")  # as when somebody installs what is not released yet
    updated()
    after = contents(copy)
    assert {name: after[name] for name in (LESSON, BESIDE)} == {name: before[name] for name in (LESSON, BESIDE)}
    assert b"and more" in after["notebooks/03_small.new-0.2.0-2.ipynb"]


@pytest.mark.parametrize("done", [answered, noted])
def test_work_on_the_text_that_the_package_has_needs_nothing(copy, done):
    edit(copy / LESSON, done)
    before = contents(copy)
    (copy / locate.RECORD).unlink()
    assert updated() == []
    assert contents(copy).items() >= {(k, v) for k, v in before.items() if k != locate.RECORD}


def test_a_page_with_notes_stays(copy, release):
    (copy / PAGE).write_text("a page, and notes")
    release("0.2.0", page="another page")
    assert updated() == [
        f"{PAGE} stays as you changed it. glossary.new-0.2.0.md is its new version: its text has changed"
    ]
    assert (copy / PAGE).read_text() == "a page, and notes"


def test_a_file_that_was_removed_comes_back(copy):
    (copy / LESSON).unlink()
    assert updated() == [f"1 file was copied to {copy}, version 0.1.0"]
    assert (copy / LESSON).exists()


def test_what_is_no_notebook_stays(copy, release):
    (copy / LESSON).write_text("<<<<<<< mine")
    release("0.2.0", NEW)
    assert "the old file is not a notebook" in updated()[0]
    assert (copy / LESSON).read_text() == "<<<<<<< mine" and (copy / BESIDE).exists()


def test_to_run_what_is_no_notebook_says_how_to_get_a_new_one(call, copy):
    (copy / LESSON).write_text("")
    exit_code, text = call("run", "03")
    assert exit_code == 1
    assert "Rename it to keep it, then run gmm-tutorial lab, which puts a new copy in its place" in text


def test_what_changed_is_said_by_the_headings(tmp_path, release):
    def changed(old, new):
        paths = []
        for number, text in enumerate((old, new)):
            (tmp_path / f"{number}.md").write_text(text)
            paths.append(tmp_path / f"{number}.ipynb")
            write(generate(tmp_path / f"{number}.md", solution=False), paths[-1])
        return handout.changes(paths[1], paths[0])

    assert changed(NEW, OLD) == "some cells are gone"
    parts = [f"\n+++\n\n## Part {number}\n" for number in range(5)]
    assert changed(OLD, OLD + "".join(parts)) == '5 cells changed, in "Part 0", "Part 1", "Part 2" and others'
    assert changed(OLD, "text\n\n+++\n\n" + OLD) == '1 cell changed, in "the title"'


@pytest.mark.parametrize("done", ["edited", "damaged", "linked", "without metadata", "old", "a page"])
@pytest.mark.parametrize("text", [OLD, NEW])
@pytest.mark.parametrize("recorded", [True, False])
def test_nothing_that_somebody_wrote_is_ever_lost(copy, release, tmp_path, done, text, recorded):
    release("0.0.9", NEW + "\nmore\n") if done == "old" else None
    updated()
    path = copy / (PAGE if done == "a page" else LESSON)
    if done in ("damaged", "a page"):
        path.write_text("WORK")
    else:
        edit(path, answered)
    if done == "linked":
        path.rename(tmp_path / "mine.ipynb")
        path.symlink_to(tmp_path / "mine.ipynb")
    if done == "without metadata":
        edit(path, lambda notebook: notebook.metadata.clear())
    before = path.read_bytes()
    if not recorded:
        (copy / locate.RECORD).unlink()
    release("0.2.0", text, page="another page")
    updated()
    assert path.read_bytes() == before
    assert path.is_symlink() == (done == "linked")
    updated()
    assert path.read_bytes() == before


def test_an_untouched_lesson_behind_a_link_is_updated_where_it_is(copy, release, tmp_path):
    (copy / LESSON).rename(tmp_path / "elsewhere.ipynb")
    (copy / LESSON).symlink_to(tmp_path / "elsewhere.ipynb")
    release("0.2.0", NEW)
    updated()
    assert (copy / LESSON).is_symlink()
    assert (tmp_path / "elsewhere.ipynb").read_bytes() == (_shipped.BUNDLE / LESSON).read_bytes()


# ---- what stands in the way


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (KeyboardInterrupt(), "stopped"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "No space left on device\nFree some space"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS)), "Read-only file system\nThat disk is read-only"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), "Permission denied\nChoose a folder"),
    ],
)
@pytest.mark.parametrize("whole", range(7))
def test_a_copy_that_was_interrupted_is_completed_and_work_in_it_stays(
    call, release, monkeypatch, tmp_path, error, says, whole
):
    """Of the record, and then a file and the record again three times, so many are whole; the next one is cut off."""
    release("0.1.0")
    path_type = type(tmp_path)
    write_bytes, written = path_type.write_bytes, []

    def limited(self, content):
        written.append(self)
        if len(written) > whole:
            write_bytes(self, content[:3])
            raise error
        return write_bytes(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(path_type, "write_bytes", limited)
        exit_code, text = call("lab")
    assert exit_code == (130 if says == "stopped" else 1)
    assert says in text and len(text.splitlines()) <= 2
    copy = tmp_path / "here" / locate.COPY
    assert not list(copy.rglob("*.partial"))
    if lesson := (copy / LESSON).exists():
        edit(copy / LESSON, answered)
    missing = 3 - whole // 2
    assert [line.split(" file")[0] for line in updated()] == [str(missing)] * bool(missing)
    assert set(contents(copy)) == {LESSON, "solutions/03_small.ipynb", PAGE, locate.RECORD}
    assert (b"WORK" in (copy / LESSON).read_bytes()) == lesson
    assert updated() == []


def test_a_full_disk_in_an_update_leaves_every_file_whole(call, copy, release, monkeypatch):
    before = contents(copy)
    release("0.2.0", NEW, page="another page")

    def full(self, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(type(copy), "write_bytes", full)
        assert call("lab")[0] == 1
    assert contents(copy) == before
    assert updated() == [f"3 files were copied to {copy}, version 0.2.0"]


@pytest.mark.parametrize("there", ["a file", "a folder of something else", "a link that leads nowhere", "a loop"])
def test_something_else_of_that_name_is_named_and_stays(call, release, tmp_path, there):
    release("0.1.0")
    copy = tmp_path / "here" / locate.COPY
    if there == "a file":
        copy.write_text("notes")
    elif there == "a folder of something else":
        copy.mkdir()
        (copy / "thesis.tex").touch()
    else:
        copy.symlink_to(copy if there == "a loop" else tmp_path / "unplugged")
    exit_code, text = call("lab")
    assert exit_code == 1
    says = "a link that leads nowhere" if there == "a loop" else there
    assert text.startswith(f"{copy} is {says}") and "rename it, or run the same command in another folder" in text
    assert len(text.splitlines()) == 1
    assert copy.is_symlink() or copy.is_file() or [path.name for path in copy.iterdir()] == ["thesis.tex"]


def test_a_link_to_a_folder_and_an_empty_folder_are_used(release, tmp_path):
    release("0.1.0")
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / ".DS_Store").touch()
    (tmp_path / "here" / locate.COPY).symlink_to(tmp_path / "disk")
    updated()
    assert (tmp_path / "disk" / LESSON).exists() and (tmp_path / "here" / locate.COPY).is_symlink()


@pytest.mark.parametrize("text", ["", "{", '{"offered": {}}', "[]"])
def test_a_damaged_record_costs_no_work(copy, release, text):
    edit(copy / LESSON, noted)
    (copy / PAGE).write_text("a page, and notes")
    (copy / locate.RECORD).write_text(text)
    release("0.2.0", NEW, page="another page")
    updated()
    assert b"WORK" in (copy / LESSON).read_bytes() and (copy / PAGE).read_text() == "a page, and notes"


def test_a_folder_in_the_place_of_a_lesson_is_said_in_two_lines(call, copy, release):
    (copy / LESSON).unlink()
    (copy / LESSON).mkdir()
    release("0.2.0", NEW)
    exit_code, text = call("lab")
    assert exit_code == 1
    assert text.endswith(f"{copy / LESSON}: Is a directory\nThat is a folder, but it must be a file.\n")
