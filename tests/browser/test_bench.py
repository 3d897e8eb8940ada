"""The bench in JupyterLab, by keyboard: choose, train, stop, go on, read the verdict, copy the code, see an error.

In the profile `ci` and on `shapes`. A picture of each state, in the light and in the dark theme, lies in the test's
folder, or in the one that SCREENSHOTS names.
"""

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from gmm_tutorial.course import build

from .jupyterlab import CELLS, READY
from .test_jupyterlab import lab

__all__ = ["lab"]  # a fixture
SOURCES = ("from gmm_tutorial import explorers\nexplorers.bench(seeds=2, epochs=4)", "print('meanwhile')", "")
THEMES = {"dark": "JupyterLab Dark", "light": "JupyterLab Light"}


class Desk:
    """The bench in its cell, and somebody who uses nothing but the keyboard."""

    def __init__(self, learner):
        self.learner, self.page = learner, learner.page
        self.cell = learner.go_to(0)
        self.box = self.cell.locator(".explorer-bench")
        self.box.wait_for()

    def photograph(self, name):
        """The state in both themes, all of it: the window is as high as it needs to be."""
        height = int(self.box.bounding_box()["height"])
        self.page.set_viewport_size({"width": 1280, "height": max(900, height + 350)})
        for kind, theme in THEMES.items():
            self.page.evaluate("(t) => window.jupyterapp.commands.execute('apputils:change-theme', {theme: t})", theme)
            self.page.wait_for_timeout(700)
            self.learner.photograph(f"bench-{name}-{kind}")

    def has_focus(self):
        """The label of what has the focus: its text, or that of its label."""
        label = "(e.labels?.[0]?.querySelector('span') ?? e).textContent"
        return self.page.evaluate(f"() => {{ const e = document.activeElement; return {label}; }}")

    def tab_to(self, label):
        """Press Tab until what has this label has the focus."""
        for _ in range(20):
            if self.has_focus() == label:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {label}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def says(self, text, seconds=60):
        """Wait until the line that is read aloud has this text."""
        self.page.wait_for_function(
            "(text) => document.querySelector('.explorer-bench .explorer-spoken').textContent.includes(text)",
            arg=text,
            timeout=1000 * seconds,
        )

    def serious(self):
        """What axe finds serious in the bench."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found = self.page.evaluate("() => axe.run('.explorer-bench').then((found) => found.violations)")
        return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]


@pytest.fixture
def desk(lab, learner, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in SOURCES])
    notebook.metadata = build.METADATA
    nbformat.write(notebook, tmp_path / "repository" / "notebooks" / "bench.ipynb")
    page = learner.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{lab}/lab/tree/notebooks/bench.ipynb?reset")
    page.wait_for_function(READY, timeout=120_000)
    learner.go_to(0)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    yield Desk(learner)
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def run_cell(learner, number):
    """Run a cell, which takes the focus."""
    run = "await window.jupyterapp.commands.execute('notebook:run-cell')"
    learner.page.evaluate(f"async (i) => {{ {CELLS}.activeCellIndex = i; {run}; }}", number)


def test_a_comparison_by_keyboard(desk, learner):
    page = desk.page
    desk.says("Choose two models, and press Train.")
    desk.photograph("start")
    assert desk.serious() == []

    desk.box.get_by_label("data").focus()
    assert page.evaluate("() => document.activeElement.value") == "shapes"
    desk.tab_to("passes over the images")
    desk.press("Control+A", *"25")
    desk.tab_to("model")  # the first model's
    desk.press("Tab", "Tab", "Space")
    assert desk.has_focus() == "position embeddings"
    desk.press("Tab", "Tab")
    desk.press("Home", "ArrowDown", "ArrowDown")  # the prior of the second model
    assert page.evaluate("() => document.activeElement.value") == "elm"
    assert page.evaluate(f"() => {CELLS}.activeCellIndex") == 0, "arrow keys are the bench's, not the notebook's"
    desk.says("Press Train.")

    desk.tab_to("Train")
    desk.press("Enter")
    desk.says("Training 1 of 4: ViT, no positions, seed 0.")
    page.wait_for_function("() => document.querySelector('.explorer-meter').textContent.includes('left')")
    assert desk.has_focus() == "Stop", "the button that was pressed, under its new name"
    run_cell(learner, 1)
    page.wait_for_timeout(1000)
    assert learner.printed(1) == "meanwhile\n", "the kernel is free"
    desk.photograph("training")
    assert desk.serious() == []

    desk.box.get_by_role("button", name="Stop").focus()
    desk.press("Enter")
    desk.says("Stopped. Go on continues after the last whole pass.")
    assert desk.has_focus() == "Go on"
    desk.photograph("stopped")

    desk.press("Enter")
    desk.says("All 4 trainings are done.", seconds=240)
    verdict = desk.box.locator(".explorer-verdict").text_content()
    assert verdict.startswith("ViT, ELM minus ViT, no positions: ") and "points over 2 seeds. The interval" in verdict
    page.wait_for_function("() => document.querySelectorAll('.explorer-results img').length === 2")
    desk.photograph("done")
    assert desk.serious() == []
    assert desk.box.evaluate("(box) => box.scrollWidth <= box.clientWidth"), "nothing is cut off"

    desk.tab_to("Copy as code")
    desk.press("Enter")
    desk.says("The code is copied.")
    desk.photograph("code")
    code = page.evaluate("() => navigator.clipboard.readText()")
    page.evaluate(f"(code) => {{ {CELLS}.model.sharedModel.cells[2].source = code; }}", code)
    run_cell(learner, 2)
    learner.wait_until_idle(60)
    assert verdict in learner.printed(2), "from the cache, the same"
    kinds = [[output["output_type"] for output in cell["outputs"]] for cell in learner.cells()]
    assert kinds[:2] == [["execute_result"], ["stream"]] and "error" not in kinds[2]
    assert learner.printed(1) == "meanwhile\n", "what the trainings print is in no cell"


def test_an_error_is_said_in_the_bench_and_nowhere_else(desk, learner):
    desk.box.get_by_label("data").select_option("cifar100")
    desk.box.get_by_label("data").focus()
    desk.tab_to("Train")
    desk.press("Enter")
    desk.says("CIFAR-100 is not in ")
    desk.photograph("error")
    assert desk.serious() == []
    desk.box.get_by_label("data").select_option("shapes")
    desk.says("Press Train.")
    desk.box.get_by_label("prior").nth(1).select_option("none")
    desk.says("both models are ViT: change the prior")
    desk.photograph("equal")
    outputs = [output for cell in learner.cells() for output in cell["outputs"]]
    assert [output["output_type"] for output in outputs] == ["execute_result"]
