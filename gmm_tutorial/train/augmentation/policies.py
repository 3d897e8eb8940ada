"""AutoAugment (Cubuk et al., arXiv 1805.09501) for a whole epoch: images grouped by what is done to them.

The tables and the operations are torchvision's, which transforms one image a call; here a call takes all images that
share an operation, its strength and its direction, which is hundreds of times fewer calls.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.transforms.v2 import AutoAugment, AutoAugmentPolicy

from gmm_tutorial.train.augmentation.draws import EpochDraws

POLICIES = tuple(policy.value for policy in AutoAugmentPolicy)
BINS = 10  # strengths of an operation, weakest first
FILL = 128.0  # grey for what a shift brings in, as in the published recipe; torchvision's own default is black
CHUNK = 4096  # images a call at most: equalising needs 8 bytes for each of theirs


class Operation(NamedTuple):
    """One of the two operations of a sub-policy. magnitude: 0 where it has none; signed: whether it has a direction."""

    name: str
    chance: float
    magnitude: float
    signed: bool


def auto_augment(images: Tensor, policy: str, draws: EpochDraws) -> Tensor:
    """Two operations an image, one after the other, each by chance.

    images: (n, 3, S, S) uint8, in the order of the draws; policy: imagenet, cifar10 or svhn.
    Returns new images of the same shape. Raises ValueError for an unknown policy or images that are no bytes.
    """
    if images.dtype != torch.uint8:
        raise ValueError(f"images is {images.dtype}, but may be torch.uint8")
    table = sub_policies(policy, images.shape[-1])
    images = images.clone()
    for step in (0, 1):
        for name, magnitude, index in _groups([pair[step] for pair in table], step, draws, images.device):
            for part in index.split(CHUNK):
                images[part] = apply(name, images[part], magnitude)
    return images


def apply(name: str, images: Tensor, magnitude: float) -> Tensor:
    """One operation of torchvision's AutoAugment on (..., 3, S, S) uint8 images, with its own magnitude and sign."""
    library = _library("cifar10")  # operations are the same for all policies
    return library._apply_image_or_video_transform(images, name, magnitude, library.interpolation, library._fill)


@cache
def sub_policies(policy: str, size: int) -> list[tuple[Operation, Operation]]:
    """The pairs of operations of which each image gets one, for images of size x size pixels. Raises ValueError."""
    library = _library(policy)

    def operation(name: str, chance: float, level: int | None) -> Operation:
        strengths, signed = library._AUGMENTATION_SPACE[name]
        magnitudes = strengths(BINS, size, size)
        return Operation(name, chance, 0.0 if magnitudes is None else float(magnitudes[level]), signed)

    return [(operation(*first), operation(*second)) for first, second in library._policies]


@cache
def _library(policy: str) -> AutoAugment:
    if policy not in POLICIES:
        raise ValueError(f"policy is {policy!r}, but it must be one of {', '.join(map(repr, POLICIES))}")
    return AutoAugment(AutoAugmentPolicy(policy), fill=FILL)


def _groups(
    operations: list[Operation], step: int, draws: EpochDraws, device: torch.device
) -> list[tuple[str, float, Tensor]]:
    """(name, signed magnitude, indices of images) of all that is done in one step; one copy to the device."""
    kinds = sorted({(one.name, one.magnitude * sign) for one in operations for sign in (1, -1)})
    number = {kind: i for i, kind in enumerate(kinds)}
    chance = torch.tensor([one.chance for one in operations], dtype=draws.applied.dtype)
    # (sub-policies, 2): the kind without and with the negative sign; images that nothing is done to come last
    kind = torch.tensor([[number[o.name, o.magnitude * s] for s in (1, -1 if o.signed else 1)] for o in operations])
    applied = draws.applied[:, step] < chance[draws.policy]
    group = torch.where(applied, kind[draws.policy, draws.sign[:, step].long()], len(kinds))
    counts = group.bincount(minlength=len(kinds) + 1).tolist()
    indices = group.argsort(stable=True).to(device, non_blocking=True).split(counts)
    return [(*kind, index) for kind, index in zip(kinds, indices[:-1], strict=True) if len(index)]
