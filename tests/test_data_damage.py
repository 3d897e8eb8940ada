"""Data sets that are damaged, refused by the system, or made to do harm: told before use, and never as a traceback."""

import hashlib
import io
import random
import shutil
import tarfile
import tracemalloc
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from made_up_data import LENGTHS, NAMES, Published, deny, jpeg
from PIL import Image

from gmm_tutorial import data
from gmm_tutorial.data import catalog, errors, jpegs


@pytest.fixture(params=[*NAMES, "npz", "tiny-imagenet folder", "tiny-imagenet decoded"])
def kind(request):
    return request.param


@pytest.fixture
def place(kind, tmp_path, monkeypatch):
    """A made-up data set on disk in one of the forms in which it may lie there."""
    monkeypatch.setenv("GMM_TUTORIAL_OFFLINE", "1")
    monkeypatch.setattr(jpegs.os, "cpu_count", lambda: 1)
    folder = tmp_path / "data"
    folder.mkdir()
    made = Published({"npz": "tiny-imagenet"}.get(kind, kind.split()[0]), folder, monkeypatch)
    if kind == "npz":
        np.savez(folder / "tiny-imagenet.npz", **unvouched())
    elif kind == "tiny-imagenet folder":
        made.unpack()
    else:
        made.put()
    if kind in ("cifar100", "tiny-imagenet decoded"):
        made.load()
        if kind == "tiny-imagenet decoded":
            next(folder.glob("*.zip")).unlink()
    return made


def unvouched(**changes):
    """Arrays of a tiny-imagenet.npz, as test_formats has them, with noise for pixels."""
    rng, made = np.random.default_rng(1), {"classes": np.array(["a", "b", "c"])}
    for split, n in zip(("train", "test"), LENGTHS["tiny-imagenet"], strict=True):
        made[f"{split}_images"] = rng.integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)
        made[f"{split}_labels"] = np.arange(n) % 3
    return made | changes


# what the system refuses


def files(made):
    """What is read of a data set that is ready: not the archive that was unpacked, nor what goes with images."""
    unread = (".lock", ".gz", "boxes.txt", "wnids.txt", "test_0.JPEG")
    return sorted(path for path in made.folder.rglob("*") if path.is_file() and not path.name.endswith(unread))


def test_an_unreadable_file_is_not_called_damaged(place, kind, monkeypatch):
    path = files(place)[-1]
    deny(monkeypatch, path)
    attempts = [place.load, lambda: data.verify(place.name, place.folder)]
    counted = 1 if kind == "tiny-imagenet folder" else 2  # images that are not decoded yet are counted
    for attempt in attempts[:counted]:
        with pytest.raises(data.DataUnavailable, match="cannot be read from") as error:
            attempt()
        first = str(error.value).splitlines()[0]
        assert first.endswith(f"{path.name}: Permission denied") and "GMM_TUTORIAL_DATA" in str(error.value)


def test_a_folder_of_mode_000_is_named(place, monkeypatch, capsys):
    deny(monkeypatch, place.folder)
    for attempt in (
        place.load,
        lambda: data.verify(place.name, place.folder),
        lambda: data.find(place.name, place.folder),
        lambda: data.fetch(place.name, place.folder, refetch=True),
    ):
        with pytest.raises(data.DataUnavailable, match="Permission denied"):
            attempt()
    assert data.pick("test", prefer=place.name, root=place.folder).name == "shapes"
    assert f"because {catalog.entry(place.name).title} cannot be read from" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["cifar100", "tiny-imagenet folder"], indirect=True)
def test_an_unreadable_folder_within_is_named(place, monkeypatch):
    top = next(path for path in place.folder.iterdir() if path.is_dir())
    within = top / "train" / "n00000005" if place.name == "tiny-imagenet" else top
    deny(monkeypatch, within)
    with pytest.raises(data.DataUnavailable, match=f"{within.name}.*: Permission denied"):
        place.load()


def test_a_file_where_a_folder_should_be(place, tmp_path):
    (tmp_path / "file").write_text("")
    for attempt in (data.find, data.verify, data.fetch, lambda name, root: data.load(name, "test", root)):
        with pytest.raises(data.DataUnavailable, match="cannot be read from .*file: Not a directory"):
            attempt(place.name, tmp_path / "file")


