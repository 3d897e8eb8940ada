"""What can go wrong with a data set, in texts that name the file, what it should be, and what can be done."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gmm_tutorial.data.entries import Entry

VARIABLE = "GMM_TUTORIAL_DATA"  # names the folder that holds data sets
SHAPES = 'o on with the embedded default: data.load("shapes", split).'


class DataUnavailable(RuntimeError):
    """The data set cannot be read, and cannot be fetched; the text says what was tried and what can be done."""


class DataCorrupt(RuntimeError):
    """A file on disk is not what it should be; the text gives the expected and the found checksum."""


def brief(path: Path) -> str:
    """A path as people write it, with ~ for the home folder."""
    try:
        home = Path.home()
    except RuntimeError:  # a user of a container may have none
        return str(path)
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def unavailable(row: Entry, folder: Path, why: str, tried: list[str]) -> DataUnavailable:
    """The one text for a data set that cannot be fetched; its first line stands alone. tried: one line per mirror."""
    assert row.archive is not None
    files = row.archive.files
    missing = [file.filename for file in files if not (folder / file.filename).exists()]
    state = "is not" if len(missing) == len(files) else f"is not all ({' and '.join(missing)} missing)"
    wanted = " and ".join(file.filename for file in files) + (f" or {row.npz.filename}" if row.npz else "")
    return DataUnavailable(
        f"{row.title} {state} in {brief(folder)}, and {why}\n"
        + "".join(f"  {line}\n" for line in tried)
        + "Three ways to continue:\n"
        f"  1. Put {wanted} into {folder} by hand.\n"
        + "".join(
            f"     {file.filename} is {file.size:,} bytes, its md5 {file.md5}; it is at\n"
            + "".join(f"       {url}\n" for url in file.mirrors)
            for file in files
        )
        + f"  2. Set {VARIABLE} to a folder that contains these files.\n"
        f"  3. G{SHAPES}"
    )


def corrupt(name: str, path: Path, what: str, expected: str, found: str, otherwise: str = "") -> DataCorrupt:
    """The one text for a file that is not what it should be. otherwise: what can be done before getting it again."""
    return DataCorrupt(
        f"{path} is damaged: {what} should be {expected}, but is {found}.\n"
        f"{otherwise}To get it again: gmm-tutorial data {name} --refetch"
    )


@contextmanager
def intact(name: str, path: Path, what: str, expected: str, otherwise: str = "") -> Iterator[None]:
    """Turn whatever fails while content is read into a DataCorrupt; a file that the system refuses is not damaged."""
    try:
        yield
    except Exception as error:  # a damaged zip alone has a dozen ways to fail
        # the system's errors have a number, Pillow's and gzip's have none; what a damaged zip asks of seek is invalid
        refused = isinstance(error, OSError) and error.errno not in (None, errno.EINVAL)
        if refused or isinstance(error, (DataCorrupt, DataUnavailable, MemoryError)):
            raise
        raise corrupt(name, path, what, expected, f"unreadable ({error})", otherwise) from error


@contextmanager
def readable(row: Entry, folder: Path) -> Iterator[None]:
    """Turn an OSError while reading in `folder` into a DataUnavailable that names the file in its first line."""
    try:
        yield
    except OSError as error:
        where = folder if error.filename is None else Path(os.fsdecode(error.filename))
        raise DataUnavailable(
            f"{row.title} cannot be read from {brief(where)}: {error.strerror or error}\n"
            f"Change its permissions, set {VARIABLE} to another folder,\n"
            f"or g{SHAPES}"
        ) from error


@contextmanager
def writable(row: Entry, folder: Path) -> Iterator[None]:
    """Turn an OSError while writing into `folder` into a DataUnavailable that says what to do."""
    try:
        yield
    except OSError as error:
        there = next(path for path in (folder, *folder.parents) if os.path.exists(path))  # which never raises
        need, free = row.archive.needs if row.archive else 0, shutil.disk_usage(there).free
        raise DataUnavailable(
            f"{row.title} cannot be stored in {brief(folder)}: {error.strerror or error}\n"
            f"It needs about {need / 1e6:.0f} MB there in all; {free / 1e6:.0f} MB are free.\n"
            f"Free some space, or set {VARIABLE} to a folder that can be written to and is large enough,\n"
            f"or g{SHAPES}"
        ) from error
