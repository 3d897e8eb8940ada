"""JupyterLab, driven as a learner would: Run All, read the check, answer wrong, answer right, move a slider.

Lesson 03 as `make lessons` makes it, in a folder of its own, on the embedded default and in the profile `ci`. A picture
of each step lies in the test's folder, or in the one that SCREENSHOTS names.
"""

import os
import shutil
import sys
from pathlib import Path

import nbformat
import pytest

from gmm_tutorial.course import build
from gmm_tutorial.course.run import write
from gmm_tutorial.learn.lesson_03.window import slides_along

from . import jupyterlab
from .jupyterlab import CELLS, READY

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
    command = [sys.executable, "-c", LAB, str(repository)]
    with jupyterlab.served(command, tmp_path, env=environment) as address:
        yield address


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

    learner.run_all(240)
    assert learner.unfinished() == []
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
    learner.run_all(120)
    learner.photograph("answers")
    for number, name in enumerate(ANSWERS):
        assert learner.printed(number).startswith(PRINTED[name]), name
        assert all(output["output_type"] == "stream" for output in learner.cells()[number]["outputs"]), name


def test_live_models_get_their_weights_from_the_kernel(lab, learner, tmp_path):
    source = "from gmm_tutorial import explorers\n\nexplorers.live()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata = build.METADATA
    nbformat.write(notebook, tmp_path / "repository" / "notebooks" / "live.ipynb")
    page = learner.page
    page.goto(f"{lab}/lab/tree/notebooks/live.ipynb?reset")
    page.wait_for_function(READY, timeout=120_000)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(1000)
    learner.wait_until_idle(120)
    cell = learner.go_to(0)
    cell.get_by_role("button", name="Load the three models").press("Enter")
    cell.locator("tbody td div").last.wait_for(timeout=60_000)
    learner.photograph("live")
    cell.get_by_text("swap patches").click()
    canvas = cell.locator("canvas").first
    for key in (" ", "ArrowLeft", " "):
        canvas.press(key)
    cell.get_by_text("The patch in row 3, column 3 is chosen.").wait_for()
    cell.get_by_role("button", name="Undo").press("Enter")
    assert page.evaluate(f"() => {CELLS}.mode") == "command", "keys are the explorer's, not the notebook's"
    learner.photograph("live-undone")
