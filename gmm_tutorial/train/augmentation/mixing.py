"""CutMix (arXiv 1905.04899) and MixUp (arXiv 1710.09412): one draw per batch, labels mixed as the pixels are."""

import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.train.augmentation.draws import BatchDraws


def mix(x: Tensor, labels: Tensor, classes: int, batch: BatchDraws, partner: Tensor) -> tuple[Tensor, Tensor]:
    """Mix each image of a batch with its partner, as the batch's draw says: all alike, or not at all.

    x: (B, 3, S, S), the images of the batch; labels: (B,) int64; partner: (B,) int64, indices into the batch.
    Returns the first batch.size images, and for each the shares of the classes in its pixels, (batch.size, classes),
    in the dtype of x: a target for cross_entropy, which can smooth it.
    """
    own, partner = x[: batch.size], partner[: batch.size]
    shares = F.one_hot(labels, classes).to(x.dtype)
    if batch.kind is None:
        return own, shares[: batch.size]
    if batch.kind == "cutmix":
        top, left, bottom, right = batch.box
        own = own.clone()
        own[..., top:bottom, left:right] = x[partner, :, top:bottom, left:right]
    else:
        own = x[partner].lerp(own, batch.lam)
    return own, shares[partner].lerp(shares[: batch.size], batch.lam)
