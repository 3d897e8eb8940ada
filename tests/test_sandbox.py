"""Whatever a learner's code does stays in the check: exceptions, endless loops, and changes of the global state."""

import _thread
import os
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest
import torch

from gmm_tutorial.learn import sandbox
from gmm_tutorial.learn.exercise import Exercise


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A time limit for tests."""
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.3)


@pytest.fixture
def scaling():
    """An exercise with one case."""
    return Exercise("99.scale", lambda x: 3 * x, lambda: [{"x": torch.tensor([1.0, 2.0])}], hints=("a", "b"))


class Unprintable(Exception):
    """An exception whose message fails."""

    def __str__(self):
        raise ValueError("no message")


def deeper(n=0):
    return deeper(n + 1)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (SystemExit(1), "SystemExit: a function returns its result, and does not end the program"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (GeneratorExit(), "GeneratorExit"),
        (sandbox.Stop(), "Stop: "),
        (Unprintable(), "Unprintable: (its message cannot be printed)"),
        (ValueError("\n".join("x" * 1000 for _ in range(50))), "ValueError: " + "x" * 196 + " ..."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_is_raised_is_a_message(scaling, error, message):
    def answer(x):
        raise error

    right, text = scaling.judge(answer)
    assert not right and text.startswith(f"scale raised {message}")
    assert "\n  in your line: raise error\n" in text and text.endswith("\n  going on with the reference")
    assert len(text.splitlines()) <= 12 and max(map(len, text.splitlines())) < 300


def test_endless_recursion_is_a_message(scaling):
    text = scaling.judge(lambda x: deeper())[1]
    assert "RecursionError: maximum recursion depth" in text and "in your line: return deeper(n + 1)" in text


def loops(x):
    while True:
        x = x + 1


def catches_everything(x):
    while True:
        try:
            deeper()
        except BaseException:
            x = x + 1


def loops_backward(x):
    class Endless(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return 3 * x

        @staticmethod
        def backward(context, gradient):
            while True:
                pass

    return Endless.apply(x)


@pytest.mark.parametrize("answer", [loops, catches_everything, loops_backward])
def test_an_endless_loop_is_stopped_and_named(scaling, answer):
    before = threading.active_count()
    right, text = scaling.judge(answer)
    assert not right
    assert text.startswith("scale did not finish within 0.3 seconds and was stopped: is there a loop that never ends?")
    assert "\n  in your line: " in text and threading.active_count() == before


def test_what_cannot_be_stopped_is_left_behind_and_does_nothing_later(scaling, monkeypatch):
    monkeypatch.setattr(sandbox, "SHOTS", 2)
    done = []

    def sleeps(x):
        time.sleep(0.8)
        torch.set_default_dtype(torch.float64)
        done.append(x)

    right, text = scaling.judge(sleeps)
    assert not right and "could not be stopped: it goes on in the background.\n  Restart the kernel" in text
    time.sleep(0.8)
    assert not done and torch.get_default_dtype() == torch.float32


def test_the_time_limit_never_fires_into_the_caller(monkeypatch):
    """A function that ends about when its time does: in either case the caller goes on."""
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.01)
    monkeypatch.setattr(sandbox, "SLICE", 0.01)
    outcomes = set()
    for i in range(60):
        try:
            outcomes.add(sandbox.run(lambda i=i: time.sleep(0.007 + 0.0001 * i)))
        except sandbox.TookTooLong:
            outcomes.add("late")
        sum(range(1000))
    assert outcomes == {None, "late"}


def test_an_import_is_not_cut_short(tmp_path, monkeypatch):
    """Torch imports parts of itself when they are first needed; half a module would stay in sys.modules."""
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(0.6)\nwhole = True\n")
    monkeypatch.syspath_prepend(tmp_path)

    def imports():
        import slow_to_import

        return slow_to_import.whole

    assert sandbox.run(imports)


def test_ctrl_c_interrupts_and_what_ran_is_stopped(scaling, monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 60)  # on a busy machine the key may be pressed late
    # what a script starts in the background ignores Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer = threading.Timer(0.1, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            scaling.judge(loops)
        timer.join()
    finally:
        signal.signal(signal.SIGINT, before)
    assert not any(thread.name == "exercise" for thread in threading.enumerate())
    assert scaling.judge(lambda x: x * 3)[0]


CHANGES = {
    "grad mode": (torch.is_grad_enabled, lambda: torch.set_grad_enabled(False)),
    "default dtype": (torch.get_default_dtype, lambda: torch.set_default_dtype(torch.float64)),
    "default device": (torch.get_default_device, lambda: torch.set_default_device("meta")),
    "threads": (torch.get_num_threads, lambda: torch.set_num_threads(torch.get_num_threads() + 1)),
    "threads of a thread": (lambda: sandbox.run(torch.get_num_threads), lambda: torch.set_num_threads(3)),
    "deterministic": (
        torch.get_deterministic_debug_mode,
        lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    ),
    "anomaly mode": (sandbox.anomaly_mode, lambda: torch.autograd.set_detect_anomaly(True, check_nan=False)),
    "seed of torch": (lambda: torch.get_rng_state().tolist(), lambda: torch.manual_seed(99)),
    "seed of numpy": (lambda: np.random.get_state()[1].tolist(), lambda: np.random.seed(99)),
    "errors of numpy": (np.geterr, lambda: np.seterr(all="raise")),
    "seed of random": (random.getstate, lambda: random.seed(99)),
    "recursion limit": (sys.getrecursionlimit, lambda: sys.setrecursionlimit(5000)),
    "working folder": (os.getcwd, lambda: os.chdir("/")),
}


@pytest.mark.parametrize("read, change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("ending", ["right", "wrong", "raises", "never ends"])
def test_global_state_is_as_before(scaling, read, change, ending, monkeypatch):
    monkeypatch.setattr(sandbox, "TIME_LIMIT", 0.05)
    before = read()

    def answer(x):
        y = 3 * x if ending == "right" else 2 * x
        change()
        if ending == "raises":
            raise ValueError
        while ending == "never ends":
            pass
        return y

    assert scaling.judge(answer)[0] == (ending == "right")
    assert read() == before
    assert scaling.judge(lambda x: 3 * x) == (True, "scale: right (1 cases, forward and backward)")


def test_a_change_in_one_case_does_not_reach_the_next():
    seen = []

    def answer(x):
        seen.append((torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_default_device().type))
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        return x

    cases = [{"x": torch.ones(2)}, {"x": torch.zeros(3)}]
    assert Exercise("99.same", lambda x: x, lambda: cases, hints=("a", "b")).judge(answer)[0]
    assert seen == [(True, torch.float32, "cpu")] * 2


def test_the_usual_settings_hold_inside_whatever_the_notebook_has_set(scaling):
    try:
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.autograd.set_detect_anomaly(True)
        with torch.no_grad():
            assert scaling.judge(lambda x: x * torch.tensor(3.0)) == (
                True,
                "scale: right (1 cases, forward and backward)",
            )
            made = sandbox.run(lambda: torch.zeros(1))
            assert (made.dtype, made.device.type) == (torch.float32, "cpu")
            assert not torch.is_grad_enabled() and torch.is_anomaly_enabled()
            assert torch.get_default_device().type == "meta" and torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_device(None)
        torch.set_default_dtype(torch.float32)
        torch.autograd.set_detect_anomaly(False)


def test_seeds_of_a_gpu_are_put_back(monkeypatch):
    """In use, its generators are as before; not in use, its seed is that of the CPU, as torch.manual_seed left it."""
    states, seeds = [torch.tensor([1])], []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: [state.clone() for state in states])
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", lambda new: states.__setitem__(slice(None), new))
    with sandbox.undisturbed():
        states[0] = torch.tensor([2])
    assert states[0].item() == 1
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeds.append)
    torch.default_generator.manual_seed(7)
    with sandbox.undisturbed():
        torch.default_generator.manual_seed(8)
    assert seeds == [7]


def test_a_deleted_working_folder_does_not_break_the_check(scaling, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.rmdir()
    assert scaling.judge(lambda x: 3 * x)[0]
