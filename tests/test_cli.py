"""The command line: what each command says, and its exit code. The work itself is tested with its module."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from safetensors import SafetensorError
from typer.testing import CliRunner

from gmm_tutorial import data
from gmm_tutorial.cli import app
from gmm_tutorial.course import doctor, locate
from gmm_tutorial.course import run as course_run


@pytest.fixture
def call(tmp_path, monkeypatch):
    """call("doctor") -> exit code and all that it printed, on a machine without data and with an empty cache."""
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")

    def invoke(*arguments):
        result = CliRunner().invoke(app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return invoke


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with one lesson: lesson 03, whose training prints its profile."""
    cells = [
        nbformat.v4.new_code_cell("import os"),
        nbformat.v4.new_code_cell(
            "print('receipt:', os.environ['GMM_TUTORIAL_PROFILE'])", metadata={"tags": ["training"]}
        ),
        nbformat.v4.new_code_cell("print('not a receipt')"),
    ]
    for folder in ("notebooks", "solutions"):
        (tmp_path / folder).mkdir()
        nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / folder / "03_small.ipynb")
    monkeypatch.setattr(locate, "repository", lambda: tmp_path)
    return tmp_path


def lines(text):
    """The lines of the doctor by what they are about."""
    return {line[5:18].strip(): line for line in text.splitlines() if line[:5].strip() in ("ok", "may", "must")}


# ---- doctor


def test_doctor_has_a_line_for_everything(call):
    exit_code, text = call("doctor")
    assert exit_code == 0, text
    assert set(lines(text)) >= {"Python", "torch", "torchvision", "device", "profile", "widgets"}
    assert set(lines(text)) >= {"cifar10", "shapes", "disk: data", "disk: cache"}
    assert "All is well." in text


def test_doctor_says_what_to_do_about_data_but_does_not_insist(call):
    _, text = call("doctor")
    assert lines(text)["cifar10"].startswith("may")
    assert "gmm-tutorial data cifar10" in lines(text)["cifar10"]
    assert lines(text)["shapes"].startswith("ok")


def test_doctor_names_an_unknown_profile(call, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "huge")
    exit_code, text = call("doctor")
    assert exit_code == 1
    assert lines(text)["profile"].startswith("must")
    assert "'huge'" in text and "'learn'" in text


def test_doctor_reports_damaged_data(call, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cifar10.npz").write_bytes(b"cut off")
    exit_code, text = call("doctor")
    assert exit_code == 1
    assert lines(text)["cifar10"].startswith("must")
    assert "--refetch" in text


def test_data_that_cannot_be_read_is_one_line(call, monkeypatch, tmp_path):
    def refused(name):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "data"))

    monkeypatch.setattr(data, "find", refused)
    for command in (["doctor"], ["data"]):
        exit_code, text = call(*command)
        assert exit_code == 1
        assert f"{tmp_path / 'data'} cannot be read (Permission denied): change" in lines(text)["svhn"]


def test_doctor_knows_a_torchvision_that_was_built_for_another_torch(monkeypatch):
    def broken(name):
        raise RuntimeError("operator torchvision::nms does not exist")

    monkeypatch.setattr(doctor.importlib, "import_module", broken)
    line = doctor.package_line("torchvision")
    assert line.state == "must"
    assert "nms does not exist" in line.says and "pip install" in line.says


def test_doctor_compares_versions_as_numbers(monkeypatch):
    monkeypatch.setattr(doctor, "version", lambda name: "2.7.1+cpu")
    assert "2.7.1+cpu is older than 2.8" in doctor.package_line("torch").says
    monkeypatch.setattr(doctor, "version", lambda name: "2.10.0")
    assert doctor.package_line("torch").state == "ok"


def test_doctor_misses_widgets_and_space(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "version", missing)
    assert "pip install ipywidgets" in doctor.widgets_line().says
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert doctor.disk_line("data").state == "must"


def test_a_check_that_breaks_is_a_line_too():
    line = doctor.guarded("device", lambda: 1 / 0)
    assert (line.state, line.says) == ("must", "ZeroDivisionError: division by zero")


def test_doctor_can_leave_folders_out(call, tmp_path, capsys):
    doctor.show(where=False)
    assert str(tmp_path) not in capsys.readouterr().out
    doctor.show()
    assert str(tmp_path) in capsys.readouterr().out


# ---- run


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
    assert exit_code == 1 and "Name a shorter path." in text


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


# ---- data


def test_data_alone_lists_what_there_is_and_where(call, tmp_path):
    exit_code, text = call("data")
    assert exit_code == 0
    assert str(tmp_path / "data") in text
    assert set(lines(text)) >= {"cifar10", "cifar100", "svhn", "tiny-imagenet", "shapes"}


