"""JupyterLab, driven as a learner would: Run All, read the check, answer wrong, answer right, move a slider.

Lesson 03 as `make lessons` makes it, in a folder of its own, on the embedded default and in the profile `ci`. A picture
of each step lies in the test's folder, or in the one that SCREENSHOTS names.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from gmm_tutorial.course import build
from gmm_tutorial.course.run import write
from gmm_tutorial.learn.lesson_03.window import slides_along

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = "03_gmm.ipynb"
GLOSSARY = ROOT / "book" / "pages" / "glossary.md"
LINK = "[attention weights](../book/pages/glossary.md#attention-weights)"
# the command, on another repository than this one
LAB = """
import sys
from pathlib import Path
from gmm_tutorial.cli import app
from gmm_tutorial.course import locate
locate.repository = lambda: Path(sys.argv[1])
app(["lab", *sys.argv[2:]])
"""
READY = "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext.session?.kernel?.status === 'idle'"
CELLS = "window.jupyterapp.shell.currentWidget.content"

WRONG = """    (h, w), (y, x) = grid, query
    return kernel[y : y + h, x : x + w]"""
RIGHT = """    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]"""


@pytest.fixture
def lab(tmp_path):
    """The address of what `gmm-tutorial lab` opens, for somebody who never used Jupyter on this machine.

    The repository holds no more than lesson 03, with a link to the glossary, and the glossary.
    """
    repository = tmp_path / "repository"
    for folder in ("notebooks", "solutions", "book/pages"):
        (repository / folder).mkdir(parents=True)
    shutil.copy(GLOSSARY, repository / "book" / "pages")
    notebook = build.generate(build.masters(ROOT)["03"], solution=False)
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell(LINK, id="link"))
    write(notebook, repository / "notebooks" / NOTEBOOK)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")} | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "HOME": str(tmp_path),
        "GMM_TUTORIAL_PROFILE": "ci",
        "GMM_TUTORIAL_DATA": str(tmp_path / "no-data"),
        "GMM_TUTORIAL_CACHE": str(tmp_path / "cache"),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = [f"--port={port}", "--no-browser", "--IdentityProvider.token=", "--expose-app-in-browser"]
    with open(tmp_path / "server.log", "w") as log:
        command = [sys.executable, "-c", LAB, str(repository), *options]
        server = subprocess.Popen(
            command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "server.log").read_text()
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)  # JupyterLab is a process of its own
        server.wait(20)


class Learner:
    """What somebody in front of the notebook does and sees."""

    def __init__(self, page, shots):
        self.page, self.shots, self.taken = page, shots, 0

    def photograph(self, name):
        self.taken += 1
        self.page.wait_for_timeout(300)
        self.page.screenshot(path=self.shots / f"{self.taken}-{name}.png")

    def cells(self):
        """The cells as they stand in the notebook now."""
        script = f"() => JSON.stringify({CELLS}.model.sharedModel.cells.map((cell) => cell.toJSON()))"
        return json.loads(self.page.evaluate(script))

    def find(self, text):
        """The number of the cell whose source has the text."""
        (number,) = [i for i, cell in enumerate(self.cells()) if text in "".join(cell["source"])]
        return number

    def go_to(self, number):
        """Scroll to a cell, make it the active one, and return its element."""
        script = f"async (i) => {{ const n = {CELLS}; n.activeCellIndex = i; await n.scrollToItem(i, 'center'); }}"
        self.page.evaluate(script, number)
        cell = self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{number}']")
        cell.wait_for()
        return cell

    def printed(self, number):
        """What a cell has printed."""
        texts = [output.get("text", "") for output in self.cells()[number]["outputs"]]
        return "".join("".join(text) for text in texts)

    def wait_until_idle(self, seconds):
        """Wait until nothing is running or waiting: no prompt shows a star."""
        busy = f"() => {CELLS}.widgets.some((cell) => cell.model.executionState === 'running' || cell.prompt === '*')"
        self.page.wait_for_function(f"() => !({busy})() && ({READY})()", timeout=1000 * seconds, polling=500)

    def answer(self, number, body):
        """Write the body of an exercise in place of what is below its docstring, and run it."""
        head = "".join(self.cells()[number]["source"]).partition('."""\n')
        self.go_to(number).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text("".join(head[:2]) + body)
        self.page.keyboard.press("Control+Enter")
        self.page.wait_for_timeout(300)
        self.wait_until_idle(60)


@pytest.fixture
def learner(browser, tmp_path):
    shots = Path(os.environ.get("SCREENSHOTS", tmp_path / "screenshots"))
    shots.mkdir(parents=True, exist_ok=True)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    yield Learner(page, shots)
    page.close()


