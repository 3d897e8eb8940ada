"""Exercise 03.window: what one query sees of a kernel."""

from typing import Any

from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_03.numbered_kernel import numbered


def window(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """kernel (2h-1, 2w-1), query (y, x) -> (h, w): the part of the kernel that lies over the grid."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]


def window_cases() -> list[dict[str, Any]]:
    """Kernels of whole numbers, each number once, and queries in corners and inside."""
    places: list[tuple[tuple[int, int], Grid]] = [
        ((0, 0), (1, 2)),
        ((0, 1), (1, 3)),
        ((1, 0), (2, 3)),
        ((1, 2), (2, 3)),
        ((2, 1), (4, 3)),
        ((3, 1), (5, 7)),
    ]
    return [{"kernel": numbered(grid), "query": query, "grid": grid} for query, grid in places]


exercise = Exercise(
    "03.window",
    window,
    window_cases,
    unit="queries",
    hints=(
        "Take the first query, (0, 0): the middle of the kernel, at [h-1, w-1], is the top left corner of its window. "
        "And for the last query, (h-1, w-1)?",
        "The window is always h rows high and w columns wide. When the query moves one down, the window moves one up.",
        "The first row of the window is h-1 for the query's row 0, h-2 for row 1, and so on down to 0 for row h-1. "
        "Columns go the same way.",
    ),
)


@exercise.mistake
def slides_along(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window slides the wrong way: it starts at [y, x]. The query has to lie on the kernel's middle."""
    (h, w), (y, x) = grid, query
    return kernel[y : y + h, x : x + w]


@exercise.mistake
def upside_down(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window is turned by 180 degrees: offsets are key - query, not query - key."""
    return window(kernel, query, grid).flip(0, 1)


@exercise.mistake
def one_too_far(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window starts one row and one column too late: the middle of the kernel is [h-1, w-1], counted from 0."""
    (h, w), (y, x) = grid, query
    return kernel[h - y : 2 * h - y, w - x : 2 * w - x]


@exercise.mistake
def end_not_included(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window lacks its last row and column: the end of a slice is not included."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 2 - y, w - 1 - x : 2 * w - 2 - x]


@exercise.mistake
def window_on_its_side(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window lies on its side: it is w rows high and h columns wide."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : h - 1 - y + w, w - 1 - x : w - 1 - x + h]


@exercise.mistake
def query_ignored(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window is the same for every query: it is the one of the query (0, 0)."""
    h, w = grid
    return kernel[h - 1 :, w - 1 :]


@exercise.mistake
def query_swapped(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """You take the query for (x, y). It is (y, x): rows first, as in the grid."""
    (h, w), (x, y) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]
