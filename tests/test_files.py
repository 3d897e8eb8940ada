"""Files that are whole or not there at all, whatever the disk does."""

import errno
import os
from pathlib import Path

import pytest

from gmm_tutorial._files import write_whole


@pytest.mark.parametrize("before", [None, "the old one"])
def test_a_disk_that_is_full_in_the_middle_is_said_of_which_file_and_leaves_the_old_one(tmp_path, monkeypatch, before):
    """The system names a file that cannot be opened, but not one that has no more room."""
    path, write = tmp_path / "file", Path.write_bytes
    if before:
        write_whole(path, before)

    def full(self, content):
        write(self, content[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left on device") as error:
        write_whole(path, "a new one")
    assert error.value.filename == str(path)
    assert [each.read_text() for each in tmp_path.iterdir()] == ([before] if before else [])
