"""The forms in which a data set may lie on disk: an npz, torchvision's folder, or the archive as published.

Nothing is believed, and nothing unpickled, before its checksum is right.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock

from .catalog import SPLITS, VARIABLE, Archive, DataCorrupt, DataUnavailable, Entry, Npz, brief, check_split, entry
from .catalog import root as place
from .images import Images


@dataclass(frozen=True)
class Found:
    """Where a data set is, and in which form: `npz`, `folder`, `archive`, or `drawn` (then there is no path)."""

    form: str
    path: Path | None


def find(name: str, root: str | Path | None = None) -> Found | None:
    """Where a data set is, without checking it; None when it is not on disk. The forms are tried in a fixed order."""
    row, folder = entry(name), place(root)
    if row.drawn:
        return Found("drawn", None)
    candidates = [("npz", row.npz.filename)] if row.npz else []
    if row.archive:
        candidates += [("folder", row.archive.folder), ("archive", row.archive.filename)]
    return next((Found(form, folder / file) for form, file in candidates if (folder / file).exists()), None)


def read(name: str, split: str, found: Found) -> Images:
    """One split from the form that was found, every byte checked. Raises DataCorrupt."""
    row, path = entry(name), found.path
    check_split(split)
    assert path is not None, f"{name} is drawn, not read"
    if found.form == "npz":
        assert row.npz is not None
        pixels, labels = _read_npz(name, row, row.npz, path, split)
        exact, note = row.npz.exact, f"{row.title} from {path.name}: {row.npz.note}."
    else:
        assert row.archive is not None
        if found.form == "archive":
            path = unpack(name, path)
        pixels, labels = _read_folder(name, row.archive, path, split)
        exact, note = True, f"{row.title} as published, every file's md5 verified."
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    return Images(images, torch.from_numpy(labels), row.classes, name, split, path.name, exact, note)


def verify(name: str, root: str | Path | None = None) -> Found:
    """Check every checksum of a data set on disk and say where it is. Raises DataCorrupt, or DataUnavailable."""
    found = find(name, root)
    if found is None:
        raise DataUnavailable(f"{name} is not in {brief(place(root))}; to get it: gmm-tutorial data {name}")
    row, path = entry(name), found.path
    if found.form == "archive" and row.archive and path:
        check_md5(name, path, row.archive.md5)  # without unpacking it: to verify changes nothing
    elif found.form != "drawn":
        for split in SPLITS:
            read(name, split, found)
    return found


def md5(path: Path) -> str:
    """The md5 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def corrupt(name: str, path: Path, what: str, expected: str, found: str) -> DataCorrupt:
    """The one text for a file that is not what it should be."""
    return DataCorrupt(
        f"{path} is damaged: {what} should be {expected}, but is {found}.\n"
        f"To get it again: gmm-tutorial data {name} --refetch"
    )


def check_md5(name: str, path: Path, expected: str) -> None:
    """Raises DataCorrupt unless the file is there and its md5 is the expected one."""
    found = md5(path) if path.is_file() else "missing"
    if found != expected:
        raise corrupt(name, path, "its md5", expected, found)


@contextmanager
def explained(name: str, folder: Path) -> Iterator[None]:
    """Turn an OSError while writing into `folder` into a DataUnavailable that says what to do."""
    try:
        yield
    except OSError as error:
        row = entry(name)
        there = next(p for p in (folder, *folder.parents) if p.exists())
        need, free = 2.2 * (row.archive.size if row.archive else 0), shutil.disk_usage(there).free
        raise DataUnavailable(
            f"{row.title} cannot be stored in {brief(folder)}: {error.strerror or error}\n"
            f"It needs about {need / 1e6:.0f} MB there, packed and unpacked; {free / 1e6:.0f} MB are free.\n"
            f"Make room, or set {VARIABLE} to a folder that can be written to and is large enough,\n"
            'or go on with the embedded default: data.load("shapes", split).'
        ) from error


def unpack(name: str, path: Path, again: bool = False) -> Path:
    """Check an archive, unpack it beside itself, return the folder, which is there completely or not at all.

    again: replace a folder that is already there. Raises DataCorrupt, or DataUnavailable when the disk refuses.
    """
    archive = entry(name).archive
    assert archive is not None
    target, half = path.parent / archive.folder, path.parent / f".{archive.folder}.part"
    check_md5(name, path, archive.md5)
    with explained(name, path.parent), FileLock(path.parent / f".{name}.unpack.lock"):
        if target.exists() and not again:  # another process was quicker
            return target
        shutil.rmtree(half, ignore_errors=True)  # what a killed run left behind
        with tarfile.open(path) as tar:
            tar.extractall(half, filter="data")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(half / archive.folder, target)
        half.rmdir()
    return target


def _read_npz(name: str, row: Entry, npz: Npz, path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """-> (N, size, size, 3) uint8 and (N,) int64."""
    n = row.lengths[split]
    wanted = {f"{split}_images": ((n, row.size, row.size, 3), "uint8"), f"{split}_labels": ((n,), "int64")}
    arrays = []
    for key, (shape, dtype) in wanted.items():
        try:
            with np.load(path, allow_pickle=False) as file:  # a pickle could run anything: refused
                array = np.ascontiguousarray(file[key])
        except Exception as error:  # a damaged zip has a dozen ways to fail
            why = f"unreadable ({error})"
            raise corrupt(name, path, f"the sha256 of {key}", npz.sha256[key], why) from error
        if (array.shape, array.dtype) != (shape, dtype):
            raise corrupt(name, path, key, f"{shape} {dtype}", f"{array.shape} {array.dtype}")
        found = hashlib.sha256(array.data).hexdigest()
        if found != npz.sha256[key]:
            raise corrupt(name, path, f"the sha256 of {key}", npz.sha256[key], found)
        arrays.append(array)
    return arrays[0], arrays[1]


def _read_folder(name: str, archive: Archive, path: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """-> (N, size, size, 3) uint8 and (N,) int64. torchvision reads it, and checks each md5 before it unpickles."""
    from torchvision.datasets import CIFAR10  # takes a second to import: only when it is needed

    for file, expected in [*CIFAR10.train_list, *CIFAR10.test_list, (CIFAR10.meta["filename"], CIFAR10.meta["md5"])]:
        check_md5(name, path / file, expected)  # torchvision would refuse it too, but without saying which file and why
    data = CIFAR10(str(path.parent), train=split == "train", download=False)
    return data.data, np.asarray(data.targets, dtype=np.int64)
