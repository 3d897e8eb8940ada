"""Data sets, held in memory as bytes."""

from .catalog import DataCorrupt, DataUnavailable, root
from .images import Images
from .readers import Found, find, verify


def load(name, split, root=None):
    from .readers import read

    found = find(name, root)
    if found is None:
        raise DataUnavailable(name)
    return read(name, split, found)


__all__ = ["DataCorrupt", "DataUnavailable", "Found", "Images", "find", "load", "root", "verify"]
