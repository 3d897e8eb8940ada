"""With pip alone: a wheel that carries the lessons, in a folder where there is no repository."""

import hashlib
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import nbformat
import pytest
import wheels

from gmm_tutorial import __version__
from gmm_tutorial.course import locate

LESSONS = "gmm_tutorial/_lessons/"
LARGEST = 16e6  # bytes of the whole wheel: pictures of the lessons, for the most part
LINK = re.compile(r"\]\((\.\.?/[^)#\s]+)")  # to another file of the repository
NAMES = [master.stem for master in locate.masters(wheels.ROOT).values()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return wheels.build("wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def content(wheel):
    """The checksums of what is in the wheel, by name."""
    return checksums(wheel)


def checksums(wheel):
    with zipfile.ZipFile(wheel) as opened:
        return {name: hashlib.sha256(opened.read(name)).hexdigest() for name in opened.namelist()}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    return wheels.install(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture
def python(installed, tmp_path):
    """python("-m", "gmm_tutorial", ...) in an empty folder: what it prints."""
    (tmp_path / "empty").mkdir()

    def call(*arguments):
        options = {"cwd": tmp_path / "empty", "env": wheels.environment(installed, tmp_path)}
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def test_it_carries_every_lesson_every_receipt_and_the_published_numbers(content):
    root = wheels.ROOT
    expected = [root / folder / f"{name}.ipynb" for folder in ("notebooks", "solutions") for name in NAMES]
    kept = [path for path in (root / "results").rglob("*") if path.suffix in (".json", ".safetensors")]
    expected += [*kept, *(root / "tests" / "golden").glob("*.npz")]
    assert len(expected) > 100
    for path in expected:
        name = LESSONS + path.relative_to(root).as_posix()
        assert content.get(name) == hashlib.sha256(path.read_bytes()).hexdigest(), name


def test_every_file_of_the_package_is_in_it(content):
    for path in (wheels.ROOT / "gmm_tutorial").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert path.relative_to(wheels.ROOT).as_posix() in content


def test_it_holds_nothing_else_and_is_no_larger_than_it_must_be(wheel, content):
    for name in content:
        assert name.startswith(("gmm_tutorial/", "gmm_tutorial-")), name
        assert not any(part in name for part in ("__pycache__", ".ipynb_checkpoints", ".partial", "/golden/models/"))
    assert not [name for name in content if name.startswith(f"{LESSONS}solutions/") and name.endswith(".md")]
    assert wheel.stat().st_size < LARGEST
    assert max(map(len, content)) < 200, "Windows allows 260 characters, and a folder stands before them"


def test_from_an_sdist_comes_the_same_wheel(content, tmp_path):
    for folder in ("sdist", "source", "wheel"):
        (tmp_path / folder).mkdir()
    with tarfile.open(wheels.build("sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    assert checksums(wheels.build("wheel", tmp_path / "wheel", source)) == content


def test_an_editable_installation_carries_no_copy(tmp_path):
    """It would be that of the day of the installation, and the lessons are edited where they are."""
    code = f"from hatchling.build import build_editable; print(build_editable({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=wheels.ROOT, check=True, capture_output=True)
    (built,) = tmp_path.iterdir()
    assert not [name for name in checksums(built) if name.startswith("gmm_tutorial/")]


def test_numbers_and_receipts_are_found_inside_the_package(python, installed):
    code = (
        "import gmm_tutorial",
        "from gmm_tutorial import results, runs",
        "from gmm_tutorial.course import golden",
        "print(gmm_tutorial.__file__, len(results.read(results.RESULTS)), len(runs.read_study('backbones').lines))",
        "print(golden.load('gmm_8x8')['mask'].shape[-1], len(runs.read_kept('backbones', 'CaiT + GMM')))",
        "print(results.benchmark('attention') is not None, bool(results.live('03_gmm')), results.commit())",
    )
    first, second, third = python("-c", "\n".join(code)).splitlines()
    path, receipts, lines = first.split()
    assert Path(path).parent == installed / "gmm_tutorial"
    assert int(receipts) > 50 and int(lines) > 5
    assert second.split()[0] == "64"
    assert third == "True True None"


def test_the_commands_work_in_an_empty_folder(python, tmp_path):
    assert "CaiT" in python("-m", "gmm_tutorial", "results", "--table", "backbones")
    executed = tmp_path / "mine.ipynb"
    python("-m", "gmm_tutorial", "run", "00", "--output", str(executed))
    assert all(cell.execution_count for cell in nbformat.read(executed, 4).cells if cell.cell_type == "code")
    assert list((tmp_path / "empty").iterdir()) == [], "only lab copies"


def test_lab_copies_the_lessons_and_opens_them(python, tmp_path):
    """JupyterLab prints its version and ends; a browser test sees it open."""
    copy = tmp_path / "empty" / locate.COPY
    said = python("-m", "gmm_tutorial", "lab", "--version").splitlines()
    assert said[0].endswith(f"were copied to {copy}, version {__version__}")
    for folder in ("notebooks", "solutions"):
        assert sorted(path.stem for path in (copy / folder).iterdir()) == NAMES
    linked = {path: LINK.findall(path.read_text()) for path in (*copy.glob("*/*.ipynb"), *copy.glob("book/pages/*.md"))}
    assert sum(map(bool, linked.values())) > 20
    for path, links in linked.items():
        for link in links:
            assert (path.parent / link).resolve().is_file(), f"{path.name} links to {link}"
