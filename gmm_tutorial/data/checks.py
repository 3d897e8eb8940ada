"""What is checked before a file is used: checksums, shapes, types, and the range of labels."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gmm_tutorial.data.entries import Archive, Entry
from gmm_tutorial.data.errors import corrupt


class Found(NamedTuple):
    """Where a data set is, and in which form, and whether checksums that are known beforehand vouch for it.

    form: `npz`, `decoded`, `folder`, `files`, `archive` (still to be unpacked), or `drawn` (then there is no path).
    """

    form: str
    path: Path | None
    vouched: bool = True


class Raw(NamedTuple):
    """A split as it is read. pixels: (N, size, size, 3) uint8; labels: (N,) int64; the rest as in `Images`."""

    pixels: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    source: str
    exact: bool
    note: str


def there(path: Path) -> bool:
    """Whether there is a file or folder of that name. Raises OSError when the system will not tell."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def md5(path: Path) -> str:
    """The md5 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def sha256(array: np.ndarray) -> str:
    """The sha256 of an array's bytes in C order, in hexadecimal."""
    return hashlib.sha256(np.ascontiguousarray(array).view(np.uint8).data).hexdigest()


def check_md5(name: str, path: Path, expected: str) -> None:
    """Raises DataCorrupt unless the file is there and its md5 is the expected one."""
    found = md5(path) if path.is_file() else "missing"
    if found != expected:
        raise corrupt(name, path, "its md5", expected, found)


def check_files(name: str, archive: Archive, folder: Path) -> None:
    """Raises DataCorrupt unless each file of a published data set is in `folder`, with its md5."""
    for file in archive.files:
        check_md5(name, folder / file.filename, file.md5)


def check_labels(name: str, row: Entry, path: Path, key: str, labels: np.ndarray) -> None:
    """Raises DataCorrupt unless each label is the number of a class."""
    low, high = int(labels.min(initial=0)), int(labels.max(initial=0))
    if low < 0 or high >= len(row.classes):
        raise corrupt(name, path, key, f"0 to {len(row.classes) - 1}", f"{low} to {high}")


def note(row: Entry, text: str) -> str:
    """The one sentence on a data set that is printed beside numbers."""
    return f"{row.title} {text}{'; ' if row.remark else ''}{row.remark}."
