"""The operations of AutoAugment on whole batches of bytes, and how strong each can be.

Each calls torchvision's function of the same kind with the arguments that torchvision's own AutoAugment gives it.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as F

LEVELS = 10  # strengths of an operation, weakest first
FILL = 128.0  # gray for what a shift brings in, as in the published recipe; torchvision's own default is black


class Operation(NamedTuple):
    """What an operation does to (..., 3, S, S) uint8 images, given a magnitude, and which magnitudes it knows.

    magnitudes: a function of S, or None for an operation without a strength; signed: whether it has a direction.
    """

    apply: Callable[[Tensor, float], Tensor]
    magnitudes: Callable[[int], Tensor] | None = None
    signed: bool = False


def shear(images: Tensor, magnitude: float, axis: int) -> Tensor:
    """Shear along axis 0 (x) or 1 (y) from the upper left corner; magnitude: pixels per pixel."""
    angles = [0.0, 0.0]
    angles[axis] = math.degrees(math.atan(magnitude))
    return F.affine(images, angle=0.0, translate=[0, 0], scale=1.0, shear=angles, fill=FILL, center=[0, 0])


def translate(images: Tensor, magnitude: float, axis: int) -> Tensor:
    """Move along axis 0 (x) or 1 (y) by whole pixels."""
    steps = [0, 0]
    steps[axis] = int(magnitude)
    return F.affine(images, angle=0.0, translate=steps, scale=1.0, shear=[0.0, 0.0], fill=FILL)


def up_to(top: float, start: float = 0.0) -> Callable[[int], Tensor]:
    """Magnitudes in even steps, the same for images of any size."""
    return lambda size: torch.linspace(start, top, LEVELS)


def shifts(size: int) -> Tensor:
    """Translations: up to 150 pixels of the 331 that the paper's images had."""
    return torch.linspace(0.0, 150.0 / 331.0 * size, LEVELS)


def bits(size: int) -> Tensor:
    """How many bits posterizing keeps of a color: from all 8 down to 4."""
    return (8 - torch.arange(LEVELS) / ((LEVELS - 1) / 4)).round().int()


OPERATIONS = {
    "ShearX": Operation(partial(shear, axis=0), up_to(0.3), signed=True),
    "ShearY": Operation(partial(shear, axis=1), up_to(0.3), signed=True),
    "TranslateX": Operation(partial(translate, axis=0), shifts, signed=True),
    "TranslateY": Operation(partial(translate, axis=1), shifts, signed=True),
    "Rotate": Operation(lambda images, angle: F.rotate(images, angle, fill=FILL), up_to(30.0), signed=True),
    "Brightness": Operation(lambda images, m: F.adjust_brightness(images, 1.0 + m), up_to(0.9), signed=True),
    "Color": Operation(lambda images, m: F.adjust_saturation(images, 1.0 + m), up_to(0.9), signed=True),
    "Contrast": Operation(lambda images, m: F.adjust_contrast(images, 1.0 + m), up_to(0.9), signed=True),
    "Sharpness": Operation(lambda images, m: F.adjust_sharpness(images, 1.0 + m), up_to(0.9), signed=True),
    "Posterize": Operation(lambda images, m: F.posterize(images, int(m)), bits),
    "Solarize": Operation(lambda images, m: F.solarize(images, 255.0 * m), up_to(0.0, start=1.0)),
    "AutoContrast": Operation(lambda images, _: F.autocontrast(images)),
    "Equalize": Operation(lambda images, _: F.equalize(images)),
    "Invert": Operation(lambda images, _: F.invert(images)),
}
