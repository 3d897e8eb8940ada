"""`shapes`: the embedded data set, drawn on the spot, whose classes are a matter of what is near what.

Every picture holds four figures of each of five kinds, on a cluttered background:

    crosses   rings   blocks   stars   dots
     . # .    # # #   # # #    # . #   # . #
     # # #    # . #   # # #    . # .   . . .
     . # .    # # #   # # #    # . #   # . #

The figures of two kinds keep together, each with its like; those of the other three stand scattered, far from theirs.
Which two it is decides the class: ten pairs, ten classes. Part of a picture of "crosses and rings", a letter a figure:

    . . . . . . . s . . . .
    . c . c . . . . . . b .
    . . . . . d . . . . . .
    . c . c . . . r . r . .
    . . . . . . . . . . . d
    . b . . s . . r . r . .

Near and far is all there is to go by. Every class has the same figures, and a patch of 4 x 4 pixels sees no more of two
than their rims: a bag of patches knows next to nothing. A picture lies on a torus (what leaves it on one side comes
back on the other), which makes every figure equally likely everywhere in every class: a linear classifier knows
nothing. Mirror images and quarter turns keep the class: direction says nothing either. `benchmarks/shapes.py` measures
all of this. It is a question made for a prior on distance, and no substitute for CIFAR: results on it say so.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import torch

from .catalog import entry
from .images import Images

SIDE = 32  # pixels
SQUARE = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])  # four corners, as (row, column)
FIGURES = {  # kind -> its pixels, and its red, green and blue before they are jittered
    "crosses": (".#. ### .#.", (225, 70, 60)),
    "rings": ("### #.# ###", (70, 190, 80)),
    "blocks": ("### ### ###", (230, 200, 60)),
    "stars": ("#.# .#. #.#", (75, 110, 235)),
    "dots": ("#.# ... #.#", (205, 80, 210)),
}
KINDS = tuple(FIGURES)
PAIRS = tuple(combinations(range(len(KINDS)), 2))  # a class each, in the order of the table
EACH = 4  # figures of a kind
TOGETHER = 6  # pixels between neighbours of a flock
STRAY = 4  # then each goes 0 to 3 pixels astray: where the patch grid cuts it says nothing of its neighbours
APART = 10  # pixels, at least, between scattered figures of a kind
CLEAR = 4  # pixels, at least, between any two figures but those of one flock, along a row or column
TRIES = 16  # places tried for a figure before the whole layout is given up

TEXTURE, NOISE, COLOUR, SPECKS = 25, 8, 20, 3  # how strong the clutter is: levels of 0..255, and the number of specks


@cache
def load(split: str) -> Images:
    """10,000 images to train on or 2,000 to test on, always the same ones; drawn once in a process, in seconds."""
    seed, row = {"train": 0, "test": 1}[split], entry("shapes")
    images, labels = draw(row.lengths[split], seed)
    note = "Drawn on the spot, not CIFAR: the class is which two kinds of figures keep together."
    return Images(images, labels, row.classes, "shapes", split, f"drawn, seed {seed}", True, note)


def draw(n: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """n pictures, as many of each class: (n, 3, 32, 32) uint8 and (n,) int64. The same on every machine."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % len(PAIRS))
    images = _background(n, rng)
    others = [[kind for kind in range(len(KINDS)) if kind not in pair] for pair in PAIRS]
    flocks, scattered = (rng.permuted(np.array(kinds)[labels], axis=1) for kinds in (PAIRS, others))
    kinds = np.concatenate([flocks, scattered], 1)  # (n, 5): which kind stands at each of the layout's five places
    places = _layouts(n, rng)
    for kind, (rows, colour) in enumerate(FIGURES.values()):
        pixels = np.argwhere(np.array([list(row) for row in rows.split()]) == "#") - 1
        # each kind has one place in each picture, so that picking its places keeps the pictures' order
        where = places[kinds == kind][:, :, None] + pixels  # (n, 4, pixels, 2)
        shade = np.array(colour) + rng.integers(-COLOUR, COLOUR + 1, (n, EACH, 1, 3))
        image = np.arange(n)[:, None, None]
        images[image, where[..., 0] % SIDE, where[..., 1] % SIDE] = shade + _noise(rng, (*where.shape[:3], 3))
    pixels = np.ascontiguousarray(images.clip(0, 255).astype(np.uint8).transpose(0, 3, 1, 2))
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-NOISE, NOISE + 1, shape, dtype=np.int16)


def _background(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 32, 32, 3) int16: a colour, a smooth texture, noise, and specks of 2 x 2 pixels.

    The texture is interpolated from an 8 x 8 torus: too fine to tell, by the ground they stand on, who are neighbours.
    It is all small whole numbers, which float32 adds up exactly.
    """
    step = SIDE // 8
    gap = abs(np.arange(SIDE)[:, None] - step * np.arange(8))
    tent = np.maximum(0, step - np.minimum(gap, SIDE - gap)).astype(np.float32)  # (32, 8): one around each coarse pixel
    coarse = rng.integers(-TEXTURE, TEXTURE + 1, (n, 3, 8, 8)).astype(np.float32)
    smooth = (tent @ coarse @ tent.T / step**2).astype(np.int16) + rng.integers(90, 166, (n, 3, 1, 1), dtype=np.int16)
    images = smooth.transpose(0, 2, 3, 1) + _noise(rng, (n, SIDE, SIDE, 3))
    corner = rng.integers(0, SIDE, (n, SPECKS, 1, 2)) + SQUARE
    shade = rng.integers(30, 226, (n, SPECKS, 1, 3))
    images[np.arange(n)[:, None, None], corner[..., 0] % SIDE, corner[..., 1] % SIDE] = shade
    return images


def _layouts(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 5, 4, 2): the middles of the figures on a torus, as (row, column); the first two kinds are the flocks."""
    made = np.empty((0, len(KINDS), EACH, 2), np.int64)
    while len(made) < n:
        made = np.concatenate([made, _tried(2 * (n - len(made)) + 100, rng)])
    return made[:n]


def _tried(m: int, rng: np.random.Generator) -> np.ndarray:
    """Up to m layouts, made all at once, figure by figure; those in which one found no place are left out."""
    free, places = np.ones((m, SIDE, SIDE), bool), np.empty((m, 0, 2), np.int64)
    around = np.stack(np.meshgrid(*[np.arange(1 - CLEAR, CLEAR)] * 2), -1).reshape(-1, 2)
    for figure in range(2 + 3 * EACH):  # two flocks, then twelve single figures
        tries = rng.integers(0, SIDE, (len(places), TRIES, 1, 2))
        if figure < 2:
            tries = (tries + SQUARE * TOGETHER + rng.integers(0, STRAY, (len(places), TRIES, 4, 2))) % SIDE
        layout = np.arange(len(places))
        good = np.all(free[layout[:, None, None], tries[..., 0], tries[..., 1]], axis=2)
        like = (figure - 2) % EACH if figure >= 2 else 0  # how many of its kind are scattered already: the last ones
        for last in range(1, like + 1):
            gap = abs(tries[:, :, 0] - places[:, None, -last])
            good &= (np.minimum(gap, SIDE - gap) ** 2).sum(-1) >= APART**2
        kept = good.any(1)
        new = tries[layout, good.argmax(1)][kept]  # the first try that fits
        free, places = free[kept], np.concatenate([places[kept], new], 1)
        taken = (new[:, :, None] + around) % SIDE
        free[np.arange(len(new))[:, None, None], taken[..., 0], taken[..., 1]] = False
    return places.reshape(-1, len(KINDS), EACH, 2)
