"""Pictures of masks and mixtures: rows, means, windows and scores, as they were given."""

import numpy as np
import pytest
import torch

from gmm_tutorial import figures
from gmm_tutorial.figures.base import COLORS
from gmm_tutorial.figures.masks import limit
from gmm_tutorial.grid import unfold_kernel

KERNEL = torch.arange(15.0).view(3, 5)  # of a grid of 2 x 3


def array(ax):
    return ax.images[0].get_array()


def table_of(ax, columns):
    return torch.tensor([float(text.get_text()) for text in ax.texts]).view(-1, columns)


def test_a_color_scale_leaves_out_only_the_most_extreme_entries():
    values = np.concatenate([np.ones(999), [-50.0]])
    assert limit(values) == 1 and limit(np.array([-3.0])) == 3 and limit(np.zeros(4)) == 1


def test_means_of_masks_are_those_of_rows_and_of_columns_around_their_layers_mean():
    masks = torch.randn(2, 6, 6) + torch.tensor([5.0, -5.0])[:, None, None]
    figure = figures.mask_means(masks, (2, 3))
    panels = np.array(figure.axes[:6]).reshape(3, 2)
    around = masks - masks.mean((1, 2), keepdim=True)
    for layer in range(2):
        whole, queries, keys = (array(ax) for ax in panels[:, layer])
        np.testing.assert_allclose(whole, around[layer], atol=1e-5)
        np.testing.assert_allclose(queries, around[layer].mean(1).view(2, 3), atol=1e-5)
        np.testing.assert_allclose(keys, around[layer].mean(0).view(2, 3), atol=1e-5)
    assert [ax.get_ylabel() for ax in panels[:, 0]] == ["query", "row of grid", "row of grid"]
    assert [ax.get_title(loc="left") for ax in panels[1:, 0]] == [
        "mean of each query's row",
        "mean of each key's column",
    ]
    assert panels[0, 0].get_xticks().tolist() == panels[0, 0].get_yticks().tolist() == [0, 5], "numbers of tokens"
    assert (panels[1, 1].get_xticks().tolist(), panels[1, 1].get_yticks().tolist()) == ([0, 2], [])
    assert [ax.get_title() for ax in panels[0]] == ["layer 0", "layer 1"]
    clims = [ax.images[0].get_clim() for ax in panels[1:].flat]
    assert len(set(clims)) == 1 and clims[0][0] == -clims[0][1], "one scale for both means"


def test_profiles_lie_over_the_band_of_chance():
    radii, means = torch.tensor([0.0, 1, 2]), torch.tensor([[3.0, 2, 1], [6, 5, 4]])
    axes = figures.mask_profiles(radii, means, means - 1, means + 2).axes
    for layer, ax in enumerate(axes):
        (line,), (band,) = ax.lines, ax.collections
        assert list(line.get_xdata()) == [0, 1, 2] and list(line.get_ydata()) == means[layer].tolist()
        heights = band.get_paths()[0].vertices[:, 1]
        assert (heights.min(), heights.max()) == (means[layer].min() - 1, means[layer].max() + 2)
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["shuffled, 95 %", "learned"]


def test_scores_of_masks_have_a_dot_a_mask_over_the_middle_95_percent_of_chance():
    scores, chance = torch.tensor([[1.0, 2, 3], [4, 5, 6]]), torch.arange(1001.0)
    figure = figures.mask_scores({"a": scores, "b": -scores}, {"a": chance, "b": -chance})
    first, second = figure.axes
    band = first.patches[0]
    assert (band.get_y(), band.get_y() + band.get_height()) == (25, 975)
    _, *seeds = first.lines
    assert [line.get_ydata().tolist() for line in seeds] == scores.tolist()
    places = [line.get_xdata() for line in seeds]
    assert np.round(places[0]).tolist() == [0, 1, 2] and (places[0] != places[1]).all(), "none hides another"
    assert [text.get_text() for text in second.get_legend().get_texts()] == ["shuffled, 95 %", "seed 0", "seed 1"]


