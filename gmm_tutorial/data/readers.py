"""Where a data set is, in which of the forms it may have, and one split read from it; a file a format does the reading.

Nothing is believed, and nothing unpacked, decoded or unpickled, before its checksum is right.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Protocol

import torch

from gmm_tutorial.data import cifar, npz, svhn, tiny
from gmm_tutorial.data.catalog import check_split, entry
from gmm_tutorial.data.catalog import root as place
from gmm_tutorial.data.checks import Found, Raw, check_files, there
from gmm_tutorial.data.entries import SPLITS, Archive, Entry
from gmm_tutorial.data.errors import DataUnavailable, brief, readable
from gmm_tutorial.data.images import Images


class Format(Protocol):
    """What a file of this package does for the format of one or several data sets."""

    def forms(self, archive: Archive, folder: Path) -> list[Found]:
        """Where in a folder it may lie, in the order in which the places are tried."""

    def prepare(self, name: str, row: Entry, found: Found, again: bool = False) -> Path:
        """Unpack, or decode, what is not yet ready to be read (the archive is checked by then), and say where."""

    def verify(self, name: str, row: Entry, found: Found) -> None:
        """Check what is ready to be read, changing nothing. Raises DataCorrupt."""

    def read(self, name: str, row: Entry, path: Path, split: str) -> Raw:
        """One split from what is ready, checked. Raises DataCorrupt."""


FORMATS: dict[str, Format] = {"cifar": cifar, "svhn": svhn, "tiny": tiny}


def find(name: str, root: str | Path | None = None) -> Found | None:
    """Where a data set is, without checking it; None when it is not on disk. The forms are tried in a fixed order.

    Raises DataUnavailable when the system will not tell.
    """
    row = entry(name)
    if row.drawn:
        return Found("drawn", None)
    folder = place(root)
    candidates = [Found("npz", folder / row.npz.filename, bool(row.npz.sha256))] if row.npz else []
    with readable(row, folder):
        if there(folder) and not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
        if row.archive:
            candidates += FORMATS[row.archive.format].forms(row.archive, folder)
        return next((one for one in candidates if one.path and there(one.path)), None)


def read(name: str, split: str, found: Found) -> Images:
    """One split from the form that was found, every byte checked. Raises DataCorrupt, DataUnavailable if refused."""
    row, path = entry(name), found.path
    check_split(split)
    assert path is not None, f"{name} is drawn, not read"
    with readable(row, path):
        if found.form == "npz":
            raw = npz.read(name, row, path, split)
        else:
            assert row.archive is not None
            raw = FORMATS[row.archive.format].read(name, row, prepare(name, found), split)
    images = torch.from_numpy(raw.pixels).permute(0, 3, 1, 2).contiguous()
    return Images(images, torch.from_numpy(raw.labels), raw.classes, name, split, raw.source, raw.exact, raw.note)


def prepare(name: str, found: Found, again: bool = False) -> Path:
    """Make ready to be read what was found, an archive only after its checksums; the place of what is ready.

    again: unpack, or decode, what was already. Raises DataCorrupt, or DataUnavailable when the disk refuses.
    """
    row = entry(name)
    assert row.archive is not None and found.path is not None
    if found.form == "archive":
        check_files(name, row.archive, found.path.parent)
    return FORMATS[row.archive.format].prepare(name, row, found, again)


def verify(name: str, root: str | Path | None = None) -> Found:
    """Check all there is to check of a data set on disk and say where it is. Raises DataCorrupt, or DataUnavailable."""
    found = find(name, root)
    if found is None:
        raise DataUnavailable(f"{name} is not in {brief(place(root))}; to get it: gmm-tutorial data {name}")
    row, path = entry(name), found.path
    if path is None:
        return found
    with readable(row, path):
        if found.form == "npz":
            for split in SPLITS:
                npz.read(name, row, path, split)
        elif found.form == "archive" and row.archive:
            check_files(name, row.archive, path.parent)  # without unpacking it: to verify changes nothing
        elif row.archive:
            FORMATS[row.archive.format].verify(name, row, found)
    return found
