"""Grading: all cells of a notebook run in a kernel within limits, and those that fail are named."""

import os

import pytest
from made_up_notebooks import MIRRORED, UNFOLD, WINDOW, states

from gmm_tutorial.course import grading


def test_a_broken_notebook_is_graded_as_far_as_it_goes(graded, tmp_path):
    """One kernel for all that can go wrong in a cell: each is named, and the cells after it are run."""
    report = graded(
        "1 / 0",
        "while True: pass",
        "x = (1,",
        WINDOW,
        "undefined",
        UNFOLD,
        "print('x' * 10_000_000)\nraise SystemExit('a\\nb')",
        f"import os\nopen({str(tmp_path / 'seen')!r}, 'w').write(os.environ['GMM_TUTORIAL_PROFILE'] + os.getcwd())",
        run=True,
        limits=grading.Limits(cell=15),
    )
    assert states(report) == {"03.window": "right", "03.unfold": "right"}
    failed = dict(report.failed)
    assert set(failed) == {2, 3, 4, 6, 8}
    assert failed[2] == "ZeroDivisionError: division by zero"
    assert failed[3] == "did not finish within 15 seconds"
    assert failed[4].startswith("SyntaxError: ") and failed[8] == "SystemExit: a"
    profile, folder = (tmp_path / "seen").read_text()[:2], (tmp_path / "seen").read_text()[2:]
    assert profile == "ci" and "gmm-tutorial-grade-" in folder and not os.path.exists(folder)


@pytest.mark.skipif(not grading.limits.ENFORCED, reason="this system has no memory limit for one process")
def test_a_cell_that_needs_too_much_memory_fails_and_one_that_ends_the_kernel_is_the_last(graded):
    limits = grading.Limits(memory=2 * 2**30)
    report = graded(WINDOW, "x = bytes(3 * 10**9)", "import os; os._exit(1)", MIRRORED, run=True, limits=limits)
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    assert report.failed == (
        (3, "MemoryError"),
        (4, "ended the kernel: does it need more memory than 2 GB? The rest was not run"),
    )


def test_the_time_for_all_cells_ends_what_cannot_be_interrupted(graded):
    endless = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    report = graded(WINDOW, endless, MIRRORED, run=True, limits=grading.Limits(cell=60, total=10))
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    ((number, said),) = report.failed
    assert number <= 3 and said == "was stopped: all cells together took longer than 10 seconds"
