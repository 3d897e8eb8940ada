"""Download a data set: mirrors in order, resumed after an interruption, and accepted only if the md5 is right."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock

from gmm_tutorial.data.catalog import TABLE, entry
from gmm_tutorial.data.catalog import root as place
from gmm_tutorial.data.checks import Found, md5
from gmm_tutorial.data.entries import Entry, File
from gmm_tutorial.data.errors import unavailable, writable
from gmm_tutorial.data.mirrors import MirrorFailed, receive
from gmm_tutorial.data.readers import find, prepare, verify


def fetch(name: str, root: str | Path | None = None, refetch: bool = False) -> Path:
    """Download, check and unpack (or decode) a data set, and return its place; what is there and right is left alone.

    refetch: download it in any case; an npz, which would be found first, is then set aside as `.npz.old`.
    Raises ValueError for a name that is never fetched, DataCorrupt when what is there is damaged,
    DataUnavailable when no mirror has it or the disk refuses.
    """
    row, folder = entry(name), place(root)
    if row.archive is None:
        others = ", ".join(repr(other) for other, its in TABLE.items() if its.archive)
        raise ValueError(f"name is {name!r}, which the package draws itself; it must be one of {others}")
    if not refetch and (path := _ready(name, folder)):
        return path
    with writable(row, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{name}.lock"):  # two notebooks that start together download once
            if not refetch and (path := _ready(name, folder)):
                return path
            for file in row.archive.files:
                if refetch or not (folder / file.filename).exists():
                    _download(row, file, folder / file.filename)
            if row.npz and (npz := folder / row.npz.filename).exists():
                os.replace(npz, f"{npz}.old")
            return prepare(name, Found("archive", folder / row.archive.files[0].filename), again=refetch)


def _ready(name: str, folder: Path) -> Path | None:
    """Where a data set lies, verified and unpacked; None when there is still something to do."""
    found = find(name, folder)
    return verify(name, folder).path if found and found.form != "archive" else None


def _download(row: Entry, file: File, path: Path) -> None:
    """Ask each mirror in turn until the file is complete and its md5 right; only then does `path` come to be."""
    part, failures = path.with_name(f"{path.name}.part"), []
    for url in file.mirrors:
        print(f"fetching {row.title} from {urlsplit(url).hostname} ({file.size / 1e6:.0f} MB)", flush=True)
        try:
            resumed = receive(url, part, file.size)
            if resumed and md5(part) != file.md5:  # perhaps the earlier bytes are to blame: once more, all of it
                part.unlink()
                receive(url, part, file.size)
        except MirrorFailed as error:
            failures.append(f"{url}: {error}")
            continue
        if (found := md5(part)) == file.md5:
            os.replace(part, path)
            return
        part.unlink()
        failures.append(f"{url}: sent a file with the md5 {found}")
    raise unavailable(row, path.parent, "no mirror could give it", failures)
