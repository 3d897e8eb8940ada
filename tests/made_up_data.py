"""Small made-up data sets in the formats of the real ones, and a table that knows their checksums."""

import builtins
import hashlib
import io
import os
import pickle
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image
from torchvision.datasets import CIFAR100

from gmm_tutorial import data
from gmm_tutorial.data import catalog, loading

NAMES = ("cifar100", "svhn", "tiny-imagenet")
WORDS = {"n00000002": "goldfish, Carassius auratus", "n00000005": "crane", "n00000009": "crane, derrick"}
ORDER = ("n00000009", "n00000002", "n00000005", "n00000002")  # the classes of the four test images
PIXELS = np.random.default_rng(0)


def saved(writer, *args, **kwargs):
    """The bytes that a function writes into a file."""
    buffer = io.BytesIO()
    writer(buffer, *args, **kwargs)
    return buffer.getvalue()


def jpeg(size=64, mode="RGB"):
    image = Image.fromarray(PIXELS.integers(0, 256, (8, 8, 3), dtype=np.uint8)).resize((size, size)).convert(mode)
    return saved(image.save, "JPEG", quality=95)


def cifar100():
    """File -> bytes of CIFAR-100: pickles, train with two batches' worth of images, fine and coarse labels."""

    def split(n):
        pixels = PIXELS.integers(0, 256, (n, 3072), dtype=np.uint8)
        return pickle.dumps({"data": pixels, "fine_labels": [99 - i for i in range(n)], "coarse_labels": [3] * n})

    meta = pickle.dumps({"fine_label_names": list(catalog.entry("cifar100").classes)})
    return {"train": split(8), "test": split(4), "meta": meta}


def svhn():
    """File -> bytes of SVHN: MATLAB files, images last, digit 0 labeled 10, one digit more or less a split."""
    made = {}
    for split, n in (("train", 11), ("test", 10)):
        content = {"X": PIXELS.integers(0, 256, (32, 32, 3, n), dtype=np.uint8)}
        content["y"] = np.array([1 + i % 10 for i in range(n)], np.uint8)[:, None]
        made[f"{split}_32x32.mat"] = saved(scipy.io.savemat, content, do_compression=True)
    return made


def tiny_imagenet():
    """File -> bytes of Tiny-ImageNet: three classes, two training images each, the first of all in grayscale."""
    made = {"wnids.txt": "\n".join(reversed(WORDS)).encode()}
    for wnid in WORDS:
        for i in (0, 1):
            made[f"train/{wnid}/images/{wnid}_{i}.JPEG"] = jpeg(mode="L" if wnid.endswith("2") and i == 0 else "RGB")
        made[f"train/{wnid}/{wnid}_boxes.txt"] = f"{wnid}_0.JPEG\t0\t0\t62\t62\n".encode()
    made |= {f"val/images/val_{i}.JPEG": jpeg() for i in range(len(ORDER))} | {"test/images/test_0.JPEG": jpeg()}
    lines = [f"val_{i}.JPEG\t{wnid}\t0\t32\t44\t62" for i, wnid in enumerate(ORDER)]
    made["val/val_annotations.txt"] = "\n".join([*lines, ""]).encode()
    synonyms = {"n00000001": "entity"} | WORDS  # words.txt names everything in WordNet
    made["words.txt"] = "".join(f"{wnid}\t{words}\n" for wnid, words in synonyms.items()).encode()
    return made


def tarred(folder, files):
    """The bytes of a .tar.gz with these files in a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for file, content in files.items():
            info = tarfile.TarInfo(f"{folder}/{file}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def packed(name, files):
    """Published file -> its bytes."""
    if name == "svhn":
        return files
    if name == "cifar100":
        return {"cifar-100-python.tar.gz": tarred("cifar-100-python", files)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for inner, content in files.items():
            file.writestr(inner if inner.startswith(("..", "/")) else f"tiny-imagenet-200/{inner}", content)
    return {"tiny-imagenet-200.zip": buffer.getvalue()}


MAKE = {"cifar100": cifar100, "svhn": svhn, "tiny-imagenet": tiny_imagenet}
LENGTHS = {"cifar100": (8, 4), "svhn": (11, 10), "tiny-imagenet": (6, 4)}


def leftovers(folder):
    """The names of what is in a folder, locks apart."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def allow_fetching(monkeypatch):
    """Whatever the machine's own settings are, and whatever failed to be fetched before."""
    monkeypatch.delenv("GMM_TUTORIAL_PROFILE", raising=False)
    monkeypatch.delenv("GMM_TUTORIAL_OFFLINE", raising=False)
    monkeypatch.setattr(loading, "_failed", {})


