"""Pictures of attention: which weights, names, frames and lines are drawn."""

import numpy as np
import pytest
import torch

from gmm_tutorial import figures
from gmm_tutorial.figures.attention import patch_colours


def written(ax):
    return [text.get_text() for text in ax.texts]


def test_photos_are_named_and_numbers_are_clipped():
    photo, numbers = torch.randint(256, (3, 4, 5), dtype=torch.uint8), torch.tensor([-1.0, 0.25, 2.0]).view(3, 1, 1)
    first, second = figures.photos({"bytes": photo, "numbers": numbers}).axes
    np.testing.assert_array_equal(first.images[0].get_array(), photo.permute(1, 2, 0).numpy())
    assert second.images[0].get_array().tolist() == [[[0, 0.25, 1]]]
    assert (first.get_title(), second.get_title()) == ("bytes", "numbers")


def test_six_patches_stand_in_raster_order_with_their_words_and_numbers():
    vectors = torch.tensor([[0, 0, 2], [1.25, 0, 0], [0, 1, 0], [0, 0, 0], [2, 0, 1], [0.5, 0.5, 0.5]])
    (ax,) = figures.six_patches({"x": vectors}, list("abcdef")).axes
    assert written(ax)[::2] == list("abcdef") and written(ax)[1:4:2] == ["0  0  2", "1.2  0  0"]
    assert [tuple(np.round(text.get_position()).tolist()) for text in ax.texts[::2]] == [
        (0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1),
    ]  # fmt: skip
    np.testing.assert_array_equal(ax.images[0].get_array().reshape(6, 3), patch_colours(vectors))
    assert ax.texts[0].get_color() == "black" and ax.texts[6].get_color() == "white", "readable on bright and dark"


def test_colors_of_patches_are_linear_until_they_are_clipped():
    """So a mean of patches has the mean of their colors: red, green, blue from blue, green, bright."""
    vectors = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    colors = patch_colours(vectors)
    assert colors.argmax(1).tolist()[:2] == [2, 1] and len(set(colors[2])) == 1
    np.testing.assert_allclose(patch_colours(vectors.mean(0, keepdim=True))[0], colors.mean(0))
    assert patch_colours(torch.full((1, 3), 9.0)).max() == 1


def test_attention_matrices_write_every_weight_on_one_scale_from_0_to_1():
    weights = torch.tensor([[0.9, 0.1], [0.25, 0.75]])
    first, second = figures.attention_matrices({"a": weights, "b": weights.T}, ["x", "y"]).axes
    assert written(first) == ["0.90", "0.10", "0.25", "0.75"] and written(second) == ["0.90", "0.25", "0.10", "0.75"]
    assert [text.get_position() for text in first.texts[:2]] == [(0, 0), (1, 0)], "a column per key"
    assert first.images[0].get_clim() == second.images[0].get_clim() == (0, 1)
    assert (first.get_xlabel(), first.get_ylabel()) == ("key", "query")
    assert [label.get_text() for label in first.get_yticklabels()] == ["x", "y"]


def test_entropies_are_drawn_by_doublings_below_the_uniform_one():
    (ax,) = figures.softmax_entropy([2, 4, 8], {"plain": [3.0, 2.0, 1.0], "scaled": [3.0, 3.0, 3.0]}, 3.5).axes
    line, plain, scaled = ax.lines
    assert list(line.get_ydata()) == [3.5, 3.5] and list(plain.get_ydata()) == [3, 2, 1]
    assert list(scaled.get_xdata()) == [2, 4, 8] and ax.get_xscale() == "log" and ax.get_ylim()[0] == 0
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "4", "8"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["plain", "scaled"]


def test_attention_maps_show_the_row_of_each_photos_query():
    photos = torch.randint(256, (2, 3, 8, 12), dtype=torch.uint8)
    maps = {name: torch.rand(2, 6, 6) for name in ("a", "b")}
    figure = figures.attention_maps(photos, [1, 5], maps, (2, 3))
    panels = np.array(figure.axes[:6]).reshape(2, 3)
    assert [ax.get_title() for ax in panels[0]] == ["the query", "a", "b"]
    for row, query in enumerate((1, 5)):
        np.testing.assert_array_equal(panels[row, 0].images[0].get_array(), photos[row].permute(1, 2, 0).numpy())
        assert panels[row, 0].patches[0].get_xy() == (query % 3 * 4 - 0.5, query // 3 * 4 - 0.5)
        for ax, name in zip(panels[row, 1:], "ab", strict=True):
            np.testing.assert_array_equal(ax.images[0].get_array(), maps[name][row, query].view(2, 3).numpy())
            assert ax.patches[0].get_xy() == (query % 3 - 0.5, query // 3 - 0.5)
    top = max(float(maps[name][row, query].max()) for row, query in enumerate((1, 5)) for name in "ab")
    assert {ax.images[0].get_clim() for ax in panels[:, 1:].flat} == {(0, top)}, "one scale"
    bar = figure.axes[6]
    assert [label.get_text() for label in bar.get_yticklabels()][:2] == ["0", "uniform"]
    assert bar.get_yticks()[1] == pytest.approx(1 / 6)


def test_head_measures_have_a_dot_a_head_at_their_layer():
    near, far = torch.tensor([[1.0, 2, 3], [4, 5, 6]]), torch.tensor([[0.5, 1, 2], [3, 4, 9]])
    figure = figures.head_measures({"distance": {"a": near, "b": far}, "entropy": {"a": far, "b": near}}, [5.0, 2.0])
    for ax, control, order in zip(figure.axes, (5, 2), ((near, far), (far, near)), strict=True):
        line, *dots = ax.lines
        assert list(line.get_ydata()) == [control, control]
        for drawn, values in zip(dots, order, strict=True):
            assert np.round(drawn.get_xdata()).tolist() == [0, 0, 0, 1, 1, 1]
            assert drawn.get_ydata().tolist() == values.flatten().tolist() and drawn.get_linestyle() == "None"
        assert ax.get_ylim() == (0, pytest.approx(1.15 * 9))
    assert [ax.get_ylabel() for ax in figure.axes] == ["distance", "entropy"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["uniform attention", "a", "b"]
