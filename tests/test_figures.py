"""The shared pictures: what is drawn is what was given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from gmm_tutorial import data, figures


@pytest.fixture(autouse=True)
def kept(monkeypatch):
    """Keep figures open instead of showing them, and close them after the test."""
    monkeypatch.setattr(plt, "show", lambda: None)
    yield
    plt.close("all")


def test_matrices_show_the_values_on_one_scale():
    a, b = torch.rand(3, 4), 5 * torch.rand(3, 4)
    figures.matrices({"a": a, "b": b})
    axes = plt.gcf().axes
    assert [ax.get_title() for ax in axes[:2]] == ["a", "b"]
    for ax, value in zip(axes, (a, b), strict=False):
        np.testing.assert_array_equal(ax.images[0].get_array(), value.numpy())
        assert ax.images[0].get_clim() == (0, b.max().item())


def test_matrices_with_a_negative_entry_are_white_at_zero():
    figures.matrices({"a": torch.tensor([[-2.0, 1.0]])})
    drawn = plt.gcf().axes[0].images[0]
    assert drawn.get_clim() == (-2, 2) and drawn.get_cmap().name == "RdBu_r"


def test_matrices_each_on_its_own_scale():
    figures.matrices({"a": torch.ones(2, 2), "b": torch.full((2, 2), 9.0)}, shared=False)
    assert [ax.images[0].get_clim()[1] for ax in plt.gcf().axes[:2]] == [1, 9]


def test_curves_are_named():
    figures.curves([1, 2], {"a": [3, 4], "b": [5, 6]}, xlabel="epoch", ylabel="accuracy")
    ax = plt.gca()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.lines[1].get_ydata().tolist() == [5, 6] and ax.get_xlabel() == "epoch"


def test_samples_show_every_class_in_its_column():
    images = data.load("shapes", "test")
    figures.samples(images, each=2)
    axes = plt.gcf().axes
    assert len(axes) == 2 * len(images.classes)
    for label, ax in enumerate(axes[: len(images.classes)]):
        first = images.images[images.labels == label][0]
        np.testing.assert_array_equal(ax.images[0].get_array(), first.permute(1, 2, 0).numpy())


def test_tokens_are_numbered_in_raster_order():
    figures.numbered_tokens(torch.zeros(3, 32, 48, dtype=torch.uint8), (2, 3))
    _, numbers = plt.gcf().axes
    assert [(text.get_text(), text.get_position()) for text in numbers.texts][:4] == [
        ("0", (0, 0)),
        ("1", (1, 0)),
        ("2", (2, 0)),
        ("3", (0, 1)),
    ]
