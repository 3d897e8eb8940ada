"""CaiT: heads that talk before and after the softmax, a class token that only reads, scales that start small."""

import math

import pytest
import torch

from gmm_tutorial.attention import Attention
from gmm_tutorial.models import create_model
from gmm_tutorial.models.cait import TalkingHeads
from gmm_tutorial.priors import ALiBi2d, ElementwiseMask, GaussianMixtureMask

TINY = {"dim": 12, "depth": 2, "class_depth": 2, "num_heads": 3, "head_dim": 4, "mlp_dim": 10}


def by_loop(layer, x, context):
    """Each head's logits and weights as a sum over all heads, written out."""
    heads, prior = layer.num_heads, layer.prior
    q = layer.q(x).unflatten(-1, (heads, -1))
    k, v = layer.kv(context).unflatten(-1, (2, heads, -1)).unbind(-3)
    logits = []
    for h in range(heads):
        s = q[:, :, h] @ k[:, :, h].transpose(1, 2) / math.sqrt(q.shape[-1])
        mask = None if prior is None else prior()[h if len(prior()) > 1 else 0]
        if prior is not None:
            s = s * mask if prior.combine == "scale" else s + mask.log()
        logits.append(s)
    weights = [sum(layer.mix_before[h, g] * logits[h] for h in range(heads)).softmax(-1) for g in range(heads)]
    mixed = [sum(layer.mix_after[h, g] * weights[h] for h in range(heads)) for g in range(heads)]
    return layer.proj(torch.cat([mixed[h] @ v[:, :, h] for h in range(heads)], -1)), torch.stack(mixed, 1)


@pytest.mark.parametrize("prior", [None, ElementwiseMask, GaussianMixtureMask, ALiBi2d])
def test_talking_heads_equal_a_loop_over_heads(prior):
    torch.manual_seed(0)
    layer = TalkingHeads(6, 3, head_dim=4, grid=(2, 5)).double()
    if prior is not None:
        layer.prior = prior((2, 5), 3).double()
        for mask in layer.prior.parameters():
            torch.nn.init.normal_(mask)
    x = torch.randn(2, 10, 6, dtype=torch.float64, requires_grad=True)
    mix = torch.randn_like(x)
    expected, weights = by_loop(layer, x, x)
    torch.testing.assert_close(layer.weights(x), weights)
    gradients = []
    for y in (layer(x), expected):
        gradients.append([y, *torch.autograd.grad((y * mix).sum(), [x, *layer.parameters()])])
    for ours, loop in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, loop)


def test_without_talk_it_is_plain_attention():
    layer, plain = TalkingHeads(6, 3, head_dim=4), Attention(6, 3, head_dim=4)
    with torch.no_grad():
        layer.mix_before.copy_(torch.eye(3))
        layer.mix_after.copy_(torch.eye(3))
        plain.qkv.weight.copy_(torch.cat((layer.q.weight, layer.kv.weight)))
    plain.proj.load_state_dict(layer.proj.state_dict())
    x = torch.randn(2, 7, 6)
    torch.testing.assert_close(layer(x), plain(x))


def test_the_class_token_reads_patches_alone_and_as_they_are():
    layer = TalkingHeads(6, 3, head_dim=4).double()
    token, patches = torch.randn(2, 1, 6, dtype=torch.float64), torch.randn(2, 5, 6, dtype=torch.float64)
    torch.testing.assert_close(layer(token, patches), by_loop(layer, token, patches)[0])
    model = create_model("cait", **TINY).double().eval()
    images = torch.randn(2, 3, 32, 32, dtype=torch.float64)
    tokens, x = model.features(images), model.cls_token.expand(2, -1, -1)
    for block in model.class_blocks:  # what is read is not normed
        x = x + block.scale1 * by_loop(block.attn, block.norm1(x), tokens)[0]
        x = x + block.scale2 * block.mlp(block.norm2(x))
    torch.testing.assert_close(model(images), model.head(model.norm(x[:, 0])))


def test_no_patch_sees_the_class_token():
    model = create_model("cait", **TINY).eval()
    images = torch.randn(2, 3, 32, 32)
    before = model.features(images)
    torch.nn.init.normal_(model.cls_token)
    assert torch.equal(model.features(images), before)


def test_start_is_as_published():
    torch.manual_seed(0)
    model = create_model("cait", depth=26)
    scales = [(block.scale1.unique().item(), block.scale2.unique().item()) for block in model.blocks]
    expected = [0.1] * 18 + [1e-5] * 6 + [1e-6] * 2
    assert scales == [pytest.approx((value, value)) for value in expected]
    assert [block.scale1.unique().item() for block in model.class_blocks] == pytest.approx([0.1, 0.1])
    heads = torch.stack([mix for b in model.blocks for mix in (b.attn.mix_before, b.attn.mix_after)])
    assert heads.std().item() == pytest.approx(1, rel=0.1) and model.pos_embed.std().item() == pytest.approx(1, rel=0.1)
    fan_in, fan_out = 108, 2 * 256
    kv = torch.stack([block.attn.kv.weight for block in model.blocks])
    assert kv.std().item() == pytest.approx(math.sqrt(2 / (fan_in + fan_out)), rel=0.02)
