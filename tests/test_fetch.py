"""Downloading, against a server on this machine that can be good, slow, damaged or gone."""

import hashlib
import io
import os
import pickle
import tarfile
import threading
import time
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from gmm_tutorial import data
from gmm_tutorial.data import catalog, cifar, download, loading, mirrors

SLOW = {"dripping": (1, 0.02), "faltering": (1, 0.02), "leisurely": (4_000, 0.06)}  # bytes, and seconds after them
ENDLESS = 64 << 20  # bytes: as good as endless
ODD = {"misnumbered": "abc", "negative": "-5", "astronomic": "9" * 5000, "twofold": "5, 6", "empty-handed": ""}
ASTRAY = (  # where no file is, and hardly an address
    *("http://[::1", "http://", "//", "http://a..b/", f"http://{'a' * 70}.com/", "http://127.0.0.1:99999/"),
    *("ftp://127.0.0.1/file", "http://\xe4\xff/", "http://127.0.0.1:port/", "file:///etc/hostname", "0"),
)
COUNT = 4  # images in each of the six made-up batches


@pytest.fixture(scope="session")
def batches():
    """File name -> its bytes: CIFAR-10's own format, with four made-up images a batch."""
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
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in batches.items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    content = buffer.getvalue()
    sums = {name: hashlib.md5(batch).hexdigest() for name, batch in batches.items()}
    monkeypatch.setattr(CIFAR10, "train_list", [[f"data_batch_{i}", sums[f"data_batch_{i}"]] for i in range(1, 6)])
    monkeypatch.setattr(CIFAR10, "test_list", [["test_batch", sums["test_batch"]]])
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": sums["batches.meta"]})
    row = catalog.TABLE["cifar10"]
    (file,) = row.archive.files
    small = replace(file, md5=hashlib.md5(content).hexdigest(), size=len(content), mirrors=())
    monkeypatch.setitem(catalog.TABLE, "cifar10", replace(row, archive=replace(row.archive, files=(small,))))
    monkeypatch.delenv("GMM_TUTORIAL_PROFILE", raising=False)
    monkeypatch.delenv("GMM_TUTORIAL_OFFLINE", raising=False)
    monkeypatch.setattr(loading, "_failed", {})
    return content


class Server:
    """An HTTP server whose addresses say how it behaves; `asked` holds (behaviour, Range header) of each request."""

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
    """serve("good", ...) makes these behaviours the mirrors, in this order, and returns the server."""
    server = Server(archive)
    monkeypatch.setattr(mirrors, "CHUNK", 1 << 12)  # a small archive deserves small bites

    def serving(*behaviours):
        row = catalog.TABLE["cifar10"]
        urls = tuple(how if "://" in how else server.url(how) for how in behaviours)
        files = tuple(replace(file, mirrors=urls) for file in row.archive.files)
        monkeypatch.setitem(catalog.TABLE, "cifar10", replace(row, archive=replace(row.archive, files=files)))
        return server

    yield serving
    server.release.set()
    server.http.shutdown()
    server.http.server_close()