def test_data_says_when_nothing_is_to_be_had(call, monkeypatch):
    def offline(name, root=None, refetch=False):
        raise data.DataUnavailable("tried one mirror: no network")

    monkeypatch.setattr(data, "fetch", offline)
    assert call("data", "cifar10") == (1, "tried one mirror: no network\n")


def test_data_refetches_on_demand(call, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "fetch", lambda name, root=None, refetch=False: asked.append((name, refetch)))
    call("data", "cifar10", "--refetch")
    assert asked == [("cifar10", True)]


def test_data_that_is_drawn_needs_no_fetching(call):
    exit_code, text = call("data", "shapes")
    assert exit_code == 0
    assert "drawn on the spot" in text


def test_data_refuses_an_unknown_name(call):
    exit_code, text = call("data", "imagenet")
    assert exit_code == 1
    assert "'imagenet'" in text and "cifar10" in text


# ---- lab, and the rest


def test_lab_opens_the_lessons_and_passes_options_on(call, checkout, monkeypatch):
    started = []

    class Lab:
        def __init__(self, command, env):
            started.append((command, env))
            self.answers = iter((KeyboardInterrupt, KeyboardInterrupt, 7))

        def wait(self):  # Ctrl-C twice: JupyterLab asks, and then stops
            answer = next(self.answers)
            if answer is KeyboardInterrupt:
                raise answer
            return answer

    monkeypatch.setattr(subprocess, "Popen", Lab)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "their-own")
    assert call("lab", "--port", "9000", "--no-browser")[0] == 7, "the exit code is JupyterLab's"
    ((command, environment),) = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={checkout / 'notebooks'}" in command
    ours, theirs = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "their-own"
    defaults = json.loads((Path(ours) / "labconfig" / "default_setting_overrides.json").read_text())
    assert defaults["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert command[-3:] == ["--port", "9000", "--no-browser"]


def test_without_the_repository_it_says_what_to_do(call, monkeypatch):
    def nowhere():
        raise locate.LessonError("Clone the repository, and inside it: make lab")

    monkeypatch.setattr(locate, "repository", nowhere)
    assert call("lab") == (1, "Clone the repository, and inside it: make lab\n")
    assert call("run", "03")[0] == 1


def test_repository_is_found_from_inside_and_missed_outside(tmp_path, monkeypatch):
    assert (locate.repository() / "pyproject.toml").exists()
    monkeypatch.setattr(locate, "__file__", str(tmp_path / "site-packages" / "gmm_tutorial" / "locate.py"))
    with pytest.raises(locate.LessonError, match="Clone the repository"):
        locate.repository(tmp_path)
    for folder in ("notebooks", "solutions", "somewhere"):
        (tmp_path / folder).mkdir()
    assert locate.repository(tmp_path / "somewhere") == tmp_path


def test_python_m_is_the_same_command():
    text = subprocess.run(
        [sys.executable, "-m", "gmm_tutorial", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert "gmm-tutorial" in text and "doctor" in text and "lab" in text


# ---- what the system refuses


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device\nMake room on that disk"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied\nName a place"),
        (OSError(errno.EROFS, "Read-only file system", b"/x/y"), "/x/y: Read-only file system\nThat disk"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "/x"), "/x: No such file or directory\n"),
        (OSError(errno.EIO, "Input/output error", 7), "Input/output error\n"),  # 7: a file that is open already
        (ConnectionError("a\nb\nc"), "a\n"),
        (OSError(), "OSError\n"),
        (SafetensorError("Error while serializing: No space left on device"), "Error while serializing: No space"),
    ],
)
@pytest.mark.parametrize("command", ["doctor", "data", "run", "lab", "build"])
def test_what_the_system_refuses_is_said_in_at_most_two_lines(call, checkout, monkeypatch, command, error, says):
    def refused(*arguments, **options):
        raise error

    monkeypatch.setattr(doctor, "show", refused)
    monkeypatch.setattr(data, "root", refused)
    monkeypatch.setattr(locate, "repository", refused)
    exit_code, text = call(command, *(["03"] if command == "run" else []))
    assert exit_code == 1
    assert text.startswith(says) and len(text.splitlines()) <= 2


def test_a_slip_of_ours_keeps_its_traceback(monkeypatch):
    monkeypatch.setattr(doctor, "show", lambda: 1 / 0)
    assert isinstance(CliRunner().invoke(app, ["doctor"]).exception, ZeroDivisionError)


def test_ctrl_c_is_one_line_and_exit_code_130(call, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(doctor, "show", interrupted)
    assert call("doctor") == (130, "stopped\n")


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
