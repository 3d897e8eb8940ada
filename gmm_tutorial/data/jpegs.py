"""Tiny-ImageNet's own layout: JPEGs in a zip or in an unpacked folder, turned into arrays.

Nothing is unpacked: a zip is read where it lies, and only by the names that are looked for, so that no entry of it can
land anywhere.
"""

from __future__ import annotations

import io
import os
import re
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image
from tqdm import tqdm

from gmm_tutorial.data.entries import Entry
from gmm_tutorial.data.errors import corrupt, intact, readable

TRAIN = re.compile(r"train/(n\d+)/images/[^/]+\.JPEG")
ANNOTATIONS, WORDS = "val/val_annotations.txt", "words.txt"
BLOCK = 250  # images: what a thread takes at a time


class Tree(NamedTuple):
    """The files of the data set, by their path below its topmost folder: how long they are, and how to read one."""

    path: Path
    sizes: dict[str, int]
    read: Callable[[str], bytes]


@contextmanager
def in_zip(name: str, path: Path, top: str) -> Iterator[Tree]:
    """The files in a zip whose topmost folder is `top`; what lies elsewhere in it does not exist."""
    lock = threading.Lock()  # one entry at a time: a ZipFile counts its readers without one
    with intact(name, path, "it", "a zip"):
        opened = zipfile.ZipFile(path)
    with opened as file:

        def read(name: str) -> bytes:
            with lock:
                return file.read(f"{top}/{name}")

        inside = [info for info in file.infolist() if info.filename.startswith(f"{top}/")]
        yield Tree(path, {info.filename.removeprefix(f"{top}/"): info.file_size for info in inside}, read)


def in_folder(row: Entry, path: Path) -> Tree:
    """The files in a folder, without those of the official test split, which has no labels."""

    def stop(error: OSError) -> None:  # os.walk would pass over what it may not read; what is missing, `listing` says
        if not isinstance(error, FileNotFoundError):
            raise error

    def read(name: str) -> bytes:
        with readable(row, path):
            return (path / name).read_bytes()

    with readable(row, path):
        sizes = {file.name: file.stat().st_size for file in os.scandir(path) if file.is_file()}
        for part in ("train", "val"):
            for folder, _, files in os.walk(path / part, onerror=stop):
                below = Path(folder).relative_to(path).as_posix()
                sizes |= {f"{below}/{file}": os.stat(f"{folder}/{file}").st_size for file in files}
    return Tree(path, sizes, read)


def listing(name: str, row: Entry, tree: Tree) -> tuple[dict[str, list[tuple[str, int]]], list[str]]:
    """Split -> (file, label) of each image in order, and the names of the classes. Raises DataCorrupt.

    A class is numbered by its place among the sorted WordNet ids, and named by the first of its synonyms. Training
    images come in the order of their names, test images in that of the annotations.
    """

    def table(file: str) -> list[list[str]]:
        if file not in tree.sizes:
            raise corrupt(name, tree.path, file, "there", "missing")
        with intact(name, tree.path, file, "a table"):
            lines = tree.read(file).decode(errors="replace").splitlines()
        return [line.split("\t") for line in lines if "\t" in line]

    matches = [match for match in map(TRAIN.fullmatch, sorted(tree.sizes)) if match]
    wnids = {wnid: label for label, wnid in enumerate(sorted({match[1] for match in matches}))}
    if len(wnids) != len(row.classes):
        raise corrupt(
            name, tree.path, "the number of folders with images in train", f"{len(row.classes)}", f"{len(wnids)}"
        )
    files = {
        "train": [(match[0], wnids[match[1]]) for match in matches],
        "test": [(f"val/images/{file}", wnids.get(wnid, -1)) for file, wnid, *_ in table(ANNOTATIONS)],
    }
    for split, pairs in files.items():
        if len(pairs) != (n := row.lengths[split]):
            raise corrupt(name, tree.path, f"the number of images of {split}", f"{n:,}", f"{len(pairs):,}")
        for file, label in pairs:
            if file not in tree.sizes or label < 0:
                raise corrupt(name, tree.path, file, "there, in a class of train", "missing, or in another class")
    words = {wnid: synonyms.split(",")[0].strip() for wnid, synonyms, *_ in table(WORDS)}
    short = [words.get(wnid, wnid) for wnid in wnids]
    twice = Counter(short)
    return files, [f"{word} ({wnid})" if twice[word] > 1 else word for word, wnid in zip(short, wnids, strict=True)]


def decode(name: str, row: Entry, tree: Tree) -> dict[str, np.ndarray]:
    """All images, in the arrays of an npz: in parallel, with a progress bar. Raises DataCorrupt.

    Grayscale images get three equal channels.
    """
    files, classes = listing(name, row, tree)
    arrays = {"classes": np.array(classes)}
    with (
        ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool,
        tqdm(total=sum(row.lengths.values()), unit=" images", desc=f"decoding {name}", file=sys.stdout) as bar,
    ):
        for split, pairs in files.items():
            pixels = np.empty((len(pairs), row.size, row.size, 3), np.uint8)
            blocks = [slice(start, start + BLOCK) for start in range(0, len(pairs), BLOCK)]
            tasks = [pool.submit(_decode, name, tree, pairs[block], pixels[block]) for block in blocks]
            try:
                for task in tasks:
                    bar.update(task.result())
            finally:
                [task.cancel() for task in tasks]  # a damaged image, or Ctrl-C: the others need not be decoded
            arrays[f"{split}_images"] = pixels
            arrays[f"{split}_labels"] = np.array([label for _, label in pairs], np.int64)
    return arrays


def _decode(name: str, tree: Tree, pairs: list[tuple[str, int]], pixels: np.ndarray) -> int:
    """Fill pixels (n, size, size, 3) with as many images, and return n."""
    for (file, _), target in zip(pairs, pixels, strict=True):
        with (
            intact(name, tree.path / file, "it", "a JPEG"),
            Image.open(io.BytesIO(tree.read(file)), formats=["JPEG"]) as image,
        ):
            if (image.height, image.width) != target.shape[:2]:  # known before a pixel is decoded
                size = f"{target.shape[0]} x {target.shape[1]} pixels"
                raise corrupt(name, tree.path / file, "it", size, f"{image.height} x {image.width}")
            target[:] = np.asarray(image.convert("RGB"))
    return len(pairs)
