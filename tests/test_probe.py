"""Measurements against naive loops and against masks whose answer is known."""

import pytest
import torch

from gmm_tutorial import analysis
from gmm_tutorial.grid import distances, unfold_kernel
from gmm_tutorial.manhattan import ManhattanAttention
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import GaussianMixtureMask

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
    torch.testing.assert_close(analysis.mean_distance(weights, grid), expected)


def test_mean_distance_of_the_identity_is_zero():
    assert analysis.mean_distance(torch.eye(6), (2, 3)) == 0


@pytest.mark.parametrize("grid", GRIDS)
def test_by_distance_equals_the_loop(grid):
    n = grid[0] * grid[1]
    mask = torch.randn(2, n, n)
    radii, means = analysis.by_distance(mask, grid)
    assert radii[0] == 0 and (radii.diff() > 0).all()
    for r, radius in enumerate(radii):
        torch.testing.assert_close(means[:, r], mask[:, distances(grid) == radius].mean(-1))


@pytest.mark.parametrize("grid", GRIDS)
def test_by_offset_is_the_inverse_of_unfold(grid):
    kernel = torch.randn(3, 2 * grid[0] - 1, 2 * grid[1] - 1)
    torch.testing.assert_close(analysis.by_offset(unfold_kernel(kernel, grid), grid), kernel)


@pytest.mark.parametrize("grid", GRIDS)
def test_by_offset_is_the_nearest_kernel(grid):
    """What unfolds from it is the orthogonal projection: the rest of the mask is at a right angle to every kernel."""
    n = grid[0] * grid[1]
    mask = torch.randn(1, n, n, dtype=torch.float64)
    rest = mask - unfold_kernel(analysis.by_offset(mask, grid), grid)
    kernel = torch.randn(1, 2 * grid[0] - 1, 2 * grid[1] - 1, dtype=torch.float64)
    assert abs((rest * unfold_kernel(kernel, grid)).sum()) < 1e-10


def test_diagonal_score():
    assert torch.isclose(analysis.diagonal_score(torch.eye(4)), torch.tensor((1 - 0.25) / (3 / 16) ** 0.5))
    assert analysis.diagonal_score(1 - torch.eye(9)) < -2


@pytest.mark.parametrize("grid", [(3, 3), (2, 5)])
def test_neighbors_do_not_reach_around_the_end_of_a_row(grid):
    places_ = places(grid)
    mask = torch.zeros(len(places_), len(places_))
    for i, (y, x) in enumerate(places_):
        for j, (v, u) in enumerate(places_):
            mask[i, j] = (
                1.0 * (y == v and abs(x - u) == 1) + 10.0 * (x == u and abs(y - v) == 1) + 100.0 * (y != v and x != u)
            )
    horizontal, vertical = analysis.neighbor_means(mask, grid)
    assert horizontal == 1 and vertical == 10


def test_attention_maps_are_those_of_the_layers():
    model = create_model("vit", prior="gmm", pool="cls", dim=24, depth=3, num_heads=2).eval()
    images = torch.randn(2, 3, 32, 32)
    maps = analysis.attention_maps(model, images)
    assert [tuple(each.shape) for each in maps] == [(2, 2, 65, 65)] * 3
    torch.testing.assert_close(maps[0].sum(-1), torch.ones(2, 2, 65))
    x = torch.cat((model.cls_token.expand(2, -1, -1), model.patch_embed(images)), dim=1) + model.pos_embed
    block = model.blocks[0]
    torch.testing.assert_close(maps[0], block.attn.weights(block.norm1(x)).detach())
    assert not any(layer.attn._forward_hooks for layer in model.blocks), "hooks are taken away"


@pytest.mark.parametrize("rotate", [True, False])
@pytest.mark.parametrize("kind", ["decomposed", "full", "gmm"])
def test_weights_of_manhattan_attention_are_what_v_is_multiplied_by(kind, rotate):
    """Weights times v, projected, is what the layer returns; rows sum to 1 on a grid that is not square."""
    prior = GaussianMixtureMask((2, 3), heads=2) if kind == "gmm" else None
    layer = ManhattanAttention(8, 2, decomposed=kind == "decomposed", rotate=rotate, prior=prior).double()
    layer.lepe, x = None, torch.randn(2, 2, 3, 8, dtype=torch.float64)
    weights = layer.weights(x)
    assert weights.shape == (2, 2, 6, 6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 2, 6, dtype=torch.float64))
    values = layer.v_proj(x).view(2, 6, 2, 4).transpose(1, 2)
    mixed = (weights @ values).transpose(1, 2).reshape(2, 2, 3, 8)
    torch.testing.assert_close(layer.out_proj(mixed), layer(x))


