"""The batches of an epoch: every step in its order, from the configuration's own choices."""

import pytest
import torch
import torch.nn.functional as F

from gmm_tutorial import data
from gmm_tutorial.train import TrainConfig
from gmm_tutorial.train.augmentation import augment_epoch, draw_epoch
from gmm_tutorial.train.batches import batches
from gmm_tutorial.train.parallel import World

CONFIG = TrainConfig(
    dataset="shapes", train_images=60, test_images=10, epochs=2, batch_size=12,
    auto_augment="cifar10", erase=0.5, mix=0.7, seed=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def images():
    return data.load("shapes", "train").subset(60)


@pytest.mark.parametrize(
    "choices",
    [{}, {"seed": 4}, {"mirror": False}, {"padding": 1}, {"auto_augment": None}, {"auto_augment": "svhn"},
     {"erase": 0.0}, {"erase": 1.0}, {"mix": 0.0}, {"mix": 1.0}, {"batch_size": 25}],
    ids=str,
)  # fmt: skip
def test_bytes_are_augmented_then_normalized_then_erased_then_mixed(images, choices):
    """As published: the box is filled with raw channel means after normalizing, and mixed as all else is."""
    config = CONFIG.but(**choices)
    policy = config.auto_augment
    draws = draw_epoch(
        images=60, size=32, batch_size=config.batch_size, padding=config.padding, mirror=config.mirror,
        policies=25 if policy else 0, erase=config.erase, mix=config.mix, seed=config.seed, epoch=2,
    )  # fmt: skip
    pixels = augment_epoch(images.images, draws, padding=config.padding, policy=policy)
    mean, std = (torch.tensor(channels)[:, None, None] for channels in (images.mean, images.std))
    ours = list(batches(images, config, 2, World()))
    for (x, shares, weight), batch in zip(ours, draws.batches, strict=True):
        expected = (pixels[batch.images] / 255 - mean) / std
        for image, (top, left, height, width) in zip(expected, draws.boxes[batch.images].tolist(), strict=True):
            image[:, top : top + height, left : left + width] = mean
        labels = F.one_hot(images.labels[draws.order[batch.images]], len(images.classes)).float()
        partner, whole = draws.partner[batch.images], expected.clone()
        if batch.kind == "mixup":
            expected = batch.lam * whole + (1 - batch.lam) * whole[partner]
        if batch.kind == "cutmix":
            top, left, bottom, right = batch.box
            expected[:, :, top:bottom, left:right] = whole[partner][:, :, top:bottom, left:right]
        torch.testing.assert_close(x, expected)
        torch.testing.assert_close(shares, batch.lam * labels + (1 - batch.lam) * labels[partner])
        assert weight == 1
    if not choices:
        assert {batch.kind for batch in draws.batches} == {"mixup", "cutmix", None}, "so that all three are tested"
        assert draws.boxes.any()


def test_every_epoch_and_seed_has_an_order_of_its_own(images):
    plain = CONFIG.but(auto_augment=None, erase=0.0, mix=0.0, mirror=False, padding=0)

    def first(seed, epoch):
        return next(batches(images, plain.but(seed=seed), epoch, World()))[0]

    assert torch.equal(first(3, 1), first(3, 1))
    assert not torch.equal(first(3, 1), first(3, 2)) and not torch.equal(first(3, 1), first(4, 1))
