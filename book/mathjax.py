"""MathJax, out of the Python package that carries it: what a page of ours loads, and no more."""

import shutil
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

CARRIER, INSIDE = "sphinx-mathjax-offline", "sphinx-mathjax-offline/static/mathjax/"
# of 24 MB, one script and its fonts
WANTED = ("tex-chtml.js", "output/chtml/fonts/woff-v2/")


def copy(folder: Path) -> None:
    """Copy MathJax into a folder. Raises ImportError when the package is not installed, or has another layout."""
    try:
        carried = files(CARRIER) or []
    except PackageNotFoundError:
        carried = []
    names = {file.as_posix().removeprefix(INSIDE): file for file in carried if file.as_posix().startswith(INSIDE)}
    wanted = {name: file for name, file in names.items() if name.startswith(WANTED)}
    if WANTED[0] not in wanted:
        raise ImportError(
            f"MathJax is not installed here, or not as {CARRIER} has it: pip install -c constraints.txt -e '.[book]'"
        )
    for name, file in wanted.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.locate()), path)
