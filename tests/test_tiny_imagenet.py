"""Tiny-ImageNet as it lies on disk: a zip that is decoded once and kept, a folder, and an npz."""

import os
import threading

import numpy as np
import pytest
import torch
from made_up_data import LENGTHS, jpeg, tiny_imagenet

from gmm_tutorial import data
from gmm_tutorial.course import doctor
from gmm_tutorial.data import jpegs, tiny

# a zip: decoded once, and kept

KEPT = "tiny-imagenet-200.zip.decoded.npz"


def never(*_, **__):
    pytest.fail("decoded once more")


def test_it_is_decoded_once_and_the_zip_is_not_needed_any_more(zipped, monkeypatch):
    zipped.put()
    first = zipped.load()
    assert zipped.left() == {"tiny-imagenet-200.zip", KEPT}
    monkeypatch.setattr(tiny, "decode", never)
    (zipped.folder / "tiny-imagenet-200.zip").unlink()
    again = zipped.load()
    assert torch.equal(again.images, first.images) and (again.source, again.classes) == (first.source, first.classes)
    assert again.exact and data.verify("tiny-imagenet", zipped.folder).form == "decoded"
    assert data.fetch("tiny-imagenet", zipped.folder) == zipped.folder / KEPT


@pytest.mark.parametrize("when", ["decoding", "writing"])
@pytest.mark.parametrize("how", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_kill_and_a_full_disk_leave_nothing_half(when, how, zipped, monkeypatch):
    zipped.put()

    def stopped(*args, **_):
        if when == "writing":
            args[0].write(b"PK half an npz")
        raise how

    with monkeypatch.context() as patch:
        patch.setattr(*((jpegs, "listing") if when == "decoding" else (np, "savez")), stopped)
        with pytest.raises((KeyboardInterrupt, data.DataUnavailable)) as error:
            zipped.load()
    assert how is KeyboardInterrupt or "MB are free" in str(error.value)
    assert zipped.left() == {"tiny-imagenet-200.zip"}
    (zipped.folder / f"{KEPT}.part").write_bytes(b"of a run that could not even tidy up")
    assert len(zipped.load()) == 6 and zipped.left() == {"tiny-imagenet-200.zip", KEPT}


@pytest.mark.parametrize("damage", ["flip", "cut", "text"])
def test_what_was_kept_is_checked_when_it_is_read(damage, zipped):
    zipped.put()
    zipped.load()
    path = zipped.folder / KEPT
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes({"flip": content, "cut": content[:-500], "text": b"text"}[damage])
    for attempt in (zipped.load, lambda: data.verify("tiny-imagenet", zipped.folder)):
        with pytest.raises(data.DataCorrupt, match="decoded.npz is damaged.*(?s:.)*delete it.*(?s:.)*--refetch"):
            attempt()
    path.unlink()
    assert len(zipped.load()) == 6


def test_a_pixel_that_was_changed_with_care_is_noticed(zipped):
    zipped.put()
    zipped.load()
    with np.load(zipped.folder / KEPT) as file:
        arrays = dict(file)
    arrays["test_images"][2, 1, 0, 2] ^= 1
    np.savez(zipped.folder / KEPT, **arrays)
    assert len(zipped.load("train")) == 6
    with pytest.raises(data.DataCorrupt, match="the sha256 of test_images should be"):
        zipped.load("test")


def test_what_was_kept_of_another_zip_is_not_taken_for_this_one(zipped):
    zipped.put()
    zipped.load()
    zipped.use(tiny_imagenet())
    with pytest.raises(data.DataCorrupt, match="what it was made from should be md5"):
        zipped.load()


def test_three_at_once_decode_once(zipped, monkeypatch):
    zipped.put()
    calls, errors, really = [], [], tiny.decode
    monkeypatch.setattr(tiny, "decode", lambda *args: calls.append(1) or really(*args))

    def run():
        try:
            zipped.load()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert errors == [] and calls == [1]


def test_a_read_only_folder_is_enough_once_it_is_decoded(zipped, monkeypatch):
    zipped.put()
    zipped.load()
    monkeypatch.setattr(tiny, "FileLock", lambda *_: pytest.fail("nothing needs writing"))
    assert len(zipped.load("test")) == 4


def test_no_entry_of_a_zip_lands_anywhere(zipped, tmp_path):
    evil = {"../evil.txt": b"x", "/evil.txt": b"x", "../data/evil/images/evil.JPEG": jpeg(), "../../e.JPEG": jpeg()}
    zipped.use(tiny_imagenet() | evil)
    zipped.put()
    assert len(zipped.load()) == 6 and zipped.left() == {"tiny-imagenet-200.zip", KEPT}
    assert os.listdir(tmp_path) == ["data"] and not os.path.exists("/evil.txt")


# a folder, for which nothing vouches


def test_an_unpacked_folder_is_read_and_not_vouched_for(zipped, monkeypatch):
    top = zipped.unpack()
    assert data.verify("tiny-imagenet", zipped.folder) == data.Found("folder", top, vouched=False)
    assert zipped.left() == {top.name}
    train, test = zipped.load(), zipped.load("test")
    assert not train.exact and "nothing vouches" in train.note and "official val split" in train.note
    assert train.source.startswith("tiny-imagenet-200, sha256 ") and train.source != test.source
    assert train.classes[0] == "goldfish" and len(test) == 4
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(zipped.folder))
    assert "no published checksums exist for it" in doctor.data_line("tiny-imagenet").says
    zipped.put()  # a zip can be verified, so it goes first
    assert zipped.load().exact and torch.equal(zipped.load().images, train.images)


