"""AutoAugment (Cubuk et al., arXiv 1805.09501) for a whole epoch: images grouped by what is done to them.

torchvision's own transforms one image per call. Here one call takes all images that share an operation, its strength
and its direction, which is hundreds of times fewer calls, with the same result.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from gmm_tutorial._checks import check_one_of
from gmm_tutorial.train.augmentation.draws import EpochDraws
from gmm_tutorial.train.augmentation.operations import OPERATIONS
from gmm_tutorial.train.augmentation.tables import SUB_POLICIES

POLICIES = tuple(SUB_POLICIES)
CHUNK = 4096  # images per call at most: equalizing needs 8 bytes for each of theirs


class Choice(NamedTuple):
    """One of the two operations of a sub-policy. magnitude: 0 where it has none; signed: whether it has a direction."""

    name: str
    chance: float
    magnitude: float
    signed: bool


def auto_augment(images: Tensor, policy: str, draws: EpochDraws) -> Tensor:
    """Apply two operations to each image, one after the other, each with its own chance.

    images: (n, 3, S, S) uint8, in the order of the draws; policy: imagenet, cifar10 or svhn.
    Returns new images of the same shape. Raises ValueError for an unknown policy or images that are not uint8.
    """
    if images.dtype != torch.uint8:
        raise ValueError(f"images is {images.dtype}, but it must be torch.uint8")
    table = sub_policies(policy, images.shape[-1])
    images = images.clone()
    for step in (0, 1):
        for name, magnitude, index in _groups([pair[step] for pair in table], step, draws, images.device):
            for part in index.split(CHUNK):
                images[part] = OPERATIONS[name].apply(images[part], magnitude)
    return images


@cache
def sub_policies(policy: str, size: int) -> list[tuple[Choice, Choice]]:
    """The pairs of operations of which each image gets one, for images of size x size pixels. Raises ValueError."""
    check_one_of("policy", policy, POLICIES)

    def choice(name: str, chance: float, level: int | None) -> Choice:
        operation = OPERATIONS[name]
        magnitude = 0.0 if operation.magnitudes is None else float(operation.magnitudes(size)[level])
        return Choice(name, chance, magnitude, operation.signed)

    return [(choice(*first), choice(*second)) for first, second in SUB_POLICIES[policy]]


def _groups(
    choices: list[Choice], step: int, draws: EpochDraws, device: torch.device
) -> list[tuple[str, float, Tensor]]:
    """(name, signed magnitude, indices of images) of all that is done in one step; one copy to the device."""
    kinds = sorted({(one.name, one.magnitude * sign) for one in choices for sign in (1, -1)})
    number = {kind: i for i, kind in enumerate(kinds)}
    chance = torch.tensor([one.chance for one in choices], dtype=draws.applied.dtype)
    # (sub-policies, 2): the kind without and with the negative sign; images that nothing is done to come last
    kind = torch.tensor([[number[o.name, o.magnitude * s] for s in (1, -1 if o.signed else 1)] for o in choices])
    applied = draws.applied[:, step] < chance[draws.policy]
    group = torch.where(applied, kind[draws.policy, draws.sign[:, step].long()], len(kinds))
    counts = group.bincount(minlength=len(kinds) + 1).tolist()
    indices = group.argsort(stable=True).to(device, non_blocking=True).split(counts)
    return [(*kind, index) for kind, index in zip(kinds, indices[:-1], strict=True) if len(index)]
