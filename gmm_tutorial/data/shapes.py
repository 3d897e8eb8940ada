"""`shapes`: the built-in data set, drawn by the package. Its classes depend on which figures are close to each other.

Every picture holds four figures of each of five kinds, on a cluttered background:

    crosses   rings   blocks   stars   dots
     . # .    # # #   # # #    # . #   # . #
     # # #    # . #   # # #    . # .   . . .
     . # .    # # #   # # #    # . #   # . #

The figures of two kinds keep together, four of a kind in a square; those of the other three stand scattered, far from
their like. Which two it is decides the class: ten pairs, ten classes. A picture has 8 x 8 cells of 4 x 4 pixels, and
this may be one of "crosses and rings", a letter a figure:

    . . . s . . b .
    . c c . . . . d
    b c c . d . . .
    . . . . . r r s
    s . . b . r r .
    . . d . . . . .
    . . . . . s . .
    d . b . . . . .

A figure lies within one cell, a pixel to and fro, so that a token of a ViT with patches of 4 x 4 pixels sees it whole
and sees no other. Near and far is all there is to go by: every class has the same figures, and a bag of patches knows
nothing. A picture lies on a torus (what leaves it on one side comes back on the other), which makes every figure
equally likely in every cell in every class: a linear classifier knows nothing. Mirror images and quarter turns keep
the class: direction says nothing either. `benchmarks/shapes.py` measures all of this. It is a question made for a
prior on distance, and no substitute for CIFAR: results on it say so.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np
import torch

from gmm_tutorial.data.catalog import entry
from gmm_tutorial.data.images import Images

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
CELL = 4  # pixels: a figure of 3 x 3 lies within one cell
CELLS = SIDE // CELL  # along a side
APART = 3  # cells, at least, between scattered figures of a kind
TRIES = 16  # places tried for a figure before the whole layout is given up

TEXTURE, NOISE, COLOR, SPECKS = 25, 8, 20, 3  # how strong the clutter is: levels of 0..255, and the number of specks


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
    cells = _layouts(n, rng)
    places = CELL * cells + 1 + rng.integers(0, 2, cells.shape)  # the middle of each figure, in pixels
    for kind, (rows, color) in enumerate(FIGURES.values()):
        pixels = np.argwhere(np.array([list(row) for row in rows.split()]) == "#") - 1
        # each kind has one place in each picture, so that picking its places keeps the pictures' order
        where = places[kinds == kind][:, :, None] + pixels  # (n, 4, pixels, 2)
        shade = np.array(color) + rng.integers(-COLOR, COLOR + 1, (n, EACH, 1, 3))
        image = np.arange(n)[:, None, None]
        images[image, where[..., 0] % SIDE, where[..., 1] % SIDE] = shade + _noise(rng, (*where.shape[:3], 3))
    pixels = np.ascontiguousarray(images.clip(0, 255).astype(np.uint8).transpose(0, 3, 1, 2))
    return torch.from_numpy(pixels), torch.from_numpy(labels)


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-NOISE, NOISE + 1, shape, dtype=np.int16)


def _background(n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 32, 32, 3) int16: a color, a smooth texture, noise, and specks of 2 x 2 pixels.

    The texture is interpolated from an 8 x 8 torus: too fine to tell, by the ground they stand on, who are neighbors.
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
    """(n, 5, 4, 2): the cells of the figures on a torus, as (row, column); the first two kinds are the flocks."""
    made = np.empty((0, len(KINDS), EACH, 2), np.int64)
    while len(made) < n:
        made = np.concatenate([made, _tried(2 * (n - len(made)) + 100, rng)])
    return made[:n]


def _tried(m: int, rng: np.random.Generator) -> np.ndarray:
    """Up to m layouts, made all at once, figure by figure; those in which one found no place are left out."""
    free, cells = np.ones((m, CELLS, CELLS), bool), np.empty((m, 0, 2), np.int64)
    for figure in range(2 + 3 * EACH):  # two flocks, then twelve single figures
        tries = rng.integers(0, CELLS, (len(cells), TRIES, 1, 2))
        if figure < 2:
            tries = (tries + SQUARE) % CELLS
        layout = np.arange(len(cells))
        good = np.all(free[layout[:, None, None], tries[..., 0], tries[..., 1]], axis=2)
        like = (figure - 2) % EACH if figure >= 2 else 0  # how many of its kind are scattered already: the last ones
        for last in range(1, like + 1):
            gap = abs(tries[:, :, 0] - cells[:, None, -last])
            good &= (np.minimum(gap, CELLS - gap) ** 2).sum(-1) >= APART**2
        kept = good.any(1)
        new = tries[layout, good.argmax(1)][kept]  # the first try that fits
        free, cells = free[kept], np.concatenate([cells[kept], new], 1)
        free[np.arange(len(new))[:, None], new[..., 0], new[..., 1]] = False
    return cells.reshape(-1, len(KINDS), EACH, 2)
