"""A folder of one's own images: what is read, how it is split, and what is said when it cannot be."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from gmm_tutorial import data
from gmm_tutorial.data import DataUnavailable, catalog, folders
from gmm_tutorial.train import configure


@pytest.fixture(autouse=True)
def forgotten(monkeypatch):
    """The table and what is held are as before once a test is over."""
    monkeypatch.setattr(catalog, "TABLE", catalog.TABLE)
    before = dict(catalog.TABLE)
    yield
    catalog.TABLE.clear()
    catalog.TABLE.update(before)
    folders.HELD.clear()


@pytest.fixture
def photos(tmp_path):
    """Ten red images and five blue ones, wider than high, in two folders; beside them what is no image."""
    for name, color, count in (("red", (200, 10, 20), 10), ("blue", (0, 30, 220), 5)):
        (tmp_path / name).mkdir()
        for number in range(count):
            picture = Image.new("RGB", (60 + number, 40), color)
            picture.save(tmp_path / name / f"{number}.{'png' if number % 2 else 'JPG'}", quality=95, format="PNG")
    (tmp_path / "red" / "notes.txt").write_text("no image")
    (tmp_path / "red" / ".hidden.png").write_text("no image")
    (tmp_path / "empty").mkdir()
    (tmp_path / "readme.md").write_text("no class")
    return tmp_path


def test_classes_are_folders_and_a_share_of_each_is_tested_on(photos):
    train = data.add_folder(photos, "photos")
    test = data.load("photos", "test")
    assert train is data.load("photos", "train") and train.classes == ("blue", "red")
    assert (len(train), len(test)) == (12, 3)
    assert train.labels.bincount().tolist() == [4, 8] and test.labels.bincount().tolist() == [1, 2]
    assert train.images.shape == (12, 3, 32, 32) and train.images.dtype == torch.uint8
    for images, labels in (train[:], test[:]):
        for pixels, label in zip(images, labels, strict=True):
            assert pixels[:, 16, 16].tolist() == [[0, 30, 220], [200, 10, 20]][label]


def test_normalized_images_have_mean_0_and_spread_1(photos):
    train = data.add_folder(photos, "photos")
    normal = train.normalize(train.images)
    assert normal.mean((0, 2, 3)).abs().max() < 0.01 and (normal.std((0, 2, 3)) - 1).abs().max() < 0.02


def test_the_split_depends_on_the_seed_alone(photos):
    first, again, other = (data.add_folder(photos, "photos", seed=seed, size=8) for seed in (0, 0, 7))
    assert first.fingerprint == again.fingerprint and first.images.shape[-1] == 8
    assert "seed 7" in other.note


def test_no_test_image_is_trained_on(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(6):
            pixels = np.random.default_rng([ord(name), number]).integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    train, test = data.add_folder(tmp_path, test_share=0.5), data.load("mine", "test")
    both = torch.cat([train.images, test.images]).flatten(1)
    assert len(both) == 12 == len(both.unique(dim=0))


def test_a_photo_is_cut_to_its_middle_square(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(2):
            picture = Image.new("RGB", (96, 32), (255, 0, 0))
            picture.paste((0, 255, 0), (32, 0, 64, 32))
            picture.save(tmp_path / name / f"{number}.png")
    assert data.add_folder(tmp_path).images[0, :, 16, [0, 16, 31]].T.tolist() == [[0, 255, 0]] * 3


def test_it_can_be_trained_on(photos, monkeypatch, tmp_path):
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    data.add_folder(photos, "photos")
    config = configure("photos", profile="ci", epochs=1)
    assert (config.train_images, config.test_images) == (12, 3)
    from gmm_tutorial import runs

    assert runs.run_once(config, runs.lesson_store()).receipt.data.name == "photos"


def test_a_name_of_ours_or_a_strange_one_is_refused(photos):
    for name in ("cifar10", "shapes", "my photos", "../x", ""):
        with pytest.raises(ValueError, match=f"name is {re.escape(repr(name))}, but it must be of letters"):
            data.add_folder(photos, name)


def said(error):
    return str(error.value)


def test_what_cannot_be_read_is_said_in_a_line(photos, tmp_path):
    with pytest.raises(DataUnavailable, match="nothing is not there, but it must be a folder"):
        data.add_folder(tmp_path / "nothing")
    with pytest.raises(DataUnavailable, match=r"readme.md is a file, but it must be a folder"):
        data.add_folder(tmp_path / "readme.md")
    with pytest.raises(
        DataUnavailable, match="must hold two or more folders of images, .* but has none; its images lie"
    ) as e:
        data.add_folder(photos / "red")
    assert "\n" not in said(e)
    (photos / "one").mkdir()
    Image.new("RGB", (4, 4)).save(photos / "one" / "1.png")
    with pytest.raises(DataUnavailable, match="one has one image, but needs two"):
        data.add_folder(photos)
    (photos / "one" / "2.png").write_text("not a picture")
    with pytest.raises(DataUnavailable, match=r"2.png cannot be read as an image: .*; fix or remove it") as e:
        data.add_folder(photos)
    assert "\n" not in said(e) and "mine" not in catalog.TABLE
    with pytest.raises(ValueError, match="test_share is 2"):
        data.add_folder(photos, test_share=2)


def test_what_a_notebook_shows_of_images_is_a_line():
    """It was every pixel."""
    assert repr(data.load("shapes", "test").subset(20)) == "<shapes, test: 20 images of 32x32 in 10 classes>"
