"""Data sets as one numpy file: arrays `train_images` (N, size, size, 3) uint8, `train_labels` (N,) int64, and of test.

An array is believed when its sha256 is the one that is known. Where none is known, shapes, types and labels must do,
and what is read says that nothing vouches for it. `classes`, the names of the classes, may be there too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gmm_tutorial.data.checks import Raw, check_labels, note, sha256
from gmm_tutorial.data.entries import Entry
from gmm_tutorial.data.errors import corrupt


def read(name: str, row: Entry, path: Path, split: str) -> Raw:
    """One split of a data set that somebody put there as an npz. Raises DataCorrupt."""
    assert row.npz is not None
    known = row.npz.sha256
    pixels, labels = arrays(name, row, path, split, known)
    source, classes = path.name, row.classes
    if not known:  # then the receipt of a training at least says which file it was
        source, classes = f"{source}, sha256 {sha256(pixels)[:12]}", class_names(name, row, path) or row.classes
    return Raw(pixels, labels, classes, source, row.npz.exact, note(row, f"from {path.name}: {row.npz.note}"))


def arrays(
    name: str, row: Entry, path: Path, split: str, known: Mapping[str, str], otherwise: str = ""
) -> tuple[np.ndarray, np.ndarray]:
    """-> (N, size, size, 3) uint8 and (N,) int64. known: the sha256 of each, or nothing. Raises DataCorrupt."""
    n = row.lengths[split]
    wanted = {f"{split}_images": ((n, row.size, row.size, 3), "uint8"), f"{split}_labels": ((n,), "int64")}
    read = []
    for key, (shape, dtype) in wanted.items():
        what, expected = (f"the sha256 of {key}", known[key]) if known else (key, f"{shape} {dtype}")
        try:
            array = member(path, key)
        except Exception as error:  # a damaged zip has a dozen ways to fail
            raise corrupt(name, path, what, expected, f"unreadable ({error})", otherwise) from error
        if (array.shape, array.dtype) != (shape, dtype):
            raise corrupt(name, path, key, f"{shape} {dtype}", f"{array.shape} {array.dtype}", otherwise)
        if known and (found := sha256(array)) != expected:
            raise corrupt(name, path, what, expected, found, otherwise)
        read.append(array)
    check_labels(name, row, path, f"{split}_labels", read[1])
    return read[0], read[1]


def class_names(name: str, row: Entry, path: Path) -> tuple[str, ...]:
    """The names of the classes, if an npz brings them; empty when it does not. Raises DataCorrupt."""
    try:
        names = member(path, "classes")
    except KeyError:
        return ()
    except Exception as error:
        raise corrupt(name, path, "classes", f"{len(row.classes)} strings", f"unreadable ({error})") from error
    if names.shape != (len(row.classes),) or names.dtype.kind != "U":
        raise corrupt(name, path, "classes", f"{len(row.classes)} strings", f"{names.shape} {names.dtype}")
    return tuple(map(str, names))


def member(path: Path, key: str) -> np.ndarray:
    """One array of an npz, in C order."""
    with np.load(path, allow_pickle=False) as file:  # a pickle could run anything: refused
        return np.ascontiguousarray(file[key])
