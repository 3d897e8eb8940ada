"""Where a result comes from: the commit of the package, and whether the package differs from it."""

import subprocess

import pytest
import torch

from gmm_tutorial import _shipped
from gmm_tutorial.results import provenance


@pytest.fixture
def git(tmp_path, monkeypatch):
    """git("add", ".") in a repository that holds a package and a page beside it, both committed."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # of a hook that runs the tests
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@nowhere", "-c", "commit.gpgsign=false")

    def call(*arguments):
        done = subprocess.run(["git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    package = tmp_path / "gmm_tutorial"
    (package / "results").mkdir(parents=True)
    (package / "grid.py").write_text("")
    (tmp_path / "README.md").write_text("")
    monkeypatch.setattr(provenance, "__file__", str(package / "results" / "provenance.py"))
    call("init", "-q")
    call("add", ".")
    call("commit", "-q", "-m", "all")
    return call


def test_a_commit_is_named_with_what_the_package_has_beside_it(git, tmp_path):
    head, code = git("rev-parse", "HEAD"), tmp_path / "gmm_tutorial" / "grid.py"
    assert provenance.commit() == head
    (tmp_path / "README.md").write_text("a change outside of the package trains nothing else")
    (tmp_path / "notes").write_text("")
    assert provenance.commit() == head
    code.write_text("# changed")
    assert provenance.commit() == f"{head}+"
    assert provenance.machine(torch.device("cpu"))["commit"] == f"{head}+"
    git("add", ".")
    assert provenance.commit() == f"{head}+", "staged is not committed"
    git("commit", "-q", "-m", "change")
    assert provenance.commit() == git("rev-parse", "HEAD") != head


@pytest.mark.parametrize("change", ["added", "removed"])
def test_files_that_come_and_go_are_changes(git, tmp_path, change):
    code = tmp_path / "gmm_tutorial" / "grid.py"
    code.unlink() if change == "removed" else code.with_name("new.py").write_text("")
    assert provenance.commit() == f"{git('rev-parse', 'HEAD')}+"


def test_outside_of_git_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv("GIT_DIR", raising=False)
    (tmp_path / "gmm_tutorial").mkdir()
    monkeypatch.setattr(provenance, "__file__", str(tmp_path / "gmm_tutorial" / "results" / "provenance.py"))
    assert provenance.commit() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.commit() is None, "without git"


def test_a_wheel_in_somebodys_repository_does_not_take_their_commit_for_its_own(git, tmp_path, monkeypatch):
    assert provenance.commit()
    monkeypatch.setattr(_shipped, "BUNDLE", tmp_path)
    assert provenance.commit() is None
