"""The command line as a whole: lab, where the repository is, what the system refuses, and Ctrl-C."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import SafetensorError
from typer.testing import CliRunner

from gmm_tutorial import _shipped, data
from gmm_tutorial.cli import app
from gmm_tutorial.course import doctor, locate


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
    # a lesson links to the glossary, which lies beside notebooks/, and not inside of it
    assert f"--ServerApp.root_dir={checkout}" in command and "--ContentsManager.preferred_dir=notebooks" in command
    ours, theirs = environment["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "their-own"
    defaults = json.loads((Path(ours) / "labconfig" / "default_setting_overrides.json").read_text())
    assert defaults["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert command[-3:] == ["--port", "9000", "--no-browser"]


def test_without_anything_it_says_what_to_do(call, monkeypatch, tmp_path):
    """As where somebody has copied the package alone, without what comes with it."""
    monkeypatch.setattr(_shipped, "BUNDLE", tmp_path / "none")
    monkeypatch.setattr(_shipped, "PACKAGE", tmp_path / "gmm_tutorial")
    monkeypatch.chdir(tmp_path)
    for command in ("lab", "build"):
        exit_code, text = call(command)
        assert exit_code == 1 and "Clone the repository, and inside it: make lab" in text
    assert call("run", "03") == (1, "lesson is '03', but notebooks/ has none yet\n")


def test_repository_is_found_from_inside_and_missed_outside(tmp_path, monkeypatch):
    assert (locate.repository() / "pyproject.toml").exists()
    monkeypatch.setattr(_shipped, "PACKAGE", tmp_path / "site-packages" / "gmm_tutorial")
    for folder in ("notebooks", "solutions", "somewhere"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "somewhere")
    with pytest.raises(locate.LessonError, match="Clone the repository"):
        locate.repository()  # many folders are called so
    (tmp_path / "solutions" / "00_start_here.md").touch()
    assert locate.repository() == tmp_path


def test_python_m_is_the_same_command():
    command = [sys.executable, "-m", "gmm_tutorial", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "gmm-tutorial" in text and "doctor" in text and "lab" in text


# ---- what the system refuses


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device\nFree some space on that disk"),
        (PermissionError(errno.EACCES, "Permission denied", "/x/y"), "/x/y: Permission denied\nChoose a folder"),
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
