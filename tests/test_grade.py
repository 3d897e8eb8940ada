"""Grading: the verdict on each answer of a notebook, whatever the notebook does besides."""

import json
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from made_up_notebooks import BLANK, MIRRORED, QUICK, UNFOLD, WINDOW, message, notes, states
from nbformat.v4 import new_code_cell, new_markdown_cell

from gmm_tutorial.course import grading, locate
from gmm_tutorial.course.grading import show
from gmm_tutorial.learn import EXERCISES

ROOT = Path(__file__).resolve().parent.parent
STEMS = [path.stem for path in sorted((ROOT / "solutions").glob("[0-9][0-9]_*.ipynb"))]
# ---- verdicts


def test_each_answer_gets_the_verdict_of_its_check(graded):
    report = graded(WINDOW, MIRRORED, '@exercise("03.r_squared")\ndef r_squared(target, fit): ...')
    found = {each.exercise: each for each in report.exercises}
    assert report.lesson == "03" and not report.problem and not report.odd and not report.failed
    assert {name: each.state for name, each in found.items()} == {
        "03.window": "right",
        "03.unfold": "wrong",
        "03.r_squared": "blank",
        "03.mixture": "missing",
        "03.unfold_by_index": "missing",
    }
    assert found["03.window"].message.startswith("window: right (")
    assert "Your mask is mirrored: is the window sliding the wrong way?" in found["03.unfold"].message
    assert "smallest failing case" in found["03.unfold"].message and "going on" not in found["03.unfold"].message
    assert found["03.mixture"].message == "mixture: no cell has @exercise('03.mixture')"
    assert found["03.r_squared"].message == "r_squared: not written yet"
    assert report.share == 20


@pytest.mark.parametrize("stem", STEMS)
def test_every_solution_is_right_and_nothing_in_it_is_odd(stem):
    report = grading.grade(ROOT / "solutions" / f"{stem}.ipynb", QUICK, run=False)
    assert {each.exercise: (each.state, each.notes) for each in report.exercises} == {
        name: ("right", ()) for name in EXERCISES if name.startswith(f"{stem[:2]}.")
    }
    assert (report.odd, report.notes, report.failed, report.problem, report.share) == ((), (), (), "", 100)


@pytest.mark.parametrize("stem", STEMS)
def test_every_blank_notebook_is_blank_and_nothing_in_it_is_odd(stem):
    report = grading.grade(ROOT / "notebooks" / f"{stem}.ipynb", QUICK, run=False)
    assert {each.state for each in report.exercises} == {"blank"}, [each for each in report.exercises]
    assert (report.odd, report.notes, report.failed, report.problem) == ((), (), (), "")
    assert not any(each.hints for each in report.exercises), "the hints that a lesson shows are not the learner's"


def test_an_answer_may_use_whatever_the_cells_above_define(graded):
    report = graded(
        "factor = 2\nscale = {'one': 0.0}",
        "scale['one'] = shift + factor * 0.5\nshift = 0.5",  # NameError in a notebook too: shift comes below
        "shift = 0.0\nscale.update(one=1.0)",
        "def helper(x):\n    return later(x) * scale['one']",
        "def later(x):\n    return x + shift",
        "while True: pass",  # not needed, so not run
        WINDOW,
        UNFOLD.replace("return torch", "return helper(torch").replace("flatten(2)", "flatten(2))"),
    )
    assert states(report) == {"03.window": "right", "03.unfold": "right"}


def test_an_answer_may_use_another_one_and_goes_on_with_its_reference_if_that_is_wrong(graded):
    for other in (WINDOW.replace("kernel[", "3 * kernel["), WINDOW.partition("    (h")[0] + "    ...", ""):
        report = graded(other, UNFOLD)
        assert states(report)["03.unfold"] == ("right" if other else "wrong"), other
    assert "NameError: name 'window' is not defined" in message(report)


