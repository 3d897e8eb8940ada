"""The probe: what a few steps of a configuration's own training give on fixed tiny data.

Two trainings are of the same experiment when the code that they ran through does the same, whatever its text looks
like. So a receipt holds the losses of a few steps, in float32 on the CPU, with the seed 0. Renaming or moving code
changes none of them; another order of two layers, another start or another augmentation does.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from gmm_tutorial.data import Images
from gmm_tutorial.data.catalog import entry
from gmm_tutorial.train.config import TrainConfig
from gmm_tutorial.train.epoch import adamw, train_epoch
from gmm_tutorial.train.loop import build, seeded
from gmm_tutorial.train.parallel import World

STEPS, BATCH = 3, 8
TOLERANCE = 2e-3  # relative: kinds of CPU and numbers of threads differ by far less, changed code by more


def probe(config: TrainConfig) -> list[float]:
    """The losses of STEPS steps of a configuration, whatever its seed, scale and precision."""
    scale: dict[str, Any] = {"seed": 0, "train_images": STEPS * BATCH, "test_images": 1, "epochs": 1, "eval_every": 1}
    scale |= {"batch_size": BATCH, "precision": "float32", "profile": "custom"}
    return list(_probe(config.but(**scale).model_dump_json()))


def same_probe(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two probes are of the same experiment: equal to about three digits."""
    return len(a) == len(b) and all(math.isclose(x, y, rel_tol=TOLERANCE) for x, y in zip(a, b, strict=True))


@lru_cache(maxsize=256)
def _probe(text: str) -> tuple[float, ...]:
    config = TrainConfig(**json.loads(text))
    images = tiny_images(config.dataset, config.train_images)
    model = build(config, images).train()
    bar = SimpleNamespace(update=lambda: None)
    with seeded(0), torch.enable_grad():
        losses = train_epoch(model, adamw(model, config), images, config, 1, bar, World())
    return tuple(round(loss, 5) for loss in losses)


def tiny_images(dataset: str, count: int) -> Images:
    """Random images in the size and with the classes of a data set, always the same ones."""
    row, random = entry(dataset), np.random.RandomState(0)
    pixels = torch.from_numpy(random.randint(0, 256, (count, 3, row.size, row.size), dtype=np.uint8))
    labels = torch.from_numpy(random.randint(0, len(row.classes), count))
    about: dict[str, Any] = {"source": "random", "exact": False, "note": "random pixels, for a probe"}
    return Images(pixels, labels.long(), row.classes, name=dataset, split="train", **about)
