"""Files that are written completely or not at all, whose checksum shows any changed byte, and the cache folder."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import platformdirs

SEAL = "sha256"  # the key under which a sealed JSON object holds the checksum of the rest of it


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file in one step, so that a reader sees the old or the new version, never a partial one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    except OSError as error:
        error.filename = error.filename or str(path)  # a full disk says not of which file
        raise
    finally:
        partial.unlink(missing_ok=True)


def cache_folder() -> Path:
    """Where trained models and the learner's progress are kept: GMM_TUTORIAL_CACHE, else the user's cache folder."""
    given = os.environ.get("GMM_TUTORIAL_CACHE")
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("gmm-tutorial"))


def sha256(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(values: Any) -> str:
    """The checksum of plain values: the same for the same values, in whatever order their names come."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, allow_nan=False).encode()).hexdigest()


def sealed(values: dict[str, Any]) -> str:
    """Plain values as JSON text that ends with their own checksum, for `unsealed` to verify."""
    return json.dumps({**values, SEAL: digest(values)}, indent=1, allow_nan=False) + "\n"


def unsealed(path: Path) -> dict[str, Any]:
    """The values of a file that `sealed` made.

    Raises ValueError, which names the file, when it is not such a file or when anything in it has changed since.
    """
    try:
        values = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is damaged: it is not JSON ({error})") from None
    seal = values.pop(SEAL, None) if isinstance(values, dict) else None
    if seal is None:
        raise ValueError(f"{path} is damaged: it has no checksum")
    try:
        right = digest(values) == seal
    except ValueError:  # NaN, which JSON does not have and Python reads
        right = False
    if not right:
        raise ValueError(f"{path} is damaged, or was edited: its checksum is wrong")
    return values