@pytest.mark.parametrize(
    "source",
    [
        "import gmm_tutorial.learn as checks\n" + UNFOLD.replace("@exercise", "@checks.exercise"),
        "if True:\n    " + UNFOLD.replace("\n", "\n    "),
        UNFOLD.partition("\n")[2] + '\nunfold = exercise("03.unfold")(unfold)',
        UNFOLD.replace('"03.unfold"', "name='03.unfold'"),
        "%matplotlib inline\n" + UNFOLD,
        "exercise = lambda name: lambda function: function\n" + UNFOLD,
    ],
)
def test_an_answer_may_be_given_in_any_form(graded, source):
    assert states(graded(WINDOW, source))["03.unfold"] == "right"
    wrong = source.replace(".flatten(2)", ".flatten(2).flip(1)")
    assert states(graded(WINDOW, wrong))["03.unfold"] == "wrong"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("unfold = exercise('03.unfold')(3)", "unfold is a whole number, but it must be a function"),
        (UNFOLD.replace("return ", "_ = "), "unfold returned None: did you forget return?"),
        (
            UNFOLD.replace("window(", "windw("),
            "unfold raised NameError: name 'windw' is not defined\n  in your line: rows",
        ),
        (UNFOLD.replace("grid):", "grid=1 / 0):"), "its cell raised ZeroDivisionError: division by zero"),
        (UNFOLD.replace("rows = [", "rows = ("), "unfold: Python cannot read the cell. SyntaxError"),
        (UNFOLD.replace("    rows", "    exit()\n    rows"), "unfold raised SystemExit"),
        (UNFOLD.replace("    rows", "    import sys; sys.exit()\n    rows"), "unfold raised SystemExit"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(graded, source, says):
    report = graded(WINDOW, source)
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    assert says in message(report), message(report)


# ---- limits


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("while True: pass", "was stopped: its checks took longer than 5 seconds"),
        ("import time; time.sleep(1000)", "was stopped: its checks took longer than 5 seconds"),
        ("10 ** 10 ** 10", "was stopped: its checks took longer than 5 seconds"),  # Python cannot interrupt it
        ("import os; os._exit(0)", "ended its process: a function returns its result"),
        ("import os; os.kill(os.getpid(), 9)", "was ended by the system: does it need more than 1.5 GB of memory?"),
    ],
)
def test_an_answer_that_does_not_end_does_not_stop_the_others(graded, line, says):
    broken = WINDOW.replace("    (h", f"    {line}\n    (h")
    report = graded(broken, UNFOLD, limits=grading.Limits(cell=5, memory=3 * 2**29))
    assert states(report) == {"03.window": "wrong", "03.unfold": "right"}
    assert says in message(report, "03.window")


@pytest.mark.skipif(not grading.limits.ENFORCED, reason="this system has no memory limit for one process")
@pytest.mark.parametrize("line", ["torch.ones(10**10)", "bytes(4 * 10**9)", "[0] * 10**9"])
def test_an_answer_that_needs_too_much_memory_is_told_so(graded, line):
    report = graded(WINDOW.replace("    (h", f"    {line}\n    (h"), UNFOLD)
    assert states(report) == {"03.window": "wrong", "03.unfold": "right"}
    assert "it needs more memory than the limit of 4 GB" in message(report, "03.window")


def test_a_loop_in_a_cell_that_an_answer_needs_is_stopped(graded):
    report = graded("factor = 1\nwhile True: factor = 1", WINDOW, UNFOLD + " * factor", limits=grading.Limits(cell=5))
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}


# ---- what a notebook is


def test_the_last_answer_that_is_not_blank_counts(graded):
    report = graded(WINDOW, MIRRORED, UNFOLD, BLANK)
    assert states(report)["03.unfold"] == "right"
    assert notes(report) == ("3 answers, in cells [3], [4], [5]; [4] counts, the last that is not blank",)
    assert states(graded(WINDOW, UNFOLD, MIRRORED))["03.unfold"] == "wrong"


def test_a_renamed_function_counts_and_is_named(graded):
    report = graded(WINDOW, UNFOLD.replace("def unfold", "def my_unfold"))
    assert states(report)["03.unfold"] == "right"
    assert notes(report) == ("the function is named my_unfold, but other cells call unfold",)