def leftovers(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


DONE = {"cifar-10-python.tar.gz", "cifar-10-batches-py"}


def test_fetch_gives_every_image_in_order_and_does_nothing_the_second_time(serve, batches, tmp_path, capsys):
    server = serve("good")
    assert data.fetch("cifar10", tmp_path) == tmp_path / "cifar-10-batches-py"
    assert leftovers(tmp_path) == DONE
    assert "100%" in capsys.readouterr().out  # the progress bar is on stdout
    assert data.fetch("cifar10", tmp_path) == tmp_path / "cifar-10-batches-py" and len(server.asked) == 1
    train, test = (data.load("cifar10", split, tmp_path) for split in ("train", "test"))
    assert (len(train), len(test), train.exact, test.exact) == (5 * COUNT, COUNT, True, True)
    pixels = np.concatenate([pickle.loads(batches[f"data_batch_{i}"])["data"] for i in range(1, 6)])
    assert torch.equal(train.images, torch.from_numpy(pixels).view(-1, 3, 32, 32))
    assert test.labels.tolist() == pickle.loads(batches["test_batch"])["labels"]


def test_load_fetches_what_is_missing(serve, tmp_path):
    serve("good")
    assert len(data.load("cifar10", "train", tmp_path)) == 5 * COUNT


@pytest.mark.parametrize("first", ["missing", "corrupt", "truncated", "unmeasured", "login", "stalled", "silent"])
def test_a_bad_mirror_is_passed_over(first, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "ANSWER", 0.5)
    monkeypatch.setattr(mirrors, "STALL", 0.5)
    server = serve(first, "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE
    resumed = server.asked[-1][1] is not None
    assert resumed == (first in ("truncated", "unmeasured", "stalled"))  # what came is kept, and the rest asked for


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("missing", "answered 404 Not Found"),
        ("truncated", "broke off the connection"),
        ("unmeasured", "broke off after"),
        ("login", "offers 26 bytes instead of"),
        ("stalled", "sent nothing for 0.3 s"),
        ("silent", "no answer within 0.2 s"),
        ("http://127.0.0.1:9/closed", "Connection refused"),
    ],
)
def test_what_is_said_when_nothing_is_to_be_had(how, why, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "ANSWER", 0.2)
    monkeypatch.setattr(mirrors, "STALL", 0.3)
    serve(how)
    with pytest.raises(data.DataUnavailable) as error:
        data.fetch("cifar10", tmp_path)
    row, text = catalog.entry("cifar10"), str(error.value)
    assert f"{row.archive.files[0].mirrors[0]}: " in text and why in text
    for wanted in (row.archive.files[0].md5, "cifar10.npz", "GMM_TUTORIAL_DATA", "shapes", str(tmp_path)):
        assert wanted in text
    assert data.find("cifar10", tmp_path) is None  # nothing half done is taken for the data set


