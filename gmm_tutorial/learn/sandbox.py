"""Where a learner's code runs: in its own thread, so that the notebook continues whatever the code does.

The thread makes this safe. An endless loop in it can be stopped, or left behind, and the exception that stops it cannot
reach the notebook, which runs in another thread. Ctrl-C always arrives in the main thread, which only waits here: a
KeyboardInterrupt that comes out of the learner's thread was raised by their own code, and one that interrupts the wait
was meant by the learner. Grad mode, default device and NumPy's error handling belong to a thread, and end with it; the
state that all threads share is put back by `undisturbed`.
"""

import contextlib
import ctypes
import os
import random
import sys
import sysconfig
import threading
import traceback
from collections.abc import Callable, Iterator
from contextvars import copy_context
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import numpy as np
import torch

Value = TypeVar("Value")

TIME_LIMIT = 10.0  # seconds for one case: a right answer needs milliseconds
SLICE = 0.05
SHOTS = 20

NOT_THEIRS = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    | {str(Path(__file__).parents[1])}
)


class Raised(Exception):
    """The learner's code raised something: `error` is what, and `line` where."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error, self.line = error, last_line(traceback.extract_tb(error.__traceback__))


class TookTooLong(Exception):
    """The learner's code did not finish: `line` is where it was, `stopped` whether it could be stopped."""

    def __init__(self, line: str, stopped: bool) -> None:
        super().__init__()
        self.line, self.stopped = line, stopped


class Stop(SystemExit):
    """Ends a thread from outside. A SystemExit, because threading prints nothing when one ends a thread."""


def run(call: Callable[[], Value]) -> Value:
    """Run a learner's code in a thread of its own, and put back the state that all threads share.

    Args:
        call: What to run.

    Returns:
        What it returns.

    Raises:
        Raised: If it raises anything at all.
        TookTooLong: If it has not finished after `TIME_LIMIT` seconds.

    Example:
        >>> run(lambda: 1 + 1)
        2
    """
    worker = Worker(call)
    with undisturbed(), exit_raises():
        worker.start()
        try:
            if not worker.wait(TIME_LIMIT):
                frame = worker.frame()
                line = last_line(traceback.extract_stack(frame)) if frame else ""  # else it has ended just now
                raise TookTooLong(line, worker.stop())
        except KeyboardInterrupt:  # Ctrl-C
            worker.stop()
            raise
    if worker.error is not None:
        raise Raised(worker.error)
    return worker.value


class Worker(threading.Thread):
    """A thread that makes a call, and can be stopped."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(name="exercise", daemon=True)
        self.call, self.done = call, threading.Event()
        self.context = copy_context()  # the cell's: what the learner prints appears under it
        self.value: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        """Make the call, and keep what comes of it."""
        with contextlib.suppress(Stop):  # one that arrives after the call
            try:
                self.value = self.context.run(self.call)
            except BaseException as error:  # a SystemExit in a learner's code must not end the notebook
                self.error = error
            finally:
                self.done.set()

    def frame(self) -> FrameType | None:
        """What it is doing; None if it has ended. is_alive() is wrong after a Ctrl-C in join()."""
        return None if self.done.is_set() else sys._current_frames().get(self.ident or 0)

    def imports(self) -> bool:
        """Whether it is importing. Torch imports parts of itself late, and one that is cut short stays broken."""
        frame = self.frame()
        while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
            frame = frame.f_back
        return frame is not None

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, and say whether it has. What it spends on imports is not counted."""
        slices = max(1, round(seconds / SLICE))
        # in slices: Windows cannot interrupt one long wait, and a laptop that sleeps meanwhile counts as one slice
        while slices and not self.done.wait(SLICE) and self.frame():
            slices -= not self.imports()
        return not self.frame()

    def stop(self) -> bool:
        """Raise `Stop` in it until it ends, and say whether it has: its code may catch that, or wait outside Python."""
        for _ in range(SHOTS):
            if not self.frame():
                break
            if not self.imports():
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident or 0), ctypes.py_object(Stop))
            self.done.wait(SLICE)
        return not self.frame()


