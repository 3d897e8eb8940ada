"""Swin: windows, their shift, and the biases inside them, token by token; merging; where the published starts are."""

import math

import pytest
import torch

from gmm_tutorial.attention import install_priors
from gmm_tutorial.models import create_model
from gmm_tutorial.models.swin import PatchMerging, WindowAttention
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay


def by_loop(layer, x, grid, window, shift):
    """Every pair of tokens that may see each other, one at a time, without rolling anything."""
    (batch, h, w, _), heads = x.shape, layer.attn.num_heads
    q, k, v = layer.attn.qkv(x).unflatten(-1, (3, heads, -1)).unbind(-3)
    table = layer.relative_position_bias_table.view(2 * window - 1, 2 * window - 1, heads)
    prior = None if layer.attn.prior is None else layer.attn.prior()
    combine = None if prior is None else layer.attn.prior.combine

    def place(y, x):  # the window of a token and its place there; a window that wraps around is cut where it wraps
        y, x = y - shift, x - shift
        return (y // window, x // window), (y % window, x % window)

    out = torch.zeros_like(v)
    for b in range(batch):
        for head in range(heads):
            for query in ((y, x) for y in range(h) for x in range(w)):
                home, (a, c) = place(*query)
                keys, logits = [], []
                for key in ((y, x) for y in range(h) for x in range(w)):
                    window_of_key, (d, e) = place(*key)
                    if window_of_key == home:
                        logit = q[b, *query, head] @ k[b, *key, head] / math.sqrt(q.shape[-1])
                        weight = 1 if prior is None else prior[head, a * window + c, d * window + e]
                        logit = logit * weight if combine == "scale" else logit + (0 if prior is None else weight.log())
                        logits.append(logit + table[a - d + window - 1, c - e + window - 1, head])
                        keys.append(v[b, *key, head])
                out[b, *query, head] = torch.stack(logits).softmax(0) @ torch.stack(keys)
    return layer.attn.proj(out.flatten(-2))


@pytest.mark.parametrize("prior", [None, GaussianMixtureMask, ManhattanDecay])
@pytest.mark.parametrize(
    ("grid", "window", "shifted"), [((4, 8), 2, True), ((6, 3), 3, False), ((8, 4), 2, True), ((6, 6), 3, True)]
)
def test_windows_equal_a_loop_over_pairs(grid, window, shifted, prior):
    torch.manual_seed(0)
    layer = WindowAttention(6, 2, grid=grid, window=window, shifted=shifted).double()
    if prior is not None:
        install_priors(layer, prior).double()
    torch.nn.init.normal_(layer.relative_position_bias_table)
    x = torch.randn(2, *grid, 6, dtype=torch.float64)
    mix = torch.randn_like(x)
    gradients = []
    for compute in (layer, lambda x: by_loop(layer, x, grid, window, window // 2 if shifted else 0)):
        y = compute(x)
        gradients.append([y, *torch.autograd.grad((y * mix).sum(), list(layer.parameters()))])
    for ours, loop in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, loop, rtol=1e-9, atol=1e-9)


def test_a_grid_as_small_as_a_window_is_one_window_and_never_shifted():
    layer = WindowAttention(4, 1, grid=(3, 3), window=4, shifted=True)
    assert layer.attn.grid == (3, 3) and layer.shift == 0 and not layer.hidden.any()


def test_every_second_block_is_shifted_where_there_is_more_than_one_window():
    model = create_model("swin")
    assert [[block.attn.shift for block in stage] for stage in model.stages] == [[0, 2], [0, 2] * 3, [0] * 4]
    assert [stage[0].attn.windows for stage in model.stages] == [(4, 4), (2, 2), (1, 1)]


def test_merging_takes_the_four_tokens_column_by_column():
    merge = PatchMerging(3, 5)
    x = torch.randn(2, 4, 6, 3)
    y, column = 1, 2
    four = [x[:, 2 * y + dy, 2 * column + dx] for dx in (0, 1) for dy in (0, 1)]
    expected = merge.reduction(torch.nn.functional.layer_norm(torch.cat(four, -1), (12,)))
    torch.testing.assert_close(merge(x)[:, y, column], expected)
    assert merge(x).shape == (2, 2, 3, 5) and merge.reduction.bias is None


def test_start_is_as_published():
    torch.manual_seed(0)
    model = create_model("swin")
    linear = [m.weight for m in model.modules() if isinstance(m, torch.nn.Linear)]
    tables = [block.attn.relative_position_bias_table for stage in model.stages for block in stage]
    for weight in (torch.cat([w.flatten() for w in linear]), model.pos_embed, torch.cat([t.flatten() for t in tables])):
        assert weight.std().item() == pytest.approx(0.02, rel=0.05) and weight.abs().max() < 2
    assert not any(m.bias.any() for m in model.modules() if isinstance(m, torch.nn.Linear) and m.bias is not None)


def test_norm_comes_before_the_mean():
    model = create_model("swin", dims=(8,), depths=(1,), num_heads=(1,)).eval()
    images = torch.randn(2, 3, 32, 32)
    torch.testing.assert_close(model(images), model.head(model.norm(model.features(images)).mean(1)))
