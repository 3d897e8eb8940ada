"""Tiny-ImageNet on disk: decoded once, which takes a minute, and stored as an npz next to its source.

What is kept carries its own sha256, checked whenever it is read, and says what it was made from.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from filelock import FileLock

from gmm_tutorial.data import npz
from gmm_tutorial.data.checks import Found, Raw, note, sha256
from gmm_tutorial.data.entries import SPLITS, Archive, Entry
from gmm_tutorial.data.errors import brief, corrupt, intact, writable
from gmm_tutorial.data.jpegs import Tree, decode, in_folder, in_zip, listing

DECODED = ".decoded.npz"  # what is kept is called as what it was made from, and then this
REMAKE = "If what it was decoded from is still there, delete it, and it will be made again.\n"


def forms(archive: Archive, folder: Path) -> list[Found]:
    """Where it may lie; the zip, for which its md5 vouches, comes before a folder, for which nothing does."""
    zipped = folder / archive.files[0].filename
    unpacked = Found("folder", folder / archive.folder, vouched=False)
    return [Found("decoded", _kept(zipped)), Found("archive", zipped), unpacked]


def prepare(name: str, row: Entry, found: Found, again: bool = False) -> Path:
    """The npz with the decoded images, made if there is none, or one of other files: all of it or nothing.

    again: make it in any case. Raises DataCorrupt, or DataUnavailable when the disk refuses.
    """
    path, archive = found.path, row.archive
    assert path is not None and archive is not None
    if found.form == "decoded":
        return path
    if found.form == "folder":
        tree = in_folder(row, path)
        return _made(name, row, tree, _fingerprint(tree), again)
    with in_zip(name, path, archive.folder) as tree:
        return _made(name, row, tree, f"md5 {archive.files[0].md5}", again)


def verify(name: str, row: Entry, found: Found) -> None:
    """Every checksum of what is kept; of a folder, whether all files are there. Raises DataCorrupt."""
    path = found.path
    assert path is not None
    if found.form == "folder":
        tree = in_folder(row, path)
        listing(name, row, tree)
        path = _kept(path)
        if not _fits(path, _fingerprint(tree)):  # not decoded yet
            return
    for split in SPLITS:
        read(name, row, path, split)


def read(name: str, row: Entry, path: Path, split: str) -> Raw:
    """One split of what was kept. Raises DataCorrupt."""
    assert row.archive is not None
    with intact(name, path, "it", "an npz that was made here", REMAKE):
        about = _about(path)
        made_from = str(about["made_from"])
        sums = {key: about["sha256"][key] for key in (f"{split}_images", f"{split}_labels")}
    pixels, labels = npz.arrays(name, row, path, split, sums, REMAKE)
    classes, source = npz.class_names(name, row, path), path.name.removesuffix(DECODED)
    if made_from.startswith("files"):
        text = f"from an unpacked folder, {source}: nothing vouches for its files"
        return Raw(pixels, labels, classes, f"{source}, sha256 {sums[f'{split}_images'][:12]}", False, note(row, text))
    if made_from != (expected := f"md5 {row.archive.files[0].md5}"):
        raise corrupt(name, path, "what it was made from", expected, made_from, REMAKE)
    return Raw(pixels, labels, classes, source, True, note(row, "as published, its md5 verified, decoded here"))


def _made(name: str, row: Entry, tree: Tree, made_from: str, again: bool) -> Path:
    """Decode and keep, unless that was done."""
    target = _kept(tree.path)
    if not again and _fits(target, made_from):
        return target
    with writable(row, target.parent), FileLock(target.parent / f".{name}.decode.lock"):
        if again or not _fits(target, made_from):  # another process may have been quicker
            print(f"{row.title} is decoded once, and kept in {brief(target)}", flush=True)
            _keep(target, made_from, decode(name, row, tree))
    return target


def _keep(path: Path, made_from: str, arrays: dict[str, np.ndarray]) -> None:
    """Write the npz; only when all of it is on disk does `path` come to be."""
    about = {"made_from": made_from, "sha256": {key: sha256(array) for key, array in arrays.items()}}
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _kept(path: Path) -> Path:
    return path.with_name(path.name + DECODED)


def _about(path: Path) -> dict:
    return json.loads(npz.text(path, "about").item())


def _fits(path: Path, made_from: str) -> bool:
    """Whether what is kept there was made from this; a file that cannot be read is left to `read`, which says so."""
    try:
        return path.exists() and _about(path)["made_from"] == made_from
    except Exception:
        return True


def _fingerprint(tree: Tree) -> str:
    """What tells whether a folder is still the one that was decoded: the names and lengths of its files."""
    lines = "".join(f"{name} {tree.sizes[name]}\n" for name in sorted(tree.sizes))
    content = lines.encode(errors="surrogateescape")  # a file may have a name that is no text
    return f"files {hashlib.sha256(content).hexdigest()}"