def test_an_overview_shows_the_sum_of_the_kernels_its_windows_and_the_mask():
    photo, kernels = torch.randint(256, (3, 8, 8), dtype=torch.uint8), torch.randn(2, 7, 7)
    figure = figures.mixture_overview(photo, kernels, [(0, 1), (3, 3), (2, 0)])
    first, one, two, whole, mask, *windows = figure.axes
    expected = unfold_kernel(kernels.sum(0)[None], (4, 4))[0]
    np.testing.assert_array_equal(array(first), photo.permute(1, 2, 0).numpy())
    for ax, values in zip((one, two, whole, mask), (*kernels, kernels.sum(0), expected), strict=True):
        np.testing.assert_array_equal(array(ax), values.numpy())
    for ax, row in zip(windows, (1, 15, 8), strict=True):
        np.testing.assert_array_equal(array(ax), expected[row].view(4, 4).numpy())
    assert [patch.get_xy() for patch in whole.patches] == [(1.5, 2.5), (-0.5, -0.5), (2.5, 0.5)], "n - 1 - x, n - 1 - y"
    assert [patch.get_xy() for patch in mask.patches] == [(-0.5, 0.5), (-0.5, 14.5), (-0.5, 7.5)]
    assert ("inverted" in one.get_title()) == bool(kernels[0, 3, 3] < 0)
    assert {ax.images[0].get_clim()[1] for ax in (one, whole, mask)} == {kernels.sum(0).abs().max().item()}


def test_a_profile_is_the_sum_of_its_gaussians():
    (ax,) = figures.mixture_profile([0.6, -0.8], [2.0, 0.5], reach=3.0).axes
    lines = {line.get_label(): line for line in ax.lines}
    one, two, total = (lines[name] for name in ("alpha 0.6, sigma 2", "alpha -0.8, sigma 0.5", "their sum"))
    d = one.get_xdata()
    np.testing.assert_allclose(one.get_ydata(), 0.6 * np.exp(-(d**2) / 8))
    np.testing.assert_allclose(total.get_ydata(), one.get_ydata() + two.get_ydata())
    dots = next(line for line in ax.lines if line.get_marker() == "o" and len(line.get_xdata()) == 7)
    assert list(dots.get_xdata()) == [-3, -2, -1, 0, 1, 2, 3]
    assert dots.get_ydata()[3] == pytest.approx(-0.2)


def test_steps_of_a_window_end_with_the_row_of_the_mask():
    mask = unfold_kernel(KERNEL[None], (2, 3))[0]
    tokens, kernel, window, row = figures.window_steps(KERNEL, grid=(2, 3), query=(0, 1)).axes
    assert torch.equal(table_of(tokens, 3), torch.arange(6.0).view(2, 3)) and torch.equal(table_of(kernel, 5), KERNEL)
    assert torch.equal(table_of(row, 6)[0], mask[1]) and torch.equal(table_of(window, 3), mask[1].view(2, 3))
    assert kernel.patches[0].get_xy() == (0.5, 0.5), "the window begins in row 1 and column 1 of the kernel"
    assert "row 1 of the mask" in row.get_title()


def test_every_querys_window_is_framed_on_the_kernel():
    mask = unfold_kernel(KERNEL[None], (2, 3))[0]
    for query, ax in enumerate(figures.windows_on_kernel(KERNEL, (2, 3)).axes):
        y, x = divmod(query, 3)
        left, top = (int(edge + 0.5) for edge in ax.patches[0].get_xy())
        assert torch.equal(table_of(ax, 5)[top : top + 2, left : left + 3], mask[query].view(2, 3))
        assert ax.get_title() == f"query ({y}, {x})"


def test_kernel_and_mask_are_tables_with_lines_between_rows_of_tokens():
    mask = unfold_kernel(KERNEL[None], (2, 3))[0]
    left, right = figures.kernel_and_mask(KERNEL, mask, (2, 3)).axes
    assert torch.equal(table_of(left, 5), KERNEL) and torch.equal(table_of(right, 6), mask)
    assert list(right.lines[0].get_ydata()) == [2.5, 2.5] and len(right.lines) == 2
    assert (right.get_xlabel(), right.get_ylabel()) == ("key", "query")


