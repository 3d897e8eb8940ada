"""CIFAR-100, SVHN and Tiny-ImageNet in their own formats: small made-up ones, whole, damaged, missing and fetched."""

import functools
import hashlib
import io
import os
import pickle
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import scipy.io
import torch
from made_up_data import LENGTHS, NAMES, ORDER, WORDS, Published, jpeg, svhn, tiny_imagenet
from PIL import Image
from torchvision.datasets import CIFAR100, SVHN

from gmm_tutorial import data
from gmm_tutorial.course import doctor
from gmm_tutorial.data import catalog, jpegs, loading, mirrors, tiny


@pytest.fixture
def publish(tmp_path, monkeypatch):
    monkeypatch.delenv("GMM_TUTORIAL_PROFILE", raising=False)
    monkeypatch.delenv("GMM_TUTORIAL_OFFLINE", raising=False)
    monkeypatch.setattr(loading, "_failed", {})
    (tmp_path / "data").mkdir()
    return lambda name: Published(name, tmp_path / "data", monkeypatch)


@pytest.fixture(params=NAMES)
def published(request, publish):
    return publish(request.param)


@pytest.fixture
def zipped(publish):
    return publish("tiny-imagenet")


@pytest.fixture
def server(tmp_path):
    """A folder that is served, what was asked of it, and its address."""
    asked, folder = [], tmp_path / "served"
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield folder, asked, f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


# the table


def test_the_table_knows_what_torchvision_knows():
    assert catalog.entry("cifar100").archive.files[0].md5 == CIFAR100.tgz_md5
    assert catalog.entry("cifar100").archive.folder == CIFAR100.base_folder
    for file, split in zip(catalog.entry("svhn").archive.files, ("train", "test"), strict=True):
        assert [*file.mirrors[-1:], file.filename, file.md5] == SVHN.split_list[split]


def test_sizes_and_classes():
    rows = [catalog.entry(name) for name in NAMES]
    assert [row.size for row in rows] == [32, 32, 64] and [len(row.classes) for row in rows] == [100, 10, 200]
    assert [sum(row.lengths.values()) for row in rows] == [60_000, 99_289, 110_000]
    assert rows[0].classes[0] == "apple" and rows[0].classes[52] == "oak_tree" and rows[0].classes[99] == "worm"


# whole


def test_every_published_file_is_read(published):
    published.put()
    for split, n in catalog.entry(published.name).lengths.items():
        images = published.load(split)
        size = catalog.entry(published.name).size
        assert images.images.shape == (n, 3, size, size) and images.images.dtype == torch.uint8
        assert images.labels.shape == (n,) and images.labels.dtype == torch.int64
        assert images.images.is_contiguous() and images.exact and images.name == published.name
        assert "md5 verified" in images.note and images.note.endswith(".") and images.note.count(".") == 1
        assert images.subset(2).normalize(images.images[:2]).shape == (2, 3, size, size)
    assert data.verify(published.name, published.folder).vouched
    assert data.fetch(published.name, published.folder).exists()


def test_cifar100_has_the_fine_labels_in_order(publish):
    made = publish("cifar100")
    made.put()
    assert made.load("test").labels.tolist() == [99, 98, 97, 96] and made.load().labels.tolist()[-1] == 92
    pixels = torch.from_numpy(pickle.loads(made.files["test"])["data"]).view(-1, 3, 32, 32)
    assert torch.equal(made.load("test").images, pixels)
    assert made.left() == {"cifar-100-python.tar.gz", "cifar-100-python"}
    assert made.load().source == "cifar-100-python" and made.load().classes[99] == "worm"


def test_svhn_is_turned_the_right_way_and_ten_is_zero(publish):
    made = publish("svhn")
    made.put()
    assert made.load("test").labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    content = scipy.io.loadmat(io.BytesIO(made.files["train_32x32.mat"]))["X"]
    assert torch.equal(made.load().images, torch.from_numpy(content).permute(3, 2, 0, 1))
    assert data.find("svhn", made.folder) == data.Found("files", made.folder / "train_32x32.mat")
    assert "extra" in made.load().note and made.left() == set(made.archives)


