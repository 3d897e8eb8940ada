"""Measurements against naive loops and against masks whose answer is known."""

import pytest
import torch

from gmm_tutorial import probe
from gmm_tutorial.grid import distances, unfold_kernel
from gmm_tutorial.models import create_model

GRIDS = [(3, 3), (2, 5), (4, 1)]


def places(grid):
    return [(y, x) for y in range(grid[0]) for x in range(grid[1])]


@pytest.mark.parametrize("grid", GRIDS)
def test_mean_distance_equals_the_loop(grid):
    n = grid[0] * grid[1]
    weights = torch.rand(2, 3, n, n).softmax(-1)
    expected = torch.zeros(2, 3)
    for i, (y, x) in enumerate(places(grid)):
        for j, (v, u) in enumerate(places(grid)):
            expected += weights[:, :, i, j] * ((y - v) ** 2 + (x - u) ** 2) ** 0.5 / n
    torch.testing.assert_close(probe.mean_distance(weights, grid), expected)


def test_mean_distance_of_the_identity_is_zero():
    assert probe.mean_distance(torch.eye(6), (2, 3)) == 0


@pytest.mark.parametrize("grid", GRIDS)
def test_by_distance_equals_the_loop(grid):
    n = grid[0] * grid[1]
    mask = torch.randn(2, n, n)
    radii, means = probe.by_distance(mask, grid)
    assert radii[0] == 0 and (radii.diff() > 0).all()
    for r, radius in enumerate(radii):
        torch.testing.assert_close(means[:, r], mask[:, distances(grid) == radius].mean(-1))


@pytest.mark.parametrize("grid", GRIDS)
def test_by_offset_is_the_inverse_of_unfold(grid):
    kernel = torch.randn(3, 2 * grid[0] - 1, 2 * grid[1] - 1)
    torch.testing.assert_close(probe.by_offset(unfold_kernel(kernel, grid), grid), kernel)


@pytest.mark.parametrize("grid", GRIDS)
def test_by_offset_is_the_nearest_kernel(grid):
    """What unfolds from it is the orthogonal projection: the rest of the mask is at a right angle to every kernel."""
    n = grid[0] * grid[1]
    mask = torch.randn(1, n, n, dtype=torch.float64)
    rest = mask - unfold_kernel(probe.by_offset(mask, grid), grid)
    kernel = torch.randn(1, 2 * grid[0] - 1, 2 * grid[1] - 1, dtype=torch.float64)
    assert abs((rest * unfold_kernel(kernel, grid)).sum()) < 1e-10


def test_diagonal_score():
    assert torch.isclose(probe.diagonal_score(torch.eye(4)), torch.tensor((1 - 0.25) / (3 / 16) ** 0.5))
    assert probe.diagonal_score(1 - torch.eye(9)) < -2


@pytest.mark.parametrize("grid", [(3, 3), (2, 5)])
def test_neighbours_do_not_reach_around_the_end_of_a_row(grid):
    places_ = places(grid)
    mask = torch.zeros(len(places_), len(places_))
    for i, (y, x) in enumerate(places_):
        for j, (v, u) in enumerate(places_):
            mask[i, j] = (
                1.0 * (y == v and abs(x - u) == 1) + 10.0 * (x == u and abs(y - v) == 1) + 100.0 * (y != v and x != u)
            )
    horizontal, vertical = probe.neighbour_means(mask, grid)
    assert horizontal == 1 and vertical == 10


def test_attention_maps_are_those_of_the_layers():
    model = create_model("vit", prior="gmm", pool="cls", dim=24, depth=3, num_heads=2).eval()
    images = torch.randn(2, 3, 32, 32)
    maps = probe.attention_maps(model, images)
    assert [tuple(each.shape) for each in maps] == [(2, 2, 65, 65)] * 3
    torch.testing.assert_close(maps[0].sum(-1), torch.ones(2, 2, 65))
    x = torch.cat((model.cls_token.expand(2, -1, -1), model.patch_embed(images)), dim=1) + model.pos_embed
    block = model.blocks[0]
    torch.testing.assert_close(maps[0], block.attn.weights(block.norm1(x)).detach())
    assert not any(layer.attn._forward_hooks for layer in model.blocks), "hooks are taken away"


def test_wrong_mask_is_named():
    with pytest.raises(ValueError, match=r"mask is \(3, 4, 4\), but a grid of 2 x 3 needs \(..., 6, 6\)"):
        probe.by_distance(torch.zeros(3, 4, 4), (2, 3))


def test_model_without_attention_is_named():
    with pytest.raises(ValueError, match="model is a Linear without an Attention layer"):
        probe.attention_maps(torch.nn.Linear(1, 1), torch.zeros(1))
