"""Data sets, held in memory as bytes: `pick` the best there is, `load` one by name, `add_folder` of your own."""

from gmm_tutorial.data.catalog import root
from gmm_tutorial.data.checks import Found
from gmm_tutorial.data.download import fetch
from gmm_tutorial.data.errors import DataCorrupt, DataUnavailable
from gmm_tutorial.data.folders import add_folder
from gmm_tutorial.data.images import Images
from gmm_tutorial.data.loading import load, pick
from gmm_tutorial.data.readers import find, verify

__all__ = [
    "DataCorrupt",
    "DataUnavailable",
    "Found",
    "Images",
    "add_folder",
    "fetch",
    "find",
    "load",
    "pick",
    "root",
    "verify",
]