def test_tiny_imagenet_has_its_order_its_names_and_three_channels(zipped, capsys):
    zipped.put()
    train, test = zipped.load(), zipped.load("test")
    assert train.classes == ("goldfish", "crane (n00000005)", "crane (n00000009)")  # short, and no two alike
    assert train.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert test.labels.tolist() == [sorted(WORDS).index(wnid) for wnid in ORDER]
    assert torch.equal(train.images[0, 0], train.images[0, 1]) and torch.equal(train.images[0, 0], train.images[0, 2])
    names = sorted(name for name in zipped.files if name.startswith("train") and name.endswith("JPEG"))
    for image, name in [*zip(train.images, names, strict=True), (test.images[3], "val/images/val_3.JPEG")]:
        want = np.asarray(Image.open(io.BytesIO(zipped.files[name])).convert("RGB"))
        assert np.array_equal(image.permute(1, 2, 0).numpy(), want)
    assert "official val split" in train.note and train.source == "tiny-imagenet-200.zip"
    said = capsys.readouterr().out
    assert said.count("decoded once") == 1 and "10/10" in said  # the progress bar is on stdout


def test_pick_and_a_command_and_the_doctor_know_them(published, monkeypatch, capsys):
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(published.folder))
    line = doctor.data_line(published.name)
    assert line.state == "may" and f"gmm-tutorial data {published.name}" in line.says
    published.put()
    assert data.pick("test", prefer=published.name).name == published.name
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith(f"data: {catalog.entry(published.name).title} test, {LENGTHS[published.name][1]} images. ")
    line = doctor.data_line(published.name)
    assert line.state == "ok" and line.says.endswith(", verified")


# missing and damaged


def test_a_missing_one_is_explained(published):
    with pytest.raises(data.DataUnavailable) as error:
        published.load()
    text, row = str(error.value), catalog.entry(published.name)
    for file in row.archive.files:
        for wanted in (file.filename, file.md5, f"{file.size:,} bytes", *file.mirrors):
            assert wanted in text
    for wanted in ("Three ways on", str(published.folder), "GMM_TUTORIAL_DATA", 'data.load("shapes", split)'):
        assert wanted in text
    assert text.splitlines()[0].startswith(f"{row.title} is not in")
    with pytest.raises(data.DataUnavailable, match=f"gmm-tutorial data {published.name}"):
        data.verify(published.name, published.folder)


def test_nothing_is_opened_before_its_checksum_is_right(published, monkeypatch):
    first = next(iter(published.archives))
    published.put(**{first: published.archives[first][:-9]})
    for module, function in ((tarfile, "open"), (zipfile, "ZipFile"), (scipy.io, "loadmat"), (pickle, "load")):
        monkeypatch.setattr(module, function, lambda *_, **__: pytest.fail("opened although its md5 is wrong"))
    sums = [hashlib.md5(content).hexdigest() for content in (published.archives[first], published.archives[first][:-9])]
    for attempt in (data.verify, data.fetch, lambda name, root: data.load(name, "train", root)):
        with pytest.raises(data.DataCorrupt, match=f"{first} is damaged: its md5 should be") as error:
            attempt(published.name, published.folder)
        for wanted in (*sums, str(published.folder / first), f"gmm-tutorial data {published.name} --refetch"):
            assert wanted in str(error.value)
    assert published.left() == set(published.archives)


def test_verify_changes_nothing(published):
    published.put()
    data.verify(published.name, published.folder)
    assert published.left() == set(published.archives)


def test_half_of_svhn_is_not_taken_for_all(publish):
    made = publish("svhn")
    made.put(**{"test_32x32.mat": None})
    assert data.find("svhn", made.folder) is None
    with pytest.raises(data.DataUnavailable, match=r"SVHN is not all \(test_32x32.mat missing\) in"):
        made.load()


