"""AutoAugment for a whole epoch, against torchvision's own, one image at a time, given the same draws."""

from dataclasses import replace

import pytest
import torch
from torchvision.transforms.v2 import AutoAugment, AutoAugmentPolicy, _auto_augment

from gmm_tutorial.train.augmentation import POLICIES, auto_augment, draw_epoch, policies, sub_policies
from gmm_tutorial.train.augmentation.operations import LEVELS, OPERATIONS
from gmm_tutorial.train.augmentation.tables import SUB_POLICIES


class Told:
    """`torch` as torchvision's AutoAugment sees it, but with random numbers that it is told."""

    def __init__(self, policy, numbers):
        self.policy, self.numbers = policy, list(numbers)

    def randint(self, *_):
        return torch.tensor(self.policy)

    def rand(self, *_):
        return torch.tensor(self.numbers.pop(0))

    def __getattr__(self, name):
        return getattr(torch, name)


def one_by_one(images, policy, draws, monkeypatch):
    """torchvision's own transform of each image. It draws a sign only for what is applied and has one."""
    library = AutoAugment(AutoAugmentPolicy(policy), fill=128)
    out = []
    for n, image in enumerate(images):
        numbers = []
        for step, (name, chance, _) in enumerate(library._policies[draws.policy[n]]):
            numbers.append(float(draws.applied[n, step]))
            if numbers[-1] <= chance and library._AUGMENTATION_SPACE[name][1]:
                numbers.append(0.0 if draws.sign[n, step] else 1.0)
        told = Told(int(draws.policy[n]), numbers)
        monkeypatch.setattr(_auto_augment, "torch", told)
        out.append(library(image))
        monkeypatch.undo()
        assert not told.numbers
    return torch.stack(out)


def draw(images, size):
    usual = {"batch_size": 128, "padding": 4, "mirror": True, "policies": 25, "erase": 0.0, "mix": 0.0}
    return draw_epoch(images=images, size=size, **usual, seed=0, epoch=1)


def pictures(n, size):
    """Images of all kinds: noise, dark, flat, ramps; what equalizing and contrast care about."""
    noise = torch.randint(256, (n, 3, size, size))
    ramp = torch.linspace(0, 255, size * size).view(size, size).long().expand_as(noise)
    kind = torch.arange(n)[:, None, None, None] % 4
    images = torch.where(kind == 0, noise, torch.where(kind == 1, noise // 5, torch.where(kind == 2, 90, ramp)))
    return images.to(torch.uint8)


@pytest.mark.parametrize("policy", POLICIES)
def test_every_operation_is_torchvisions(policy, monkeypatch):
    """Each sub-policy with both operations applied, in all four directions, on all kinds of images."""
    draws = draw(25 * 4 * 4, 16)
    n = torch.arange(len(draws.order))
    sign = torch.stack([n // 25 % 2, n // 50 % 2], 1).bool()
    draws = replace(draws, policy=n % 25, sign=sign, applied=torch.full_like(draws.applied, 1e-9))
    images = pictures(len(n), 16).roll(3, 0)
    before = images.clone()
    result = auto_augment(images, policy, draws)
    assert torch.equal(images, before), "the images that are given stay as they are"
    assert result.dtype == torch.uint8
    assert torch.equal(result, one_by_one(images, policy, draws, monkeypatch))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("size", [32, 64])
def test_an_epoch_is_torchvisions(policy, size, monkeypatch):
    """By chance, as in a training, and in several parts a group."""
    monkeypatch.setattr(policies, "CHUNK", 3)
    draws = draw(200, size)
    images = pictures(200, size)
    result = auto_augment(images, policy, draws)
    monkeypatch.undo()
    assert torch.equal(result, one_by_one(images, policy, draws, monkeypatch))
    same = (result == images).flatten(1).all(1).float().mean()
    assert 0.01 < same < 0.6, "chance leaves some as they are, and not most"


def test_tables_are_torchvisions():
    """Its own are private, and may move: then this test alone needs another way to them."""
    assert [policy.value for policy in AutoAugmentPolicy] == list(SUB_POLICIES)
    for name, table in SUB_POLICIES.items():
        assert table == AutoAugment(AutoAugmentPolicy(name))._policies and len(table) == 25


@pytest.mark.parametrize("size", [16, 32, 33])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_at_every_strength_is_torchvisions(name, size):
    """Bit for bit, in both directions, also where no sub-policy uses the strength."""
    library = AutoAugment(AutoAugmentPolicy.CIFAR10, fill=128)
    strengths, signed = library._AUGMENTATION_SPACE[name]
    operation, theirs = OPERATIONS[name], strengths(LEVELS, size, size)
    assert operation.signed == signed and (operation.magnitudes is None) == (theirs is None)
    ours = [0.0] if operation.magnitudes is None else operation.magnitudes(size).tolist()
    assert ours == ([0.0] if theirs is None else theirs.tolist())
    images = pictures(8, size)
    for magnitude in (sign * one for one in ours for sign in ((1, -1) if signed else (1,))):
        expected = library._apply_image_or_video_transform(
            images, name, magnitude, library.interpolation, library._fill
        )
        assert torch.equal(operation.apply(images, magnitude), expected), magnitude


def test_every_operation_of_torchvision_is_here():
    assert list(OPERATIONS) == list(AutoAugment._AUGMENTATION_SPACE)


def test_strengths_follow_the_size():
    """The translations of CIFAR's sub-policy 10: 8 of 9 steps to 150/331 of the width."""
    for size in (32, 64):
        operation = sub_policies("cifar10", size)[10][1]
        assert operation.name == "TranslateX" and operation.signed
        assert operation.magnitude == pytest.approx(8 / 9 * 150 / 331 * size)


def test_gray_comes_in():
    images = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    shifted = OPERATIONS["TranslateX"].apply(images, 10.0)
    assert (shifted[..., :10] == 128).all() and (shifted[..., 10:] == 0).all()


def test_wrong_arguments_are_named():
    draws = draw(4, 8)
    with pytest.raises(ValueError, match="policy is 'cifar', but it must be 'imagenet', 'cifar10' or 'svhn'"):
        auto_augment(torch.zeros(4, 3, 8, 8, dtype=torch.uint8), "cifar", draws)
    with pytest.raises(ValueError, match=r"images is torch.float32, but it must be torch.uint8"):
        auto_augment(torch.zeros(4, 3, 8, 8), "cifar10", draws)
