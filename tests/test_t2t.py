"""T2T: soft splits, the block that makes tokens, the doubled skip and the way around it, fixed positions."""

import json
import math
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gmm_tutorial.models import create_model
from gmm_tutorial.models.published import our_name
from gmm_tutorial.models.t2t import TokenBlock, soft_split
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay

TINY = {"dim": 12, "depth": 2, "num_heads": 3, "token_dim": 4}
IMAGES = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def test_a_soft_split_equals_a_loop():
    x = torch.randn(2, 3, 6, 4)
    padded = F.pad(x, (1, 1, 1, 1))
    expected = [padded[:, :, y : y + 3, c : c + 3].flatten(1) for y in range(0, 6, 2) for c in range(0, 4, 2)]
    assert torch.equal(soft_split(x), torch.stack(expected, 1))


@pytest.mark.parametrize("prior", [None, GaussianMixtureMask, ManhattanDecay])
def test_the_token_block_adds_to_v_and_scales_by_the_width_of_its_input(prior):
    torch.manual_seed(0)
    block = TokenBlock(9, 4, (2, 3)).double()
    block.attn.prior = None if prior is None else prior((2, 3), 1).double()
    x = torch.randn(2, 6, 9, dtype=torch.float64)
    q, k, v = block.attn.qkv(block.norm1(x)).chunk(3, -1)
    logits = q @ k.transpose(1, 2) / math.sqrt(9)
    if prior is not None:
        mask = block.attn.prior()[0]
        logits = logits * mask if prior.combine == "scale" else logits + mask.log()
    y = v + block.attn.proj(logits.softmax(-1) @ v)
    y = y + block.mlp(block.norm2(y))
    torch.testing.assert_close(block(x), y)
    torch.testing.assert_close(block.attn.weights(block.norm1(x))[:, 0], logits.softmax(-1))


@pytest.mark.parametrize("doubled", [True, False])
def test_the_doubled_skip_and_the_option_that_leaves_it_out(doubled):
    block = create_model("t2t", doubled_skip=doubled, **TINY).double().eval().blocks[0]
    x = torch.randn(2, 64, 12, dtype=torch.float64)
    normed = block.norm1(x)
    q, k, v = block.attn.qkv(normed).unflatten(-1, (3, 3, 4)).movedim(-3, 0).transpose(2, 3)
    heads = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    y = x + (normed if doubled else 0) + block.attn.proj(heads)
    torch.testing.assert_close(block(x), y + block.mlp(block.norm2(y)))


@pytest.mark.parametrize(("image_size", "grids"), [(16, []), (32, [(16, 16)]), (64, [(32, 32), (16, 16)])])
def test_each_image_size_has_its_number_of_splits(image_size, grids):
    model = create_model("t2t", image_size=image_size, prior="gmm", **TINY)
    assert [block.attn.grid for block in model.token_blocks] == grids
    assert model.features(torch.zeros(1, 3, image_size, image_size)).shape == (1, 64, 12)


def test_network_equals_its_parts_one_after_the_other():
    model = create_model("t2t", **TINY).eval()
    x = model.token_blocks[0](F.unfold(IMAGES, 3, stride=2, padding=1).transpose(1, 2))
    x = F.unfold(x.transpose(1, 2).reshape(2, 4, 16, 16), 3, stride=2, padding=1).transpose(1, 2)
    x = model.blocks(model.project(x) + model.pos_embed)
    torch.testing.assert_close(model(IMAGES), model.head(model.norm(x).mean(1)))


def test_positions_are_sines_and_cosines():
    table = create_model("t2t", **TINY).pos_embed[0]
    for n, c in ((0, 0), (0, 1), (5, 2), (63, 11)):
        angle = n / 10000 ** (2 * (c // 2) / 12)
        assert table[n, c].item() == pytest.approx(math.sin(angle) if c % 2 == 0 else math.cos(angle), abs=1e-6)
    assert "pos_embed" not in create_model("t2t", **TINY).state_dict()


def test_dead_parameters_of_a_published_checkpoint_are_passed_over():
    file = Path(__file__).parent / "golden" / "models" / "t2t-plain-32px.json"
    known = json.loads(file.read_text())
    model = create_model("t2t")
    dead = [row[0] for row in known["parameters"] if our_name(model, row[0]) is None]
    assert dead == ["cls_token", "tokens_to_token.norm.weight", "tokens_to_token.norm.bias"]
    sizes = {row[0]: math.prod(row[1]) for row in known["parameters"]}
    assert sum(sizes[name] for name in dead) == 1_408
