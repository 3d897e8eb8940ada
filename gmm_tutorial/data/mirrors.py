"""One request to one mirror for one file: time limit, size limit, and the reason for a failure in plain words.

A mirror may do anything. Whatever it does becomes a MirrorFailed, so that the next one is asked; an OSError that comes
out of here is of the disk.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import requests
import urllib3
from tqdm import tqdm

ANSWER = 5.0  # seconds a mirror has to answer at all: being offline is known after 15 s with three mirrors
STALL = 30.0  # seconds without a byte after which it is the next mirror's turn, or with fewer bytes than
SLOWEST = 2_000  # a second: at that rate CIFAR-10 takes a day
CHUNK = 1 << 16  # bytes


class MirrorFailed(Exception):
    """A mirror did not give the file; the text says why, in a few words."""


def receive(url: str, part: Path, size: int) -> bool:
    """Bring `part` to `size` bytes, after those already in it if the server can; True if some were already there."""
    start = part.stat().st_size if part.exists() else 0
    if start == size:
        return True
    resume = {"Range": f"bytes={start}-"} if 0 < start < size else {}
    with _answer(url, {"Accept-Encoding": "identity", **resume}) as response:
        if response.status_code not in (200, 206):
            raise MirrorFailed(f"answered {response.status_code} {response.reason}")
        start = start if resume and response.status_code == 206 else 0  # 200: it sends all of it, so begin again
        offered = response.raw.length_remaining  # None when it does not say, or nothing that makes sense
        if offered is not None and start + offered != size:  # a log-in page of the network, say
            raise MirrorFailed(f"offers {start + offered:,} bytes instead of {size:,}")
        end = start
        with (
            part.open("ab" if start else "wb") as file,
            tqdm(total=size, initial=start, unit="B", unit_scale=True, desc=part.stem, file=sys.stdout) as bar,
        ):
            for chunk in _chunks(response):
                if (end := end + len(chunk)) > size:
                    break
                file.write(chunk)
                bar.update(len(chunk))
    if end > size:
        part.unlink()
        raise MirrorFailed(f"sends more than the {size:,} bytes that the file has")
    if end < size:
        raise MirrorFailed(f"broke off after {end:,} of {size:,} bytes")
    return start > 0


def _answer(url: str, headers: dict[str, str]) -> requests.Response:
    """The response to a GET, its body not yet read. Raises MirrorFailed, at the latest after `ANSWER` seconds.

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
        raise MirrorFailed(f"no answer within {ANSWER:g} s") from None
    except Exception as error:  # an odd redirect alone has half a dozen ways to fail
        raise MirrorFailed(_plainly(error)) from error


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body, as it comes in. Raises MirrorFailed when it breaks off, or comes too slowly."""
    since, received = time.monotonic(), 0
    while True:
        try:
            chunk = response.raw.read1(CHUNK, decode_content=False)  # unlike read, it does not wait until there is more
        except Exception as error:
            raise MirrorFailed(_plainly(error)) from error
        if not chunk:
            return
        yield chunk
        received += len(chunk)
        if (passed := time.monotonic() - since) >= STALL:
            if received < SLOWEST * passed:
                raise MirrorFailed(f"sent only {received:,} bytes in {passed:.3g} s")
            since, received = time.monotonic(), 0


def _plainly(error: Exception) -> str:
    """Why a mirror failed, in a few words instead of requests' nested ones."""
    if isinstance(error, (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError)):
        return f"sent nothing for {STALL:g} s"
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return "broke off the connection"
    inner = getattr(error.args[0], "reason", error) if error.args else error
    text = str(inner).rsplit(": ", 1)[-1]
    return text.splitlines()[0] if text.strip() else type(error).__name__
