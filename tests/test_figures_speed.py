"""Pictures of cost: a block of a mask and where it comes from, a roofline, the receipts of benchmarks."""

import matplotlib
import pytest
import torch
from matplotlib.colors import to_rgba

from gmm_tutorial import figures
from gmm_tutorial.figures.base import COLORS
from gmm_tutorial.figures.speed import FRAME, sizes, split
from gmm_tutorial.grid import unfold_kernel

MEASURED = [
    {"row": row, "column": column, "seconds": seconds, "spread": 0.5, "bytes": held}
    for row, held in (("a, forward", 2_000_000), ("a, both", 5_000_000), ("b, forward", None))
    for column, seconds in (("N = 1,024", 4.0), ("N = 64", 1.0))
]


@pytest.mark.parametrize(("grid", "row"), [((3, 4), 0), ((4, 2), 2), ((5, 5), 4)])
def test_the_framed_block_comes_from_the_framed_rows_of_the_kernel(grid, row):
    h, w = grid
    kernel = torch.arange((2 * h - 1.0) * (2 * w - 1)).view(2 * h - 1, 2 * w - 1)
    figure = figures.mask_by_blocks(kernel, grid, row, sides=(2, 4))
    boxes = [ax.patches[0].get_bbox() for ax in figure.axes[:2]]
    left, top, right, bottom = (round(float(x) + 0.5) for box in boxes[:1] for x in box.extents)
    assert (top, bottom, right - left) == (0, h * w, w)
    in_block = set(unfold_kernel(kernel[None], grid)[0, :, left:right].flatten().tolist())
    _, top, _, bottom = (round(float(x) + 0.5) for x in boxes[1].extents)
    assert in_block == set(kernel[top:bottom].flatten().tolist())
    table, block, whole = figure.axes[2].lines
    assert [line.get_ydata().tolist() for line in (table, block, whole)] == [[64, 1024], [32, 256], [36, 196]]
    assert block.get_xdata().tolist() == [4, 16] and to_rgba(block.get_color()) == to_rgba(FRAME)


def test_the_roof_is_a_slope_and_then_flat():
    figure = figures.roofline(100e9, 10e9, {"a": (0.5, 3e9), "b": (40.0, 90e9)})
    ax = figure.gca()
    roof, ridge, a, b = ax.lines
    assert roof.get_ydata()[1:].tolist() == [100, 100] and ridge.get_xdata()[0] == 10
    assert roof.get_ydata()[0] == pytest.approx(10 * roof.get_xdata()[0])
    assert roof.get_xdata()[0] < 0.5 and roof.get_xdata()[2] > 40
    assert [line.get_xydata().tolist() for line in (a, b)] == [[[0.5, 3]], [[40, 90]]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["the roof", "the ridge", "a", "b"]


def test_a_receipt_over_tokens_is_sorted_and_leaves_out_what_was_not_counted():
    figure = figures.benchmark_curves(MEASURED)
    time, both, memory, _ = figure.axes
    assert [line.get_label() for line in time.lines] == ["a", "b"] and len(both.lines) == 1
    assert time.lines[0].get_xydata().tolist() == [[64, 1000], [1024, 4000]]
    assert [line.get_label() for line in memory.lines] == ["a"] and memory.lines[0].get_ydata().tolist() == [2, 2]
    assert [time.get_ylabel(), memory.get_ylabel()] == ["time, ms", "memory, MB"]


def test_bars_have_the_color_of_their_kind():
    cells = [{**cell, "column": "step"} for cell in MEASURED[::2]]
    figure = figures.benchmark_bars(cells)
    ax = figure.gca()
    bars = [patch for patch in ax.patches if isinstance(patch, matplotlib.patches.Rectangle)]
    assert [bar.get_width() for bar in bars] == [4000, 4000, 4000]
    assert [to_rgba(bar.get_facecolor()) for bar in bars] == [to_rgba(COLORS[i]) for i in (0, 1, 0)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a, forward", "a, both", "b, forward"]


def test_what_the_names_of_a_receipt_say():
    assert sizes(MEASURED) == {"N = 1,024": 1024, "N = 64": 64}
    assert sizes([{"column": "step"}]) == {}
    assert split("dense, no prior, both") == ("dense, no prior", "both")
