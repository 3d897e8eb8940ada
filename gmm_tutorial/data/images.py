"""A split of a data set, held in memory: tensors of bytes, and what a receipt needs to know of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache, cached_property
from numbers import Integral

import torch
from torch import Tensor

from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.data.entries import Triple


@dataclass(frozen=True, eq=False)  # eq=False: comparing tensors gives tensors, not a yes or no
class Images:
    """Labeled images of one split.

    images: (N, 3, size, size) uint8; labels: (N,) int64, indices into `classes`.
    source: where they came from, in a few words; exact: verified to be bit-identical with the original;
    note: one plain sentence, to be printed beside any number measured on them.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str
    split: str
    source: str
    exact: bool
    note: str

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        size = "x".join(map(str, self.images.shape[-2:]))
        return f"<{self.name}, {self.split}: {len(self):,} images of {size} in {len(self.classes)} classes>"

    def __getitem__(self, index: int | slice | Tensor) -> tuple[Tensor, Tensor]:
        return self.images[index], self.labels[index]

    @property
    def mean(self) -> Triple:
        """Channel means of the training split, for pixels in 0..1."""
        return TABLE[self.name].mean

    @property
    def std(self) -> Triple:
        """Channel standard deviations of the training split, for pixels in 0..1."""
        return TABLE[self.name].std

    @cached_property
    def fingerprint(self) -> str:
        """The sha256, in hexadecimal, of what a training sees: name, split, classes, every pixel and label, in order.

        Not of what is said of them: the same images from an archive and from an npz have the same fingerprint.
        """
        about = [self.name, self.split, self.classes, tuple(self.images.shape)]
        made = hashlib.sha256(json.dumps(about).encode())
        for tensor in (self.images, self.labels.long()):
            made.update(tensor.cpu().contiguous().numpy().data)
        return made.hexdigest()

    def normalize(self, images: Tensor) -> Tensor:
        """(..., 3, h, w) uint8 -> the same shape in float32, with about zero mean and unit variance a channel."""
        if images.dtype != torch.uint8 or images.ndim < 3 or images.shape[-3] != 3:
            raise ValueError(
                f"images is {tuple(images.shape)} {images.dtype}, but it must be (..., 3, h, w) torch.uint8"
            )
        mean, std = _constants(self.mean, self.std, images.device)
        return (images.float() / 255 - mean) / std

    def subset(self, n: int, seed: int = 0) -> Images:
        """n images drawn without replacement, as many of each class (a difference of at most 1).

        A class that has not so many gives all it has, and the others more: so it is in SVHN, for large n.
        The same n and seed give the same images, and a smaller n a prefix of a larger one.
        Raises ValueError unless n is an integer from 1 to len(self), and seed one that torch takes.
        """
        if not isinstance(n, Integral) or not 1 <= n <= len(self):
            raise ValueError(f"n is {n!r}, but it must be an integer from 1 to {len(self)}")
        if not isinstance(seed, Integral) or not 0 <= seed < 2**64:
            raise ValueError(f"seed is {seed!r}, but it must be an integer from 0 to 2**64 - 1")
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(int(seed)))
        one_hot = torch.nn.functional.one_hot(self.labels[order], len(self.classes))
        rank = (one_hot.cumsum(0) * one_hot).sum(1)  # the first of its class, the second, ... in the shuffled order
        chosen = order[rank.argsort(stable=True)[:n]]  # all the first ones, then all the second ones, ...
        return replace(self, images=self.images[chosen], labels=self.labels[chosen])


@cache  # moving them to a GPU for each batch would make the CPU wait for it each time
def _constants(mean: Triple, std: Triple, device: torch.device) -> tuple[Tensor, Tensor]:
    return tuple(torch.tensor(channels, device=device).view(3, 1, 1) for channels in (mean, std))  # type: ignore[return-value]