@pytest.mark.parametrize("kind", ["cifar100", "tiny-imagenet folder"], indirect=True)
def test_a_file_where_the_unpacked_folder_should_be(place):
    top = next(path for path in place.folder.iterdir() if path.is_dir())
    top.rename(f"{top}.aside")
    top.write_text("")
    with pytest.raises((data.DataUnavailable, data.DataCorrupt), match=top.name):
        place.load()


@pytest.mark.parametrize("kind", ["npz", "svhn"], indirect=True)
def test_a_folder_where_a_file_should_be(place):
    path = files(place)[-1]
    path.unlink()
    path.mkdir()
    with pytest.raises((data.DataUnavailable, data.DataCorrupt), match=path.name):
        place.load()


@pytest.mark.parametrize("kind", ["tiny-imagenet folder"], indirect=True)
def test_a_file_whose_name_is_no_text_does_no_harm(place):
    (place.folder / "tiny-imagenet-200" / "train" / "\udcff").write_bytes(b"")
    assert len(place.load()) == LENGTHS["tiny-imagenet"][0]


# the home folder


def test_home_is_understood_in_the_variable_and_an_unknown_one_is_named(monkeypatch, capsys):
    monkeypatch.setenv("GMM_TUTORIAL_DATA", "~/sets")
    assert data.root() == Path.home() / "sets"
    monkeypatch.setenv("GMM_TUTORIAL_DATA", "~nouser/x")
    for attempt in (data.root, lambda: data.find("cifar10"), lambda: data.load("svhn", "test")):
        with pytest.raises(
            data.DataUnavailable, match="^GMM_TUTORIAL_DATA is '~nouser/x', but the home folder ~nouser"
        ):
            attempt()
    assert data.pick("test").name == "shapes" and "because GMM_TUTORIAL_DATA is '~nouser/x'" in capsys.readouterr().out
    assert data.find("shapes").form == "drawn"
    with pytest.raises(data.DataUnavailable, match="root is '~nouser/x'"):
        data.root("~nouser/x")


def test_a_user_without_a_home(tmp_path, monkeypatch):
    monkeypatch.delenv("GMM_TUTORIAL_DATA", raising=False)
    monkeypatch.setattr(catalog.platformdirs, "user_cache_dir", lambda _: "~/.cache/gmm-tutorial")  # as it then says
    for name in ("home", "expanduser"):
        monkeypatch.setattr(Path, name, lambda *_: (_ for _ in ()).throw(RuntimeError("no home directory")))
    with pytest.raises(data.DataUnavailable, match="^the cache folder is '~/.cache.*set GMM_TUTORIAL_DATA"):
        data.root()
    assert errors.brief(tmp_path) == str(tmp_path)
    assert data.pick("test").name == "shapes"


def test_short_paths_begin_at_home():
    assert errors.brief(Path.home() / "data") == "~/data"
    assert errors.brief(Path("elsewhere")) == "elsewhere"


# what would fill the memory


