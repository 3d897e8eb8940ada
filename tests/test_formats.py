"""CIFAR-100, SVHN and Tiny-ImageNet in their own formats: small made-up ones, whole, damaged, missing and fetched."""

import functools
import hashlib
import io
import pickle
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import scipy.io
import torch
from made_up_data import LENGTHS, NAMES, ORDER, WORDS, svhn
from PIL import Image
from torchvision.datasets import CIFAR100, SVHN

from gmm_tutorial import data
from gmm_tutorial.course import doctor
from gmm_tutorial.data import catalog, jpegs, mirrors


@pytest.fixture(params=NAMES)
def published(request, publish):
    return publish(request.param)


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


def test_tiny_imagenet_has_its_order_its_names_and_three_channels(zipped, capsys, monkeypatch):
    # whatever TQDM_DISABLE says, which tqdm reads when it is imported
    monkeypatch.setattr(jpegs, "tqdm", functools.partial(jpegs.tqdm, disable=False))
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
    for wanted in ("Three ways to continue", str(published.folder), "GMM_TUTORIAL_DATA", 'data.load("shapes", split)'):
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
