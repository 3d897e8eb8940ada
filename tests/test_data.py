"""Data sets in memory and on disk: the table, subsets, normalization, and npz files good and bad."""

import hashlib
import io
import zipfile
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gmm_tutorial import data
from gmm_tutorial.data import Images, catalog, readers

LENGTHS = {"train": 30, "test": 20}


def arrays():
    """A made-up data set in the layout of cifar10.npz."""
    rng = np.random.default_rng(0)
    made = {}
    for split, n in LENGTHS.items():
        made[f"{split}_images"] = rng.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        made[f"{split}_labels"] = np.arange(n) % 10
    return made


@pytest.fixture
def npz(tmp_path, monkeypatch):
    """npz(**changes) writes cifar10.npz with some arrays changed (None: left out); the table knows all unchanged."""
    row = catalog.TABLE["cifar10"]
    sums = {key: hashlib.sha256(array.tobytes()).hexdigest() for key, array in arrays().items()}
    small = replace(row, lengths=LENGTHS, npz=replace(row.npz, sha256=sums))
    monkeypatch.setitem(catalog.TABLE, "cifar10", small)

    def write(**changes):
        path = tmp_path / "cifar10.npz"
        np.savez(path, **{key: array for key, array in (arrays() | changes).items() if array is not None})
        return path

    return write


def example(labels, classes=10):
    labels = torch.tensor(labels, dtype=torch.int64)
    images = torch.arange(len(labels)).clamp(max=255).to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 32, 32)
    return Images(images, labels, tuple(map(str, range(classes))), "cifar10", "train", "made up", True, "Made up.")


# the table


@pytest.mark.parametrize("row", catalog.TABLE.values(), ids=list(catalog.TABLE))
def test_each_row_is_complete(row):
    assert set(row.lengths) == {"train", "test"} and len(set(row.classes)) == len(row.classes) in (10, 100, 200)
    assert all(0 < mean < 1 and 0 < std < 0.5 for mean, std in zip(row.mean, row.std, strict=True))
    assert row.drawn != (row.archive is not None)
    if row.archive:
        assert row.archive.format in readers.FORMATS
    for file in row.archive.files if row.archive else ():
        assert len(file.md5) == 32 and file.mirrors and all(url.endswith(f"/{file.filename}") for url in file.mirrors)
    if row.npz and row.npz.sha256:
        assert set(row.npz.sha256) == set(arrays()) and all(len(value) == 64 for value in row.npz.sha256.values())