def header(shape, dtype):
    """The bytes with which an array begins in an npz."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["npz"], indirect=True)
@pytest.mark.parametrize(
    ("key", "shape", "dtype", "words"),
    [
        ("train_images", (60_000, 64, 64, 3), "uint8", r"train_images should be \(6, 64.*but is \(60000, 64, 64, 3\)"),
        ("train_images", (6, 64, 64, 3), "float64", r"train_images should be .* but is \(6, 64, 64, 3\) float64"),
        ("train_labels", (10**12,), "int64", r"train_labels should be \(6,\) int64, but is \(1000000000000,\)"),
        ("classes", (3,), "<U99999999", "classes should be 3 strings, but is"),
    ],
)
def test_a_bomb_is_refused_by_what_its_header_says(key, shape, dtype, words, place):
    path = place.folder / "tiny-imagenet.npz"
    with np.load(path) as file, zipfile.ZipFile(path.with_suffix(".new"), "w", zipfile.ZIP_DEFLATED) as new:
        for name, array in file.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            new.writestr(f"{name}.npy", header(shape, dtype) + bytes(1 << 24) if name == key else buffer.getvalue())
    path.with_suffix(".new").replace(path)
    tracemalloc.start()
    with pytest.raises(data.DataCorrupt, match=words):
        place.load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.parametrize("kind", ["npz"], indirect=True)
def test_bytes_after_the_last_pixel_are_noticed(place):
    path = place.folder / "tiny-imagenet.npz"
    arrays = unvouched()
    with zipfile.ZipFile(path, "w") as file:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            file.writestr(f"{name}.npy", buffer.getvalue() + (b"\0" if name == "train_images" else b""))
    with pytest.raises(data.DataCorrupt, match="train_images.*more bytes than its shape"):
        place.load()
    assert len(place.load("test")) == LENGTHS["tiny-imagenet"][1]


@pytest.mark.parametrize("kind", ["tiny-imagenet folder"], indirect=True)
def test_an_image_of_another_size_is_never_decoded(place, monkeypatch):
    path = next(place.folder.rglob("val_1.JPEG"))
    path.write_bytes(jpeg(3_000))
    really = Image.Image.convert
    monkeypatch.setattr(
        Image.Image, "convert", lambda image, mode: really(image, mode) if image.width == 64 else pytest.fail("decoded")
    )
    with pytest.raises(data.DataCorrupt, match="val_1.JPEG is damaged: it should be 64 x 64 pixels, but is 3000 x 300"):
        place.load()


@pytest.mark.parametrize("kind", ["tiny-imagenet decoded"], indirect=True)
@pytest.mark.parametrize("about", ["[]", "{}", "7", '{"made_from": "files x", "sha256": {}}', "", '{"made_from": 1'])
def test_what_was_kept_without_checksums_is_refused(about, place):
    path = next(place.folder.glob("*.npz"))
    with np.load(path) as file:
        arrays = dict(file) | {"about": np.array(about)}
    np.savez(path, **arrays)
    with pytest.raises(data.DataCorrupt, match="it should be an npz that was made here"):
        place.load()


def tar_of(name, content=b"x"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["cifar100", "tiny-imagenet"], indirect=True)
@pytest.mark.parametrize(
    "content",
    [b"", b"text", tar_of("../evil"), tar_of("evil"), tar_of("a", bytes(10**5))[:60]],
    # names of their own: the bytes of a gzip hold the time
    ids=["empty", "text", "tar that leaves its folder", "tar of something else", "cut tar"],
)
def test_an_archive_of_another_kind_is_refused_even_under_its_checksum(content, place, monkeypatch, tmp_path):
    shutil.rmtree(place.folder)
    place.folder.mkdir()
    row = catalog.entry(place.name)
    known = replace(row.archive.files[0], md5=hashlib.md5(content).hexdigest())
    monkeypatch.setitem(catalog.TABLE, place.name, replace(row, archive=replace(row.archive, files=(known,))))
    (place.folder / known.filename).write_bytes(content)
    with pytest.raises((data.DataCorrupt, data.DataUnavailable), match=row.archive.folder + "|cannot be stored"):
        place.load()
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


# damaged in any place


def outcome(made, split, right):
    """`found`, `unchanged`, or what went wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = made.load(split)
    except (data.DataCorrupt, data.DataUnavailable):
        return "found"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "unchanged" if torch.equal(got.images, right.images) and torch.equal(got.labels, right.labels) else "wrong"


def damaged(content, rng):
    """A file's bytes with one thing done to them."""
    at, what = rng.randrange(len(content)), rng.choice(("flip", "flip", "flip", "cut", "insert", "zeros"))
    if what == "flip":
        return content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
    if what == "cut":
        return content[:at]
    return content[:at] + bytes(16) + content[at + (16 if what == "zeros" else 0) :]


ROUNDS = 25


def test_damage_anywhere_is_found(place, kind, capsys):
    """Of an unpacked folder of JPEGs, for which nothing vouches, only that it fails with a sentence."""
    rng, right = random.Random(0), {split: place.load(split) for split in ("train", "test")}
    met = {}
    for i in range(ROUNDS):
        path, split = rng.choice(files(place)), ("train", "test")[i % 2]
        content = path.read_bytes()
        if not content:
            continue
        path.write_bytes(damaged(content, rng))
        if kind == "tiny-imagenet folder":  # or the images that were decoded before are taken
            [kept.unlink() for kept in place.folder.glob("*.npz")]
        met.setdefault(outcome(place, split, right[split]), []).append(path.name)
        path.write_bytes(content)
    allowed = {"found", "unchanged"} | ({"wrong"} if kind == "tiny-imagenet folder" else set())
    assert set(met) <= allowed, met
    assert len(met["found"]) >= (2 if kind == "tiny-imagenet folder" else 8)
