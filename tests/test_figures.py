"""The shared pictures: what is drawn is what was given."""

import base64
import inspect
import io

import matplotlib
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from gmm_tutorial import data, figures
from gmm_tutorial.course.run import execute
from gmm_tutorial.figures.base import COLORS, Picture

DRAWING = [name for name in figures.__all__ if name != "image"]


@pytest.mark.parametrize("name", DRAWING)
def test_every_picture_is_drawn_in_our_look_and_returned(name):
    drawing = getattr(figures, name)
    assert drawing.__wrapped__ is inspect.unwrap(drawing), "decorated with `styled`, once"
    assert inspect.signature(drawing).return_annotation in ("Figure", matplotlib.figure.Figure)


def test_a_picture_has_our_look_whatever_the_settings_are():
    """Settings at the time of drawing and of saving are the notebook's; ticks are made only then."""

    def drawn():
        figure = figures.curves([1, 2, 30], {"a": [3, 4, 9]}, xlabel="epoch", ylabel="accuracy")
        return figure, figure._repr_mimebundle_()

    figure, plain = drawn()
    ax = figure.gca()
    assert ax.lines[0].get_color() == COLORS[0] and not ax.spines["top"].get_visible()
    assert {text.get_fontsize() for text in (ax.xaxis.label, *ax.get_xticklabels())} == {9}
    loud = {"font.size": 30, "axes.prop_cycle": plt.cycler(color=["red"]), "figure.dpi": 40}
    with matplotlib.rc_context(loud):
        assert drawn()[1] == plain


def test_pictures_are_unknown_to_pyplot():
    """So none is shown a second time when a cell ends, and a loop that draws many keeps none of them alive."""
    before = plt.get_fignums()
    assert isinstance(figures.rmt_block(), Picture) and plt.get_fignums() == before


