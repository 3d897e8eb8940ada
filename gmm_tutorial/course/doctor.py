"""Is everything here that the lessons need? One line a thing, and each says ok or what to do."""

import importlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

OLDEST = {"Python": (3, 11), "torch": (2, 8), "torchvision": (0, 23)}
DATA_NEEDS, CACHE_NEEDS = 0.5e9, 0.2e9  # bytes: CIFAR-10 with its archive; the trained models of all lessons


@dataclass(frozen=True)
class Line:
    """What was looked at, how it is, and what was found or is to be done. Only `must` stands in a lesson's way."""

    what: str
    state: Literal["ok", "may", "must"]
    says: str

    def __str__(self) -> str:
        return f"{self.state:<5}{self.what:<13} {self.says}"


def show(where: bool = True) -> bool:
    """Print the report; returns whether nothing must be done.

    where: name folders and free space too; a notebook that is committed should not.
    """
    lines = report(where)
    print(*lines, sep="\n")
    todo = sum(line.state == "must" for line in lines)
    print("All is well." if not todo else f"To do: {todo}, see the lines that begin with `must`.")
    return not todo


def report(where: bool = True) -> list[Line]:
    """One line for everything that is looked at."""
    # a check that fails in a way nobody thought of is a line too, not a traceback
    checks: list[tuple[str, Callable[[], Line]]] = [
        ("Python", python_line),
        ("torch", lambda: package_line("torch")),
        ("torchvision", lambda: package_line("torchvision")),
        ("device", device_line),
        ("profile", profile_line),
        ("widgets", widgets_line),
        *((name, lambda name=name: data_line(name, where)) for name in data_names()),
        ("disk: data", lambda: disk_line("data", where)),
        ("disk: cache", lambda: disk_line("cache", where)),
    ]
    return [guarded(what, check) for what, check in checks]


def guarded(what: str, check: Callable[[], Line]) -> Line:
    """The line of a check; an error in it becomes a line that says so."""
    try:
        return check()
    except Exception as error:
        return Line(what, "must", f"{type(error).__name__}: {error}".splitlines()[0])


def python_line() -> Line:
    """Python itself."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] >= OLDEST["Python"]:
        return Line("Python", "ok", found)
    return Line("Python", "must", f"{found} is too old: install 3.11 or newer, then set up again")


def package_line(name: str) -> Line:
    """torch or torchvision: new enough, and importable, as torchvision is only beside the torch it was built for."""
    oldest = ".".join(map(str, OLDEST[name]))
    advice = f'pip install --upgrade "torch>={".".join(map(str, OLDEST["torch"]))}" torchvision'
    try:
        importlib.import_module(name)
        found = version(name)
    except Exception as error:  # a broken build raises RuntimeError or OSError, not ImportError alone
        return Line(name, "must", f"cannot be imported ({str(error).splitlines()[0]}): {advice}")
    if tuple(map(int, found.split(".")[:2])) < OLDEST[name]:
        return Line(name, "must", f"{found} is older than {oldest}: {advice}")
    return Line(name, "ok", found)


def device_line() -> Line:
    """What trainings run on."""
    import torch

    from gmm_tutorial.train import profiles

    device = profiles.device()
    if device.type == "cuda":
        return Line("device", "ok", f"cuda: {torch.cuda.get_device_name(device)}")
    return Line("device", "ok", f"{device}, {torch.get_num_threads()} threads")


def profile_line() -> Line:
    """How much to compute."""
    from gmm_tutorial.train import profiles

    try:
        return Line("profile", "ok", f"{profiles.current().name} ({profiles.VARIABLE} chooses it)")
    except ValueError as error:
        return Line("profile", "must", str(error))


def widgets_line() -> Line:
    """What shows the lessons and moves their pictures."""
    try:
        found = ", ".join(f"{name} {version(name)}" for name in ("ipywidgets", "anywidget", "jupyterlab"))
        return Line("widgets", "ok", found)
    except PackageNotFoundError as error:
        return Line("widgets", "must", f"{error.name} is missing: pip install ipywidgets anywidget jupyterlab")


def data_names() -> list[str]:
    """The data sets that there are; none can be named while torch is missing."""
    try:
        from gmm_tutorial.data.catalog import TABLE
    except ImportError:
        return []
    return list(TABLE)


def data_line(name: str, where: bool = True) -> Line:
    """A data set: where it is, and whether each of its checksums is right."""
    from gmm_tutorial import data
    from gmm_tutorial.data.catalog import VARIABLE
    from gmm_tutorial.data.errors import brief

    try:
        return found_line(name, where)
    except data.DataCorrupt as error:
        return Line(name, "must", str(error))
    except OSError as error:
        says = f"{brief(data.root())} cannot be read ({error.strerror or error})"
        return Line(name, "must", f"{says}: change its permissions, or set {VARIABLE} to another folder")


def found_line(name: str, where: bool = True) -> Line:
    """The same of a data set that is whole. Raises DataCorrupt, and OSError when it cannot be read."""
    from gmm_tutorial import data
    from gmm_tutorial.data.errors import brief

    if data.find(name) is None:
        without = "the lessons use `shapes` instead" if name == "cifar10" else "no lesson needs it"
        return Line(name, "may", f"not here; {without}. To get it: gmm-tutorial data {name}")
    found = data.verify(name)
    if found.path is None:
        return Line(name, "ok", "drawn by the package, nothing to download")
    says = "verified" if found.vouched else "complete, but no published checksums exist for it"
    return Line(name, "ok", f"{brief(found.path) if where else found.path.name}, {says}")


def disk_line(what: Literal["data", "cache"], where: bool = True) -> Line:
    """Free space where data sets, or trained models, are kept."""
    from gmm_tutorial import data, runs
    from gmm_tutorial.data.errors import brief

    folder, needs = (data.root(), DATA_NEEDS) if what == "data" else (runs.lesson_store().folder, CACHE_NEEDS)
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    says = f"{free / 1e9:.1f} GB free in {brief(folder)}" if where else "enough space"
    if free < needs:
        return Line(
            f"disk: {what}", "must", f"{free / 1e9:.1f} GB free, but {needs / 1e9:.1f} GB are needed: free some space"
        )
    return Line(f"disk: {what}", "ok", says)
