"""An epoch as a process sees it: its part of each batch, augmented and mixed, without waiting for the device."""

from collections.abc import Iterator

import torch
from torch import Tensor

from gmm_tutorial.data import Images
from gmm_tutorial.train.augmentation import augment_epoch, batch_slices, draw_epoch, erase, mix, sub_policies
from gmm_tutorial.train.config import TrainConfig
from gmm_tutorial.train.parallel import World


def steps_an_epoch(images: int, batch_size: int, world: World) -> int:
    """How many batches an epoch has. A last one is left out when it is a single image, or less than one a process."""
    return sum(part.stop - part.start >= world.size for part in batch_slices(images, batch_size))


def batches(train_set: Images, config: TrainConfig, epoch: int, world: World) -> Iterator[tuple[Tensor, Tensor, float]]:
    """The batches of an epoch: images (b, 3, S, S), shares of the classes (b, classes), and the weight of their loss.

    train_set: where training runs; all tensors are there. The weight is b over the mean b of all processes: the mean
    over processes of weighted mean losses is that of the whole batch.
    """
    images, where = train_set.images, train_set.images.device
    size = images.shape[-1]
    draws = draw_epoch(
        images=len(images),
        size=size,
        batch_size=config.batch_size,
        padding=config.padding,
        mirror=config.mirror,
        policies=len(sub_policies(config.auto_augment, size)) if config.auto_augment else 0,
        erase=config.erase,
        mix=config.mix,
        seed=config.seed,
        epoch=epoch,
    )
    draws = draws.shard(*world).to(where)
    pixels, labels = (
        augment_epoch(images, draws, padding=config.padding, policy=config.auto_augment),
        train_set.labels[draws.order],
    )
    fill = torch.tensor(train_set.mean, device=where)
    for batch in draws.batches:
        if batch.joined < world.size:
            continue
        rows = batch.images
        x = train_set.normalize(pixels[rows])
        if config.erase:
            x = erase(x, draws.boxes[rows], fill)
        x, shares = mix(x, labels[rows], len(train_set.classes), batch, draws.partner[rows])
        yield x, shares, batch.size * world.size / batch.joined
