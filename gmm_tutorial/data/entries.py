"""What a row of the table of data sets says."""

from __future__ import annotations

from dataclasses import dataclass

SPLITS = ("train", "test")
Triple = tuple[float, float, float]  # one number a color channel, for pixels scaled to 0..1


@dataclass(frozen=True)
class File:
    """A file to download: its name, md5, length in bytes, and where to get it, the best address first."""

    filename: str
    md5: str
    size: int
    mirrors: tuple[str, ...]


@dataclass(frozen=True)
class Archive:
    """A data set as its authors published it: one file, or several that are needed together."""

    format: str  # who reads it: a key of readers.FORMATS
    files: tuple[File, ...]
    folder: str = ""  # what it unpacks to, in its authors' own layout; empty when it is read as it is
    kept: int = 0  # bytes that are written beside it: unpacked, or decoded

    @property
    def needs(self) -> int:
        """Bytes on disk in the end."""
        return sum(file.size for file in self.files) + self.kept


@dataclass(frozen=True)
class Npz:
    """The same data as one numpy file, and how far it can be trusted.

    sha256: of each array's bytes in C order; empty when none is known, so that nothing vouches for such a file.
    """

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
    remark: str = ""  # what its splits are, if that is not plain: part of every note
    drawn: bool = False  # drawn on the spot, or read by `add_folder`: never looked for on disk, never fetched
