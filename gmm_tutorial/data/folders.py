"""A folder of one's own images as a data set: a folder of images for each class."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from gmm_tutorial._checks import check_count, check_number
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.data.entries import Entry
from gmm_tutorial.data.errors import DataUnavailable, brief
from gmm_tutorial.data.images import Images

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
HELD: dict[str, dict[str, Images]] = {}  # by name and split, for as long as the process lives


def add_folder(
    path: str | Path, name: str = "mine", *, size: int = 32, test_share: float = 0.2, seed: int = 0
) -> Images:
    """Read a folder that holds one folder of images per class; from then on, `load(name, split)` gives its splits.

    Each image is cut to its middle square and resized. A share of each class, drawn by the seed, is the test split.

    Args:
        path: The folder. What is in it beside folders, and what has no suffix of an image, is passed over.
        name: What the data set is called from then on.
        size: Side of the images, in pixels.
        test_share: The share of each class that is tested on; at least one image, and not all.
        seed: What draws the test images.

    Returns:
        The training split.

    Raises:
        ValueError: If the name is taken or no plain word, or a number is out of range.
        DataUnavailable: If there is no such folder, it has fewer than two classes, a class has fewer than two images,
            or an image cannot be read.
    """
    folder = Path(path).expanduser()
    if not re.fullmatch(r"[\w-]+", name) or (name in TABLE and name not in HELD):
        taken = ", ".join(each for each in TABLE if each not in HELD)
        raise ValueError(f"name is {name!r}, but it must be of letters, digits, - and _, and not one of {taken}")
    check_count("size", size)
    check_number("test_share", test_share, 0, 1)
    classes = files_by_class(folder)
    random = np.random.default_rng(check_count("seed", seed, least=0))
    paths: dict[str, list[Path]] = {"train": [], "test": []}
    labels: dict[str, list[int]] = {"train": [], "test": []}
    for label, files in enumerate(classes.values()):
        held = min(max(1, round(test_share * len(files))), len(files) - 1)
        for rank, place in enumerate(random.permutation(len(files))):
            split = "test" if rank < held else "train"
            paths[split].append(files[place])
            labels[split].append(label)
    pixels = {split: np.stack([pixels_of(file, size) for file in files]) for split, files in paths.items()}
    shares = pixels["train"].reshape(-1, 3) / 255
    mean, std = shares.mean(0), shares.std(0).clip(1 / 255)
    TABLE[name] = Entry(
        title=f"{name}, your own images",
        classes=tuple(classes),
        lengths={split: len(files) for split, files in paths.items()},
        mean=tuple(mean.round(4).tolist()),
        std=tuple(std.round(4).tolist()),
        size=size,
        drawn=True,
    )
    note = f"Your own images from {brief(folder)}, {size} x {size} pixels, split by the seed {seed}."
    about = (tuple(classes), name)
    HELD[name] = {
        split: Images(
            torch.from_numpy(pixels[split].transpose(0, 3, 1, 2).copy()),
            torch.tensor(labels[split]),
            *about,
            split,
            f"a folder of {sum(map(len, classes.values())):,} images",
            True,
            note,
        )
        for split in paths
    }
    return HELD[name]["train"]


def files_by_class(folder: Path) -> dict[str, list[Path]]:
    """The images of each class, by its name, in the order of names. Raises DataUnavailable when there are too few."""
    if not folder.is_dir():
        what = "a file" if folder.exists() else "not there"
        raise DataUnavailable(f"{brief(folder)} is {what}, but it must be a folder that holds one folder per class")
    try:
        inside = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
        classes = {each.name: [file for file in sorted(each.iterdir()) if is_image(file)] for each in inside}
    except OSError as error:
        raise DataUnavailable(f"{os.fsdecode(error.filename)} cannot be read: {error.strerror}") from error
    classes = {name: files for name, files in classes.items() if files}
    if len(classes) < 2:
        found = f"only {', '.join(classes)}" if classes else "none"
        lying = any(map(is_image, folder.iterdir()))
        advice = "; its images lie side by side: sort them into one folder per class" if lying else ""
        raise DataUnavailable(
            f"{brief(folder)} must hold two or more folders of images, one per class, but has {found}{advice}"
        )
    for name, files in classes.items():
        if len(files) < 2:
            raise DataUnavailable(
                f"{brief(folder / name)} has one image, but needs two: one to train on, one to test on"
            )
    return classes


def is_image(path: Path) -> bool:
    """Whether a file's name says that it is an image; hidden files are none."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()


def pixels_of(path: Path, size: int) -> np.ndarray:
    """An image's middle square, (size, size, 3) uint8. Raises DataUnavailable when it cannot be read."""
    try:
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            return np.asarray(ImageOps.fit(upright, (size, size)))
    except Exception as error:  # a damaged image has a dozen ways to fail
        raise DataUnavailable(f"{brief(path)} cannot be read as an image: {error}; fix or remove it") from error