def test_features_of_rmt_are_the_tokens_of_its_last_stage_in_raster_order():
    model = create_model("rmt-cifar", dims=(8, 16), depths=(1, 1), num_heads=(2, 2), spans=(4, 4)).double().eval()
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    features = model.features(images)
    assert features.shape == (2, 64, 16)
    x = model.stages[1](model.downsamples[0](model.stages[0](model.stem(images))))
    for token, (y, x_) in enumerate(places((8, 8))):
        torch.testing.assert_close(features[:, token], x[:, y, x_])
    assert analysis.effective_receptive_field(model.features, images[:1, :, :, :])[18, 18] > 0


def test_wrong_mask_is_named():
    with pytest.raises(ValueError, match=r"mask is \(3, 4, 4\), but a grid of 2 x 3 needs \(..., 6, 6\)"):
        analysis.by_distance(torch.zeros(3, 4, 4), (2, 3))


def test_model_without_attention_is_named():
    with pytest.raises(ValueError, match="model is a Linear without an attention layer"):
        analysis.attention_maps(torch.nn.Linear(1, 1), torch.zeros(1))


def pixels(images):
    """Every pixel a token: (B, C, S, S) -> (B, S S, C)."""
    return images.flatten(2).mT


def test_effective_receptive_field_equals_finite_differences():
    torch.manual_seed(0)
    model = create_model("convnet", image_size=16, dim=4).double().eval()
    images = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    field = analysis.effective_receptive_field(model.features, images)
    for y, x in ((7, 9), (8, 4), (15, 15)):
        nudge, rate = torch.zeros(3, 3, 16, 16, dtype=torch.float64), 0.0
        nudge[range(3), range(3), y, x] = 1e-5  # a color at a time
        for image in images:
            up, down = model.features(image + nudge)[:, 36], model.features(image - nudge)[:, 36]
            rate += ((up - down) / 2e-5).abs().mean(1).sum() / len(images)
        torch.testing.assert_close(field[y, x], rate, rtol=1e-4, atol=1e-9)


def test_effective_receptive_field_of_a_pixel_is_the_pixel():
    images = torch.randn(2, 3, 4, 4)
    field = analysis.effective_receptive_field(pixels, images)
    assert field[2, 2] == 1 and field.sum() == 1, "each channel moves with its own color alone"
    assert analysis.effective_receptive_field(pixels, images, token=7)[1, 3] == 1


def test_effective_receptive_field_of_a_convolution_is_its_kernel():
    kernel = torch.randn(1, 1, 3, 3)
    field = analysis.effective_receptive_field(
        lambda images: pixels(torch.conv2d(images, kernel, padding=1)), torch.randn(2, 1, 5, 5)
    )
    torch.testing.assert_close(field[1:4, 1:4], kernel[0, 0].abs())
    assert field.count_nonzero() == 9


def test_effective_receptive_field_does_not_cancel_after_a_layer_norm():
    model = create_model("vit", dim=16, depth=1, num_heads=2).eval()
    with torch.no_grad():
        field = analysis.effective_receptive_field(model.features, torch.randn(1, 3, 32, 32))
    assert (field > 0).all() and not field.requires_grad
    assert all(p.grad is None for p in model.parameters())


def test_effective_receptive_field_wants_a_square_grid_and_a_token_on_it():
    with pytest.raises(ValueError, match=r"features returns \(1, 65, 16\), but it must be \(B, N, C\), N a square"):
        model = create_model("vit", pool="cls", dim=16, depth=1, num_heads=2)
        analysis.effective_receptive_field(model.features, torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match=r"features returns \(1, 3, 4, 4\)"):
        analysis.effective_receptive_field(lambda images: images, torch.zeros(1, 3, 4, 4))
    with pytest.raises(ValueError, match="token is 16, but it must be 0 to 15"):
        analysis.effective_receptive_field(pixels, torch.zeros(1, 3, 4, 4), token=16)
