"""The command run: a lesson from start to end, where it fails, and Ctrl-C in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from gmm_tutorial.course import run as course_run


def test_run_prints_the_receipts_and_leaves_the_notebook_alone(call, checkout):
    path = checkout / "notebooks" / "03_small.ipynb"
    before = path.read_bytes()
    exit_code, text = call("run", "3")
    assert exit_code == 0, text
    assert "receipt: ci" in text
    assert "not a receipt" not in text
    assert path.read_bytes() == before


def test_run_takes_a_profile_and_an_output(call, checkout, tmp_path):
    output = tmp_path / "mine.ipynb"
    exit_code, text = call("run", "03", "--profile", "full", "--solution", "--output", str(output))
    assert exit_code == 0, text
    assert "receipt: full" in text
    assert nbformat.read(output, as_version=4).cells[2].outputs[0].text == "not a receipt\n"


def test_run_says_where_a_lesson_fails(call, checkout):
    path = checkout / "notebooks" / "03_small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1\nx / 0")]), path)
    exit_code, text = call("run", "03")
    assert exit_code == 1
    assert "03_small, code cell [1]:\n    x = 1\n    x / 0\nZeroDivisionError: division by zero" in text


def test_a_copy_has_no_outputs_of_cells_that_were_not_reached(call, checkout, tmp_path):
    """Those of the committed notebook used to stay, and looked like this run's."""
    old = nbformat.v4.new_output("stream", text="of another run\n")
    cells = [nbformat.v4.new_code_cell("1 / 0"), nbformat.v4.new_code_cell("print(2)", outputs=[old])]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), checkout / "notebooks" / "03_small.ipynb")
    output = tmp_path / "mine.ipynb"
    assert call("run", "03", "--output", str(output))[0] == 1
    assert nbformat.read(output, as_version=4).cells[1].outputs == []


def test_run_never_writes_among_the_lessons(call, checkout):
    for folder in ("notebooks", "solutions"):
        exit_code, text = call("run", "03", "--output", str(checkout / folder / "copy.ipynb"))
        assert exit_code == 1
        assert "name another folder" in text


def test_where_a_copy_cannot_be_written_nothing_is_run(call, checkout, monkeypatch, tmp_path):
    monkeypatch.setattr(course_run, "execute", lambda *arguments: pytest.fail("was run"))
    (tmp_path / "file").touch()
    exit_code, text = call("run", "03", "--output", str(tmp_path / "file" / "copy.ipynb"))
    assert (exit_code == 1 and "Not a directory" in text) or "File exists" in text
    for taken in (tmp_path, Path(os.devnull)):
        exit_code, text = call("run", "03", "--output", str(taken))
        assert exit_code == 1 and f"output is {taken}, but it must be a file" in text
    exit_code, text = call("run", "03", "--output", str(tmp_path / ("x" * 300)))
    assert exit_code == 1 and "Choose a shorter path." in text
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    exit_code, text = call("run", "03", "--output", str(tmp_path / "loop" / "copy.ipynb"))
    assert exit_code == 1 and str(tmp_path / "loop") in text and len(text.splitlines()) <= 5


@pytest.mark.parametrize("content", ["{}", "[]", "null", '{"cells": [', "", "<<<<<<< ours", '{"nbformat": 4}'])
def test_a_file_that_is_no_notebook_is_named_with_what_to_do(call, checkout, content):
    path = checkout / "notebooks" / "03_small.ipynb"
    path.write_text(content)
    exit_code, text = call("run", "03")
    assert exit_code == 1
    assert text.startswith(f"{path} is not a notebook: ")
    assert "gmm-tutorial build 03 --force" in text and len(text.splitlines()) == 2


def test_run_refuses_unknown_lessons_and_profiles(call, checkout):
    for name in ("", "_", "x"):
        assert f"lesson is {name!r}, but notebooks/ has 03" in call("run", name)[1]
    assert "lesson is '09', but notebooks/ has 03" in call("run", "09")[1]
    exit_code, text = call("run", "03", "--profile", "huge")
    assert exit_code == 1
    assert "GMM_TUTORIAL_PROFILE is 'huge'" in text


def test_ctrl_c_in_a_running_lesson_stops_it_and_its_kernel(checkout):
    """Errors of nbclient's own handler used to fill the screen."""
    cell = "import os, pathlib, time\npathlib.Path('../pid').write_text(str(os.getpid()))\ntime.sleep(99)"
    path = checkout / "notebooks" / "03_small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)]), path)
    lines = (
        "import pathlib",
        "from gmm_tutorial.cli import app",
        "from gmm_tutorial.course import locate",
        "locate.repository = pathlib.Path.cwd",
        "app(['run', '03'])",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    # older kernels say something about a debugger unless told not to
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    process = subprocess.Popen(command, cwd=checkout, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        while not (checkout / "pid").exists() or not (checkout / "pid").read_text():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
    finally:
        process.kill()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "stopped" and len(said.splitlines()) <= 2, said
    with pytest.raises(ProcessLookupError):
        os.kill(int((checkout / "pid").read_text()), 0)
