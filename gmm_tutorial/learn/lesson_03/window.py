"""Exercise 03.window: what one query sees of a kernel."""

from typing import Any

from torch import Tensor

from gmm_tutorial.grid import Grid
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.lesson_03.numbered_kernel import numbered


def window(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """kernel (2h-1, 2w-1), query (y, x) -> (h, w): the part of the kernel that lies under the grid."""
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
        "Start with the two corners. For the first query, (0, 0), the kernel's center [h-1, w-1] is the window's top "
        "left corner. Which entry is it for the last query, (h-1, w-1)?",
        "The window is always h rows high and w columns wide. When the query moves down by one, the window moves up by "
        "one.",
        "The window's first row is h-1 for a query in row 0, h-2 for row 1, and so on down to 0 for row h-1. Columns "
        "work the same way.",
    ),
)


@exercise.mistake
def slides_along(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window slides the wrong way: it starts at [y, x]. The query must lie on the kernel's center."""
    (h, w), (y, x) = grid, query
    return kernel[y : y + h, x : x + w]


@exercise.mistake
def upside_down(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window is rotated by 180 degrees: offsets are key - query, not query - key."""
    return window(kernel, query, grid).flip(0, 1)


@exercise.mistake
def one_too_far(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window starts one row and one column too late: the kernel's center is [h-1, w-1], counted from 0."""
    (h, w), (y, x) = grid, query
    return kernel[h - y : 2 * h - y, w - x : 2 * w - x]


@exercise.mistake
def end_not_included(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window lacks its last row and its last column: a slice does not include its end."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 2 - y, w - 1 - x : 2 * w - 2 - x]


@exercise.mistake
def window_on_its_side(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window has its sides swapped: it is w rows high and h columns wide."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : h - 1 - y + w, w - 1 - x : w - 1 - x + h]


@exercise.mistake
def query_ignored(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window is the same for every query: it is that of the query (0, 0)."""
    h, w = grid
    return kernel[h - 1 :, w - 1 :]


@exercise.mistake
def query_swapped(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """You read the query as (x, y). It is (y, x), rows first, as in the grid."""
    (h, w), (x, y) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, w - 1 - x : 2 * w - 1 - x]


@exercise.mistake
def rows_slide_along(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your columns are right, but your rows slide the wrong way: when the query moves down, the window moves up."""
    (h, w), (y, x) = grid, query
    return kernel[y : y + h, w - 1 - x : 2 * w - 1 - x]


@exercise.mistake
def columns_slide_along(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your rows are right, but your columns slide the wrong way: when the query moves right, the window moves left."""
    (h, w), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, x : x + w]


@exercise.mistake
def growing(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """Your window begins at the kernel's corner and grows with the query. It must always be h x w."""
    (h, w), (y, x) = grid, query
    return kernel[: h + y, : w + x]


@exercise.mistake
def one_side_for_both(kernel: Tensor, query: tuple[int, int], grid: Grid) -> Tensor:
    """You use h for the columns too, which works on square grids only: columns need w."""
    (h, _), (y, x) = grid, query
    return kernel[h - 1 - y : 2 * h - 1 - y, h - 1 - x : 2 * h - 1 - x]