def test_a_call_shows_one_picture_wherever_it_stands_in_a_notebook(tmp_path):
    """And neither the import nor a picture that was shown changes matplotlib's settings."""
    draw = "figures.matrices({'a': torch.eye(2)})"
    cells = [
        "import matplotlib\ndef settings():\n    return {**matplotlib.rcParams, 'backend': None}",
        f"before = settings()\nimport torch\nfrom gmm_tutorial import figures\n{draw}",
        "print(settings() == before)",
        f"display({draw})\nprint('after')",
        f"for _ in range(3):\n    display({draw})",
        f"import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n{draw}",
        f"picture = {draw}",
        "picture",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    execute(notebook, tmp_path, "toy")
    assert notebook.cells[2].outputs[0].text == "True\n"
    shown = [[output.get("data", {}).get("image/png") for output in cell.outputs] for cell in notebook.cells]
    assert [sum(map(bool, pngs)) for pngs in shown] == [0, 1, 0, 1, 3, 2, 0, 1]
    kinds = [[output.output_type for output in cell.outputs] for cell in notebook.cells]
    assert kinds[3] == ["display_data", "stream"], "in the order of the cell"
    assert len({png for pngs in (shown[1], shown[3][:1], shown[4]) for png in pngs}) == 1
    sizes = [Image.open(io.BytesIO(base64.b64decode(png))).size for png in (shown[1][0], shown[5][1], shown[7][0])]
    assert np.ptp(sizes, axis=0).max() <= 1, "the same picture, whether or not pyplot is in use, cut by it or by us"
    metadata = [notebook.cells[place].outputs[-1].metadata["image/png"] for place in (1, 5, 7)]
    assert [size["width"] for size in metadata] == [sizes[0][0] // 2] * 3


def test_a_picture_is_a_png():
    """With two pixels for each that it takes on the page."""
    data, metadata = figures.rmt_block()._repr_mimebundle_()
    drawn, size = Image.open(io.BytesIO(data["image/png"])), metadata["image/png"]
    assert drawn.format == "PNG" and 800 <= size["width"] <= 960
    assert drawn.size == pytest.approx((2 * size["width"], 2 * size["height"]), abs=1)


def test_matrices_show_the_values_on_one_scale():
    a, b = torch.rand(3, 4), 5 * torch.rand(3, 4)
    figure = figures.matrices({"a": a, "b": b})
    axes = figure.axes
    assert [ax.get_title() for ax in axes[:2]] == ["a", "b"]
    for ax, value in zip(axes, (a, b), strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), value.numpy())
        assert ax.images[0].get_clim() == (0, b.max().item())


def test_matrices_with_a_negative_entry_are_white_at_zero():
    figure = figures.matrices({"a": torch.tensor([[-2.0, 1.0]])})
    drawn = figure.axes[0].images[0]
    assert drawn.get_clim() == (-2, 2) and drawn.get_cmap().name == "RdBu_r"


def test_matrices_say_what_rows_columns_and_colors_are():
    figure = figures.matrices({"a": torch.eye(2), "b": torch.eye(2)}, down="query", along="key", label="weight")
    first, second, bar = figure.axes
    assert (first.get_ylabel(), second.get_ylabel()) == ("query", "")
    assert first.get_xlabel() == second.get_xlabel() == "key"
    assert bar.get_ylabel() == "weight"


def test_matrices_each_on_its_own_scale():
    figure = figures.matrices({"a": torch.ones(2, 2), "b": torch.full((2, 2), 9.0)}, shared=False)
    assert [ax.images[0].get_clim()[1] for ax in figure.axes[:2]] == [1, 9]


def test_levels_are_dashed_lines_with_a_name():
    figure = figures.curves([1, 2], {"a": [3, 4]}, xlabel="epoch", ylabel="accuracy", levels={"chance": 10})
    level, curve = figure.gca().lines
    assert level.get_ydata() == [10, 10] and level.get_linestyle() == "--" and curve.get_ydata().tolist() == [3, 4]
    assert [text.get_text() for text in figure.gca().texts] == ["chance"]


def test_curves_are_named():
    figure = figures.curves([1, 2], {"a": [3, 4], "b": [5, 6]}, xlabel="epoch", ylabel="accuracy")
    ax = figure.gca()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.lines[1].get_ydata().tolist() == [5, 6] and ax.get_xlabel() == "epoch"


def test_samples_show_every_class_in_its_column():
    images = data.load("shapes", "test")
    figure = figures.samples(images, each=2)
    axes = figure.axes
    assert len(axes) == 2 * len(images.classes)
    for label, ax in enumerate(axes[: len(images.classes)]):
        first = images.images[images.labels == label][0]
        np.testing.assert_array_equal(ax.images[0].get_array(), first.permute(1, 2, 0).numpy())


def test_tokens_are_numbered_in_raster_order():
    figure = figures.numbered_tokens(torch.zeros(3, 32, 48, dtype=torch.uint8), (2, 3))
    _, numbers = figure.axes
    assert [(text.get_text(), text.get_position()) for text in numbers.texts][:4] == [
        ("0", (0, 0)),
        ("1", (1, 0)),
        ("2", (2, 0)),
        ("3", (0, 1)),
    ]


def test_squares_of_four_patches_are_framed_and_named():
    pixels = torch.zeros(3, 32, 48, dtype=torch.uint8)
    (ax,) = figures.framed_squares(pixels, (8, 8), {"a": (0, 6), "b": (5, 2)}).axes
    assert [patch.get_xy() for patch in ax.patches] == [(35.5, -0.5), (11.5, 19.5)]
    assert [(patch.get_width(), patch.get_height()) for patch in ax.patches] == [(12, 8)] * 2
    assert [text.get_text() for text in ax.texts] == ["a", "b"]


def test_measured_costs_are_drawn_on_logarithmic_axes():
    figure = figures.cost_curves(
        [64, 256], {"time": {"full": [1.0, 16.0], "by axes": [2.0, 4.0]}, "bytes": {"full": [1, 9]}}
    )
    time, size = figure.axes
    lines = {line.get_label(): line.get_ydata().tolist() for line in time.lines}
    assert lines["full"] == [1, 16] and lines["by axes"] == [2, 4]
    assert time.get_title() == "time" and size.get_title() == "bytes"
    assert (time.get_xscale(), time.get_yscale()) == ("log", "log")


def test_receptive_fields_are_relative_and_gray_where_nothing_is_seen():
    field = torch.zeros(32, 32)
    field[16, 16], field[0, 0] = 4.0, 1.0
    figure = figures.receptive_fields(
        {"before": {"a": field, "b": field}, "after": {"a": 2 * field, "b": field}}, {"a": 8, "b": 16}
    )
    for ax in figure.axes[:4]:
        drawn = ax.images[0].get_array()
        assert drawn[16, 16] == 1 and drawn[0, 0] == 0.25 and drawn.mask.sum() == 32 * 32 - 2
    assert [ax.get_title() for ax in figure.axes[:4]] == ["a, 8 x 8 tokens", "b, 16 x 16 tokens", "", ""]
    frame = figure.axes[0].patches[0]
    assert frame.get_xy() == (15.5, 15.5) and frame.get_width() == 4


def test_differences_show_every_seed_and_no_interval_for_one():
    figure = figures.paired_differences({"a": [1.0, 2.0], "b": [3.0]}, {"a": (1.5, 6.4), "b": (3.0, float("nan"))})
    ax = figure.gca()
    assert [list(line.get_xdata()) for line in ax.lines if line.get_marker() == "o"] == [[1, 2], [3]]
    assert [bar.has_xerr for bar in ax.containers] == [True, False]


def test_blocks_of_a_toeplitz_matrix_have_the_color_of_their_row_of_the_kernel():
    kernel = torch.arange(9.0).view(3, 3)
    figure = figures.toeplitz_blocks(kernel, (2, 2))
    left, right = figure.axes
    assert [text.get_text() for text in right.texts[:4]] == ["4", "5", "7", "8"]
    rows = {patch.get_y(): patch.get_facecolor() for patch in left.patches if patch.get_fill()}
    blocks = {patch.get_xy(): patch.get_facecolor() for patch in right.patches if patch.get_fill()}
    # the query's own row of tokens: the middle of the kernel
    assert blocks[-0.5, -0.5] == blocks[1.5, 1.5] == rows[0.5]
    assert blocks[1.5, -0.5] == rows[1.5] and blocks[-0.5, 1.5] == rows[-0.5]


def test_token_weights_share_a_scale_and_frame_the_query():
    maps = {"zeros around": torch.eye(2, 3), "torus": 2 * torch.ones(2, 3)}
    left, right, bar = figures.token_weights(maps, (1, 2)).axes
    assert left.images[0].get_clim() == right.images[0].get_clim() == (0, 2)
    assert left.patches[0].get_xy() == (1.5, 0.5) and left.get_title() == "zeros around"
    assert bar.get_ylabel() == "weight"


def test_a_wrapped_border_is_shown_with_its_mean_difference():
    photo, torus, padded = torch.rand(3, 3, 4, 4)
    *_, difference, bar = figures.wrapped_border(photo, torus, padded).axes
    assert torch.allclose(torch.as_tensor(difference.images[0].get_array()), (torus - padded).abs().mean(0))
    assert bar.get_ylabel() == "difference in brightness"


def test_a_row_and_a_ring_frame_what_differs():
    row = torch.tensor([[2.0, 4, 0], [1, 2, 4], [0, 1, 2]])
    ring = torch.tensor([[2.0, 4, 1], [1, 2, 4], [4, 1, 2]])
    for ax, mask in zip(figures.row_and_ring(row, ring).axes, (row, ring), strict=True):
        assert [int(text.get_text()) for text in ax.texts] == mask.flatten().tolist()
        assert [patch.get_xy() for patch in ax.patches] == [(1.5, -0.5), (-0.5, 1.5)]
        assert ax.get_ylabel() == "query" and len(ax.get_xticks()) == 3


def test_a_rearranged_kronecker_product_has_one_row_per_block():
    Y, X = torch.tensor([[3, 1], [1, 3]]), torch.tensor([[4, 2, 1], [2, 4, 2], [1, 2, 4]])
    left, right = figures.rearranged_blocks(Y, X).axes
    assert [text.get_text() for text in left.texts[:6]] == ["12", "6", "3", "4", "2", "1"]
    assert [text.get_text() for text in right.texts[:9]] == ["12", "6", "3", "6", "12", "6", "3", "6", "12"]
    blocks = {patch.get_xy(): patch.get_facecolor() for patch in left.patches if patch.get_fill()}
    rows = {patch.get_y(): patch.get_facecolor() for patch in right.patches if patch.get_fill()}
    assert blocks[2.5, -0.5] == rows[0.5] and blocks[-0.5, 2.5] == rows[1.5] and len(set(rows.values())) == 4


def test_shares_by_layer_tell_models_by_color_and_states_by_line():
    shares = {("ViT", "before"): [0.1, 0.2], ("ViT", "after"): [0.2, 0.3], ("GMM", "before"): [0.3, 0.4]}
    lines = {line.get_label(): line for line in figures.layer_shares(shares, [0.05, 0.06]).gca().lines}
    before, after = lines["ViT, before training"], lines["ViT, after training"]
    assert before.get_color() == after.get_color() != lines["GMM, before training"].get_color()
    assert (before.get_linestyle(), after.get_linestyle()) == ("--", "-")
    assert list(lines["control: relabeled patches"].get_ydata()) == [0.05, 0.06]


def test_singular_values_end_at_the_floor():
    figure = figures.singular_values(
        {"rank 2": torch.tensor([2.0, 1.0, 1e-9]), "rank 3": torch.tensor([4.0, 2, 1])}, shown=3
    )
    points = {line.get_label(): line.get_ydata().tolist() for line in figure.gca().lines}
    assert points["rank 2"] == [1, 0.5] and points["rank 3"] == [1, 0.5, 0.25]


def test_forms_of_retention_color_every_pair_once():
    figure = figures.three_forms(6, 2, 0.9)
    direct = {"parallel": 21, "recurrent": 0, "chunkwise": 9}
    for ax, count in zip(figure.axes, direct.values(), strict=True):
        drawn = [int(np.isfinite(mesh.get_array().filled(np.nan)).sum()) for mesh in ax.collections]
        assert sum(drawn) == 21 and count in (0, drawn[0])


def test_a_fading_sum_is_the_recurrence():
    figure = figures.fading_sum(torch.tensor([8.0, 0, 4, 0]), 0.5)
    ax = figure.gca()
    assert [text.get_text() for text in ax.texts] == ["8", "4", "6", "3"]
    assert [bar.get_label() for bar in ax.containers] == ["the 8 of step 0", "the 4 of step 2"]


def test_decay_rates_are_powers():
    figure = figures.decay_rates({"two heads": torch.tensor([0.5, 0.75])}, reach=3)
    _, *heads = figure.gca().lines
    assert heads[0].get_ydata().tolist() == [1, 0.5, 0.25, 0.125] and heads[1].get_label() == "head 1"


def test_maps_of_a_token_frame_it_and_scale_by_the_others():
    values = torch.zeros(6)
    values[4], values[0] = 9.0, 2.0
    figure = figures.token_maps({"a": values}, (2, 3), token=4)
    ax, bar = figure.axes
    drawn = ax.images[0]
    assert drawn.get_clim() == (0, 1) and bar.get_ylabel().startswith("weight")
    assert drawn.get_array().filled(-1).tolist() == [[1, -1, -1], [-1, 4.5, -1]]
    assert ax.patches[0].get_xy() == (0.5, 0.5)


def test_maps_of_pairs_are_around_zero_on_one_scale():
    figure = figures.pair_maps({"a": torch.tensor([[1.0, -2.0], [0, 0]]), "b": torch.ones(2, 2)})
    a, b = figure.axes[:2]
    assert [ax.images[0].get_clim() for ax in (a, b)] == [(-2, 2), (-2, 2)]
    assert (a.get_ylabel(), a.get_xlabel(), b.get_xlabel()) == ("query", "key", "key")


def test_turning_pairs_show_each_position_and_scores_by_offset():
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    figure = figures.turning_pairs({"fast": vectors}, {0: torch.tensor([4.0, 3.0]), 1: torch.tensor([3.0, 4.0])})
    arrows, scores = figure.axes
    assert [text.xy for text in arrows.texts if hasattr(text, "xy")] == [(1, 0), (0, 1)]
    assert [text.get_text() for text in arrows.texts if text.get_text()] == ["0", "1"]
    assert [line.get_xydata().tolist() for line in scores.lines] == [[[0, 4], [1, 3]], [[-1, 3], [0, 4]]]
    assert [line.get_label()[-1] for line in scores.lines] == ["0", "1"]


def test_four_views_cover_what_a_query_may_not_see():
    photo = torch.full((3, 8, 8), 255, dtype=torch.uint8)
    seen = torch.zeros(4, 4)
    seen[1, 1] = 1
    figure = figures.four_views(photo, 1, {"self": seen}, {"self": seen}, (2, 2))
    above, below, _ = figure.axes
    pixels = above.images[0].get_array()
    assert (pixels[:4, 4:] == 1).all() and (pixels[4:] < 1).all() and (pixels[:4, :4] < 1).all()
    assert below.images[0].get_array().tolist() == [[0, 1], [0, 0]]


def test_row_sums_are_written_out():
    figure = figures.row_sums({"a": torch.tensor([[0.5, 1.0]])})
    assert [text.get_text() for text in figure.gca().texts] == ["0.50", "1.00"]


def test_the_path_round_a_corner_keeps_to_the_keys_row():
    figure = figures.corner_path((0, 1), (3, 4), {"weights": torch.rand(5, 6)})
    ways = figure.axes[0]
    places = {text.get_text(): text.get_position() for text in ways.texts}
    assert places["query"] == (1, 0) and places["key"] == (4, 3) and places["corner"] == (1, 3)


def test_compared_matrices_share_a_scale_and_show_the_second_minus_the_first():
    one, other = torch.rand(2, 6, 6)
    first, second, difference = figures.compared_matrices({"one": one, "other": other}, (2, 3)).axes[:3]
    assert first.images[0].get_clim() == second.images[0].get_clim() == (0, max(one.max(), other.max()))
    np.testing.assert_array_equal(difference.images[0].get_array(), (other - one).numpy())
    assert difference.get_title() == "other minus one" and list(difference.get_xticks()) == [0, 3]


def test_decay_shapes_draw_one_kernel_per_head():
    kernels = torch.rand(2, 5, 5)
    figure = figures.decay_shapes({"a": kernels, "b": kernels.flip(0)}, torch.tensor([0.75, 0.875]))
    axes = figure.axes
    assert [ax.get_title() for ax in axes[:2]] == [r"$\gamma$ = 0.75", r"$\gamma$ = 0.875"]
    np.testing.assert_array_equal(axes[3].images[0].get_array(), kernels[0].numpy())


def test_diamonds_of_the_pyramid_are_as_wide_as_their_half_distances():
    photo = torch.zeros(3, 32, 32, dtype=torch.uint8)
    figure = figures.pyramid_reach(photo, (8, 4), [torch.tensor([2.0, 9.0]), torch.tensor([1.0, 3.0])])
    first, second, bar = figure.axes
    assert [text.get_text() for text in bar.texts] == ["first", "last"]
    assert np.ptp(first.lines[0].get_xdata()) == 4 and np.ptp(second.lines[1].get_ydata()) == 6
    assert first.get_xlabel() == "1 of 2 diamonds\nfit into the photo"


def test_shares_of_parameters_fill_the_bar():
    figure = figures.parameter_shares({"a": {"x": 0.25, "y": 0.75}, "b": {"x": 0.5, "y": 0.5}})
    ax = figure.gca()
    widths = {bar.get_label(): [patch.get_width() for patch in bar] for bar in ax.containers}
    assert widths == {"y": [0.75, 0.5], "x": [0.25, 0.5]}
    assert ax.containers[1][0].get_x() == 0.75


def test_parts_have_a_dot_as_they_are_and_one_jumbled():
    figure = figures.part_accuracies({"none": (10.0, 9.0), "all": (90.0, 11.0)}, chance=10)
    ax = figure.gca()
    dots = {line.get_label(): list(line.get_xdata()) for line in ax.lines}
    assert dots == {"guessing": [10, 10], "images as they are": [10, 90], "jumbled images": [9, 11]}
    assert [text.get_text() for text in ax.get_yticklabels()] == ["none", "all"]


def test_the_block_of_rmt_and_its_attention_name_their_boxes():
    words = [
        [text.get_text() for text in figure().gca().texts] for figure in (figures.rmt_block, figures.rmt_attention)
    ]
    assert words[0].count("+") == 3 and words[0].count("norm") == words[0].count("scale") == 2
    assert words[1].count("rotate") == 2 and words[1].count("split into heads") == 3


def test_raster_scores_mark_the_token_below():
    steps = torch.arange(20)
    figure = figures.raster_scores(steps, 1 / (1 + steps), {4: torch.rand(4, 4), 6: torch.rand(6, 6)})
    curve = figure.axes[0]
    marks = {line.get_label(): line.get_xdata()[0] for line in curve.lines[1:]}
    assert marks == {
        "right neighbor": 1,
        "neighbor below, 4 tokens wide": 4,
        "neighbor below, 6 tokens wide": 6,
    }


def test_rows_of_a_comparison_have_a_dot_a_seed_and_a_bar_where_there_are_several():
    named, intervals = {"a": [46.0, 48.0], "b": [47.5]}, {"a": (47.0, 3.0), "b": (47.5, float("nan"))}
    figure = figures.variants(named, intervals, 46.5, "accuracy", band=0.25)
    ax = figure.gca()
    line, bar, mean, dots, alone, dot = ax.lines
    assert list(line.get_xdata()) == [46.5, 46.5] and [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]
    (band,) = ax.patches
    assert (band.get_x(), band.get_width()) == (46.25, 0.5) and list(bar.get_xdata()) == [44, 50]
    assert list(mean.get_xdata()) == [47] and list(dots.get_xdata()) == [46, 48]
    assert list(alone.get_xdata()) == list(dot.get_xdata()) == [47.5]
    assert 43 < ax.get_xlim()[0] < 44 and 50 < ax.get_xlim()[1] < 51


def test_marks_of_a_comparison_are_named():
    def names(**options):
        figure = figures.variants({"a": [46.0, 48.0]}, {"a": (47.0, options.pop("half"))}, 46.5, "accuracy", **options)
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert names(half=float("nan")) == ["one seed", "mean"]
    assert names(half=3.0) == ["one seed", "mean", "95 % interval"]
    assert names(half=3.0, band=0.5) == ["one seed", "mean", "95 % interval", "within ±0.5"]


def test_rows_of_a_comparison_with_two_lines_of_text_are_higher():
    def height(name):
        return figures.variants({name: [1.0], "b": [2.0]}, {name: (1.0, 1.0), "b": (2.0, 1.0)}, 0.0, "").get_figheight()

    assert height("a\nagainst b") > height("a against b")


def test_fine_tuning_has_one_scale_from_zero_and_the_line_of_chance():
    figure = figures.tuning_curves({"a": {"mask": [10, 20, 40]}, "b": {"mask": [30, 50]}}, chance=25)
    for ax, shares in zip(figure.axes, ([10, 20, 40], [30, 50]), strict=True):
        chance, curve = ax.lines
        assert list(chance.get_ydata()) == [25, 25] and list(curve.get_ydata()) == shares
        assert ax.get_ylim() == (0, 54)


def test_intervals_that_miss_are_counted_apart():
    figure = figures.many_intervals(torch.tensor([0.5, -2.0, 0.1]), torch.tensor([1.0, 1.0, 1.0]))
    texts = figure.gca().get_legend().get_texts()
    assert [text.get_text() for text in texts] == ["contains the true mean: 2", "misses it: 1"]


def test_power_is_drawn_in_percent():
    figure = figures.power_curves([2, 3], {"1 point": [0.25, 0.5]})
    line, curve = figure.gca().lines
    assert list(line.get_ydata()) == [80, 80] and list(curve.get_ydata()) == [25, 50]


def test_temperature_shares_have_a_dot_a_head():
    figure = figures.temperature_shares({"a": torch.tensor([0.5, 1.0]), "b": torch.tensor([0.25])})
    assert [line.get_xdata().tolist() for line in figure.gca().lines] == [[50, 100], [25]]


def test_masks_and_attention_share_a_scale_down_a_column():
    photos = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
    masks, rows = [torch.ones(2, 2), -2 * torch.ones(2, 2)], [torch.full((2, 2), 0.25), torch.eye(2)]
    figure = figures.masks_and_attention(photos, masks, rows, (0, 1))
    axes = figure.axes
    assert [axes[i].images[0].get_clim() for i in (1, 4)] == [(-2, 2)] * 2
    assert [axes[i].images[0].get_clim() for i in (2, 5)] == [(0, 1)] * 2
    assert axes[0].patches[0].get_xy() == (3.5, -0.5) and axes[1].patches[0].get_xy() == (0.5, -0.5)
