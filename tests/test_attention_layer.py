"""The attention layer: against PyTorch's own, under every kind of prior, beside prefix tokens; priors in a model."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gmm_tutorial.attention import COMBINE, Attention, attention, attention_weights, install_priors
from gmm_tutorial.priors import ALiBi2d, ElementwiseMask, GaussianMixtureMask, ManhattanDecay

B, N = 2, 6


def draw(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


def put_together(layer, heads):
    """The output of a layer from that of its heads, (B, H, N, D)."""
    return heads.transpose(1, 2).flatten(2) @ layer.proj.weight.T + layer.proj.bias


def test_layer_equals_pytorch_multihead_attention():
    layer = Attention(12, num_heads=3, qkv_bias=True).double()
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True).double()
    theirs.load_state_dict(
        {
            "in_proj_weight": layer.qkv.weight,
            "in_proj_bias": layer.qkv.bias,
            "out_proj.weight": layer.proj.weight,
            "out_proj.bias": layer.proj.bias,
        }
    )
    x = draw(B, N, 12)
    expected, weights = theirs(x, x, x, average_attn_weights=False)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer.weights(x), weights)


def test_heads_may_have_channels_of_their_own_number():
    layer = Attention(10, num_heads=3, head_dim=4).double()
    x = draw(B, N, 10)
    q, k, v = (x @ layer.qkv.weight.T).unflatten(-1, (3, 3, 4)).permute(2, 0, 3, 1, 4)
    torch.testing.assert_close(layer(x), put_together(layer, F.scaled_dot_product_attention(q, k, v)))


class Given(nn.Module):
    """A prior that is not one of ours: any module with `.combine` that returns weights."""

    def __init__(self, weights, combine):
        super().__init__()
        self.combine = combine
        self.weights = nn.Parameter(weights)

    def forward(self):
        return self.weights


@pytest.mark.parametrize("prefix", [0, 2])
@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize("ours", [True, False])
def test_a_prior_acts_where_its_combine_says(ours, combine, prefix):
    """Also one that knows its own logarithm; pairs with a prefix token have the weight 1."""
    prior = ManhattanDecay((2, 3), 3) if ours else Given(torch.rand(3, 6, 6) + 0.1, combine)
    prior.combine = combine
    layer = Attention(12, num_heads=3, prior=prior, num_prefix_tokens=prefix).double()
    x = draw(B, prefix + 6, 12)
    q, k, v, *_ = layer.inputs(x)
    heads = attention(q, k, v, F.pad(prior(), (prefix, 0, prefix, 0), value=1.0), combine)
    torch.testing.assert_close(layer(x), put_together(layer, heads), rtol=0, atol=1e-6)


def test_a_prior_that_is_not_positive_is_refused_as_a_bias():
    mixture = GaussianMixtureMask((2, 3), 3, kernels=1)
    mixture.load_state_dict({"alpha": -torch.ones(1, 3), "sigma": torch.ones(1, 3)})
    for prior in (mixture, Given(torch.zeros(1, 6, 6), "bias")):
        prior.combine = "bias"
        with pytest.raises(ValueError, match="prior has entries down to .*needs a positive prior"):
            Attention(12, num_heads=3, prior=prior)(draw(B, N, 12, dtype=torch.float32))


@pytest.mark.parametrize("make", [None, GaussianMixtureMask, ManhattanDecay])
def test_layer_adds_its_bias_to_the_logits(make):
    prior = make and make((2, 3), 3)
    layer = Attention(12, num_heads=3, prior=prior).double()
    x, bias = draw(B, N, 12), draw(B, 1, N, N)
    q, k, v, *_ = layer.inputs(x)
    weights = attention_weights(q, k, v, prior and prior(), prior.combine if prior else "scale", bias)
    torch.testing.assert_close(layer.weights(x, bias), weights)
    torch.testing.assert_close(layer(x, bias), put_together(layer, weights @ v))


def test_priors_are_installed_one_a_layer_and_taken_out_again():
    on_grid = [Attention(12, num_heads=3, grid=(2, 3)) for _ in range(2)]
    model = nn.Sequential(*on_grid, Attention(12, num_heads=3))
    assert install_priors(model, GaussianMixtureMask) is model
    first, second = (layer.prior for layer in on_grid)
    assert first is not second and (first.grid, first.heads) == ((2, 3), 3) and model[2].prior is None
    install_priors(model, None)
    assert all(layer.prior is None for layer in model)
    with pytest.raises(ValueError, match="prior is given, but this Sequential has no attention on a grid"):
        install_priors(nn.Sequential(Attention(12, num_heads=3)), GaussianMixtureMask)


@pytest.mark.parametrize("make", [ElementwiseMask, GaussianMixtureMask])
def test_prefix_tokens_are_left_alone(make):
    """Where a token of the grid is not involved, the logits are those without a prior."""
    grid = (2, 3)
    prior = make(grid, 3)
    layer = Attention(12, num_heads=3, prior=prior, num_prefix_tokens=2)
    x = draw(B, 2 + 6, 12, dtype=torch.float32)
    q, k, v, padded, bias, gate, _ = layer.inputs(x)
    assert bias is None and gate is None and torch.equal(padded[:, 2:, 2:], prior())
    assert (padded[:, :2] == 1).all() and (padded[:, :, :2] == 1).all()
    plain = attention_weights(q, k, v)
    torch.testing.assert_close(layer.weights(x)[:, :, :2], plain[:, :, :2])


@pytest.mark.parametrize("make", [ManhattanDecay, ALiBi2d])
def test_a_prior_with_a_logarithm_comes_as_a_bias(make):
    """The same numbers as from its weights, prefix tokens left alone, and far away still finite."""
    prior = make((2, 3), 3)
    layer = Attention(12, num_heads=3, prior=prior, num_prefix_tokens=2)
    x = draw(B, 2 + 6, 12, dtype=torch.float32)
    q, k, v, scale, bias, gate, _ = layer.inputs(x)
    assert scale is None and gate is None and (bias[:, :2] == 0).all() and (bias[:, :, :2] == 0).all()
    expected = attention_weights(q, k, v, F.pad(prior(), (2, 0, 2, 0), value=1.0), "bias")
    torch.testing.assert_close(layer.weights(x), expected)


def test_a_decay_that_is_too_small_to_be_a_number_is_still_applied():
    far = Attention(2, num_heads=1, prior=ManhattanDecay((1, 500), 1))
    assert (far.prior() == 0).any() and far(draw(1, 500, 2, dtype=torch.float32)).isfinite().all()


def test_prior_for_another_grid_is_refused():
    layer = Attention(12, num_heads=3, prior=ElementwiseMask((2, 2)))
    with pytest.raises(ValueError, match=r"prior is \(1, 4, 4\), but 3 heads, 6 queries and 6 keys"):
        layer(draw(B, N, 12, dtype=torch.float32))


def test_dim_must_be_divisible():
    with pytest.raises(ValueError, match="dim is 10, but it must be a multiple of num_heads, 3"):
        Attention(10, num_heads=3)


def test_elm_from_zero_is_uniform_and_gives_q_and_k_no_gradient():
    layer = Attention(12, num_heads=3, prior=ElementwiseMask((2, 3)))
    x = draw(B, N, 12, dtype=torch.float32)
    assert torch.equal(layer.weights(x), torch.full((B, 3, N, N), 1 / N))
    layer(x).square().sum().backward()
    q_grad, k_grad, v_grad = layer.qkv.weight.grad.chunk(3)
    assert q_grad.abs().max() == 0 and k_grad.abs().max() == 0 and v_grad.abs().max() > 0
    assert layer.prior.mask.grad.abs().max() > 0
