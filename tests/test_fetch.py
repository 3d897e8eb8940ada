"""Downloading, against a server on this machine that can be good, slow, damaged or gone."""

import functools
import hashlib
import os
import pickle
import tarfile
import threading
import time

import numpy as np
import pytest
import torch
from made_up_data import leftovers
from made_up_mirrors import COUNT, DONE

from gmm_tutorial import data
from gmm_tutorial.data import catalog, cifar, download, mirrors


def test_fetch_gives_every_image_in_order_and_does_nothing_the_second_time(
    serve, batches, tmp_path, capsys, monkeypatch
):
    # whatever TQDM_DISABLE says, which tqdm reads when it is imported
    monkeypatch.setattr(mirrors, "tqdm", functools.partial(mirrors.tqdm, disable=False))
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
    with pytest.raises(data.DataUnavailable, match="Three ways to continue"):
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
    with pytest.raises(ValueError, match="name is 'shapes', which the package draws itself.*must be one of 'cifar10'"):
        data.fetch("shapes", tmp_path)
    assert data.find("shapes", tmp_path) == data.verify("shapes", tmp_path) == data.Found("drawn", None)
    assert os.listdir(tmp_path) == []