def test_a_folder_that_has_changed_is_decoded_again(zipped, monkeypatch):
    top = zipped.unpack()
    before = zipped.load()
    with monkeypatch.context() as patch:
        patch.setattr(tiny, "decode", never)
        zipped.load()
    first = top / "train" / "n00000002" / "images" / "n00000002_0.JPEG"
    first.write_bytes(jpeg() + b"\0")
    after = zipped.load()
    assert not torch.equal(before.images[0], after.images[0]) and torch.equal(before.images[1:], after.images[1:])
    assert before.source != after.source


VAL = "val/val_annotations.txt"


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("train/n00000005/images/n00000005_1.JPEG", None, "number of images of train should be 6, but is 5"),
        (
            "train/n00000007/images/n00000007_0.JPEG",
            b"",
            "number of folders with images in train should be 3, but is 4",
        ),
        ("val/images/val_2.JPEG", None, "val/images/val_2.JPEG should be there"),
        (VAL, None, "val/val_annotations.txt should be there, but is missing"),
        (VAL, b"val_0.JPEG\tn00000005\n" * 3, "number of images of test should be 4, but is 3"),
        (VAL, b"val_0.JPEG\tn00000007\n" * 4, "in another class"),
        (VAL, b"../../../outside.JPEG\tn00000005\n" * 4, "outside.JPEG should be there"),
        ("words.txt", None, "words.txt should be there"),
    ],
)
def test_a_folder_that_is_not_complete_is_refused(file, content, words, zipped):
    (zipped.folder / "outside.JPEG").write_bytes(jpeg())
    zipped.unpack(**{file: content})
    for attempt in (zipped.load, lambda: data.verify("tiny-imagenet", zipped.folder)):
        with pytest.raises(data.DataCorrupt, match=words) as error:
            attempt()
        assert "gmm-tutorial data tiny-imagenet --refetch" in str(error.value)
    assert zipped.left() == {"tiny-imagenet-200", "outside.JPEG"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>", "it should be a JPEG"),
        (jpeg()[:-300], "should be a JPEG, but is unreadable"),
        (jpeg(32), r"it should be 64 x 64 pixels, but is 32 x 32"),
        (b"", "unreadable"),
    ],
)
def test_an_image_that_cannot_be_decoded_is_named(content, words, zipped):
    zipped.unpack(**{"val/images/val_1.JPEG": content})
    with pytest.raises(data.DataCorrupt, match=f"val_1.JPEG is damaged.*{words}"):
        zipped.load()
    assert zipped.left() == {"tiny-imagenet-200"}


# an npz, for which nothing vouches either


def arrays():
    """A made-up tiny-imagenet.npz."""
    made = {}
    for split, n in zip(("train", "test"), LENGTHS["tiny-imagenet"], strict=True):
        made[f"{split}_images"] = np.full((n, 64, 64, 3), n, np.uint8)
        made[f"{split}_labels"] = np.arange(n) % 3
    return made


def test_an_npz_is_read_and_not_vouched_for(zipped, monkeypatch):
    path = zipped.folder / "tiny-imagenet.npz"
    np.savez(path, **arrays())
    zipped.put()
    assert data.verify("tiny-imagenet", zipped.folder) == data.Found("npz", path, vouched=False)  # npz first, as ever
    images = zipped.load()
    assert not images.exact and "nothing vouches for it" in images.note and "official val split" in images.note
    assert images.source.startswith("tiny-imagenet.npz, sha256 ")  # a receipt says which
    assert images.classes == ("class 0", "class 1", "class 2") and images.labels.tolist() == [0, 1, 2, 0, 1, 2]
    np.savez(path, classes=np.array(["a", "b", "c"]), **arrays())
    assert zipped.load().classes == ("a", "b", "c")
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(zipped.folder))
    assert "no published checksums exist for it" in doctor.data_line("tiny-imagenet").says


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle inside an npz was run",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_images": arrays()["train_images"][:5]}, r"should be \(6, 64, 64, 3\) uint8, but is \(5, 64, 64, 3\)"),
        ({"train_images": arrays()["train_images"].astype(np.float32)}, r"\(6, 64, 64, 3\) float32"),
        ({"train_images": arrays()["train_images"].transpose(0, 3, 1, 2)}, r"but is \(6, 3, 64, 64\)"),
        ({"train_labels": np.arange(6)}, "train_labels should be 0 to 2, but is 0 to 5"),
        ({"train_labels": np.array([0, 1, 2, 3, 0, 1])}, "train_labels should be 0 to 2, but is 0 to 3"),
        ({"train_labels": np.arange(6) - 1}, "train_labels should be 0 to 2, but is -1 to 4"),
        ({"train_labels": np.zeros(6, np.uint8)}, r"train_labels should be \(6,\) int64, but is \(6,\) uint8"),
        (
            {"train_labels": np.array([Bomb()], dtype=object)},
            r"train_labels should be \(6,\) int64, but is \(1,\) object",
        ),
        ({"classes": np.array([Bomb()], dtype=object)}, r"classes should be 3 strings, but is \(1,\) object"),
        ({"classes": np.array(["a", "b"])}, "classes should be 3 strings"),
    ],
)
def test_an_npz_of_another_kind_is_refused(changes, words, zipped):
    np.savez(zipped.folder / "tiny-imagenet.npz", **(arrays() | changes))
    with pytest.raises(data.DataCorrupt, match=f"tiny-imagenet.npz is damaged: .*{words}"):
        zipped.load()
