"""Run all cells of a notebook in a kernel of its own, as far as it goes, and say which of them failed.

No verdict depends on this: it shows a teacher that a notebook does not run from top to bottom.
"""

import asyncio
import logging
import os
from collections.abc import Sized
from pathlib import Path
from typing import Any

from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode

from gmm_tutorial.course.grading.limits import Limits
from gmm_tutorial.course.run import Client

TOO_SLOW = "TookTooLong"
SHOWN = ("stream", "display_data", "execute_result", "update_display_data", "comm_open", "comm_msg")


class Quiet(Client):
    """A client that keeps no output: a cell may print more than there is memory for."""

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Handle a message of the kernel, unless it only shows something."""
        return None if msg["msg_type"] in SHOWN else super().process_message(msg, cell, cell_index)


def failed_cells(notebook: NotebookNode, folder: Path, profile: str, limits: Limits) -> list[tuple[int, str]]:
    """Run a notebook in `folder`, where its trainings are kept too, and return the number of each cell that failed.

    Args:
        notebook: The notebook, in which outputs are replaced.
        folder: An empty folder.
        profile: As in GMM_TUTORIAL_PROFILE.
        limits: How much memory the kernel may take, and how much time a cell, and all of them.

    Returns:
        The number of each cell that failed, counted from 1 among the code cells, and what happened in one line.
    """
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    numbers = {index: number for number, index in enumerate(code, start=1)}
    failed: list[tuple[int, str]] = []
    begun: list[int] = []

    def started(cell_index: int, **_: Any) -> None:
        begun.append(numbers[cell_index])

    def executed(cell_index: int, execute_reply: dict[str, Any], **_: Any) -> None:
        content = execute_reply["content"]
        if content["status"] == "error":
            late = f"did not finish within {limits.cell:g} seconds"
            failed.append((numbers[cell_index], late if content["ename"] == TOO_SLOW else first_line(content)))

    limit = f"__import__({__package__ + '.limits'!r}, fromlist=['_']).limit_memory({limits.memory})"
    client = Quiet(
        notebook,
        timeout=max(1, round(limits.cell)),
        interrupt_on_timeout=True,
        error_on_timeout={"ename": TOO_SLOW, "evalue": "", "traceback": []},
        allow_errors=True,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        startup_timeout=300,
        shutdown_kernel="immediate",
        extra_arguments=["--log-level=CRITICAL", f"--IPKernelApp.exec_lines={limit}"],
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=started,
        on_cell_executed=executed,
        log=silent(),
    )
    environment = {
        **os.environ,
        "GMM_TUTORIAL_PROFILE": profile,
        "GMM_TUTORIAL_CACHE": str(folder / "cache"),  # nothing that one notebook keeps reaches another
        "CUDA_VISIBLE_DEVICES": "",  # a memory limit and a GPU do not go together
    }
    try:
        asyncio.run(within(client.async_execute(env=environment), limits.total, begun))
    except TimeoutError:
        failed.append((last(begun), f"was stopped: all cells together took longer than {limits.total:g} seconds"))
    except (DeadKernelError, RuntimeError):  # nbclient has the second for a kernel that does not even start
        memory = f"{limits.memory / 2**30:.2g} GB"
        failed.append((last(begun), f"ended the kernel: does it need more memory than {memory}? The rest was not run"))
    except Exception as error:  # a cell that cannot be sent, or a kernel that sends what no kernel does
        failed.append((last(begun), f"could not be run, nor the rest: {type(error).__name__}"))
    return failed


async def within(running: Any, seconds: float, begun: Sized) -> None:
    """Wait for it no longer than that after the first cell has begun. Raises TimeoutError.

    asyncio.wait_for would not do: nbclient turns being stopped into another error.
    """
    task = asyncio.ensure_future(running)
    while not (begun or task.done()):
        await asyncio.sleep(0.1)
    done, _ = await asyncio.wait([task], timeout=seconds)
    if not done:
        task.cancel()
        await asyncio.wait([task])
        raise TimeoutError
    task.result()


def last(begun: list[int]) -> int:
    """The cell that was running: 0 if the kernel did not get that far."""
    return begun[-1] if begun else 0


def first_line(content: dict[str, Any]) -> str:
    """An exception in one line."""
    lines = str(content["evalue"]).strip().splitlines()
    return f"{content['ename']}: {lines[0][:200]}" if lines else str(content["ename"])


def silent() -> logging.Logger:
    """A logger that says nothing: nbclient reports what is reported here anyway."""
    logger = logging.getLogger(f"{__name__}.silent")
    logger.propagate, logger.disabled = False, True
    return logger
