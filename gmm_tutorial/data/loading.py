"""What lessons call: `load` a data set by name, or let `pick` take the best there is."""

from __future__ import annotations

import os
from pathlib import Path

from gmm_tutorial.data import folders, shapes
from gmm_tutorial.data.catalog import check_split, entry
from gmm_tutorial.data.catalog import root as place
from gmm_tutorial.data.download import fetch
from gmm_tutorial.data.errors import DataUnavailable, unavailable
from gmm_tutorial.data.images import Images
from gmm_tutorial.data.readers import find, read

_failed: dict[tuple[str, Path], str] = {}  # so that train and test do not both wait for mirrors that do not answer


def load(name: str, split: str, root: str | Path | None = None) -> Images:
    """A split of a data set: from disk if it is there, else fetched, else drawn if that is its nature.

    Nothing is fetched when GMM_TUTORIAL_OFFLINE is set, or GMM_TUTORIAL_PROFILE is `ci`.
    Raises ValueError for an unknown name or split, DataUnavailable when it can be neither read nor fetched,
    DataCorrupt when a file on disk is not what it should be.
    """
    row = entry(name)
    check_split(split)
    if name in folders.HELD:
        return folders.HELD[name][split]
    if row.drawn:
        return shapes.load(split)
    folder = place(root)
    found = find(name, folder)
    if found is None:
        _fetch_once(name, folder)
        found = find(name, folder)
        assert found is not None, "fetch returned, so it is there"
    return read(name, split, found)


def pick(split: str = "train", prefer: str = "cifar10", root: str | Path | None = None) -> Images:
    """`prefer` if it can be read or fetched, else `shapes`; one printed line says which, and why.

    Raises ValueError and DataCorrupt as `load` does: a damaged file is never replaced by something else.
    """
    try:
        images = load(prefer, split, root)
    except DataUnavailable as error:
        why = str(error).splitlines()[0]
        print(f"data: shapes, drawn on the spot, because {why}; it is not CIFAR and results on it are labeled so")
        return load("shapes", split)
    print(f"data: {entry(prefer).title} {split}, {len(images):,} images. {images.note}")
    return images


def _fetch_once(name: str, folder: Path) -> None:
    """Fetch, unless that is switched off or has already failed in this process. Raises DataUnavailable."""
    row = entry(name)
    if os.environ.get("GMM_TUTORIAL_OFFLINE", "0") not in ("", "0"):
        raise unavailable(row, folder, "GMM_TUTORIAL_OFFLINE is set", [])
    if os.environ.get("GMM_TUTORIAL_PROFILE") == "ci":
        raise unavailable(row, folder, "the profile ci fetches nothing", [])
    if (name, folder) in _failed:
        raise DataUnavailable(_failed[name, folder])
    try:
        fetch(name, folder)
    except DataUnavailable as error:
        _failed[name, folder] = str(error)
        raise