def test_other_files_of_svhn_under_that_name_are_refused(publish):
    made, files = publish("svhn"), svhn()
    for content, word in ((b"text", "unreadable"), (svhn()["train_32x32.mat"], r"\(11, 32, 32, 3\)")):
        made.use(files | {"test_32x32.mat": content})
        made.put()
        with pytest.raises(data.DataCorrupt, match=f"test_32x32.mat is damaged.*{word}"):
            made.load("test")


# fetched


def test_fetching(published, server):
    folder, asked, address = server
    for file, content in published.archives.items():
        (folder / file).write_bytes(content)
    published.mirrors(f"{address}/gone", address)
    path = data.fetch(published.name, published.folder)
    assert path.exists() and len(asked) == 2 * len(published.archives)
    assert data.fetch(published.name, published.folder) == path and len(asked) == 2 * len(published.archives)
    assert len(published.load("test")) == LENGTHS[published.name][1]
    for file in published.archives:
        (published.folder / file).write_bytes(b"damaged")
    assert data.fetch(published.name, published.folder, refetch=True) == path
    assert len(published.load()) == LENGTHS[published.name][0] and not any(
        n.endswith(".part") for n in published.left()
    )


def test_only_what_is_missing_of_svhn_is_fetched(publish, server):
    folder, asked, address = server
    made = publish("svhn")
    (folder / "test_32x32.mat").write_bytes(made.archives["test_32x32.mat"])
    made.mirrors(address)
    with pytest.raises(data.DataUnavailable, match="train_32x32.mat: answered 404"):
        data.fetch("svhn", made.folder)
    made.put(**{"test_32x32.mat": None})
    asked.clear()
    assert data.fetch("svhn", made.folder) == made.folder / "train_32x32.mat"
    assert asked == ["/test_32x32.mat"] and len(made.load("test")) == 10


def test_what_of_svhn_was_there_already_is_checked_when_the_rest_is_fetched(publish, server):
    folder, _, address = server
    made = publish("svhn")
    (folder / "test_32x32.mat").write_bytes(made.archives["test_32x32.mat"])
    made.mirrors(address)
    made.put(**{"train_32x32.mat": b"damaged", "test_32x32.mat": None})
    with pytest.raises(data.DataCorrupt, match="train_32x32.mat is damaged"):
        data.fetch("svhn", made.folder)


def test_a_full_disk_is_explained_and_loses_nothing(published, server, monkeypatch):
    folder, _, address = server
    for file, content in published.archives.items():
        (folder / file).write_bytes(content)
    published.mirrors(address)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(mirrors.tqdm, "update", full)
        with pytest.raises(data.DataUnavailable, match="No space left on device") as error:
            data.fetch(published.name, published.folder)
    assert "MB are free" in str(error.value) and data.find(published.name, published.folder) is None
    data.fetch(published.name, published.folder)
    assert len(published.load()) == LENGTHS[published.name][0]


# Tiny-ImageNet: decoded once, and kept

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


# Tiny-ImageNet as a folder, for which nothing vouches


def test_an_unpacked_folder_is_read_and_not_vouched_for(zipped, monkeypatch):
    top = zipped.unpack()
    assert data.verify("tiny-imagenet", zipped.folder) == data.Found("folder", top, vouched=False)
    assert zipped.left() == {top.name}
    train, test = zipped.load(), zipped.load("test")
    assert not train.exact and "nothing vouches" in train.note and "official val split" in train.note
    assert train.source.startswith("tiny-imagenet-200, sha256 ") and train.source != test.source
    assert train.classes[0] == "goldfish" and len(test) == 4
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(zipped.folder))
    assert "no checksums to vouch for it" in doctor.data_line("tiny-imagenet").says
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


# Tiny-ImageNet as an npz, for which nothing vouches either


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
    assert "no checksums to vouch for it" in doctor.data_line("tiny-imagenet").says


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
