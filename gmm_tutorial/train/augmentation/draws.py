"""All random numbers of one epoch, drawn at once on the CPU, from the seed and the epoch alone.

So a training draws the same on any device, has no random state to save when it stops, and processes that share a
batch need not talk about what was drawn: each takes its rows of the same draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
import torch
from torch import Tensor

AREA = (0.02, 0.4)  # of the image, that is erased
ASPECT = (0.3, 1 / 0.3)  # height over width of what is erased
Box = tuple[int, int, int, int]  # top, left, bottom, right


@dataclass(frozen=True, kw_only=True)
class BatchDraws:
    """One batch: plain Python values, so that what is done to it never waits for a GPU."""

    images: slice  # its place in the epoch
    size: int  # of these images, the first `size` are trained on; any others only lend pixels to them
    joined: int  # images trained on by all processes together
    kind: Literal["cutmix", "mixup"] | None = None
    lam: float = 1.0  # the share of its own pixels that an image keeps; the rest are its partner's
    box: Box = (0, 0, 0, 0)  # what CutMix takes from the partner


@dataclass(frozen=True, kw_only=True, eq=False)  # eq=False: comparing tensors gives tensors, not a yes or no
class EpochDraws:
    """What is done to each image of an epoch, in the order in which they come, n images in all.

    `batches` cuts them into batches. `policy`, `applied` and `sign` stay on the CPU, where AutoAugment sorts by them.
    """

    order: Tensor  # (n,) int64, which image of the data set
    flip: Tensor  # (n,) bool
    top: Tensor  # (n,) int64, 0 to 2 padding: where the crop begins in the padded image
    left: Tensor
    policy: Tensor  # (n,) int64, which of AutoAugment's sub-policies
    applied: Tensor  # (n, 2) float64, 0 to 1: an operation is applied where this is below its chance
    sign: Tensor  # (n, 2) bool, whether an operation that has a direction takes the negative one
    boxes: Tensor  # (n, 4) int64, what is erased: top, left, height, width, all 0 for nothing
    partner: Tensor  # (n,) int64, which image of its batch, counted from 0, an image is mixed with
    batches: list[BatchDraws]

    def to(self, device: torch.device) -> EpochDraws:
        """The same draws, with all that the device needs moved there in one go."""
        moved = ("order", "flip", "top", "left", "boxes", "partner")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in moved})

    def shard(self, rank: int, world: int) -> EpochDraws:
        """The part of process `rank` of `world`: every world-th image of each batch, and the partners they need.

        To be called on the joined draws, on the CPU. A process may get one image less of a batch than another, or none:
        sum the loss over `size`, and divide by `joined`. Raises ValueError unless 0 <= rank < world.
        """
        if not 0 <= rank < world:
            raise ValueError(f"rank is {rank}, but it must be 0 to {world - 1}")
        kept, partner, batches, start = [], [], [], 0
        for batch in self.batches:
            row = torch.arange(batch.size)
            own, mate = row[rank::world], self.partner[batch.images][rank::world]
            lent = mate[mate % world != rank] if batch.kind else mate[:0]
            rows = torch.cat([own, lent])
            place = torch.zeros_like(row).index_copy_(0, rows, torch.arange(len(rows)))  # where a row is now
            kept.append(batch.images.start + rows)
            partner.append(torch.cat([place[mate], torch.zeros_like(lent)]))
            batches.append(replace(batch, images=slice(start, start + len(rows)), size=len(own)))
            start += len(rows)
        rows = torch.cat(kept)
        tensors = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in ("partner", "batches")}
        return EpochDraws(**tensors, partner=torch.cat(partner), batches=batches)


def batch_slices(images: int, batch_size: int) -> list[slice]:
    """Where each batch of an epoch begins and ends. A last batch of one image is left out: BatchNorm cannot take it."""
    starts = range(0, images, batch_size)
    slices = [slice(start, min(start + batch_size, images)) for start in starts]
    return slices[:-1] if len(slices) > 1 and images % batch_size == 1 else slices


def draw_epoch(
    *,
    images: int,
    size: int,
    batch_size: int,
    padding: int,
    mirror: bool,
    policies: int,
    erase: float,
    mix: float,
    seed: int,
    epoch: int,
) -> EpochDraws:
    """Draw an epoch of `images` images of size x size pixels.

    padding: pixels around an image that a crop may reach; mirror: whether every other image is mirrored;
    policies: how many sub-policies AutoAugment has, 0 without it; erase: the chance of an image to lose a box;
    mix: the chance of a batch to be mixed, half of them by CutMix, half by MixUp, with lam from Beta(1, 1).
    Switching one of them on leaves the draws of the others as they are. Raises ValueError for what is out of range.
    """
    for name, value, least in (("images", images, 1), ("size", size, 1), ("batch_size", batch_size, 1)):
        _check(name, value, least)
    for name, value in (("padding", padding), ("policies", policies), ("seed", seed), ("epoch", epoch)):
        _check(name, value, 0)
    for name, chance in (("erase", erase), ("mix", mix)):
        if not 0 <= chance <= 1:
            raise ValueError(f"{name} is {chance}, but it must be 0 to 1")
    # a stream for each pair: PyTorch's own generator sees only 32 bits of a seed, so that pairs would meet
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,)))
    slices = batch_slices(images, batch_size)
    order = rng.permutation(images)[: slices[-1].stop]
    n = len(order)
    flip = (rng.random(n) < 0.5) & mirror
    # scaled uniform numbers: `integers` would use up more or fewer of them by its range
    top, left = np.floor(rng.random((2, n)) * (2 * padding + 1)).astype(np.int64)
    policy = np.floor(rng.random(n) * max(1, policies)).astype(np.int64)
    applied, sign = rng.random((n, 2)), rng.random((n, 2)) < 0.5
    erased = rng.random(n) < erase
    boxes = erased_boxes(n, size, rng) * erased[:, None]
    partner = np.concatenate([rng.permutation(part.stop - part.start) for part in slices])
    arrays = (order, flip, top, left, policy, applied, sign, boxes, partner)
    names = ("order", "flip", "top", "left", "policy", "applied", "sign", "boxes", "partner")
    tensors = {name: torch.from_numpy(array) for name, array in zip(names, arrays, strict=True)}
    return EpochDraws(**tensors, batches=[_batch(part, size, mix, rng) for part in slices])


def erased_boxes(n: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 4) int64: top, left, height, width of boxes that are smaller than the image, each as published.

    Area and aspect are uniform, and drawn again, up to 100 times, until the box fits; 0 for one that never does.
    """
    boxes = np.zeros((n, 4), dtype=np.int64)
    todo = np.arange(n)
    for _ in range(100):
        area, aspect = rng.uniform(*AREA, len(todo)) * size**2, rng.uniform(*ASPECT, len(todo))
        sides = np.rint(np.sqrt(np.stack([area * aspect, area / aspect], axis=1))).astype(np.int64)
        corners = rng.integers(np.maximum(size - sides, 0) + 1)
        fits = (sides < size).all(axis=1)
        boxes[todo[fits]] = np.concatenate([corners, sides], axis=1)[fits]
        if len(todo := todo[~fits]) == 0:
            break
    return boxes


def cut_box(lam: float, row: int, column: int, size: int) -> Box:
    """The box of CutMix around a pixel: 1 - lam of the image, but for rounding and what the border cuts off."""
    half = int(size * math.sqrt(1 - lam)) // 2
    return max(row - half, 0), max(column - half, 0), min(row + half, size), min(column + half, size)


def _batch(part: slice, size: int, mix: float, rng: np.random.Generator) -> BatchDraws:
    mixed, cut, lam = rng.random() < mix, rng.random() < 0.5, float(rng.beta(1, 1))
    row, column = rng.integers(size, size=2).tolist()
    images = part.stop - part.start
    if not mixed:
        return BatchDraws(images=part, size=images, joined=images)
    if not cut:
        return BatchDraws(images=part, size=images, joined=images, kind="mixup", lam=lam)
    box = top, left, bottom, right = cut_box(lam, row, column, size)
    share = 1 - (bottom - top) * (right - left) / size**2  # of the box as it was clipped
    return BatchDraws(images=part, size=images, joined=images, kind="cutmix", lam=share, box=box)


def _check(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}, but it must be at least {least}")
