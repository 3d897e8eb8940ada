"""Gradients by finite differences, half precision, and rates of decay that stay precise in it."""

import pytest
import torch

from gmm_tutorial import decay, manhattan
from gmm_tutorial.attention import attention
from gmm_tutorial.retention import MultiScaleRetention, chunkwise, parallel, recurrent

B, H, N, D = 2, 3, 6, 4
FORMS = {
    "parallel": parallel,
    "recurrent": recurrent,
    "chunkwise": lambda q, k, v, gamma: chunkwise(q, k, v, gamma, 4),
    "manhattan_attention": lambda q, k, v, gamma: manhattan.manhattan_attention(q, k, v, gamma, (2, 3)),
    "decomposed": lambda q, k, v, gamma: manhattan.decomposed_manhattan_attention(q, k, v, gamma, (2, 3)),
    "manhattan_retention": lambda q, k, v, gamma: manhattan.manhattan_retention(q, k, v, gamma, (2, 3)),
}


def qkv(n=N, channels=D, values=D, dtype=torch.float64):
    shapes = (B, H, n, channels), (B, H, n, channels), (B, H, n, values)
    return [torch.randn(shape, dtype=dtype, requires_grad=dtype.is_floating_point) for shape in shapes]


GAMMA = torch.tensor([0.5, 0.9, 1.0], dtype=torch.float64)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_gradients_by_finite_differences_with_wider_values(form):
    q, k, v = (x[:1, :2].detach().requires_grad_() for x in qkv(channels=2, values=3))
    assert torch.autograd.gradcheck(form, (q, k, v, GAMMA[:2].clone().requires_grad_()), fast_mode=True)
    assert torch.autograd.gradcheck(lambda *x: attention(*x[:3], x[3], "bias"), (q, k, v, torch.rand(2, N, N) + 0.1))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_half_precision_decays_at_rates_of_full_precision(form):
    """In bfloat16 the rate 1 - 2^-10 is 1, and nothing would fade."""
    torch.manual_seed(1)
    q, k, v = (x.detach().abs().float() for x in qkv())
    gamma = torch.tensor([1 - 2.0**-3, 1 - 2.0**-5, 1 - 2.0**-10])
    rough = form(*(x.bfloat16() for x in (q, k, v)), gamma)
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), form(q, k, v, gamma), rtol=0.03, atol=0.03)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(form(q, k, v, gamma).float(), form(q, k, v, gamma).float(), rtol=0.03, atol=0.03)
        mixed = form(q, k.bfloat16(), v, gamma)  # as after a norm that autocast leaves in float32
    torch.testing.assert_close(mixed.float(), form(q, k, v, gamma), rtol=0.05, atol=0.05)


def test_a_layer_in_half_precision_keeps_its_rates():
    layer = MultiScaleRetention(32, 16).bfloat16()  # rates up to 1 - 2^-20
    weights = layer.decay(torch.zeros(1, 2, 32, dtype=torch.bfloat16))
    assert weights.dtype == torch.float32
    torch.testing.assert_close(weights[:, 1, 0], decay.retnet_gamma(16), rtol=0, atol=0)
    assert layer(torch.randn(1, 5, 32).bfloat16()).dtype == torch.bfloat16
