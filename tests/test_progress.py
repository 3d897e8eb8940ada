"""Progress: what a learner has done is kept, by answers of their own only, and never in a notebook's way."""

import os
import threading
from pathlib import Path

import nbformat
import pytest
from jupyter_client import KernelManager

from gmm_tutorial import learn
from gmm_tutorial.learn import EXERCISES, cells, progress

ROOT = Path(__file__).resolve().parent.parent
RIGHT = '@exercise("00.token_index")\ndef token_index(y, x, grid):\n    return y * grid[1] + x'


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder that progress is kept in; a learner is at work."""
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path))
    monkeypatch.setattr(progress, "at_work", lambda: True)
    return tmp_path / "progress"


def answer(factor):
    """An answer to 00.token_index: the right one multiplies by the grid's second number."""
    learn.exercise("00.token_index")(lambda y, x, grid: y * grid[factor] + x)


def test_answers_and_hints_are_kept(kept, monkeypatch):
    monkeypatch.setattr(EXERCISES["00.token_index"], "hints_given", 0)
    assert progress.read() == {}
    learn.exercise("00.token_index")(lambda y, x, grid: -1)
    assert progress.read() == {"00.token_index": progress.Record(tried=True)}
    learn.hint("00.token_index")
    learn.hint("00.token_index")
    answer(1)
    assert progress.read() == {"00.token_index": progress.Record(right=True, tried=True, hints=2)}
    answer(0)  # later, to see what the check says
    assert progress.read()["00.token_index"].right


def test_a_blank_exercise_leaves_no_trace(kept):
    @learn.exercise("00.token_index")
    def token_index(y, x, grid): ...

    assert not kept.exists()


def test_several_notebooks_at_once_lose_nothing(kept):
    names = [f"hint-{number}" for number in range(1, 20)]
    threads = [threading.Thread(target=progress.note, args=("03.unfold", name)) for name in names * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in (kept / "03.unfold").iterdir()) == sorted(names)
    assert progress.read()["03.unfold"].hints == 19


def test_what_else_is_in_the_folder_is_passed_over(kept):
    for name in ("03.unfold/hint-x", "03.unfold/.DS_Store", "03.nothing/right", "notes.txt"):
        (kept / name).parent.mkdir(parents=True, exist_ok=True)
        (kept / name).touch()
    assert progress.read()["03.unfold"] == progress.Record()


@pytest.mark.parametrize("where", ["a file", "a file/below"])
def test_a_cache_that_cannot_be_written_does_not_disturb(tmp_path, monkeypatch, capsys, where):
    (tmp_path / "a file").write_text("")
    monkeypatch.setattr(progress, "at_work", lambda: True)
    monkeypatch.setattr(progress, "folder", lambda: tmp_path / where)
    answer(1)
    assert capsys.readouterr().out == "token_index: right (8 places, forward)\n"


def test_a_home_that_is_unknown_does_not_disturb(monkeypatch):
    def lost():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(progress, "at_work", lambda: True)
    monkeypatch.setattr(progress, "folder", lost)
    answer(1)


def test_outside_of_a_notebook_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path))
    answer(1)
    assert not progress.at_work() and not list(tmp_path.iterdir())


def test_only_cells_of_a_learner_count(tmp_path):
    """As JupyterLab sends them, and as programs do, in one kernel."""
    blank, solved = (
        nbformat.read(ROOT / kind / "00_start_here.ipynb", as_version=4) for kind in ("notebooks", "solutions")
    )
    (stub, mistaken, broken), (solution, *_) = (
        [cell for cell in each.cells if cell.cell_type == "code" and "@exercise" in cell.source]
        for each in (blank, solved)
    )
    (hints,) = (cell for cell in blank.cells if cell.cell_type == "code" and cell.source.startswith("hint("))
    manager = KernelManager()
    manager.start_kernel(env={**os.environ, "GMM_TUTORIAL_CACHE": str(tmp_path)})
    client = manager.client()
    client.start_channels()

    def run(source, cell_id, allow_stdin=True):
        """Send a cell as JupyterLab does, wait until it is done, and say what is kept then."""
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": allow_stdin}
        request = client.session.msg("execute_request", content, metadata={"cellId": cell_id})
        client.shell_channel.send(request)
        while client.get_shell_msg(timeout=60)["parent_header"].get("msg_id") != request["msg_id"]:
            pass
        return sorted(
            path.relative_to(tmp_path / "progress").as_posix() for path in tmp_path.rglob("*") if path.is_file()
        )

    try:
        client.wait_for_ready(timeout=60)
        for cell in (stub, solution, mistaken, broken, hints):
            assert run(cell.source, cell.id) == [], "a cell that is as it was built"
        assert run(RIGHT, stub.id, allow_stdin=False) == [], "a program"
        assert run(stub.source, stub.id) == []
        assert run(f"{stub.source}\n    return y", stub.id) == ["00.token_index/tried"]
        assert run('hint("00.token_index")', "0123-new")[0] == "00.token_index/hint-3"
        assert run(RIGHT, stub.id) == ["00.token_index/hint-3", "00.token_index/right", "00.token_index/tried"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_cells_of_all_notebooks_are_known_as_built():
    for path in sorted(ROOT.glob("notebooks/*.ipynb")) + sorted(ROOT.glob("solutions/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            assert cells.as_built(cell.cell_type, cell.source, cell.id)
            assert not cells.as_built(cell.cell_type, cell.source + " ", cell.id)


def test_the_command_counts_by_lesson(kept, call, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(kept.parent))
    for name, what in (("03.unfold", "right"), ("03.unfold", "tried"), ("03.window", "tried"), ("03.window", "hint-2")):
        progress.note(name, what)
    exit_code, text = call("progress")
    assert exit_code == 0
    rows = {
        line.split("│")[1].strip(): line.replace("│", " ").split() for line in text.splitlines() if line.startswith("│")
    }
    assert rows["03"] == ["03", "5", "1", "1", "3", "2"]
    assert rows["all"][1:] == [str(len(EXERCISES)), "1", "1", str(len(EXERCISES) - 2), "2"]
    assert "Tried, and not right yet: 03.window" in text and str(kept) in text.replace("\n", "")


def test_the_command_before_anything_was_done(call):
    exit_code, text = call("progress")
    assert exit_code == 0 and "Tried" not in text and "progress" in text
