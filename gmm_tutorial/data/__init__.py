"""Data sets, held in memory as bytes: `pick` the best there is, `load` one by name."""

from .catalog import DataCorrupt, DataUnavailable, root
from .download import fetch
from .images import Images
from .loading import load, pick
from .readers import Found, find, verify

__all__ = ["DataCorrupt", "DataUnavailable", "Found", "Images", "fetch", "find", "load", "pick", "root", "verify"]
