"""Where the lessons are: the repository or a learner's copy, the masters, and the two notebooks made from each."""

from pathlib import Path

from gmm_tutorial._shipped import shipped

# for JUPYTER_CONFIG_PATH: JupyterLab's defaults for the lessons. It does not ask whether to show Jupyter's news
JUPYTER = Path(__file__).parent / "jupyter"
# the folder that `gmm-tutorial lab` makes where there is no repository, and the file in it that says so
COPY, RECORD = "gmm-tutorial-lessons", ".gmm-tutorial.json"


class LessonError(RuntimeError):
    """A lesson cannot be found, made or run; the text says which, where, and what can be done."""


def repository() -> Path:
    """The checkout that holds `notebooks/` and the masters: that of this package, else the one around this folder.

    Raises LessonError when there is none, as after an installation without the repository.
    """
    here = Path.cwd()
    for folder in (shipped(), here, *here.parents):
        if (folder / "notebooks").is_dir() and masters(folder):
            return folder
    raise LessonError(
        "The repository is not here: this package was installed without it. "
        "Clone the repository, and inside it: make lab, or pip install -e . and gmm-tutorial lab"
    )


def copy() -> Path | None:
    """The learner's copy of the lessons that this folder is in, or that is in this folder; None when there is none."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents, here / COPY) if is_copy(folder)), None)


def is_copy(folder: Path) -> bool:
    """Whether a folder is a copy that `gmm-tutorial lab` made; it still is one when its record was lost."""
    return (folder / RECORD).is_file() or (folder.name == COPY and (folder / "notebooks").is_dir())


def lessons() -> Path:
    """The folder whose `notebooks/` are run: the checkout, else the learner's copy, else what the wheel carries."""
    try:
        return repository()
    except LessonError:
        return copy() or shipped()


def masters(root: Path) -> dict[str, Path]:
    """The masters of all lessons by their number: {"03": .../solutions/03_name.md}."""
    return {path.name[:2]: path for path in sorted((root / "solutions").glob("[0-9][0-9]_*.md"))}


def targets(master: Path) -> tuple[Path, Path]:
    """The two notebooks made from a master: the solution beside it, and the learner's in notebooks/."""
    name = master.with_suffix(".ipynb").name
    return master.parent / name, master.parent.parent / "notebooks" / name


def padded(number: str) -> str:
    """The number of a lesson, given as 3, 03 or 03_name, as the file names have it: 03. Any other text is itself."""
    digits = number.partition("_")[0]
    return digits.zfill(2) if digits.isdecimal() else number


def find(number: str, solution: bool = False, root: Path | None = None) -> Path:
    """The notebook of a lesson, given as 3, 03 or 03_name. Raises LessonError when there is none."""
    root = root or lessons()
    folder = root / ("solutions" if solution else "notebooks")
    # the lesson itself has the shortest name: 03_gmm.ipynb, and not 03_gmm-Copy1.ipynb or 03_gmm.new-0.2.0.ipynb
    paths = sorted(folder.glob("[0-9][0-9]_*.ipynb"), key=lambda path: len(path.name), reverse=True)
    found = {path.name[:2]: path for path in paths}
    if (short := padded(number)) not in found:
        raise LessonError(f"lesson is {number!r}, but {folder.name}/ has {', '.join(sorted(found)) or 'none yet'}")
    return found[short]
