"""What unit tests share: reproducible random draws, the command line, a checkout, made-up data."""

import nbformat
import pytest
import torch
from hypothesis import settings
from made_up_data import publish, zipped
from made_up_mirrors import archive, batches, serve
from made_up_notebooks import graded
from typer.testing import CliRunner

from gmm_tutorial.cli import app
from gmm_tutorial.course import locate

# a machine that is busy with other things is slow, and not wrong
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

__all__ = ["archive", "batches", "graded", "publish", "serve", "zipped"]  # fixtures of the modules of made-up things
collect_ignore = ["browser"]  # they need one, and the book: make test-browser


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def invoke():
    """invoke("doctor") -> exit code and all that it printed."""

    def invoked(*arguments):
        result = CliRunner().invoke(app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    return invoked


@pytest.fixture
def call(tmp_path, monkeypatch, invoke):
    """`invoke` on a machine without data and with an empty cache."""
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")
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