def test_a_mosaic_keeps_kernels_in_their_rows_and_columns():
    kernels = torch.randn(2, 3, 4, 5)
    ax = figures.kernel_mosaic({"k": kernels}, rows="layers").axes[0]
    drawn = np.asarray(array(ax).filled(np.nan))
    assert drawn.shape == (2 * 6, 3 * 7)
    for row in range(2):
        for column in range(3):
            tile = drawn[6 * row + 1 : 6 * row + 5, 7 * column + 1 : 7 * column + 6]
            np.testing.assert_array_equal(tile, kernels[row, column].numpy())
    assert np.isnan(drawn[0]).all() and (ax.get_xlabel(), ax.get_ylabel()) == ("heads", "layers")


def test_scores_of_fits_stand_beside_those_of_shuffled_masks():
    learned, chance = {"m": [0.1, 0.2], "n": [0.3, 0.4]}, {"m": [0.01, 0.02], "n": [0.03, 0.04]}
    left, right = figures.fit_scores([1, 2], [0.3, 0.5], 0.6, learned, chance).axes
    line, curve = left.lines
    assert list(line.get_ydata()) == [0.6] * 2 and list(curve.get_ydata()) == [0.3, 0.5]
    drawn = [list(each.get_ydata()) for each in right.lines]
    assert drawn == [[0.1, 0.2], [0.01, 0.02], [0.3, 0.4], [0.03, 0.04]]
    assert list(right.lines[0].get_xdata()) == list(right.lines[1].get_xdata()) == [-0.1, 0.9]
    assert right.lines[0].get_color() == right.lines[1].get_color() != right.lines[2].get_color()
    names = [text.get_text() for text in right.get_legend().get_texts()]
    assert names == ["m", "n", "same color: highest\nof the shuffled masks"]
    assert right.get_yscale() == "log"


def test_the_accuracy_without_each_heads_mask_is_written_at_its_layer_and_head():
    accuracy = torch.tensor([[10.0, 20, 30], [40, 50, 60]])
    ax = figures.head_accuracies({"a": accuracy, "b": accuracy / 2}).axes[1]
    assert {text.get_position(): text.get_text() for text in ax.texts}[2, 1] == "30"
    np.testing.assert_array_equal(array(ax), (accuracy / 2).numpy())
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("b", "head", "layer")


def test_underflow_is_drawn_along_the_distance():
    published, exact, distance = torch.rand(3, 3), torch.rand(3, 3), torch.rand(3, 3) * 20
    left, middle, right, bar = figures.underflow(published, exact, distance).axes
    assert bar.get_ylabel() == "weight"
    np.testing.assert_array_equal(array(left), published.numpy())
    np.testing.assert_array_equal(array(middle), exact.numpy())
    lines, order = {line.get_label(): line for line in right.lines}, distance.flatten().argsort()
    for name, values in (("as published", published), ("exponent formed first", exact)):
        np.testing.assert_array_equal(lines[name].get_xdata(), distance.flatten()[order].numpy())
        np.testing.assert_array_equal(lines[name].get_ydata(), values.flatten()[order].numpy())


def test_bars_of_a_group_stand_side_by_side_around_their_key():
    group = {"x": torch.tensor([1.0, 2]), "y": torch.tensor([3.0, 4])}
    figure = figures.weight_bars({"a": group, "b": group}, ["near", "far"], "weight")
    ax = figure.axes[0]
    bars = {
        each.get_label(): [(bar.get_x() + bar.get_width() / 2, bar.get_height()) for bar in each]
        for each in ax.containers
    }
    assert bars == {
        "x": [(pytest.approx(-0.2), 1), (pytest.approx(0.8), 2)],
        "y": [(pytest.approx(0.2), 3), (pytest.approx(1.2), 4)],
    }
    assert [label.get_text() for label in ax.get_xticklabels()] == ["near", "far"] and ax.get_ylabel() == "weight"
    assert ax.containers[1][0].get_facecolor()[:3] == pytest.approx(
        [int(COLORS[0][i : i + 2], 16) / 255 for i in (1, 3, 5)]
    )
