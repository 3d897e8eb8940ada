"""Data sets, held in memory as bytes: `pick` the best there is, `load` one by name."""

from .catalog import root
from .checks import Found
from .download import fetch
from .errors import DataCorrupt, DataUnavailable
from .images import Images
from .loading import load, pick
from .readers import find, verify

__all__ = ["DataCorrupt", "DataUnavailable", "Found", "Images", "fetch", "find", "load", "pick", "root", "verify"]