def last_line(stack: traceback.StackSummary) -> str:
    """The innermost line of a learner's own code: neither a library's, nor this package's."""
    own = [frame for frame in stack if not frame.filename.startswith((*NOT_THEIRS, "<frozen")) and frame.line]
    return own[-1].line or "" if own else ""


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """The usual settings of torch inside; afterwards all seeds, settings and the working folder are as they were.

    Example:
        >>> with undisturbed():
        ...     torch.set_default_dtype(torch.float64)
        >>> torch.get_default_dtype()
        torch.float32
    """
    before = [read() for read, _ in SHARED]
    try:
        with contextlib.ExitStack() as usual:
            usual.enter_context(torch.inference_mode(False))
            usual.enter_context(torch.enable_grad())
            if torch.empty(0).device.type != "cpu":  # get_default_device fails in PyTorch 2.8 once one was set
                usual.enter_context(torch.device("cpu"))
            torch.set_default_dtype(torch.float32)
            torch.set_num_threads(1)  # the cases are small, and each new thread would start a team of its own
            set_anomaly_mode((False, True))
            yield
    finally:
        for (_, write), value in zip(SHARED, before, strict=True):
            write(value)


@contextlib.contextmanager
def exit_raises() -> Iterator[None]:
    """Inside, a notebook's own exit() and quit() raise SystemExit, as Python's do: they would end the kernel."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        yield
        return
    shell.ask_exit = sys.exit
    try:
        yield
    finally:
        del shell.ask_exit  # the class has the method


def anomaly_mode() -> tuple[bool, bool]:
    """Whether backward passes are checked, and whether for NaN."""
    return torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()


def set_anomaly_mode(mode: tuple[bool, bool]) -> None:
    """Set what `anomaly_mode` reads."""
    torch.autograd.set_detect_anomaly(*mode)


def folder() -> str | None:
    """The working folder; None if it has been deleted."""
    with contextlib.suppress(FileNotFoundError):
        return os.getcwd()
    return None


def set_folder(path: str | None) -> None:
    """Go back to a folder, if it is still there."""
    if path is not None and os.path.isdir(path):
        os.chdir(path)


def cuda_seeds() -> list[torch.Tensor] | None:
    """The state of each GPU's generator; None as long as no GPU is in use, for reading would start it."""
    return torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None


def set_cuda_seeds(states: list[torch.Tensor] | None) -> None:
    """Set what `cuda_seeds` reads. A GPU that was not in use has the same seed as the CPU, from torch.manual_seed."""
    if states is not None:
        torch.cuda.set_rng_state_all(states)
    elif torch.cuda.is_available():
        torch.cuda.manual_seed_all(torch.initial_seed())


def mps_seed() -> torch.Tensor | None:
    """The state of an Apple GPU's generator, where there is one."""
    return torch.mps.get_rng_state() if torch.backends.mps.is_available() else None


def set_mps_seed(state: torch.Tensor | None) -> None:
    """Set what `mps_seed` reads."""
    if state is not None:
        torch.mps.set_rng_state(state)


# read, write: what all threads share. The CPU's seed comes before the GPU's, which may be taken from it.
SHARED: tuple[tuple[Callable[[], Any], Callable[[Any], object]], ...] = (
    (torch.get_default_dtype, torch.set_default_dtype),
    (torch.get_num_threads, torch.set_num_threads),
    (torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode),
    (anomaly_mode, set_anomaly_mode),
    (torch.get_rng_state, torch.set_rng_state),
    (cuda_seeds, set_cuda_seeds),
    (mps_seed, set_mps_seed),
    (np.random.get_state, np.random.set_state),
    (random.getstate, random.setstate),
    (sys.getrecursionlimit, sys.setrecursionlimit),
    (folder, set_folder),
)
