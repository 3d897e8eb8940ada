"""Crop, mirror and erase for whole batches, against one image at a time."""

import itertools

import numpy as np
import pytest
import torch

from gmm_tutorial.train.augmentation import augment_epoch, auto_augment, crop_and_mirror, draw_epoch, erase
from gmm_tutorial.train.augmentation.draws import erased_boxes


def draw(**choices):
    usual = {"images": 60, "size": 8, "batch_size": 16, "padding": 2, "mirror": True, "policies": 25}
    return draw_epoch(**{**usual, "erase": 0.5, "mix": 0.7, "seed": 0, "epoch": 1, **choices})


@pytest.mark.parametrize("padding", [0, 1, 3])
def test_crop_and_mirror_is_a_loop_over_pixels(padding):
    """At every offset, mirrored or not."""
    places = list(itertools.product(range(2 * padding + 1), range(2 * padding + 1), (False, True)))
    images = torch.randint(1, 256, (len(places), 3, 5, 5), dtype=torch.uint8)
    top, left, flip = (torch.tensor(column) for column in zip(*places, strict=True))
    expected = torch.zeros_like(images)
    for n, y, x in itertools.product(range(len(places)), range(5), range(5)):
        row, column = y + int(top[n]) - padding, x + int(left[n]) - padding
        if 0 <= row < 5 and 0 <= column < 5:  # black comes in elsewhere
            expected[n, :, y, x] = images[n, :, row, 4 - column if flip[n] else column]
    result = crop_and_mirror(images, top, left, flip, padding)
    assert torch.equal(result, expected) and result.dtype == torch.uint8


def test_padding_is_the_offset_that_changes_nothing():
    images = torch.randint(256, (4, 3, 8, 8), dtype=torch.uint8)
    still, no = torch.full((4,), 3), torch.zeros(4, dtype=torch.bool)
    assert torch.equal(crop_and_mirror(images, still, still, no, 3), images)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_erase_is_a_loop_over_images(dtype):
    x, fill = torch.randn(200, 3, 12, 12).to(dtype), torch.tensor([0.5, -1.0, 2.0])
    boxes = torch.from_numpy(erased_boxes(200, 12, np.random.default_rng(0)))
    boxes[::3] = 0
    expected = x.clone()
    for image, (top, left, height, width) in zip(expected, boxes.tolist(), strict=True):
        image[:, top : top + height, left : left + width] = fill.to(dtype)[:, None, None]
    result = erase(x, boxes, fill)
    assert torch.equal(result, expected) and result.dtype == dtype
    assert not torch.equal(result, x) and torch.equal(result[::3], x[::3])


def test_a_whole_epoch_is_its_steps_in_order(monkeypatch):
    """Also when it takes several chunks."""
    monkeypatch.setattr("gmm_tutorial.train.augmentation.augment.CHUNK", 7)
    images, draws = torch.randint(256, (60, 3, 8, 8), dtype=torch.uint8), draw()
    cropped = crop_and_mirror(images[draws.order], draws.top, draws.left, draws.flip, 2)
    assert torch.equal(augment_epoch(images, draws, padding=2, policy=None), cropped)
    expected = auto_augment(cropped, "svhn", draws)
    assert torch.equal(augment_epoch(images, draws, padding=2, policy="svhn"), expected)
    assert not torch.equal(cropped, expected)


@pytest.mark.parametrize("world", [2, 3])
def test_a_shard_sees_the_same_images(world):
    images, joined = torch.randint(256, (60, 3, 8, 8), dtype=torch.uint8), draw()
    whole = augment_epoch(images, joined, padding=2, policy="cifar10")
    by_image = dict(zip(joined.order.tolist(), whole, strict=True))
    for rank in range(world):
        shard = joined.shard(rank, world)
        part = augment_epoch(images, shard, padding=2, policy="cifar10")
        assert all(torch.equal(by_image[n], image) for n, image in zip(shard.order.tolist(), part, strict=True))
