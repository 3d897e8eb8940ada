"""SVHN's cropped digits: two MATLAB files in one folder, as torchvision stores them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gmm_tutorial.data.checks import Found, Raw, check_files, check_labels, check_md5, note, there
from gmm_tutorial.data.entries import Archive, Entry
from gmm_tutorial.data.errors import corrupt, intact


def forms(archive: Archive, folder: Path) -> list[Found]:
    """The files, once all of them are there; their place is that of the first."""
    whole = all(there(folder / file.filename) for file in archive.files)
    return [Found("files", folder / archive.files[0].filename)] if whole else []


def prepare(name: str, row: Entry, found: Found, again: bool = False) -> Path:
    """The files are ready as they are."""
    assert found.path is not None
    return found.path


def verify(name: str, row: Entry, found: Found) -> None:
    """Check every file. Raises DataCorrupt."""
    assert found.path is not None and row.archive is not None
    check_files(name, row.archive, found.path.parent)


def read(name: str, row: Entry, path: Path, split: str) -> Raw:
    """One split, its file's md5 checked before it is opened. Raises DataCorrupt.

    A file holds X (size, size, 3, N) uint8 and y (N, 1), 1 to 10, where 10 is the digit 0.
    """
    from scipy.io import loadmat

    assert row.archive is not None
    file = next(file for file in row.archive.files if file.filename.startswith(split))
    path = path.with_name(file.filename)
    check_md5(name, path, file.md5)
    with intact(name, path, "it", "a MATLAB file with X and y"):
        content = loadmat(path, variable_names=["X", "y"])  # numbers only: this format has no pickles
        pixels, labels = content["X"].transpose(3, 0, 1, 2), content["y"].astype(np.int64).reshape(-1)
    labels[labels == 10] = 0
    wanted = ((row.lengths[split], row.size, row.size, 3), "uint8")
    if (pixels.shape, pixels.dtype) != wanted or len(labels) != len(pixels):
        raise corrupt(name, path, "X", f"{wanted[0]} {wanted[1]}", f"{pixels.shape} {pixels.dtype}, y {labels.shape}")
    check_labels(name, row, path, "y", labels)
    return Raw(pixels, labels, row.classes, path.name, True, note(row, "as published, its md5 verified"))
