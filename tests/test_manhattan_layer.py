"""The layer of Manhattan attention: the released one, its options one by one, another prior in its place."""

import math

import pytest
import torch
from einops import rearrange

from gmm_tutorial.attention import attention_weights
from gmm_tutorial.course import golden
from gmm_tutorial.decay import manhattan_gamma
from gmm_tutorial.manhattan import ManhattanAttention, decomposed_manhattan_attention, manhattan_attention
from gmm_tutorial.priors import ElementwiseMask, GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.rotary import rotate


@pytest.mark.parametrize(("decomposed", "out"), [(False, "out_full"), (True, "out_decomposed")])
def test_layer_equals_the_released_one(decomposed, out):
    known = golden.load("rmt_attention_5x7")
    layer = ManhattanAttention(32, 4, grid=(5, 7), decomposed=decomposed)
    layer.load_state_dict({n[2:].replace("lepe.conv", "lepe"): w for n, w in known.items() if n.startswith("w.")})
    torch.testing.assert_close(layer(known["x"]), known[out], rtol=0, atol=1e-5)


def test_layer_options():
    x = torch.randn(2, 3, 4, 12)
    layer = ManhattanAttention(12, 2, decomposed=False)
    out = layer(x)
    assert out.shape == x.shape and torch.equal(layer.log_gamma, manhattan_gamma(2).log())
    torch.testing.assert_close(layer.weights(x).sum(-1), torch.ones(2, 2, 12))
    changed = {
        "rotation": {"rotate": False},
        "decomposition": {"decomposed": True},
        "rates": {"start": 1.0},
        "prior": {"prior": GaussianMixtureMask((3, 4), 2)},
    }
    for name, options in changed.items():
        other = ManhattanAttention(12, 2, **({"decomposed": False} | options))
        other.load_state_dict(layer.state_dict(), strict=False)
        assert (other(x) - out).abs().max() > 1e-4, name
    layer.lepe = None
    assert (layer(x) - out).abs().max() > 1e-4
    flat = ManhattanAttention(12, 2, decomposed=False, start=math.inf)
    q, k, _ = flat.project(x)
    torch.testing.assert_close(flat.weights(x), attention_weights(q, k, k))


@pytest.mark.parametrize("decomposed", [True, False])
def test_rates_come_from_start_and_span(decomposed):
    """1 - 2^-1 and 1 - 2^(-1 - 2/2)."""
    x = torch.randn(2, 3, 4, 12)
    layer = ManhattanAttention(12, 2, decomposed=decomposed, start=1.0, span=2.0)
    q, k, v = layer.project(x)
    function = decomposed_manhattan_attention if decomposed else manhattan_attention
    expected = function(q, k, v, torch.tensor([0.5, 0.75]), (3, 4))
    torch.testing.assert_close(layer.weights(x) @ v, expected)


@pytest.mark.parametrize(
    "options",
    [{}, {"decomposed": False}, {"prior": ManhattanDecay((3, 4), 2)}, {"prior": ElementwiseMask((3, 4), init=0.5)}],
)
def test_weights_multiply_v(options):
    x = torch.randn(2, 3, 4, 12)
    layer = ManhattanAttention(12, 2, **options)
    layer.lepe = None
    heads = layer.weights(x) @ layer.project(x)[2]
    torch.testing.assert_close(layer.out_proj(rearrange(heads, "B H (h w) D -> B h w (H D)", h=3)), layer(x))


def test_layer_goes_along_rows_and_columns_and_rotates_unless_told_otherwise():
    x = torch.randn(2, 3, 4, 12)
    layer, told = ManhattanAttention(12, 2), ManhattanAttention(12, 2, None, True, True, 2.0, 4.0)
    told.load_state_dict(layer.state_dict())
    assert torch.equal(layer(x), told(x))
    q, k, v = (
        rearrange(proj(x), "B h w (H D) -> B H (h w) D", H=2) for proj in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    turned = rotate(q, torch.arange(12)), rotate(k, torch.arange(12)), v
    layer.lepe = None
    heads = decomposed_manhattan_attention(*turned, torch.tensor([0.75, 1 - 2.0**-4]), (3, 4))
    torch.testing.assert_close(layer(x), layer.out_proj(rearrange(heads, "B H (h w) D -> B h w (H D)", h=3)))


def test_heads_of_odd_channels_need_no_rotation():
    x = torch.randn(2, 3, 4, 6)
    layer = ManhattanAttention(6, 2, rotate=False)
    layer.lepe = None
    q, k, v = (
        rearrange(proj(x), "B h w (H D) -> B H (h w) D", H=2) for proj in (layer.q_proj, layer.k_proj, layer.v_proj)
    )
    heads = decomposed_manhattan_attention(q, k, v, manhattan_gamma(2), (3, 4))
    torch.testing.assert_close(layer(x), layer.out_proj(rearrange(heads, "B H (h w) D -> B h w (H D)", h=3)))
    with pytest.raises(ValueError, match="dim is 6, but it must be a multiple of twice heads, 2 \\* 2"):
        ManhattanAttention(6, 2)


def test_a_prior_is_for_its_own_grid_alone():
    """As many tokens in other rows and columns would pass unnoticed."""
    layer = ManhattanAttention(12, 2, prior=GaussianMixtureMask((3, 4), 2))
    assert layer(torch.zeros(1, 3, 4, 12)).shape == (1, 3, 4, 12)
    with pytest.raises(ValueError, match=r"x is \(1, 4, 3, 12\), but this layer was made for the grid \(3, 4\)"):
        layer(torch.zeros(1, 4, 3, 12))
    layer.prior = None
    assert layer(torch.zeros(1, 4, 3, 12)).shape == (1, 4, 3, 12)


def test_another_prior_is_applied_in_full():
    """With Manhattan decay given as a prior, the layer is the full one."""
    x = torch.randn(2, 3, 4, 12)
    layer = ManhattanAttention(12, 2, decomposed=False)
    same = ManhattanAttention(12, 2, decomposed=True, prior=ManhattanDecay((3, 4), 2))
    same.load_state_dict(layer.state_dict())
    torch.testing.assert_close(same(x), layer(x))
