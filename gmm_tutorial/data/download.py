"""Getting a data set: mirrors in order, taken up where they broke off, believed only when the md5 is right."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from filelock import FileLock
from tqdm import tqdm

from gmm_tutorial.data.catalog import TABLE, entry
from gmm_tutorial.data.catalog import root as place
from gmm_tutorial.data.checks import Found, md5
from gmm_tutorial.data.entries import Entry, File
from gmm_tutorial.data.errors import explained, unavailable
from gmm_tutorial.data.readers import find, prepare, verify

ANSWER = 5.0  # seconds a mirror has to answer at all: being offline is known after 15 s with three mirrors
STALL = 30.0  # seconds without a byte after which it is the next mirror's turn
CHUNK = 1 << 16  # bytes

NETWORK_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError)


def fetch(name: str, root: str | Path | None = None, refetch: bool = False) -> Path:
    """Download, check and unpack (or decode) a data set, and return its place; what is there and right is left alone.

    refetch: download it in any case; an npz, which would be found first, is then set aside as `.npz.old`.
    Raises ValueError for a name that is never fetched, DataCorrupt when what is there is damaged,
    DataUnavailable when no mirror has it or the disk refuses.
    """
    row, folder = entry(name), place(root)
    if row.archive is None:
        others = ", ".join(repr(other) for other, its in TABLE.items() if its.archive)
        raise ValueError(f"name is {name!r}, which is drawn on the spot and never fetched; it may be one of: {others}")
    if not refetch and (path := _ready(name, folder)):
        return path
    with explained(name, folder):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{name}.lock"):  # two notebooks that start together download once
            if not refetch and (path := _ready(name, folder)):
                return path
            for file in row.archive.files:
                if refetch or not (folder / file.filename).exists():
                    _download(row, file, folder / file.filename)
            if row.npz and (npz := folder / row.npz.filename).exists():
                os.replace(npz, f"{npz}.old")
            return prepare(name, Found("archive", folder / row.archive.files[0].filename), again=refetch)


def _ready(name: str, folder: Path) -> Path | None:
    """Where a data set lies, verified and unpacked; None when there is still something to do."""
    found = find(name, folder)
    return verify(name, folder).path if found and found.form != "archive" else None


def _download(row: Entry, file: File, path: Path) -> None:
    """Ask each mirror in turn until the file is complete and its md5 right; only then does `path` come to be."""
    part, failures = path.with_name(f"{path.name}.part"), []
    for url in file.mirrors:
        print(f"fetching {row.title} from {urlsplit(url).hostname} ({file.size / 1e6:.0f} MB)", flush=True)
        try:
            resumed = _receive(url, part, file.size)
            if resumed and md5(part) != file.md5:  # perhaps the earlier bytes are to blame: once more, all of it
                part.unlink()
                _receive(url, part, file.size)
        except NETWORK_ERRORS as error:
            failures.append(f"{url}: {_plainly(error)}")
            continue
        if (found := md5(part)) == file.md5:
            os.replace(part, path)
            return
        part.unlink()
        failures.append(f"{url}: sent a file with the md5 {found}")
    raise unavailable(row, path.parent, "no mirror could give it", failures)


def _receive(url: str, part: Path, size: int) -> bool:
    """Bring `part` to `size` bytes, after those already in it if the server can; True if some were already there."""
    start = part.stat().st_size if part.exists() else 0
    if start == size:
        return True
    resume = {"Range": f"bytes={start}-"} if 0 < start < size else {}
    with _answer(url, {"Accept-Encoding": "identity", **resume}) as response:
        response.raise_for_status()
        start = start if response.status_code == 206 else 0  # 200: this server sends all of it, so begin again
        offered = int(response.headers.get("Content-Length", size - start))
        if start + offered != size:  # a log-in page of the network, say
            raise requests.ConnectionError(f"offers {start + offered:,} bytes instead of {size:,}")
        with (
            part.open("ab" if start else "wb") as file,
            tqdm(total=size, initial=start, unit="B", unit_scale=True, desc=part.stem, file=sys.stdout) as bar,
        ):
            for chunk in response.raw.stream(CHUNK, decode_content=False):
                file.write(chunk)
                bar.update(len(chunk))
    if (end := part.stat().st_size) < size:
        raise requests.ConnectionError(f"broke off after {end:,} of {size:,} bytes")
    return start > 0


def _answer(url: str, headers: dict[str, str]) -> requests.Response:
    """The response to a GET, its body not yet read. Raises ConnectTimeout after `ANSWER` seconds.

    requests' own time-out holds for each address of a host, and not for looking up its name; this one for all of it.
    """
    answer: Future[requests.Response] = Future()

    def ask() -> None:
        try:
            answer.set_result(requests.get(url, headers=headers, stream=True, timeout=(ANSWER, STALL)))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()  # a daemon, so that one stuck in a look-up holds up nobody
    try:
        return answer.result(ANSWER)
    except TimeoutError:
        raise requests.ConnectTimeout(f"no answer within {ANSWER:g} s") from None


def _plainly(error: Exception) -> str:
    """Why a mirror failed, in a few words instead of requests' nested ones."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return f"sent nothing for {STALL:g} s"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "broke off the connection"
    inner = getattr(error.args[0], "reason", error) if error.args else error
    return str(inner).rsplit(": ", 1)[-1] or type(error).__name__
