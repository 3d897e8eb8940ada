"""The parts of every backbone: the pre-norm block by hand, what an image skips, how weights start, what is counted."""

import pytest
import torch
from torch import nn

from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.models.backbone import init_xavier_normal
from gmm_tutorial.models.blocks import Block, Mlp


def layer_norm(x, norm, eps):
    centered = x - x.mean(-1, keepdim=True)
    return centered / (centered.square().mean(-1, keepdim=True) + eps).sqrt() * norm.weight + norm.bias


def draw_parameters(module):
    """Nothing at 0 or 1, where a part that is left out would not be seen."""
    for parameter in module.parameters():
        nn.init.normal_(parameter)


@pytest.mark.parametrize(("options", "eps"), [({}, 1e-5), ({"norm_eps": 1e-2}, 1e-2)])
@pytest.mark.parametrize("layer_scale", [None, 0.5])
def test_block_is_two_layers_each_normalized_scaled_and_added(layer_scale, options, eps):
    block = Block(4, nn.Linear(4, 4), nn.Linear(4, 4), layer_scale=layer_scale, **options).double()
    if layer_scale is not None:
        assert block.scale1.tolist() == block.scale2.tolist() == [0.5] * 4
    draw_parameters(block)
    x = 0.01 * torch.randn(2, 3, 4, dtype=torch.float64)  # of a variance that shows what eps is
    one, two = (1.0, 1.0) if layer_scale is None else (block.scale1, block.scale2)
    y = x + one * block.attn(layer_norm(x, block.norm1, eps))
    # what the attention adds is large; the second norm is tested where it is small, too
    torch.testing.assert_close(block(x), y + two * block.mlp(layer_norm(y, block.norm2, eps)))
    nn.init.zeros_(block.attn.weight)
    nn.init.zeros_(block.attn.bias)
    torch.testing.assert_close(block(x), x + two * block.mlp(layer_norm(x, block.norm2, eps)))


class One(nn.Module):
    """A layer that gives 1 to every token."""

    def forward(self, x):
        return torch.ones_like(x)


def test_each_image_skips_each_layer_by_its_own_chance():
    """In training an image has 0, 1 or 2 layers; one that is not skipped counts for those that are."""
    block, x = Block(3, One(), One(), drop_path=0.5), torch.zeros(400, 5, 3)
    out = block.train()(x)
    images = out[:, 0, 0]
    assert torch.equal(out, images[:, None, None].expand_as(out)), "all tokens of an image alike"
    shares = [(images == value).float().mean().item() for value in (0, 2, 4)]
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=0.08) and sum(shares) == pytest.approx(1)
    assert (block.eval()(x) == 2).all()
    always = Block(3, One(), One(), drop_path=1.0).train()
    assert (always(x) == 0).all()


def test_feed_forward_layer_is_as_wide_as_its_ratio_says():
    assert Block(10, One()).mlp.fc1.out_features == 20 and Block(10, One(), mlp_ratio=3.55).mlp.fc1.out_features == 35
    mlp, x = Mlp(3, 5).double(), torch.randn(2, 3, dtype=torch.float64)
    hidden = x @ mlp.fc1.weight.T + mlp.fc1.bias
    hidden = hidden * 0.5 * (1 + torch.erf(hidden / 2**0.5))
    torch.testing.assert_close(mlp(x), hidden @ mlp.fc2.weight.T + mlp.fc2.bias)


@pytest.mark.parametrize(
    ("layer", "fans"), [(nn.Linear(300, 100), 400), (nn.Conv2d(20, 60, 3), 9 * (20 + 60)), (nn.Conv2d(8, 400, 1), 408)]
)
def test_xavier_start_of_linear_layers_and_convolutions(layer, fans):
    nn.Sequential(layer).apply(init_xavier_normal)
    assert layer.weight.std().item() == pytest.approx((2 / fans) ** 0.5, rel=0.05)
    assert abs(layer.weight.mean().item()) < 0.1 * (2 / fans) ** 0.5
    assert layer.bias.abs().max() == 0


def test_only_what_training_can_move_is_counted():
    model = create_model("vit", dim=24, depth=1, num_heads=3)
    whole = count_parameters(model)
    model.pos_embed.requires_grad_(False)
    assert whole - count_parameters(model) == 64 * 24
