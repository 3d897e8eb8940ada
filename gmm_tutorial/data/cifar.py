"""CIFAR-10 and CIFAR-100: a tar of pickles, unpacked into a folder that torchvision knows, which reads it."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from gmm_tutorial.data.checks import Found, Raw, check_md5, note
from gmm_tutorial.data.entries import Archive, Entry
from gmm_tutorial.data.errors import intact, writable

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10


def forms(archive: Archive, folder: Path) -> list[Found]:
    """Where it may lie, the form that is read soonest first."""
    return [Found("folder", folder / archive.folder), Found("archive", folder / archive.files[0].filename)]


def prepare(name: str, row: Entry, found: Found, again: bool = False) -> Path:
    """Unpack an archive beside itself, and return the folder, which is there completely or not at all.

    again: replace a folder that is already there. Raises DataUnavailable when the disk refuses.
    """
    path, archive = found.path, row.archive
    assert path is not None and archive is not None
    if found.form == "folder":
        return path
    target, half = path.parent / archive.folder, path.parent / f".{archive.folder}.part"
    with writable(row, path.parent), FileLock(path.parent / f".{name}.unpack.lock"):
        if target.exists() and not again:  # another process was quicker
            return target
        shutil.rmtree(half, ignore_errors=True)  # what a killed run left behind
        with intact(name, path, "it", f"a tar of {archive.folder}"), tarfile.open(path) as tar:
            tar.extractall(half, filter="data")
        shutil.rmtree(target, ignore_errors=True)
        os.replace(half / archive.folder, target)
        half.rmdir()
    return target


def verify(name: str, row: Entry, found: Found) -> None:
    """Check every file of the folder. Raises DataCorrupt."""
    assert found.path is not None
    _checked(name, found.path)


def read(name: str, row: Entry, path: Path, split: str) -> Raw:
    """One split from the folder; torchvision unpickles it, once each md5 is right. Raises DataCorrupt."""
    reader = _checked(name, path)
    data = reader(str(path.parent), train=split == "train", download=False)
    labels = np.asarray(data.targets, dtype=np.int64)
    return Raw(data.data, labels, row.classes, path.name, True, note(row, "as published, every file's md5 verified"))


def _checked(name: str, path: Path) -> type[CIFAR10]:
    """torchvision's reader of this folder, whose md5s are right: it would refuse others, but not say which file."""
    from torchvision.datasets import CIFAR10, CIFAR100  # takes a second to import: only when it is needed

    reader = next(one for one in (CIFAR100, CIFAR10) if one.base_folder == path.name)
    for file, expected in [*reader.train_list, *reader.test_list, (reader.meta["filename"], reader.meta["md5"])]:
        check_md5(name, path / file, expected)
    return reader
