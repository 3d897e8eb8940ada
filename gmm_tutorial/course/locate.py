"""Where the lessons are: the repository, the masters, and the two notebooks made from each."""

from pathlib import Path

# for JUPYTER_CONFIG_PATH: JupyterLab's defaults for the lessons. It does not ask whether to show Jupyter's news
JUPYTER = Path(__file__).parent / "jupyter"


class LessonError(RuntimeError):
    """A lesson cannot be found, made or run; the text says which, where, and what can be done."""


def repository(start: Path | None = None) -> Path:
    """The checkout that holds `notebooks/` and `solutions/`: that of this package, else the one around `start`.

    Raises LessonError when there is none, as after an installation without the repository.
    """
    here = start or Path.cwd()
    for folder in (Path(__file__).resolve().parents[2], here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "solutions").is_dir():
            return folder
    raise LessonError(
        "The lessons are not here: this package was installed without its repository. "
        "Clone the repository, and inside it: make lab, or pip install -e . and gmm-tutorial lab"
    )


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
    root = root or repository()
    folder = root / ("solutions" if solution else "notebooks")
    found = {path.name[:2]: path for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    if (short := padded(number)) not in found:
        raise LessonError(f"lesson is {number!r}, but {folder.name}/ has {', '.join(found) or 'none yet'}")
    return found[short]