PUBLISHED = {  # the constants that the field's code has for each, red, green and blue
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4867, 0.4408), (0.2675, 0.2565, 0.2761)),
    "svhn": ((0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
    "tiny-imagenet": ((0.4802, 0.4481, 0.3975), (0.2770, 0.2691, 0.2821)),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_channel_has_the_mean_and_deviation_that_are_known(name):
    row, (mean, std) = catalog.entry(name), PUBLISHED[name]
    assert row.mean == pytest.approx(mean, abs=3e-4) and row.std == pytest.approx(std, abs=3e-4)


@pytest.mark.parametrize("call", [data.load, lambda name, split: data.pick(split, prefer=name)])
def test_unknown_names_and_splits_are_refused_by_name(call):
    with pytest.raises(ValueError, match="name is 'mnist', but it must be one of 'cifar10', .* or 'shapes'$"):
        call("mnist", "train")
    with pytest.raises(ValueError, match="split is 'valid', but it must be 'train' or 'test'"):
        call("shapes", "valid")


def test_the_root_is_the_argument_else_the_variable_else_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(tmp_path / "variable"))
    assert data.root(tmp_path / "argument") == tmp_path / "argument"
    assert data.root() == tmp_path / "variable"
    monkeypatch.setenv("GMM_TUTORIAL_DATA", "")
    assert data.root().parts[-2:] == ("gmm-tutorial", "data") or data.root().name == "data"
    assert data.root("~/data") == Path.home() / "data"


# images in memory


def test_images_are_frozen_and_give_pairs():
    images = example([3, 1, 2])
    with pytest.raises(FrozenInstanceError):
        images.note = "something else"
    image, label = images[1]
    assert len(images) == 3 and image.shape == (3, 32, 32) and label == 1


@given(counts=st.lists(st.integers(1, 12), min_size=1, max_size=10), data_=st.data(), seed=st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_subsets(counts, data_, seed):
    images = example([label for label, count in enumerate(counts) for _ in range(count)], len(counts))
    n = data_.draw(st.integers(1, len(images)))
    subset = images.subset(n, seed)
    chosen = subset.images[:, 0, 0, 0].tolist()  # each image holds its own index
    assert len(subset) == n == len(set(chosen)) and torch.equal(images.labels[chosen], subset.labels)
    got = subset.labels.bincount(minlength=len(counts))
    short = got < torch.tensor(counts)  # a class that still has some left has as many as any other, or one fewer
    assert not short.any() or got.max() - got[short].min() <= 1
    assert torch.equal(images.subset(n, seed).images, subset.images)
    fewer = data_.draw(st.integers(1, n))
    assert torch.equal(images.subset(fewer, seed).images, subset.images[:fewer])


def test_subsets_differ_by_seed_and_keep_what_is_said_of_them():
    images = example(list(range(10)) * 20)
    first, second = images.subset(50, 0), images.subset(50, 1)
    assert not torch.equal(first.images, second.images)
    assert (first.note, first.source, first.exact, first.classes) == ("Made up.", "made up", True, images.classes)


@pytest.mark.parametrize("n", [0, -1, 11, 2.5, "3"])
def test_subsets_of_impossible_size_are_refused(n):
    with pytest.raises(ValueError, match=f"n is {n!r}, but it must be an integer from 1 to 10"):
        example(list(range(10))).subset(n, 0)


@pytest.mark.parametrize("seed", [2.5, "0", None, -1, 2**64])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(ValueError, match=r"seed is .*, but it must be an integer from 0 to 2\*\*64 - 1"):
        example([0, 1]).subset(1, seed)


def test_integers_of_numpy_are_integers():
    images = example(list(range(10)) * 3)
    assert torch.equal(images.subset(np.int64(7), np.int64(3)).images, images.subset(7, 3).images)


def noise(**changes):
    """40 images of noise with four labels, some fields changed."""
    pixels = torch.randint(0, 256, (40, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return replace(example([i % 4 for i in range(40)]), **({"images": pixels} | changes))


def swapped(tensor, i, j):
    order = list(range(len(tensor)))
    order[i], order[j] = j, i
    return tensor[order]


def test_a_fingerprint_is_that_of_the_same_data_alone():
    images = noise()
    flipped = images.images.clone()
    flipped[17, 2, 31, 5] ^= 1
    bumped = images.labels.clone()
    bumped[3] = 0
    others = {
        "a flipped pixel": replace(images, images=flipped),
        "another label": replace(images, labels=bumped),
        "two labels swapped": replace(images, labels=swapped(images.labels, 1, 2)),
        "two images swapped": replace(images, images=swapped(images.images, 1, 2)),
        "a pair moved": replace(images, images=swapped(images.images, 1, 2), labels=swapped(images.labels, 1, 2)),
        "the same in one class": replace(images, images=swapped(images.images, 0, 4)),
        "rows for columns": replace(images, images=images.images.view(40, 3, 16, 64)),
        "channels last": replace(images, images=images.images.permute(0, 2, 3, 1)),
        "another split": replace(images, split="test"),
        "another name": replace(images, name="cifar100"),
        "other classes": replace(images, classes=images.classes[::-1]),
        "classes joined": replace(images, classes=("0, 1", *images.classes[2:])),
        "fewer": images.subset(39),
        "another seed": images.subset(39, 1),
        "the first": replace(images, images=images.images[:39], labels=images.labels[:39]),
    }
    prints = {what: other.fingerprint for what, other in others.items()} | {"the same": images.fingerprint}
    assert len(set(prints.values())) == len(prints) and all(len(value) == 64 for value in prints.values())


def test_a_fingerprint_knows_nothing_of_how_the_data_are_kept():
    images, again = noise(), noise(source="elsewhere", exact=False, note="Said otherwise.")
    strided = noise(images=noise().images.to(memory_format=torch.channels_last), labels=noise().labels.int())
    assert images.fingerprint == again.fingerprint == strided.fingerprint
    assert images.subset(9, 3).fingerprint == again.subset(9, 3).fingerprint != images.subset(9, 4).fingerprint


def test_a_fingerprint_is_the_same_on_every_machine_and_made_once(monkeypatch):
    images = example([0, 1, 2])
    assert images.fingerprint.startswith("e5270f8859b60016")
    monkeypatch.setattr(hashlib, "sha256", lambda *_: pytest.fail("made once more"))
    assert images.fingerprint == images.fingerprint


def test_normalize():
    images = example([0])
    pixels = torch.randint(0, 256, (2, 3, 5, 7), dtype=torch.uint8)
    got = images.normalize(pixels)
    assert got.dtype == torch.float32 and got.shape == pixels.shape
    mean, std = PUBLISHED["cifar10"]
    for channel in range(3):
        want = (pixels[1, channel, 3, 4].item() / 255 - mean[channel]) / std[channel]
        assert got[1, channel, 3, 4].item() == pytest.approx(want, abs=1e-6)
    assert torch.equal(images.normalize(pixels[0]), got[0])
    with pytest.raises(ValueError, match=r"images is \(2, 3, 5, 7\) torch.float32, but it must be"):
        images.normalize(got)


# npz files


def test_an_npz_is_read_in_order(npz):
    path = npz()
    assert data.find("cifar10", path.parent) == data.verify("cifar10", path.parent) == data.Found("npz", path)
    for split, n in LENGTHS.items():
        images = data.load("cifar10", split, path.parent)
        assert images.images.shape == (n, 3, 32, 32) and images.images.dtype == torch.uint8
        assert images.labels.dtype == torch.int64 and images.images.is_contiguous()
        want = torch.from_numpy(arrays()[f"{split}_images"])
        assert torch.equal(images.images.permute(0, 2, 3, 1), want)
        assert (images.source, images.exact, images.split) == ("cifar10.npz", False, split)
        assert "92" in images.note and images.note.endswith(".")


def test_the_variable_names_the_folder(npz, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(npz().parent))
    assert len(data.load("cifar10", "test")) == 20


def refused(path, *words):
    with pytest.raises(data.DataCorrupt) as error:
        data.load("cifar10", "train", path.parent)
    for word in (str(path), "gmm-tutorial data cifar10 --refetch", *words):
        assert word in str(error.value)


def test_a_changed_pixel_is_named_with_both_checksums(npz):
    changed = arrays()["train_images"]
    changed[7, 3, 2, 1] ^= 1
    sums = [hashlib.sha256(array.tobytes()).hexdigest() for array in (arrays()["train_images"], changed)]
    refused(npz(train_images=changed), "sha256 of train_images", *sums)


def test_a_changed_label_is_named(npz):
    refused(npz(train_labels=arrays()["train_labels"][::-1]), "sha256 of train_labels")


def test_a_flipped_byte_on_disk_is_named(npz):
    path = npz()
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    refused(path, "train_images", "CRC")


@pytest.mark.parametrize("length", [0, 10, 50_000])
def test_a_truncated_npz_is_named(length, npz):
    path = npz()
    path.write_bytes(path.read_bytes()[:length])
    refused(path, "unreadable")


def test_missing_keys_wrong_shapes_and_wrong_types_are_named(npz):
    refused(npz(train_labels=None), "train_labels", "unreadable")
    refused(npz(train_images=arrays()["train_images"][:9]), "(30, 32, 32, 3) uint8", "(9, 32, 32, 3) uint8")
    refused(npz(train_labels=arrays()["train_labels"].astype(np.int32)), "(30,) int64", "(30,) int32")


class Bomb:
    def __reduce__(self):
        return pytest.fail, ("a pickle inside an npz was run",)


def test_pickles_are_never_run(npz):
    refused(npz(train_labels=np.array([Bomb()], dtype=object)), "train_labels", "(1,) object")


def test_an_array_that_is_a_pickle_in_disguise_is_refused(npz):
    path = npz()
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("train_images.npy", b"\x80\x04.")
        buffer = io.BytesIO()
        np.save(buffer, arrays()["train_labels"])
        file.writestr("train_labels.npy", buffer.getvalue())
    refused(path, "train_images")


@pytest.mark.parametrize("write", [np.save, np.savez_compressed], ids=["npy", "compressed"])
def test_other_numpy_files_under_that_name_are_refused(write, npz):
    path = npz()
    with path.open("wb") as file:
        write(file, arrays()["train_images"])
    refused(path, "train_images", "unreadable")


def test_only_the_wanted_split_is_checked_on_load_and_both_on_verify(npz):
    path = npz(test_labels=np.zeros(20, np.int64))
    assert len(data.load("cifar10", "train", path.parent)) == 30
    with pytest.raises(data.DataCorrupt, match="test_labels"):
        data.verify("cifar10", path.parent)


def test_what_is_not_there_is_said_plainly(tmp_path):
    assert data.find("cifar10", tmp_path) is None
    with pytest.raises(data.DataUnavailable, match="gmm-tutorial data cifar10"):
        data.verify("cifar10", tmp_path)


def test_the_npz_comes_before_the_folder_and_the_folder_before_the_archive(npz):
    path = npz()
    (path.parent / "cifar-10-python.tar.gz").touch()
    (path.parent / "cifar-10-batches-py").mkdir()
    forms = []
    for one in ("cifar10.npz", "cifar-10-batches-py", "cifar-10-python.tar.gz"):
        forms.append(data.find("cifar10", path.parent).form)
        (path.parent / one).rename(path.parent / f"{one}.gone")
    assert forms == ["npz", "folder", "archive"]


def test_pick_prints_one_line_and_prefers_what_is_there(npz, capsys):
    path = npz()
    assert data.pick("train", root=path.parent).name == "cifar10"
    said = capsys.readouterr().out
    assert (
        said.startswith("data: CIFAR-10 train, 30 images. ") and said.count("\n") == 1 and str(path.parent) not in said
    )
    assert data.pick("test", prefer="shapes").name == "shapes"
    assert capsys.readouterr().out.startswith("data: shapes test, 2,000 images. Drawn on the spot, not CIFAR")


def test_pick_does_not_hide_a_damaged_file(npz):
    path = npz(train_labels=None)
    with pytest.raises(data.DataCorrupt):
        data.pick("train", root=path.parent)
