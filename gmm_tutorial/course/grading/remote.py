"""An answer that runs in a process of its own, as the process sees it that compares values.

Nothing that comes out of that process is trusted. `wire` reads it without running code; its values are compared here.
"""

import io
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from threading import Timer
from typing import Any

from gmm_tutorial.course.grading import wire, worker
from gmm_tutorial.course.grading.limits import Limits
from gmm_tutorial.learn import sandbox
from gmm_tutorial.learn.answer import Answer
from gmm_tutorial.learn.compare import Case, Outcome

STARTING = 300.0  # seconds for a process to import everything, however busy the machine is
LARGEST = 2**26  # bytes of a reply: cases are small


def start(job: worker.Job) -> tuple[Any, Any]:
    """A process that runs a job, and the pipe to it.

    On Linux it is a copy of one that has imported everything, and runs no code of a learner; elsewhere a new one.
    """
    context: Any = get_context("forkserver" if sys.platform == "linux" else "spawn")
    if sys.platform == "linux":
        context.set_forkserver_preload([worker.__name__])
    ours, theirs = context.Pipe()
    process = context.Process(target=worker.main, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


class RemoteAnswer(Answer):
    """An answer in a process of its own, which is there inside of `with`.

    Args:
        job: What the process is to run.
        limits: How much memory and time it may take.

    Raises:
        Ended: When it begins, or while its outcome is awaited, if the process has ended or is too slow.
        sandbox.Raised: When it begins, if the statement that holds the answer raises anything.
        sandbox.TookTooLong: When it begins, if that statement does not end.
    """

    def __init__(self, job: worker.Job, limits: Limits) -> None:
        self.job, self.limits = job, limits
        self.cases: Sequence[Case] = ()
        self.calls_reference = False

    def __enter__(self) -> "RemoteAnswer":
        self.process, self.pipe = start(self.job)
        try:
            self.deadline = time.monotonic() + STARTING
            self.reply()  # it is there, and no code of the learner has run
            self.deadline = time.monotonic() + self.limits.cell
            self.form = wire.form(self.reply())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def instead(self) -> str:
        """As in `Answer`."""
        return self.form[0]

    @property
    def is_stub(self) -> bool:
        """As in `Answer`."""
        return self.form[1]

    @property
    def has_return(self) -> bool:
        """As in `Answer`."""
        return self.form[2]

    def prepare(self, cases: Sequence[Case]) -> None:
        """Remember the cases: the process has drawn them too, and knows their functions by place."""
        self.cases = cases

    def outcome(self, case: Case, backward: bool = True) -> Outcome:
        """As in `Answer`. Raises Ended too."""
        wire.Pickler(file := io.BytesIO(), self.cases).dump((case, backward))
        with suppress(OSError), self.watched():  # its end is found, and explained, when the reply is awaited
            self.pipe.send_bytes(file.getvalue())
        return wire.outcome(self.reply(), case)

    def adapted(self, name: str, got: Sequence[Outcome], expected: Sequence[Outcome]) -> Any:
        """No notebook goes on with it."""
        return None

    @property
    def too_slow(self) -> str:
        """What has happened when the time is over."""
        return f"was stopped: its checks took longer than {self.limits.cell:g} seconds"

    def reply(self) -> dict[str, Any]:
        """What the process says next. Raises what the learner's code has raised."""
        try:
            if not self.pipe.poll(max(0.0, self.deadline - time.monotonic())):
                raise wire.Ended(self.too_slow)
            with self.watched():
                said = self.pipe.recv_bytes(LARGEST)
        except (EOFError, OSError):
            raise wire.Ended(self.how_it_ended()) from None
        reply = wire.unpacked(said)
        if failed := wire.error(reply):
            raise self.explained(failed)
        return reply

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Inside, the pipe ends when the time is over: the other side may stop in the middle of a message."""
        watch = Timer(max(0.0, self.deadline - time.monotonic()), self.cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            watch.join()

    def cut(self) -> None:
        """End the process, and the pipe, which something that it has started may hold open."""
        self.process.kill()
        if os.name == "posix":
            with suppress(OSError), socket.socket(fileno=os.dup(self.pipe.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)

    def explained(self, failed: sandbox.Raised | sandbox.TookTooLong) -> Exception:
        """What the learner's code has raised; of memory, with the limit."""
        if isinstance(failed, sandbox.Raised):
            kind, text = type(failed.error).__name__, str(failed.error)
            self.calls_reference |= kind == worker.CallsTheReference.__name__
            if kind == "MemoryError" or "can't allocate memory" in text:
                failed.error.args = (f"it needs more memory than the limit of {self.limits.memory / 2**30:.3g} GB",)
        return failed

    def how_it_ended(self) -> str:
        """Why there is no process any more."""
        if time.monotonic() >= self.deadline:
            return self.too_slow
        self.process.join(1)
        if self.process.exitcode == -signal.SIGKILL:
            return f"was ended by the system: does it need more than {self.limits.memory / 2**30:.3g} GB of memory?"
        return "ended its process: a function returns its result, and does not end the program"

    def close(self) -> None:
        """End the process, and those that it has started."""
        with suppress(OSError):  # it has ended by itself
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.pipe.close()
