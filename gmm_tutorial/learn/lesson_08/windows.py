"""Exercise 08.windows: cut a grid into windows, let a function work on them, and put them back."""

from typing import Any

import torch
from einops import rearrange
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_07.block import Layer, Part

# rows i p of windows and of tokens in a window, columns j q
WHOLE, WINDOWS = "B (i p) (j q) C", "(B i j) (p q) C"


def windows(x: Tensor, side: int, inside: Layer) -> Tensor:
    """x (B, h, w, C) -> the same shape: windows of side x side tokens, each through `inside`."""
    return through(x, side, inside)


def through(x: Tensor, side: int, inside: Layer, whole: str = WHOLE, cut: str = WINDOWS) -> Tensor:
    """The same with axes in any order, as patterns of einops."""
    batch, h, w, _ = x.shape
    sizes = {"B": batch, "i": h // side, "j": w // side, "p": side, "q": side}
    return rearrange(inside(rearrange(x, f"{whole} -> {cut}", **sizes)), f"{cut} -> {whole}", **sizes)


def windows_cases() -> list[dict[str, Any]]:
    """Tokens that can be counted, then random ones; what works inside tells the windows apart, and their tokens."""
    mix, other = torch.randn(4, 4), torch.randn(9, 9)
    made: list[tuple[Tensor, int, Part]] = [
        (torch.arange(8.0).view(1, 2, 4, 1), 2, Part("adds up each window, token by token", lambda x: x.cumsum(1))),
        (torch.arange(16.0).view(2, 2, 4, 1), 2, Part("multiplies window n by n", numbered)),
        (torch.randn(2, 4, 6, 3), 2, Part("mixes the tokens of a window", lambda x: mix @ numbered(x))),
        (torch.randn(3, 6, 3, 2), 3, Part("mixes the tokens of a window", lambda x: other @ numbered(x))),
    ]
    return [{"x": x, "side": side, "inside": inside} for x, side, inside in made]


def numbered(x: Tensor) -> Tensor:
    """Window n of x (windows, N, C), times n."""
    return x * torch.arange(len(x))[:, None, None]


exercise = Exercise(
    "08.windows",
    windows,
    windows_cases,
    unit="grids",
    hints=(
        "Split the rows into two axes: which row of windows, and which row inside the window. Do the same with "
        "columns. That makes six axes from four.",
        "Before you join axes again, those that count windows must stand next to the images, and the two inside a "
        "window next to each other: (B, rows of windows, columns of windows, rows inside, columns inside, C).",
        "Joining the first three and the next two axes gives (B n, side * side, C). After `inside`, undo these "
        "steps, the last one first. einops.rearrange does each direction in one call.",
    ),
)


@exercise.mistake
def pieces_of_rows(x: Tensor, side: int, inside: Layer) -> Tensor:
    """You cut the tokens in raster order into pieces, so a piece is part of a row. A window is side rows high."""
    return inside(x.reshape(-1, side * side, x.shape[-1])).reshape(x.shape)


@exercise.mistake
def by_columns_inside(x: Tensor, side: int, inside: Layer) -> Tensor:
    """The tokens inside your windows are read column by column; raster order reads row by row."""
    return through(x, side, inside, cut="(B i j) (q p) C")


@exercise.mistake
def windows_by_columns(x: Tensor, side: int, inside: Layer) -> Tensor:
    """Your windows are counted column by column; count them row by row, as the tokens are."""
    return through(x, side, inside, cut="(B j i) (p q) C")


@exercise.mistake
def images_last(x: Tensor, side: int, inside: Layer) -> Tensor:
    """Your first axis counts the images inside of the windows: all windows of image 0 come first, then image 1."""
    return through(x, side, inside, cut="(i j B) (p q) C")


@exercise.mistake
def every_other_token(x: Tensor, side: int, inside: Layer) -> Tensor:
    """Your windows collect tokens that lie far apart: the tokens of a window are neighbors, side in a row."""
    return through(x, side, inside, whole="B (p i) (q j) C")


@exercise.mistake
def not_put_back(x: Tensor, side: int, inside: Layer) -> Tensor:
    """You cut the windows but do not put them back: a reshape alone leaves their tokens in the windows' order."""
    batch, h, w, _ = x.shape
    sizes = {"B": batch, "i": h // side, "j": w // side, "p": side, "q": side}
    return inside(rearrange(x, f"{WHOLE} -> {WINDOWS}", **sizes)).reshape(x.shape)


@exercise.mistake
def nothing_inside(x: Tensor, side: int, inside: Layer) -> Tensor:
    """You put the windows back as they were: call `inside` on them first."""
    return through(x, side, lambda cut: cut)


@exercise.mistake
def put_back_by_columns(x: Tensor, side: int, inside: Layer) -> Tensor:
    """You cut the windows correctly, but when you put them back, rows and columns inside each window are exchanged."""
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    return rearrange(inside(rearrange(x, f"{WHOLE} -> {WINDOWS}", **sizes)), f"(B i j) (q p) C -> {WHOLE}", **sizes)


@exercise.mistake
def still_cut(x: Tensor, side: int, inside: Layer) -> Tensor:
    """You return the windows, (B n, side * side, C): put them back together to (B, h, w, C)."""
    return inside(rearrange(x, f"{WHOLE} -> {WINDOWS}", p=side, q=side))