def test_an_endless_answer_ends_where_the_file_should(serve, archive, tmp_path):
    server = serve("endless")
    with pytest.raises(data.DataUnavailable, match=f"sends more than the {len(archive):,} bytes"):
        data.fetch("cifar10", tmp_path)
    assert server.sent < ENDLESS // 2 and leftovers(tmp_path) == set()  # what is on its way when it is stopped, no more
    serve("endless", "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE


@pytest.mark.parametrize("how", ODD)
def test_an_odd_length_does_not_end_the_search(how, serve, archive, tmp_path):
    server = serve(how, "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE and server.asked[0] == (how, None)
    if how in ("misnumbered", "negative", "empty-handed"):  # then it says nothing, and what comes may well be right
        assert len(server.asked) == 1


@pytest.mark.parametrize("number", range(len(ASTRAY)))
def test_an_odd_redirect_does_not_end_the_search(number, serve, tmp_path):
    server = serve(str(number), "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE and server.asked[-1] == ("good", None)


@pytest.mark.parametrize("how", ["dripping", "faltering"])
def test_a_trickle_is_a_stall(how, serve, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "STALL", 0.3)
    server = serve(how)
    with pytest.raises(data.DataUnavailable, match=rf"{how}: sent only \d+ bytes in 0\.\d+ s"):
        data.fetch("cifar10", tmp_path)
    serve("good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE
    assert server.asked[-1][0] == "good" and server.asked[-1][1] is not None  # what came is kept


def test_a_slow_mirror_is_not_given_up(serve, archive, tmp_path, monkeypatch):
    monkeypatch.setattr(mirrors, "STALL", 0.4)  # several windows, each with enough: about 26 kB, and 12 are needed
    monkeypatch.setattr(mirrors, "SLOWEST", 30_000)
    server = serve("leisurely", "good")
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE and server.asked == [("leisurely", None)]


@pytest.mark.parametrize("how", ["good", "partial"])
def test_a_part_that_is_too_long_is_begun_anew(how, serve, archive, tmp_path):
    server = serve(how)
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive + b"more")
    data.fetch("cifar10", tmp_path)
    assert server.asked == [(how, None)] and leftovers(tmp_path) == DONE


def test_a_damaged_download_is_named_by_its_checksum_and_thrown_away(serve, archive, tmp_path):
    serve("corrupt")
    with pytest.raises(data.DataUnavailable, match=hashlib.md5(archive[:-1] + bytes([archive[-1] ^ 1])).hexdigest()):
        data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == set()


def test_a_broken_off_download_is_taken_up_again(serve, archive, tmp_path):
    server = serve("good")
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive[:100])
    assert data.find("cifar10", tmp_path) is None
    data.fetch("cifar10", tmp_path)
    assert server.asked == [("good", "bytes=100-")]


def test_a_server_that_cannot_resume_sends_it_all(serve, archive, tmp_path):
    server = serve("rangeless")
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive[:100])
    data.fetch("cifar10", tmp_path)
    assert server.asked == [("rangeless", "bytes=100-")] and leftovers(tmp_path) == DONE


@pytest.mark.parametrize("length", [100, None, 5_000_000])
def test_wrong_bytes_of_an_earlier_run_are_replaced(length, serve, archive, tmp_path):
    server = serve("good")  # the only mirror: it must be asked again
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(b"x" * (length or len(archive)))
    data.fetch("cifar10", tmp_path)
    assert server.asked[-1] == ("good", None) and leftovers(tmp_path) == DONE


def test_a_complete_part_needs_no_download(serve, archive, tmp_path):
    server = serve("good")
    (tmp_path / "cifar-10-python.tar.gz.part").write_bytes(archive)
    data.fetch("cifar10", tmp_path)
    assert server.asked == [] and leftovers(tmp_path) == DONE


def test_a_kill_while_downloading_leaves_nothing_that_is_believed(serve, tmp_path, monkeypatch):
    serve("good")
    with monkeypatch.context() as patch:
        patch.setattr(download.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == {"cifar-10-python.tar.gz.part"} and data.find("cifar10", tmp_path) is None
    data.fetch("cifar10", tmp_path)
    assert leftovers(tmp_path) == DONE


def test_a_kill_while_unpacking_leaves_only_the_archive(serve, tmp_path, monkeypatch):
    serve("good")

    def killed(tar, path, **_):
        tar.extract(tar.getmembers()[0], path, filter="data")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(tarfile.TarFile, "extractall", killed)
        with pytest.raises(KeyboardInterrupt):
            data.fetch("cifar10", tmp_path)
    assert data.find("cifar10", tmp_path).form == "archive"
    assert len(data.load("cifar10", "test", tmp_path)) == COUNT
    assert leftovers(tmp_path) == DONE


def test_a_full_disk_is_explained(serve, tmp_path, monkeypatch):
    serve("good")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mirrors.tqdm, "update", full)
    with pytest.raises(data.DataUnavailable, match="No space left on device") as error:
        data.fetch("cifar10", tmp_path)
    assert "MB are free" in str(error.value) and "GMM_TUTORIAL_DATA" in str(error.value)


def test_a_folder_that_is_a_file_is_explained(serve, tmp_path):
    serve("good")
    (tmp_path / "file").write_text("")
    with pytest.raises(data.DataUnavailable, match="cannot be read from .*: Not a directory"):
        data.fetch("cifar10", tmp_path / "file")


def test_the_archive_alone_is_enough_and_is_checked_before_it_is_opened(serve, archive, tmp_path, monkeypatch):
    server = serve("good")
    path = tmp_path / "cifar-10-python.tar.gz"
    path.write_bytes(archive[:-50])
    assert data.find("cifar10", tmp_path) == data.Found("archive", path)
    monkeypatch.setattr(cifar.tarfile, "open", lambda *_: pytest.fail("opened although its md5 is wrong"))
    for attempt in (data.verify, data.fetch, lambda name, root: data.load(name, "train", root)):
        with pytest.raises(data.DataCorrupt, match=catalog.entry("cifar10").archive.files[0].md5) as error:
            attempt("cifar10", tmp_path)
        assert hashlib.md5(archive[:-50]).hexdigest() in str(error.value)
        assert "gmm-tutorial data cifar10 --refetch" in str(error.value)
    monkeypatch.undo()
    assert server.asked == []


def test_the_archive_is_unpacked_when_it_is_right(archive, tmp_path):
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(archive)
    assert data.verify("cifar10", tmp_path).form == "archive" and leftovers(tmp_path) == {"cifar-10-python.tar.gz"}
    assert data.load("cifar10", "train", tmp_path).exact
    assert data.verify("cifar10", tmp_path).form == "folder"


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("file", ["data_batch_3", "test_batch", "batches.meta"])
@pytest.mark.parametrize("damage", ["change", "remove"])
def test_a_damaged_batch_is_named_and_never_unpickled(damage, file, split, archive, serve, tmp_path, monkeypatch):
    serve("good")
    data.fetch("cifar10", tmp_path)
    batch = tmp_path / "cifar-10-batches-py" / file
    batch.write_bytes(b"x") if damage == "change" else batch.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(pickle, "load", lambda *_, **__: pytest.fail("unpickled although its md5 is wrong"))
        with pytest.raises(data.DataCorrupt, match=f"{file} is damaged: its md5 should be"):
            data.load("cifar10", split, tmp_path)
        with pytest.raises(data.DataCorrupt, match=f"{file} is damaged: its md5 should be"):
            data.verify("cifar10", tmp_path)
    data.fetch("cifar10", tmp_path, refetch=True)
    assert data.verify("cifar10", tmp_path).form == "folder"


def test_refetch_sets_a_damaged_npz_aside(serve, tmp_path):
    serve("good")
    (tmp_path / "cifar10.npz").write_bytes(b"not an npz")
    with pytest.raises(data.DataCorrupt, match="cifar10.npz is damaged"):
        data.fetch("cifar10", tmp_path)
    data.fetch("cifar10", tmp_path, refetch=True)
    assert leftovers(tmp_path) == DONE | {"cifar10.npz.old"} and data.load("cifar10", "test", tmp_path).exact


def test_a_failed_refetch_leaves_what_was_there(serve, tmp_path):
    serve("missing")
    (tmp_path / "cifar10.npz").write_bytes(b"not an npz")
    with pytest.raises(data.DataUnavailable):
        data.fetch("cifar10", tmp_path, refetch=True)
    assert leftovers(tmp_path) == {"cifar10.npz"}


def test_two_at_once_download_once(serve, tmp_path):
    server, errors = serve("good"), []

    def run():
        try:
            data.fetch("cifar10", tmp_path)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert errors == [] and len(server.asked) == 1


def test_a_read_only_folder_is_enough_to_read_from(serve, tmp_path, monkeypatch):
    serve("good")
    data.fetch("cifar10", tmp_path)
    monkeypatch.setattr(download, "FileLock", lambda *_: pytest.fail("nothing needs writing"))
    assert data.fetch("cifar10", tmp_path).name == "cifar-10-batches-py"
    assert len(data.load("cifar10", "test", tmp_path)) == COUNT


def test_being_offline_is_known_soon_and_remembered(serve, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(mirrors, "ANSWER", 0.2)
    server = serve("silent", "silent", "silent")
    data.load("shapes", "train")  # drawn before the clock runs
    start = time.monotonic()
    images = data.pick("train", root=tmp_path)
    assert time.monotonic() - start < 3 and images.name == "shapes"
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("data: shapes, drawn on the spot, because CIFAR-10 is not in") and "not CIFAR" in said
    assert data.pick("test", root=tmp_path).split == "test" and len(server.asked) == 3


@pytest.mark.parametrize(("variable", "value"), [("GMM_TUTORIAL_OFFLINE", "1"), ("GMM_TUTORIAL_PROFILE", "ci")])
def test_nothing_is_fetched_when_that_is_switched_off(variable, value, serve, tmp_path, monkeypatch, capsys):
    server = serve("good")
    monkeypatch.setenv(variable, value)
    assert data.pick("test", root=tmp_path).name == "shapes"
    with pytest.raises(data.DataUnavailable, match="Three ways on"):
        data.load("cifar10", "train", tmp_path)
    assert server.asked == [] and "because CIFAR-10 is not in" in capsys.readouterr().out


def test_pick_takes_cifar_and_prints_no_path(serve, tmp_path, capsys):
    serve("good")
    data.fetch("cifar10", tmp_path)
    capsys.readouterr()
    assert data.pick("train", root=tmp_path).name == "cifar10"
    said = capsys.readouterr().out
    assert said == "data: CIFAR-10 train, 20 images. CIFAR-10 as published, every file's md5 verified.\n"


def test_shapes_are_never_fetched(tmp_path):
    with pytest.raises(ValueError, match="name is 'shapes', which is drawn.*must be one of 'cifar10'"):
        data.fetch("shapes", tmp_path)
    assert data.find("shapes", tmp_path) == data.verify("shapes", tmp_path) == data.Found("drawn", None)
    assert os.listdir(tmp_path) == []
