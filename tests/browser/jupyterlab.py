"""JupyterLab as a server of its own, and somebody in front of it: what the tests that open it share."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager

READY = "() => window.jupyterapp?.shell.currentWidget?.context?.sessionContext.session?.kernel?.status === 'idle'"
CELLS = "window.jupyterapp.shell.currentWidget.content"


@contextmanager
def served(command, folder, **options):
    """The address of what a command such as `gmm-tutorial lab` opens, for as long as it is needed.

    folder: for its log. options: those of subprocess.Popen.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = [f"--port={port}", "--no-browser", "--IdentityProvider.token=", "--expose-app-in-browser"]
    log = folder / "server.log"
    with open(log, "w") as output:
        logged = {"stdout": output, "stderr": subprocess.STDOUT, "start_new_session": True}
        server = subprocess.Popen([*command, *lab], **logged, **options)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api").close()
                break
            except OSError:
                assert server.poll() is None, log.read_text()
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

    def run_all(self, seconds):
        """Run all cells, and wait until the last one is done."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_timeout(1000)
        self.wait_until_idle(seconds)

    def unfinished(self):
        """The sources of the cells that Run All has not reached in their order, or that have raised an error."""
        code = [cell for cell in self.cells() if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
        return [
            cell["source"]
            for number, cell in enumerate(code, start=1)
            if cell["execution_count"] != number or any(o["output_type"] == "error" for o in cell["outputs"])
        ]
