"""PiT: pooling between stages, the class token's own way, and a prior that it stays outside of."""

import pytest
import torch
import torch.nn.functional as F

from gmm_tutorial.models import create_model
from gmm_tutorial.models.pit import Pool
from gmm_tutorial.priors import GaussianMixtureMask

TINY = {"dims": (6, 12), "depths": (1, 1), "num_heads": (2, 3)}


@pytest.mark.parametrize("grid", [(4, 6), (5, 3)])
def test_pooling_equals_a_loop(grid):
    torch.manual_seed(0)
    (h, w), pool = grid, Pool(3, 6, grid).double()
    x = torch.randn(2, 1 + h * w, 3, dtype=torch.float64)
    padded = F.pad(x[:, 1:].transpose(1, 2).reshape(2, 3, h, w), (1, 1, 1, 1))
    rows = []
    for y in range(0, h, 2):
        for column in range(0, w, 2):
            part = padded[:, :, y : y + 3, column : column + 3]
            # channel c of the input gives channels 2c and 2c + 1
            wide = [
                (part[:, c // 2] * pool.depthwise.weight[c, 0]).sum((-1, -2)) + pool.depthwise.bias[c] for c in range(6)
            ]
            rows.append(torch.stack(wide, -1) @ pool.pointwise.weight[:, :, 0, 0].T + pool.pointwise.bias)
    expected = torch.stack([F.linear(x[:, 0], pool.cls.weight, pool.cls.bias), *rows], dim=1)
    torch.testing.assert_close(pool(x), expected)


def test_a_prior_acts_between_patches_alone():
    """Class token -> anything and anything -> class token keep their logits."""
    torch.manual_seed(0)
    model = create_model("pit", prior="gmm", **TINY).double().eval()
    layer = model.stages[0][0].attn
    x = torch.randn(2, 257, 6, dtype=torch.float64)
    q, k, _ = layer.qkv(x).unflatten(-1, (3, 2, -1)).movedim(-3, 0).transpose(2, 3)
    logits = q @ k.transpose(-1, -2) / 3**0.5
    logits[:, :, 1:, 1:] = logits[:, :, 1:, 1:] * layer.prior()
    torch.testing.assert_close(layer.weights(x), logits.softmax(-1))
    assert isinstance(layer.prior, GaussianMixtureMask) and layer.prior.grid == (16, 16)


def test_the_class_token_is_first_and_alone_classified():
    model = create_model("pit", **TINY).eval()
    images = torch.randn(2, 3, 32, 32)
    x = torch.cat((model.cls_token.expand(2, -1, -1), model.patch_embed(images)), 1) + model.pos_embed
    x = model.stages[1](model.downsamples[0](model.stages[0](x)))
    torch.testing.assert_close(model(images), model.head(model.norm(x[:, 0])))
    assert [tokens.shape[1] for tokens in model.pyramid(images)] == [1 + 256, 1 + 64]


def test_patches_by_convolution_and_by_a_linear_layer_are_the_same_function():
    conv, linear = (
        create_model("pit", **TINY).patch_embed,
        create_model("vit", dim=6, num_heads=1, patch_size=2).patch_embed,
    )
    with torch.no_grad():
        linear.proj.weight.copy_(conv.proj.weight.permute(0, 2, 3, 1).flatten(1))
        linear.proj.bias.copy_(conv.proj.bias)
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(conv(images), linear(images))


def test_start_is_as_published():
    torch.manual_seed(0)
    model = create_model("pit")
    assert model.pos_embed.std().item() == pytest.approx(1, rel=0.05)
    # Xavier counts every place of a convolution: 2 x 2 places of 3 channels in, of 96 out
    assert model.patch_embed.proj.weight.std().item() == pytest.approx((2 / (4 * 3 + 4 * 96)) ** 0.5, rel=0.1)
    assert not any(m.bias.any() for m in model.modules() if isinstance(m, torch.nn.Conv2d))
