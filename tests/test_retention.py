"""Retention: three forms against a naive loop, each other and the published numbers; the layer; clear errors."""

import math

import pytest
import torch
from einops import rearrange
from hypothesis import given, settings
from hypothesis import strategies as st

from gmm_tutorial.course import golden
from gmm_tutorial.decay import manhattan_gamma
from gmm_tutorial.priors import ManhattanDecay
from gmm_tutorial.retention import MultiScaleRetention, chunkwise, parallel, recurrent
from gmm_tutorial.rotary import rotate

FORMS = {
    "parallel": parallel,
    "recurrent": recurrent,
    **{f"chunks of {n}": lambda *arguments, n=n: chunkwise(*arguments, chunk=n) for n in (1, 3, 4, 7, 50)},
}


def arguments(n, batch=2, heads=3, channels=4, values=5):
    shapes = (batch, heads, n, channels), (batch, heads, n, channels), (batch, heads, n, values)
    qkv = [torch.randn(*shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    return *qkv, torch.tensor([0.5, 0.9, 1.0], dtype=torch.float64)[:heads].requires_grad_()


def by_loop(q, k, v, gamma):
    """The definition, a query and a key at a time."""
    out = torch.zeros(*q.shape[:-1], v.shape[-1], dtype=q.dtype)
    for h in range(q.shape[1]):
        for n in range(q.shape[2]):
            for m in range(n + 1):
                score = (q[:, h, n] * k[:, h, m]).sum(-1, keepdim=True)
                out[:, h, n] += gamma[h] ** (n - m) * score * v[:, h, m]
    return out


def forward_and_backward(form, args):
    out = form(*args)
    cotangent = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out)
    return out, *torch.autograd.grad((out * cotangent).sum(), args)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("n", [1, 8, 13])
def test_every_form_equals_the_loop_forward_and_backward(form, n):
    args = arguments(n)
    for ours, theirs in zip(forward_and_backward(form, args), forward_and_backward(by_loop, args), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(n=st.integers(1, 40), chunk=st.integers(1, 45))
def test_any_chunk_gives_the_same(n, chunk):
    args = arguments(n, batch=1)
    torch.testing.assert_close(chunkwise(*args, chunk), parallel(*args), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_published_numbers(form):
    known = golden.load("retention_12")
    out = form(known["q"], known["k"], known["v"], known["gamma"])
    torch.testing.assert_close(out, known["out"], rtol=0, atol=1e-12)


def published_layer():
    known = golden.load("retention_12")
    layer = MultiScaleRetention(32, 4, eps=1e-12).double()
    layer.load_state_dict({name[2:]: value for name, value in known.items() if name.startswith("w.")})
    return layer, known


def test_layer_equals_the_published_one():
    layer, known = published_layer()
    torch.testing.assert_close(layer(known["ms_x"]), known["ms_out"], rtol=0, atol=1e-5)


def layer_by_hand(layer, x, decay, eps):
    """The layer from its weights, a decay (H, N, N) and eps; only the rotation, tested on its own, is taken over."""
    q, k, v = (rearrange(proj(x), "B N (H D) -> B H N D", H=2) for proj in (layer.q_proj, layer.k_proj, layer.v_proj))
    q, k = (rotate(y, torch.arange(x.shape[1])) for y in (q, k))
    y = (q @ k.mT / math.sqrt(q.shape[-1]) * decay) @ v
    y = y / (y.square().mean(-1, keepdim=True) + eps).sqrt()
    gate = layer.g_proj(x)
    return layer.out_proj(gate * gate.sigmoid() * rearrange(y, "B H N D -> B N (H D)"))


@pytest.mark.parametrize("grid", [None, (2, 3), (3, 2)])
@pytest.mark.parametrize(("options", "eps", "size"), [({"eps": 1.0}, 1.0, 1.0), ({}, 1e-6, 0.05)])
def test_layer_is_what_it_says_rotation_scale_and_eps_included(grid, options, eps, size):
    """The norm takes any factor away, but for eps: it shows where eps is large, or what it is added to is small."""
    x = size * torch.randn(2, 6, 16, dtype=torch.float64)
    layer = MultiScaleRetention(16, 2, grid=grid, **options).double()
    if grid is None:
        gamma = torch.tensor([1 - 2.0**-5, 1 - 2.0**-6])
        decay = torch.tensor([[[g ** (n - m) if n >= m else 0.0 for m in range(6)] for n in range(6)] for g in gamma])
    else:
        gamma, places = torch.tensor([1 - 2.0**-2, 1 - 2.0**-4]), [divmod(n, grid[1]) for n in range(6)]
        steps = [[abs(a[0] - b[0]) + abs(a[1] - b[1]) for b in places] for a in places]
        decay = gamma[:, None, None] ** torch.tensor(steps)
    torch.testing.assert_close(layer(x), layer_by_hand(layer, x, decay.double(), eps), rtol=1e-5, atol=0)


def test_layer_in_half_precision_still_fades():
    """In bfloat16 a rate of 1 - 2^-9 is 1: the decay is formed in float32, and the output is of the input's dtype."""
    x = torch.randn(2, 6, 64)
    layer = MultiScaleRetention(64, 8)
    expected = layer(x)
    layer, x = layer.bfloat16(), x.bfloat16()
    torch.testing.assert_close(layer.decay(x)[:, 1, 0], 1 - 2.0 ** -torch.arange(5.0, 13), rtol=1e-7, atol=0)
    assert layer(x).dtype == torch.bfloat16
    assert (layer(x).float() - expected).norm() < 0.05 * expected.norm()
    assert layer.double().decay(x.double()).dtype == torch.float64


def test_a_token_sees_nothing_after_it():
    layer, known = published_layer()
    changed = known["ms_x"].clone()
    changed[:, 7:] += 1
    torch.testing.assert_close(layer(changed)[:, :7], layer(known["ms_x"])[:, :7], rtol=0, atol=1e-12)
    assert (layer(changed)[:, 7:] - layer(known["ms_x"])[:, 7:]).abs().amax(-1).min() > 1e-3


def test_layer_on_a_grid_fades_by_manhattan_distance_and_sees_all():
    layer = MultiScaleRetention(16, 2, grid=(3, 5)).double()
    x = torch.randn(1, 15, 16, dtype=torch.float64)
    torch.testing.assert_close(layer.decay(x), ManhattanDecay((3, 5), 2)().double())
    changed = x.clone()
    changed[:, -1] += 1
    assert (layer(changed) - layer(x)).abs().amax(-1).min() > 0
    assert torch.equal(layer.prior.gamma, manhattan_gamma(2))


def test_wrong_arguments_are_named():
    q, k, v, gamma = arguments(4)
    for form in FORMS.values():
        with pytest.raises(ValueError, match=r"q is \(3, 4, 4\), but it must be \(B, H, N, D\)"):
            form(q[0], k, v, gamma)
        with pytest.raises(ValueError, match=r"k is \(2, 3, 3, 4\), but q, \(2, 3, 4, 4\), needs \(2, 3, 4, 4\)"):
            form(q, k[:, :, 1:], v, gamma)
        with pytest.raises(ValueError, match=r"v is \(2, 3, 3, 5\), but q, .*, needs \(2, 3, 4, Dv\)"):
            form(q, k, v[:, :, 1:], gamma)
        with pytest.raises(ValueError, match=r"gamma is \(2,\), but 3 heads need \(3,\)"):
            form(q, k, v, gamma[1:])
        with pytest.raises(
            ValueError, match="gamma is torch.float64, but q is torch.float32, and gamma must not be wider"
        ):
            form(q.float(), k.float(), v.float(), gamma)
    for bad in (0, -1, 2.0, True):
        with pytest.raises(ValueError, match=f"chunk is {bad}, but it must be an integer of at least 1"):
            chunkwise(q, k, v, gamma, bad)
    with pytest.raises(ValueError, match="dim is 12, but it must be a multiple of twice num_heads, 2 \\* 4"):
        MultiScaleRetention(12, 4)
    with pytest.raises(ValueError, match=r"x is \(1, 5, 16\), but this layer was made for the grid \(1, 1\)"):
        MultiScaleRetention(16, 2, grid=(1, 1))(torch.zeros(1, 5, 16))
    with pytest.raises(ValueError, match="num_heads is 0, but it must be an integer of at least 1"):
        MultiScaleRetention(16, 0)
