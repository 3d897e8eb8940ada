"""Augmentation as published: what is drawn, what is done to whole batches with it, how labels are mixed."""

from gmm_tutorial.train.augmentation.augment import augment_epoch, crop_and_mirror, erase
from gmm_tutorial.train.augmentation.draws import BatchDraws, EpochDraws, batch_slices, draw_epoch
from gmm_tutorial.train.augmentation.mixing import mix
from gmm_tutorial.train.augmentation.policies import POLICIES, auto_augment, sub_policies

__all__ = [
    "POLICIES",
    "BatchDraws",
    "EpochDraws",
    "augment_epoch",
    "auto_augment",
    "batch_slices",
    "crop_and_mirror",
    "draw_epoch",
    "erase",
    "mix",
    "sub_policies",
]