def test_examples_in_a_lesson_are_no_answers(graded):
    """Lesson 00 shows what the check says of two wrong answers, under other names."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{STEMS[0]}.ipynb", as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code" and "@exercise" in cell.source]
    assert len(sources) == 3
    assert states(graded(*sources)) == {"00.token_index": "blank"}
    assert states(graded(sources[0].replace("...", "return y * grid[1] + x"), *sources[1:])) == {
        "00.token_index": "right"
    }


@pytest.mark.parametrize(
    ("sources", "says"),
    [
        (("x = 1",), "no cell calls @exercise, and no heading names a lesson: this is not a notebook of the tutorial"),
        ((UNFOLD.replace("03", "42"),), "lesson is '42', but this version has 00, 01"),
    ],
)
def test_a_notebook_of_no_lesson_is_one_line(graded, sources, says):
    report = graded(*sources)
    assert report.problem.startswith(says) and not report.exercises and report.share == 0
    assert show.title(report) == f"{report.path}: {report.problem}" and list(show.lines(report)) == []


def test_a_notebook_without_answers_is_known_by_its_heading(graded):
    report = graded(new_markdown_cell("# 03 Two numbers per Gaussian"))
    assert {each.state for each in report.exercises} == {"missing"} and report.lesson == "03"


def test_exercises_that_are_not_of_the_lesson_are_named(graded):
    other = '@exercise("00.token_index")\ndef token_index(y, x, grid):\n    return y * grid[1] + x'
    report = graded(WINDOW, UNFOLD.replace("03.unfold", "03.unfolded"), other, MIRRORED)
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    assert "cell [3] answers 03.unfolded, but there is no exercise of that name" in report.notes
    assert "cell [4] answers 00.token_index, which does not count in lesson 03" in report.notes


def test_another_version_of_a_lesson_is_named(graded):
    built = nbformat.read(ROOT / "notebooks" / "03_gmm.ipynb", as_version=4).metadata["gmm_tutorial"]
    said = "built from another version of the lesson: its answers are judged by the checks of this version"
    assert said not in graded(WINDOW, gmm_tutorial=built).notes
    assert said in graded(WINDOW, gmm_tutorial={"digest": "0" * 64}).notes
    assert graded(WINDOW).notes == (), "not known"


def test_without_the_lessons_no_version_is_named(graded, monkeypatch):
    def nowhere(*arguments, **options):
        raise locate.LessonError("not here")

    monkeypatch.setattr(locate, "find", nowhere)
    assert graded(WINDOW, gmm_tutorial={"digest": "0" * 64}).notes == ()


def test_hints_are_counted_by_calls_and_by_what_they_printed(graded):
    asked = new_code_cell('hint("03.unfold")')
    again = new_code_cell('hint("03.window")')
    again.outputs = [nbformat.v4.new_output("stream", text="hint 2 of 3: ...\n")]
    report = graded(WINDOW, UNFOLD, asked, 'hint("03.unfold")', again, 'hint("nothing")')
    assert {each.exercise: each.hints for each in report.exercises if each.hints} == {"03.unfold": 2, "03.window": 2}


@pytest.mark.parametrize(
    "content", ["", "{}", "[1, 2]", "not JSON", '{"cells": 3}', "\0", '{"nbformat": 4, "cells": []}']
)
def test_a_file_that_is_no_notebook_is_one_line(tmp_path, content):
    path = tmp_path / "notes.ipynb"
    path.write_text(content)
    report = grading.grade(path, QUICK)
    assert report.problem.startswith("is not a notebook: ") and "\n" not in report.problem


def test_code_that_python_cannot_take_is_no_problem_of_the_grader(graded):
    deep = [
        "(" * 300 + ")" * 300,
        "x = " + "-" * 100_000 + "1",
        "x" + ".x" * 3000 + " = 1",
        "x = '\0'",
        "x = 1\n" * 20_000,
    ]
    report = graded(*deep, WINDOW)
    assert states(report) == {"03.window": "right"}


# ---- reports


def test_reports_as_json_and_junit(graded):
    reports = [
        graded(WINDOW, MIRRORED, BLANK.replace("unfold", "mixture"), name="a.ipynb"),
        graded("x = 1", name="b.ipynb"),
    ]
    values = json.loads(show.as_json(reports, 20))
    assert [each["passes"] for each in values["notebooks"]] == [True, False] and values["pass_mark"] == 20
    first = values["notebooks"][0]
    assert first["share"] == 20 and first["counts"] == {"right": 1, "wrong": 1, "blank": 1, "missing": 2}
    assert first["exercises"][0] == {
        "exercise": "03.window",
        "state": "right",
        "message": message(reports[0], "03.window"),
        "hints": 0,
        "notes": [],
    }
    suites = ElementTree.fromstring(show.as_junit(reports))
    a, b = suites.findall("testsuite")
    assert [a.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["5", "3", "1", "0"]
    outcomes = {case.get("name"): [each.tag for each in case] for case in a.findall("testcase")}
    assert (
        outcomes["03.window"] == [] and outcomes["03.unfold"] == ["failure"] and outcomes["03.mixture"] == ["skipped"]
    )
    assert "mirrored" in a.find(".//failure").get("message")
    assert [b.get(name) for name in ("tests", "errors")] == ["1", "1"] and b.find(".//error") is not None


def test_what_a_terminal_or_xml_would_obey_is_taken_out(graded):
    report = graded(WINDOW.replace("    (h", "    raise ValueError('\\x1b[31m[bold]\\0\\ud800<&]]>')\n    (h"))
    text = message(report, "03.window")
    assert "ValueError: [bold]<&]]>" in text and "\x1b" not in text
    assert (
        "[bold]&lt;&amp;]]&gt;" in show.as_junit([report])
        and ElementTree.fromstring(show.as_junit([report])) is not None
    )


# ---- the command


def test_the_command_prints_a_table_writes_files_and_exits_by_the_pass_mark(call, graded, tmp_path):
    for sources, name in (((WINDOW, MIRRORED), "ann.ipynb"), ((WINDOW, UNFOLD), "bob.ipynb")):
        graded(*sources, name=name)
    (tmp_path / "notes.ipynb").write_text("no notebook")
    ann, bob, json_file, xml_file = (str(tmp_path / name) for name in ("ann.ipynb", "bob.ipynb", "r.json", "r.xml"))
    files = ("--json", json_file, "--junit", xml_file)
    exit_code, text = call("grade", ann, bob, "--answers-only", "--pass-mark", "20", *files)
    assert exit_code == 0, text
    assert "lesson 03: 1 of 5 right" in text and "lesson 03: 2 of 5 right" in text and "mirrored" in text
    assert len(json.loads(Path(json_file).read_text())["notebooks"]) == 2
    assert len(ElementTree.parse(xml_file).getroot()) == 2
    assert call("grade", ann, "--answers-only", "--pass-mark", "21")[0] == 1
    exit_code, text = call("grade", str(tmp_path), "--answers-only")
    assert exit_code == 1 and "notes.ipynb: is not a notebook: " in text
    assert "2 of 5 right" in text, "the others are graded"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.ipynb",), "PATH is 'nowhere.ipynb', but it must be a notebook, or a folder of notebooks"),
        ((".",), "PATH is '.', but that folder holds no notebook (*.ipynb)"),
        ((str(ROOT / "notebooks"), "--profile", "huge"), "profile is 'huge', but it must be 'ci', 'learn' or 'full'"),
        (
            (str(ROOT / "notebooks"), "--pass-mark", "120"),
            "--pass-mark is 120.0, but it must be a number from 0",
        ),
        ((str(ROOT / "notebooks"), "--memory", "0"), "--memory is 0.0, but it must be a number from 1"),
        (("--pass-mark", "20"), "PATH"),
    ],
)
def test_wrong_arguments_are_said_before_anything_is_run(call, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    exit_code, text = call("grade", *arguments)
    assert exit_code == 2 and says in text and "Traceback" not in text


def test_a_notebook_that_changes_the_package_ends_the_grading(call, graded, tmp_path, monkeypatch):
    for name in ("ann.ipynb", "bob.ipynb"):
        graded(WINDOW, name=name)
    prints = iter([{"grid.py": "1"}, {"grid.py": "2"}])
    monkeypatch.setattr(grading, "fingerprint", lambda: next(prints))
    exit_code, text = call("grade", str(tmp_path), "--answers-only")
    assert exit_code == 1 and "the installed package was changed (grid.py): no verdict is given" in text
    assert "bob.ipynb" not in text
