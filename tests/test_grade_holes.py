"""What a notebook may do to the process that grades: it neither fails nor waits forever."""

import json
import os
import time

import nbformat
import pytest
from made_up_notebooks import IMPORTS, MIRRORED, WINDOW, message, states
from nbformat.v4 import new_code_cell, new_notebook, new_output
from typer.testing import CliRunner

from gmm_tutorial.cli import app
from gmm_tutorial.course import grading
from gmm_tutorial.course.grading import cells, odd

SHORT = grading.Limits(cell=12)
SOMETHING_ELSE = "unfold sent something else than values to the process that compares them"
TOO_LONG = "unfold was stopped: its checks took longer than 12 seconds"
AFTER = """
import gmm_tutorial.course.grading.wire as wire
plain, packed = wire.plain, wire.packed
"""
PIPE = """
import gc, os, struct, time
from multiprocessing.connection import Connection
pipe = [each for each in gc.get_objects() if type(each) is Connection and each.readable and each.writable][0]
"""


def mirrored_after(code):
    inside = "\n".join(f"    {line}" for line in code.strip().splitlines())
    return MIRRORED.replace("    rows", f"{inside}\n    rows", 1)


@pytest.mark.parametrize(
    "change",
    [
        "gradients=[[float('inf'), 'kernel', torch.ones(2).double()]]",
        "values=[each.to(torch.complex128) for each in plain(given)['values']]",
        "gradients=[[p, name, each.to(torch.complex128)] for p, name, each in plain(given)['gradients']]",
        "values=[torch.zeros((), dtype=torch.float64).expand(1, 10**6, 10**6)]",
        "kinds=[[['words'], 'real', 'float32', '']]",
    ],
)
def test_a_forged_outcome_is_wrong_and_grading_goes_on(graded, change):
    forged = f"wire.plain = lambda given: {{**plain(given), **dict({change})}}"
    report = graded(WINDOW, mirrored_after(AFTER + forged))
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}


def test_nor_does_it_matter_what_is_sent_about_the_function(graded):
    forged = """
import gmm_tutorial.course.grading.wire as wire
packed = wire.packed
wire.packed = lambda reply: packed({"is": ["", torch.ones(2), False]} if "is" in reply else reply)"""
    report = graded(forged, WINDOW, MIRRORED.replace("    rows", "    wire\n    rows", 1))
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}


@pytest.mark.parametrize(
    "code",
    [
        # half a message, and then nothing
        PIPE + "os.write(pipe.fileno(), struct.pack('!i', 2**20) + b'x')\n"
        "Connection.send_bytes = lambda *a: time.sleep(1000)\n"
        "while True:\n    try: time.sleep(1000)\n    except BaseException: pass",
        # something else holds the pipe open
        PIPE + "if os.fork(): os._exit(0)\nos.setsid()\ntime.sleep(40)",
        # the same, in the middle of a message
        PIPE + "os.write(pipe.fileno(), struct.pack('!i', 2**20) + b'x')\n"
        "if os.fork(): os._exit(0)\nos.setsid()\ntime.sleep(40)",
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="fork")
def test_no_answer_makes_grading_wait_for_ever(graded, code):
    start = time.monotonic()
    report = graded(WINDOW, mirrored_after(code), limits=SHORT)
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    assert message(report) == TOO_LONG and time.monotonic() - start < 35


def test_odd_metadata_and_outputs_are_passed_over(graded):
    for metadata in ("x", ["x"], {"digest": ["x"]}, None):
        assert states(graded(WINDOW, gmm_tutorial=metadata)) == {"03.window": "right"}
    cell = new_code_cell("hint('03.window')", outputs=[new_output("stream", text=f"hint {'9' * 5000} of 3: x")])
    assert states(graded(cell, WINDOW)) == {"03.window": "right"}


@pytest.mark.skipif(os.name != "posix", reason="such names")
def test_names_of_files_and_what_is_no_file(tmp_path):
    names = [b"a\xff.ipynb", b"b\x1b[2J.ipynb", b"[red]c[bold].ipynb"]
    for name in names:
        source = nbformat.writes(new_notebook(cells=[new_code_cell(each) for each in (IMPORTS, WINDOW)]))
        with open(os.path.join(os.fsencode(tmp_path), name), "w") as file:
            file.write(source)
    os.mkfifo(tmp_path / "d.ipynb")
    (tmp_path / "e.ipynb").symlink_to("/dev/zero")
    junit = tmp_path / "grades.xml"
    result = CliRunner().invoke(app, ["grade", str(tmp_path), "--answers-only", "--junit", str(junit)])
    assert result.exit_code == 0, (result.output, result.exception)
    assert result.output.count("1 of 5 right") == 3 and "\x1b[2J" not in junit.read_text()


def test_what_a_kernel_sends_is_not_believed_either(graded):
    forged = "def do_execute(*a, **k):\n    return {'status': 'error'}\nget_ipython().kernel.do_execute = do_execute"
    report = graded(forged, WINDOW, MIRRORED, run=True)
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"} and report.failed


def test_half_of_a_letter_in_a_cell(tmp_path):
    notebook = new_notebook(cells=[new_code_cell(each) for each in (IMPORTS, "x = '\ud800'", WINDOW)])
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    report = grading.grade(tmp_path / "a.ipynb", SHORT)
    assert states(report) == {"03.window": "right"} and report.failed


def test_one_that_grading_cannot_cope_with_does_not_stop_the_others(tmp_path, monkeypatch):
    for name in ("a", "b"):
        nbformat.write(
            new_notebook(cells=[new_code_cell(each) for each in (IMPORTS, WINDOW)]), tmp_path / f"{name}.ipynb"
        )
    of_one = grading.grade

    def grade(path, *rest, **named):
        if path.stem == "a":
            raise RuntimeError("for the test")
        return of_one(path, *rest, **named)

    monkeypatch.setattr(grading, "grade", grade)
    result = CliRunner().invoke(app, ["grade", str(tmp_path), "--answers-only"])
    assert result.exit_code == 1 and "a.ipynb: could not be graded: RuntimeError: for the test" in result.output
    assert "1 of 5 right" in result.output


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys\nsys.modules.pop('gmm_tutorial.grid')", "changes what is imported: sys.modules.pop"),
        ("import subprocess, sys\nsubprocess.run([sys.executable, '-c', ''])", "starts processes: subprocess.run"),
        ("import types\ntypes.FunctionType(compile('', '', 'exec'), {})", "runs code that is in no cell: compile"),
    ],
)
def test_ways_to_another_copy_of_the_reference_are_named(code, says):
    assert says in odd.findings([cells.parse(1, code, "")])[1]


@pytest.mark.parametrize(
    "lines",
    [
        "from gmm_tutorial.grid import Unfold\n"
        "    return Unfold.apply(kernel, tuple(grid)).view(len(kernel), grid[0] * grid[1], -1)",
        "from gmm_tutorial.learn import EXERCISES\n    return EXERCISES['03.unfold'].mistakes[5](kernel, grid)",
    ],
)
def test_the_insides_of_the_reference_and_the_mistakes_are_no_answer(graded, lines):
    report = graded(WINDOW, f"@exercise('03.unfold')\ndef unfold(kernel, grid):\n    {lines}")
    assert states(report) == {"03.window": "right", "03.unfold": "reference"}
