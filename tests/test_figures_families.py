"""Pictures of the backbones: bright is what a query sees, gray what it does not; steps with a mask are orange."""

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch, Rectangle

from gmm_tutorial import figures
from gmm_tutorial.figures.families import UNSEEN, Sight, same_window
from gmm_tutorial.figures.rmt import ALONE, KNOWS_PLACES
from gmm_tutorial.models.swin import WindowAttention

PHOTO = torch.full((3, 32, 32), 255, dtype=torch.uint8)


def patches(ax, grid):
    """The shade in the middle of each patch of a drawn photo, (h, w)."""
    drawn = np.asarray(ax.images[0].get_array())
    (h, w), side = grid, len(drawn)
    rows, columns = ([(2 * i + 1) * side // (2 * n) for i in range(n)] for n in (h, w))
    return drawn[np.ix_(rows, columns)][..., 0]


def test_what_a_query_sees_through_a_gaussian_depends_on_distance():
    sight = Sight.through((3, 4), (1, 2), width=2.0)
    for y in range(3):
        for x in range(4):
            expected = np.exp(-((y - 1) ** 2 + (x - 2) ** 2) / 8)
            assert sight.weights[y, x].item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("grid", "side", "shift"), [((8, 8), 4, 2), ((6, 9), 3, 1), ((6, 3), 3, 0)])
def test_the_tokens_in_a_window_are_those_that_swin_lets_meet(grid, side, shift):
    """By the gradients of the layer: which tokens change what a query gets."""
    layer = WindowAttention(4, 1, grid=grid, window=side, shifted=bool(shift)).double()
    x = torch.randn(1, *grid, 4, dtype=torch.float64, requires_grad=True)
    out = layer(x)
    for query in ((0, 0), (1, 2), (grid[0] - 1, grid[1] - 1)):
        (gradient,) = torch.autograd.grad(out[0, *query].sum(), x, retain_graph=True)
        seen = gradient[0].abs().sum(-1) > 1e-20  # what Swin hides still has a weight of e^-100
        assert torch.equal(same_window(Sight(torch.ones(grid), query, side, shift)), seen)


def test_photos_are_as_bright_as_the_weights_and_gray_outside_of_the_window():
    free = Sight.through((4, 4), (1, 2), width=1.0)
    figure = figures.mask_reach(PHOTO, {"free": free, "window": free._replace(side=2)})
    assert [ax.get_title() for ax in figure.axes] == ["free", "window"]
    bright = np.round(24 * (0.12 + 0.88 * free.weights.numpy())) / 24
    np.testing.assert_allclose(patches(figure.axes[0], (4, 4)), bright, atol=1e-6)
    inside = np.zeros((4, 4), bool)
    inside[:2, 2:] = True
    expected = np.where(inside, bright, np.round(24 * UNSEEN) / 24)
    np.testing.assert_allclose(patches(figure.axes[1], (4, 4)), expected, atol=1e-6)
    assert len(figure.axes[1].lines) == 2 and not figure.axes[0].lines, "one edge of windows in each direction"


def test_lines_are_drawn_where_shifted_windows_meet():
    sight = Sight.through((6, 6), (0, 0), width=1.0)
    (ax,) = figures.mask_reach(PHOTO, {"shifted": sight._replace(side=3, shift=1)}).axes
    assert sorted(line.get_ydata()[0] for line in ax.lines if line.get_ydata()[0] == line.get_ydata()[1]) == [0.5, 3.5]
    assert sorted(line.get_xdata()[0] for line in ax.lines if line.get_xdata()[0] == line.get_xdata()[1]) == [0.5, 3.5]


def test_a_class_token_stands_beside_its_photo():
    sight = Sight.through((4, 4), (0, 0), width=1.0)
    figure = figures.mask_reach(PHOTO, {"with": sight._replace(class_token=True), "without": sight})
    assert [[text.get_text() for text in ax.texts] for ax in figure.axes] == [["c"], []]
    token = next(patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle))
    assert token.get_x() + token.get_width() < -0.5, "left of the photo"
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim(), "photos of one picture have one size"


def test_the_class_token_as_the_query_has_no_frame():
    figure = figures.mask_reach(PHOTO, {"read": Sight(torch.ones(4, 4), None, class_token=True)})
    assert len(figure.axes[0].patches) == 1, "its own box alone"


def test_steps_with_a_mask_are_orange_and_stand_in_order():
    steps = ["split", "times mask", "softmax"]
    figure = figures.mask_place(PHOTO, {"a": Sight.through((4, 4), (0, 0), width=1.0)}, steps, masked=[1])
    flow = figure.axes[0]
    boxes = [patch for patch in flow.patches if isinstance(patch, FancyBboxPatch)]
    assert [to_rgb(box.get_facecolor()) for box in boxes] == [to_rgb(c) for c in (ALONE, KNOWS_PLACES, ALONE)]
    assert [text.get_text() for text in flow.texts if text.get_text()] == steps
    places = [box.get_x() for box in boxes]
    assert places == sorted(places) and boxes[-1].get_x() + boxes[-1].get_width() < 1


def test_signs_below_the_photos_are_those_that_they_have():
    sight = Sight.through((4, 4), (0, 0), width=1.0)

    def words(*sights):
        figure = figures.mask_reach(PHOTO, {str(i): each for i, each in enumerate(sights)})
        return {text.get_text() for text in figure.texts}

    assert words(sight) == {"mask weight: 0", "1", "the query"}
    assert words(sight, sight._replace(side=2)) == {"mask weight: 0", "1", "the query", "not in its window"}
    assert words(sight._replace(class_token=True)) == {"mask weight: 0", "1", "the query", "class token", "c"}


def test_pieces_of_a_window_are_the_tokens_that_may_meet():
    """A grid of 4 x 4 in windows of 2 x 2, rolled by 1: whole, cut upright, cut across, and cut into four."""
    pieces = torch.tensor([[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 2, 3]])
    figure = figures.shifted_windows(pieces[:, :, None] == pieces[:, None], (4, 4), 2)
    grid, *windows = figure.axes
    assert np.asarray(grid.images[0].get_array()).tolist() == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 1], [1, 1, 2, 3]]
    assert [text.get_text() for text in grid.texts] == ["0", "1", "2", "3"]
    assert [ax.get_title() for ax in windows] == ["window 0", "window 1", "window 2", "window 3"]
    assert [np.asarray(ax.images[0].get_array()).sum() for ax in windows] == [16, 8, 8, 4]
    assert windows[0].get_ylabel() == "query" and windows[0].get_xlabel() == "key"
