"""Do the tests notice a mistake? Slips are put into a copy of the package, one at a time, and tests are run on it.

    python benchmarks/mutants.py                   # every slip of benchmarks/mutants.toml
    python benchmarks/mutants.py retention gamma   # those whose file or description contains one of these words
    python benchmarks/mutants.py --jobs 4          # so many at a time, 2 unless given

Prints the test that caught each slip. Ends with status 1 when a test fails without a slip, when no test notices a slip,
or when the text that a slip replaces is not in its file exactly once: then the table has to follow the code.
"""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "benchmarks" / "mutants.toml"
COPIED = ("gmm_tutorial", "tests", "results", "conftest.py")
# what takes long to import and is not ours: imported once, before processes are forked
IMPORTED = ["pytest", "torch", "torchvision.transforms.v2", "hypothesis", "scipy.stats", "safetensors.torch"]


class Slip(NamedTuple):
    """One small mistake: in `file`, `new` instead of `old`, which one of `tests` should notice."""

    what: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def slips() -> list[Slip]:
    """The table, one entry per slip."""
    groups = tomllib.loads(TABLE.read_text())["group"]
    return [
        Slip(what, f"gmm_tutorial/{group['file']}", old, new, tuple(f"tests/{test}" for test in group["tests"]))
        for group in groups
        for what, old, new in group["slips"]
    ]


def slipped(slip: Slip, root: Path = ROOT) -> str:
    """The text of the file with the slip in it. Raises ValueError unless there is one place for it."""
    text = (root / slip.file).read_text()
    if (count := text.count(slip.old)) != 1:
        raise ValueError(f"{slip.what}: {slip.old!r} must be in {slip.file} once, but it is there {count} times")
    return text.replace(slip.old, slip.new)


class Failures:
    """A plugin of pytest that keeps the names of what failed, tests as well as files that cannot be imported."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.names.append(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def first_failure(tests: tuple[str, ...], slip: Slip | None) -> str | None:
    """Run tests on a copy of the package, with a slip or as it is, until one fails: its name, or None.

    For a process of its own, which has not imported the package yet.
    """
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as null, contextlib.redirect_stdout(null):
        copy = Path(folder)
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name)
            else:
                shutil.copy(source, copy)
        if slip:
            (copy / slip.file).write_text(slipped(slip))
        os.chdir(copy)
        os.environ["PYTHONPATH"] = folder
        sys.path.insert(0, folder)
        failures = Failures()
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # they take as long as many a test
        pytest.main(["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={copy}", *tests], plugins=[failures])
        os.chdir(ROOT)
        return failures.names[0] if failures.names else None


def main() -> int:
    """Print what caught each slip; return 1 if something did not go as it must."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only slips whose file or description contains one of these words")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    options: Any = parser.parse_args()
    words = options.words or [""]
    chosen = [slip for slip in slips() if any(word in f"{slip.file} {slip.what}" for word in words)]
    for slip in chosen:
        slipped(slip)
    os.environ.update(OMP_NUM_THREADS="1", GMM_TUTORIAL_PROFILE="ci")
    start, survived = time.perf_counter(), 0
    context = get_context("forkserver" if hasattr(os, "fork") else "spawn")
    if hasattr(os, "fork"):
        context.set_forkserver_preload(IMPORTED)
    with ProcessPoolExecutor(options.jobs, context, max_tasks_per_child=1) as pool:
        files = [(file,) for file in sorted({test for slip in chosen for test in slip.tests})]
        if broken := [failure for failure in pool.map(first_failure, files, [None] * len(files)) if failure]:
            print("without a slip, these tests fail:", *broken, sep="\n    ")
            return 1
        for slip, failure in zip(chosen, pool.map(first_failure, [slip.tests for slip in chosen], chosen), strict=True):
            survived += failure is None
            caught = failure.removeprefix("tests/") if failure else "NOT CAUGHT"
            print(f"{slip.file.removeprefix('gmm_tutorial/')}: {slip.what}\n    {caught}", flush=True)
    seconds = time.perf_counter() - start
    print(f"{len(chosen) - survived} of {len(chosen)} slips were caught, in {seconds:.0f} s")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
