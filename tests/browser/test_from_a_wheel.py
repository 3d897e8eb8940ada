"""With pip alone: a wheel, an empty folder, `gmm-tutorial lab`, and lesson 01 in a browser, from start to end."""

import sys

import pytest
import wheels

from gmm_tutorial.course import locate

from . import jupyterlab
from .jupyterlab import READY


@pytest.fixture
def lab(tmp_path):
    for folder in ("wheel", "installed", "empty"):
        (tmp_path / folder).mkdir()
    wheels.install(wheels.build("wheel", tmp_path / "wheel"), tmp_path / "installed")
    environment = wheels.environment(tmp_path / "installed", tmp_path) | {"HOME": str(tmp_path)}
    command = [sys.executable, "-m", "gmm_tutorial", "lab"]
    with jupyterlab.served(command, tmp_path, env=environment, cwd=tmp_path / "empty") as address:
        yield address


def test_lesson_01_runs_to_its_end_and_its_links_lead_somewhere(lab, learner, tmp_path):
    page = learner.page
    page.goto(f"{lab}/lab")
    page.locator(".jp-DirListing-itemText", has_text="01_attention.ipynb").dblclick(timeout=120_000)
    page.wait_for_function(READY, timeout=120_000)
    learner.photograph("opened")
    learner.run_all(240)
    assert learner.unfinished() == []
    learner.photograph("run-all")
    learner.go_to(0)
    page.locator(".jp-MarkdownOutput a", has_text="baseline").first.click()
    page.locator(".jp-MarkdownViewer h3", has_text="Baseline").wait_for()
    learner.photograph("glossary")
    assert (tmp_path / "empty" / locate.COPY / "notebooks" / "01_attention.ipynb").exists()
