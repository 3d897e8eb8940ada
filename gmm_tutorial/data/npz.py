"""Data sets as one numpy file: arrays `train_images` (N, size, size, 3) uint8, `train_labels` (N,) int64, and of test.

An array is believed when its sha256 is the one that is known. Where none is known, shapes, types and labels must do,
and what is read says that nothing vouches for it. `classes`, the names of the classes, may be there too.

What an array says of itself is checked before it is read: a few bytes of zip can expand to any number of gigabytes.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib import format as npy

from gmm_tutorial.data.checks import Raw, check_labels, note, sha256
from gmm_tutorial.data.entries import Entry
from gmm_tutorial.data.errors import corrupt, intact

TEXT = 1 << 20  # bytes: more than any member that holds text has
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


class Header(NamedTuple):
    """What an array says of itself before its bytes begin."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __str__(self) -> str:
        return f"{self.shape} {self.dtype}"


class Misfit(ValueError):
    """An array is of another shape or type than it must be; the text says which it is."""


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
    wanted = {
        f"{split}_images": Header((n, row.size, row.size, 3), np.dtype("uint8")),
        f"{split}_labels": Header((n,), np.dtype("int64")),
    }
    read = []
    for key, header in wanted.items():
        what, expected = (f"the sha256 of {key}", known[key]) if known else (key, str(header))
        with intact(name, path, what, expected, otherwise):
            try:
                array = member(path, key, header.__eq__)
            except Misfit as misfit:
                raise corrupt(name, path, key, str(header), str(misfit), otherwise) from misfit
        if known and (found := sha256(array)) != expected:
            raise corrupt(name, path, what, expected, found, otherwise)
        read.append(array)
    check_labels(name, row, path, f"{split}_labels", read[1])
    return read[0], read[1]


def class_names(name: str, row: Entry, path: Path) -> tuple[str, ...]:
    """The names of the classes, if an npz brings them; empty when it does not. Raises DataCorrupt."""
    n = len(row.classes)
    with intact(name, path, "classes", f"{n} strings"):
        try:
            return tuple(map(str, text(path, "classes", (n,))))
        except KeyError:
            return ()
        except Misfit as misfit:
            raise corrupt(name, path, "classes", f"{n} strings", str(misfit)) from misfit


def text(path: Path, key: str, shape: tuple[int, ...] = ()) -> np.ndarray:
    """An array of strings. Raises as `member` does."""

    def fits(header: Header) -> bool:
        size = header.dtype.itemsize * max(1, *shape, 1)
        return header.shape == shape and header.dtype.kind == "U" and size <= TEXT

    return member(path, key, fits)


def member(path: Path, key: str, fits: Callable[[Header], bool]) -> np.ndarray:
    """One array of an npz, in C order, never a pickle, which could run anything.

    Raises KeyError if it is not there, Misfit, before any of it is read, when its shape and type do not fit, and, for a
    damaged file, whatever comes.
    """
    with zipfile.ZipFile(path) as file:
        with file.open(f"{key}.npy") as stream:
            version = npy.read_magic(stream)
            if version not in HEADERS:
                raise ValueError(f"an array in version {version} of numpy's format")
            shape, _, dtype = HEADERS[version](stream)
            if not fits(header := Header(shape, dtype)):
                raise Misfit(str(header))
        with file.open(f"{key}.npy") as stream:
            array = npy.read_array(stream, allow_pickle=False)
            if stream.read(1):  # asking for it also makes zipfile compare its CRC
                raise ValueError("there are more bytes than its shape has room for")
    return np.ascontiguousarray(array)