def test_a_notebook_that_is_only_read_is_not_changed_and_links_to_the_glossary(lab, learner):
    page = learner.page
    page.goto(f"{lab}/lab")
    page.wait_for_function("() => document.querySelector('.jp-DirListing-item')", timeout=120_000)
    assert page.locator(".jp-DirListing-itemText").all_text_contents() == [NOTEBOOK], "it opens on the lessons"
    page.goto(f"{lab}/lab/tree/notebooks/{NOTEBOOK}?reset")
    page.wait_for_function(READY, timeout=120_000)
    page.wait_for_timeout(3000)
    assert not page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.dirty")
    page.locator(".jp-MarkdownOutput a", has_text="attention weights").first.click()
    entry = page.locator(".jp-MarkdownViewer h3", has_text="Attention weights")
    entry.wait_for()
    page.wait_for_timeout(1000)
    learner.photograph("glossary")
    assert entry.bounding_box()["y"] < 200, "the entry is at the top"
    assert page.locator(".Toastify__toast").all_text_contents() == [], "nobody is asked about news"


def test_a_learner_works_through_lesson_03(lab, learner):
    page = learner.page
    page.goto(f"{lab}/lab/tree/notebooks/{NOTEBOOK}?reset")
    page.wait_for_function(READY, timeout=120_000)
    learner.photograph("opened")

    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(1000)
    learner.wait_until_idle(240)
    code = [cell for cell in learner.cells() if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1)), "Run All reaches the end"
    assert [cell["source"] for cell in code if any(o["output_type"] == "error" for o in cell["outputs"])] == []
    number = learner.find('@exercise("03.window")')
    assert learner.printed(number) == "window: not written yet; going on with the reference\n"
    learner.go_to(number)
    learner.photograph("run-all")

    learner.answer(number, WRONG)
    message = learner.printed(number)
    assert message.startswith(f"window: not yet. {slides_along.__doc__}")
    assert "going on with the reference" in message
    learner.photograph("wrong")

    learner.answer(number, RIGHT)
    assert learner.printed(number).startswith("window: right (")
    learner.photograph("right")

    explorer = learner.find("explorers.mixture(")
    cell = learner.go_to(explorer)
    status, canvas = cell.locator(".explorer-spoken"), cell.locator("canvas").first
    status.wait_for()
    learner.photograph("explorer")
    slider = cell.get_by_label("height α₁")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.65 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 5, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    assert slider.evaluate("(input) => input.value") == "2"
    page.wait_for_function("(e) => e.textContent.includes('weight 1.20 for itself')", arg=status.element_handle())
    slider.press("ArrowLeft")
    assert slider.evaluate("(input) => input.value") == "1.9"
    canvas.focus()
    canvas.press("ArrowDown")
    page.wait_for_function("(e) => e.textContent.includes('row 5')", arg=status.element_handle())
    assert page.evaluate(f"() => {CELLS}.activeCellIndex") == explorer, (
        "arrow keys are the explorer's, not the notebook's"
    )
    learner.photograph("moved")
    assert page.locator(".Toastify__toast").all_text_contents() == [], "nobody is asked about news"


ANSWERS = {
    "setup": "import sys\nfrom gmm_tutorial.learn import exercise, sandbox\nsandbox.TIME_LIMIT = 1",
    "wrong": "return y * grid[0] + x",
    "endless": "while x < grid[1] + 100:\n        y = y + 1",
    "exit": "sys.exit()",
    "quit": "quit()",
    "right": "return y * grid[1] + x",
    "end": "print(token_index(1, 2, (3, 4)), 'the end')",
}
PRINTED = {
    "setup": "",
    "wrong": "token_index: not yet. You multiply by h, the number of rows, but a row has w tokens.",
    "endless": "token_index did not finish within 1 seconds and was stopped: is there a loop that never ends?",
    "exit": "token_index raised SystemExit: a function returns its result, and does not end the program",
    "quit": "token_index raised SystemExit: a function returns its result, and does not end the program",
    "right": "token_index: right (",
    "end": "6 the end\n",
}


def test_run_all_reaches_the_end_whatever_the_answers(lab, learner, tmp_path):
    head = '@exercise("00.token_index")\ndef token_index(y, x, grid):\n    '
    sources = [text if name in ("setup", "end") else head + text for name, text in ANSWERS.items()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata = build.METADATA  # or JupyterLab asks for a kernel
    nbformat.write(notebook, tmp_path / "repository" / "notebooks" / "answers.ipynb")
    page = learner.page
    page.goto(f"{lab}/lab/tree/notebooks/answers.ipynb?reset")
    page.wait_for_function(READY, timeout=120_000)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(1000)
    learner.wait_until_idle(120)
    learner.photograph("answers")
    for number, name in enumerate(ANSWERS):
        assert learner.printed(number).startswith(PRINTED[name]), name
        assert all(output["output_type"] == "stream" for output in learner.cells()[number]["outputs"]), name
