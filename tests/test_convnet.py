"""ConvNet: as large as the published ViT, on the same grid, blind outside its field, clear errors."""

import pytest
import torch
import torch.nn.functional as F

from gmm_tutorial.models import SIZES, count_parameters, create_model

SMALL = {"dim": 16}


def test_parameter_count():
    """Convolutions without a bias, two numbers per channel for BatchNorm, the head."""
    dim = 352
    convolutions = 9 * (3 * dim // 2 + dim // 2 * dim + 2 * dim * dim)
    norms, head = 2 * (dim // 2 + 3 * dim), 10 * dim + 10
    assert count_parameters(create_model("convnet")) == convolutions + norms + head
    vit = count_parameters(create_model("vit"))
    assert abs(convolutions + norms + head - vit) < 0.05 * vit


def test_of_like_size_as_the_vit_in_learn():
    ours, vit = (count_parameters(create_model(name, **SIZES[name]["learn"])) for name in ("convnet", "vit"))
    assert abs(ours - vit) < 0.15 * vit


@pytest.mark.parametrize("size", [16, 32, 64])
def test_forward_and_every_parameter_gets_a_gradient(size):
    model = create_model("convnet", 7, size, **SMALL)
    images = torch.randn(2, 3, size, size)
    assert model.features(images).shape == (2, 64, 16) and model.grid == (8, 8)
    out = model(images)
    assert out.shape == (2, 7)
    out.square().sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().max() > 0] == []


def test_features_are_the_maps_in_raster_order():
    model = create_model("convnet", **SMALL).eval()
    images = torch.randn(2, 3, 32, 32)
    maps = model.blocks(model.stem(images))
    assert torch.equal(model.features(images)[:, 8 * 2 + 5], maps[:, :, 2, 5])


def test_network_is_convolutions_norms_and_gelu_then_the_mean():
    model = create_model("convnet", 7, **SMALL)
    for name, value in model.state_dict().items():  # nothing at 0 or 1, where a part left out would not be seen
        if value.is_floating_point():
            value.copy_(0.3 * torch.randn(value.shape)).abs_()
        if name.endswith("bias"):
            value.sub_(0.5)  # negative numbers, too, reach the activation
    model.eval().double()
    w, x = model.state_dict(), torch.randn(2, 3, 32, 32, dtype=torch.float64)
    expected = x
    for name, stride in (("stem.0", 2), ("stem.1", 2), ("blocks.0", 1), ("blocks.1", 1)):
        expected = F.conv2d(expected, w[f"{name}.0.weight"], stride=stride, padding=1)
        mean, var, weight, bias = (
            w[f"{name}.1.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias")
        )
        expected = (expected - mean) / (var + 1e-5).sqrt() * weight + bias
        expected = expected * 0.5 * (1 + torch.erf(expected / 2**0.5))
    expected = expected.mean((2, 3)) @ w["head.weight"].T + w["head.bias"]
    torch.testing.assert_close(model(x), expected)


def test_convolutions_start_as_linear_layers_do():
    """Xavier, by what flows in and out: PyTorch's own start is another."""
    convolution = create_model("convnet").blocks[0][0]
    assert convolution.weight.std().item() == pytest.approx((2 / (9 * 2 * 352)) ** 0.5, rel=0.01)


def test_a_pixel_outside_of_the_field_changes_nothing_at_all():
    """Token (4, 4) sees the rows and columns 5 to 27, and each of them."""
    model = create_model("convnet", **SMALL).eval()
    images = torch.randn(1, 3, 32, 32, requires_grad=True)
    model.features(images)[0, 36].square().sum().backward()
    seen = images.grad[0].abs().sum(0) > 0
    expected = torch.zeros(32, 32, dtype=torch.bool)
    expected[5:28, 5:28] = True
    assert torch.equal(seen, expected)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="prior is given, but this ConvNet has no attention on a grid"):
        create_model("convnet", prior="gmm")
    with pytest.raises(ValueError, match="image_size is 28, but it must be 16, 32, 64"):
        create_model("convnet", image_size=28)
    with pytest.raises(ValueError, match="dim is 15, but it must be a multiple of 2"):
        create_model("convnet", dim=15)
    with pytest.raises(ValueError, match=r"images is \(2, 3, 28, 28\), but this model needs \(B, 3, 32, 32\)"):
        create_model("convnet", **SMALL)(torch.zeros(2, 3, 28, 28))