class Published:
    """A made-up data set of which the table knows the checksums: `files` within, `archives` as published."""

    def __init__(self, name, folder, monkeypatch):
        self.name, self.folder, self.monkeypatch = name, folder, monkeypatch
        self.use(MAKE[name]())

    def use(self, files):
        """Publish these files instead."""
        self.files, self.archives = files, packed(self.name, files)
        row, sums = catalog.entry(self.name), {file: hashlib.md5(files[file]).hexdigest() for file in files}
        known = tuple(
            replace(file, md5=hashlib.md5(content).hexdigest(), size=len(content), mirrors=("http://127.0.0.1:9/no",))
            for file, content in zip(row.archive.files, self.archives.values(), strict=True)
        )
        row = replace(row, archive=replace(row.archive, files=known))
        row = replace(row, lengths=dict(zip(("train", "test"), LENGTHS[self.name], strict=True)))
        if self.name == "tiny-imagenet":
            row = replace(row, classes=row.classes[: len(WORDS)])
        if self.name == "cifar100":
            self.monkeypatch.setattr(CIFAR100, "train_list", [["train", sums["train"]]])
            self.monkeypatch.setattr(CIFAR100, "test_list", [["test", sums["test"]]])
            self.monkeypatch.setattr(CIFAR100, "meta", CIFAR100.meta | {"md5": sums["meta"]})
        self.monkeypatch.setitem(catalog.TABLE, self.name, row)

    def put(self, **changes):
        """Write the published files into the folder; by name, some changed, or None: left out."""
        for file, content in (self.archives | changes).items():
            if content is not None:
                (self.folder / file).write_bytes(content)

    def unpack(self, **changes):
        """Write what is in the archive into the folder that it unpacks to."""
        top = self.folder / catalog.entry(self.name).archive.folder
        for file, content in (self.files | changes).items():
            if content is not None:
                (top / file).parent.mkdir(parents=True, exist_ok=True)
                (top / file).write_bytes(content)
        return top

    def mirrors(self, *addresses):
        """Make these the addresses, each to be followed by the name of a file."""
        row = catalog.entry(self.name)
        files = [replace(file, mirrors=tuple(f"{a}/{file.filename}" for a in addresses)) for file in row.archive.files]
        changed = replace(row, archive=replace(row.archive, files=tuple(files)))
        self.monkeypatch.setitem(catalog.TABLE, self.name, changed)

    def load(self, split="train"):
        return data.load(self.name, split, self.folder)

    def left(self):
        return leftovers(self.folder)


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """publish("svhn") -> a made-up data set in the format of the real one, of which the table knows the checksums."""
    allow_fetching(monkeypatch)
    (tmp_path / "data").mkdir()
    return lambda name: Published(name, tmp_path / "data", monkeypatch)


@pytest.fixture
def zipped(publish):
    """Tiny-ImageNet, made up."""
    return publish("tiny-imagenet")


def deny(monkeypatch, place):
    """Let the system refuse a file, or a folder and all below it, as it does for mode 000; it would let root in.

    What a file is can still be asked, unless it lies in a folder that is refused.
    """

    def guard(module, name, itself=True):
        really = getattr(module, name)

        def guarded(path, *args, **kwargs):
            if isinstance(path, (str, os.PathLike)) and place in (Path(path) if itself else None, *Path(path).parents):
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, *args, **kwargs)

        monkeypatch.setattr(module, name, guarded)

    for module, name in ((builtins, "open"), (io, "open"), (os, "open"), (os, "scandir"), (os, "listdir")):
        guard(module, name)
    for name in ("stat", "mkdir"):
        guard(os, name, itself=False)
