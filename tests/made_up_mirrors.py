"""A small made-up CIFAR-10, and a server of it that can be good, slow, damaged or gone."""

import hashlib
import pickle
import threading
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from made_up_data import allow_fetching, tarred
from torchvision.datasets import CIFAR10

from gmm_tutorial.data import catalog, mirrors

SLOW = {"dripping": (1, 0.02), "faltering": (1, 0.02), "leisurely": (4_000, 0.06)}  # bytes, and seconds after them
ENDLESS = 64 << 20  # bytes: as good as endless
ODD = {"misnumbered": "abc", "negative": "-5", "astronomic": "9" * 5000, "twofold": "5, 6", "empty-handed": ""}
ASTRAY = (  # where no file is, and hardly an address
    *("http://[::1", "http://", "//", "http://a..b/", f"http://{'a' * 70}.com/", "http://127.0.0.1:99999/"),
    *("ftp://127.0.0.1/file", "http://\xe4\xff/", "http://127.0.0.1:port/", "file:///etc/hostname", "0"),
)
COUNT = 4  # images in each of the six made-up batches
DONE = {"cifar-10-python.tar.gz", "cifar-10-batches-py"}  # what a folder holds after a download


@pytest.fixture(scope="session")
def batches():
    """File name -> its bytes: CIFAR-10's own format, with four made-up images per batch."""
    rng = np.random.default_rng(0)

    def batch():
        return {
            "data": rng.integers(0, 256, (COUNT, 3072), dtype=np.uint8),
            "labels": rng.integers(0, 10, COUNT).tolist(),
        }

    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    made = {name: pickle.dumps(batch()) for name in names}
    return made | {"batches.meta": pickle.dumps({"label_names": list(catalog.entry("cifar10").classes)})}


@pytest.fixture
def archive(batches, monkeypatch):
    """The bytes of a small archive; the table and torchvision are told its checksums, and that nobody mirrors it."""
    content = tarred("cifar-10-batches-py", batches)
    sums = {name: hashlib.md5(batch).hexdigest() for name, batch in batches.items()}
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", sums[f"data_batch_{i}"]] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": sums["batches.meta"]})
    row = catalog.TABLE["cifar10"]
    (file,) = row.archive.files
    small = replace(file, md5=hashlib.md5(content).hexdigest(), size=len(content), mirrors=())
    monkeypatch.setitem(catalog.TABLE, "cifar10", replace(row, archive=replace(row.archive, files=(small,))))
    allow_fetching(monkeypatch)
    return content


class Server:
    """An HTTP server whose addresses say how it behaves; `asked` holds (behavior, Range header) of each request."""

    def __init__(self, content: bytes):
        self.content, self.asked, self.sent, self.release = content, [], 0, threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                how, wanted = self.path.strip("/"), self.headers.get("Range")
                server.asked.append((how, wanted))
                server.answer(self, how, wanted)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads, self.http.handle_error = True, lambda *_: None  # a reader that is gone is no news
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, handler, how, wanted):
        body, status, start = self.content, 200, 0
        if how == "missing":
            handler.send_error(404)
            return
        if how == "silent":  # takes the connection and says nothing
            self.release.wait(20)
            return
        if how == "corrupt":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if how == "login":
            body = b"<html>please log in</html>"
        if how.isdecimal():  # sent elsewhere
            handler.send_response(302)
            handler.send_header("Location", ASTRAY[int(how)])
            handler.end_headers()
            return
        if wanted and how != "rangeless":
            status, start = 206, int(wanted.removeprefix("bytes=").removesuffix("-"))
        body = body[start:]
        handler.send_response(206 if how == "partial" else status)
        if how not in ("unmeasured", "endless"):
            handler.send_header("Content-Length", ODD.get(how, str(len(body))))
        handler.end_headers()
        if how == "faltering":
            handler.wfile.write(body[: len(body) // 2])
            body = body[len(body) // 2 :]
        if how in SLOW:
            self.send_slowly(handler, body, *SLOW[how])
            return
        half = body[: len(body) // 2] if how in ("truncated", "stalled", "unmeasured") else body
        handler.wfile.write(half)
        handler.wfile.flush()
        if how == "stalled":
            self.release.wait(20)
        while how == "endless" and self.sent < ENDLESS:
            self.sent += handler.wfile.write(bytes(1 << 16))

    def send_slowly(self, handler, body, bite, pause):
        """A bite at a time, for 3 seconds at most; the reader may be gone before."""
        with suppress(OSError):
            for start in range(0, len(body), bite):
                if self.release.wait(pause) or start > 3 * bite / pause:
                    return
                handler.wfile.write(body[start : start + bite])
                handler.wfile.flush()

    def url(self, how):
        return f"http://127.0.0.1:{self.http.server_port}/{how}"


@pytest.fixture
def serve(archive, monkeypatch):
    """serve("good", ...) makes these behaviors the mirrors, in this order, and returns the server."""
    server = Server(archive)
    monkeypatch.setattr(mirrors, "CHUNK", 1 << 12)  # a small archive deserves small bites

    def serving(*behaviors):
        row = catalog.TABLE["cifar10"]
        urls = tuple(how if "://" in how else server.url(how) for how in behaviors)
        files = tuple(replace(file, mirrors=urls) for file in row.archive.files)
        monkeypatch.setitem(catalog.TABLE, "cifar10", replace(row, archive=replace(row.archive, files=files)))
        return server

    yield serving
    server.release.set()
    server.http.shutdown()
    server.http.server_close()
