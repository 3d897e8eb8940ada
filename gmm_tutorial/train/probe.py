"""The probe: what a few steps of a configuration's own training give on fixed tiny data.

Two trainings are of the same experiment when the code that they ran through does the same, whatever its text looks
like. So a receipt holds the losses of a few steps on the CPU, with the seed 0, and the size of what Adam keeps after
them. Renaming or moving code changes none of them; another order of two layers, start or augmentation does.

Losses alone would not do: at the published start, an RMT with its decay and one without it agree to five digits.
Gradients tell them apart, when each parameter counts alike. All is computed in float64, where kinds of CPU, numbers of
threads and libraries agree to four digits and more; in float32, gradients that should be 0 are noise, which Adam would
make as large as any other.
"""

import json
import math
from collections.abc import Sequence
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gmm_tutorial.data import Images
from gmm_tutorial.data.catalog import entry
from gmm_tutorial.train.config import TrainConfig
from gmm_tutorial.train.epoch import adamw, train_epoch
from gmm_tutorial.train.loop import build, seeded
from gmm_tutorial.train.parallel import World

STEPS, BATCH = 3, 8
TOLERANCE = 1e-4  # relative: kinds of CPU and numbers of threads differ by less, changed code by more
FLOOR = 1e-10  # of a norm, below which it is 0 but for rounding


def probe(config: TrainConfig) -> list[float]:
    """The losses of STEPS steps of a configuration, whatever its seed, scale and precision, and the mean of moments.

    That is the geometric mean, over all parameters, of the norms of Adam's two moments after these steps.
    """
    scale: dict[str, Any] = {"seed": 0, "train_images": STEPS * BATCH, "test_images": 1, "epochs": 1, "eval_every": 1}
    scale |= {"batch_size": BATCH, "precision": "float32", "profile": "custom"}
    return list(_probe(config.but(**scale).model_dump_json()))


def same_probe(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two probes are of the same experiment: equal to about four digits."""
    return len(a) == len(b) and all(math.isclose(x, y, rel_tol=TOLERANCE) for x, y in zip(a, b, strict=True))


@lru_cache(maxsize=256)
def _probe(text: str) -> tuple[float, ...]:
    config = TrainConfig(**json.loads(text))
    images = tiny_images(config.dataset, config.train_images)
    model = build(config, images).double().train()
    optimizer = adamw(model, config)
    bar = SimpleNamespace(update=lambda: None)
    with seeded(0), torch.enable_grad():
        losses = train_epoch(nn.Sequential(Double(), model), optimizer, images, config, 1, bar, World())
    norms = [state[name].norm() for state in optimizer.state.values() for name in ("exp_avg", "exp_avg_sq")]
    mean = (torch.stack(norms) + FLOOR).log().mean().exp().item()
    return (*(float(f"{value:.8g}") for value in (*losses, mean)),)


class Double(nn.Module):
    """What a model in float64 takes instead of images in float32."""

    def forward(self, images: Tensor) -> Tensor:
        """images: of any shape -> the same numbers."""
        return images.double()


def tiny_images(dataset: str, count: int) -> Images:
    """Random images in the size and with the classes of a data set, always the same ones."""
    row, random = entry(dataset), np.random.RandomState(0)
    pixels = torch.from_numpy(random.randint(0, 256, (count, 3, row.size, row.size), dtype=np.uint8))
    labels = torch.from_numpy(random.randint(0, len(row.classes), count))
    about: dict[str, Any] = {"source": "random", "exact": False, "note": "random pixels, for a probe"}
    return Images(pixels, labels.long(), row.classes, name=dataset, split="train", **about)
