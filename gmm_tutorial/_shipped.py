"""Where the things are that come with the package: notebooks, solutions, results, published numbers, pages.

In a checkout they are the repository's own folders. A wheel carries a copy of them inside the package, laid out in the
same way; `sources` in pyproject.toml says which. So one path, such as "results/bench", is right in both.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
BUNDLE = PACKAGE / "_lessons"


def bundled() -> bool:
    """Whether this package was installed from a wheel, without its repository."""
    return BUNDLE.is_dir()


def shipped(path: str = "") -> Path:
    """Where something that comes with the package is, by its path in the repository."""
    return (BUNDLE if bundled() else PACKAGE.parent) / path
