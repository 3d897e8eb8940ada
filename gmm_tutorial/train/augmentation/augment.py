"""Crop, mirror and erase: whole batches at once, on their device, with another draw for each image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.train.augmentation.draws import EpochDraws
from gmm_tutorial.train.augmentation.policies import auto_augment

CHUNK = 4096  # images that are handled together: enough to keep a GPU busy, few enough for its memory


def augment_epoch(images: Tensor, draws: EpochDraws, *, padding: int, policy: str | None) -> Tensor:
    """All that is done to bytes, for a whole epoch: the images in their order, mirrored, cropped, AutoAugment.

    images: the data set, (N, 3, S, S) uint8; draws: of n images, on the same device; policy: as in `auto_augment`,
    or None for none. Returns (n, 3, S, S) uint8.
    """
    parts = zip(*(draw.split(CHUNK) for draw in (draws.order, draws.top, draws.left, draws.flip)), strict=True)
    out = torch.cat([crop_and_mirror(images[order], top, left, flip, padding) for order, top, left, flip in parts])
    return auto_augment(out, policy, draws) if policy else out


def crop_and_mirror(images: Tensor, top: Tensor, left: Tensor, flip: Tensor, padding: int) -> Tensor:
    """Mirror the images that `flip` marks, pad all with black, and cut each out at its own place.

    images: (n, 3, S, S) uint8; top, left: (n,) int64, 0 to 2 padding, where `padding` leaves an image where it was;
    flip: (n,) bool. Returns the same shape and dtype.
    """
    size = images.shape[-1]
    images = torch.where(flip[:, None, None, None], images.flip(-1), images)
    # every S x S window of the padded image, as a view
    windows = F.pad(images, (padding,) * 4).unfold(2, size, 1).unfold(3, size, 1)
    return windows[torch.arange(len(images), device=images.device), :, top, left]


def erase(x: Tensor, boxes: Tensor, fill: Tensor) -> Tensor:
    """Fill a box of each image with one color.

    x: (B, 3, S, S); boxes: (B, 4), top, left, height, width in pixels, height 0 for none; fill: (3,).
    The published recipe erases after normalizing, but fills with the channel means of raw pixels.
    """
    pixel = torch.arange(x.shape[-1], device=x.device)
    corner, side = boxes[:, :2, None], boxes[:, 2:, None]
    rows, columns = ((pixel >= corner) & (pixel < corner + side)).unbind(1)  # (B, S) each
    inside = rows[:, None, :, None] & columns[:, None, None, :]
    return torch.where(inside, fill.to(x)[:, None, None], x)
