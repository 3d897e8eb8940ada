"""Whatever the arguments of the reference, a call gives what is documented or an error that names an argument."""

import inspect
import re

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gmm_tutorial import decay, grid, manhattan, models, priors, rotary
from gmm_tutorial.analysis import diagonal_score, neighbor_means
from gmm_tutorial.attention import COMBINE, Attention, attention, attention_weights
from gmm_tutorial.manhattan import ManhattanAttention, decomposed_manhattan_attention, manhattan_attention
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import ElementwiseMask, GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.retention import MultiScaleRetention, chunkwise, parallel, recurrent

B, H, N, D = 2, 3, 6, 4
DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.bool, torch.complex64)
quick = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def rarely(usual, *others):
    """Mostly the usual, so that calls get past their first check."""
    return st.sampled_from([usual] * 5 * len(others) + list(others))


@st.composite
def tensors(draw, *shape):
    """A tensor of nearly this shape, now and then with a wrong size, axis, dtype or device; or no tensor at all."""
    shape = [draw(rarely(n, 0, 1, n + 1)) for n in shape]
    shape = draw(rarely(shape, shape[1:], [1, *shape]))
    dtype, device = draw(rarely(torch.float32, *DTYPES)), draw(rarely("cpu", "meta"))
    return draw(rarely(torch.ones(shape, dtype=dtype, device=device), None, 3, [[1.0]]))


numbers = st.sampled_from([1, 2, 4, 0, -1, 2.5, True, None, "3", float("nan"), float("inf")])
grids = rarely((2, 3), (1, 6), [6, 1], (2, 4), (0, 6), (-2, -3), 6, None, "23", (2.0, 3))


def call(function, *arguments, says=(), **options):
    """What the function returns, or None if it refused: then the message names an argument."""
    names = set(says) | set(inspect.signature(function).parameters)
    try:
        return function(*arguments, **options)
    except (ValueError, TypeError) as error:
        assert re.match(rf"({'|'.join(names)})\b", str(error)), f"{type(error).__name__}: {error}"
        return None


def square(*shape):
    """What tests of a call expect of its result, where there is one."""
    return lambda out: out is None or tuple(out.shape) == shape


@quick
@given(tensors(B, H, N, D), tensors(B, H, N, D), tensors(B, H, N, 5), st.data())
def test_attention(q, k, v, data):
    prior, bias = (data.draw(st.none() | tensors(*shape)) for shape in ((H, N, N), (B, H, N, N)))
    combine = data.draw(rarely("scale", *COMBINE, "times", None, ["scale"]))
    out = call(attention, q, k, v, prior, combine, bias)
    weights = call(attention_weights, q, k, v, prior, combine, bias)
    assert (out is None) == (weights is None)
    if out is not None:
        assert out.shape == (*q.shape[:3], v.shape[-1]) and out.dtype == v.dtype and out.device == q.device
        assert weights.shape == (*q.shape[:3], k.shape[2])


FORMS = {
    "parallel": parallel,
    "recurrent": recurrent,
    "chunkwise": lambda q, k, v, gamma: chunkwise(q, k, v, gamma, 4),
    "manhattan_attention": lambda q, k, v, gamma: manhattan_attention(q, k, v, gamma, (2, 3)),
    "decomposed": lambda q, k, v, gamma: decomposed_manhattan_attention(q, k, v, gamma, (2, 3)),
    "manhattan_retention": lambda q, k, v, gamma: manhattan.manhattan_retention(q, k, v, gamma, (2, 3)),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@quick
@given(tensors(B, H, N, D), tensors(B, H, N, D), tensors(B, H, N, 5), tensors(H))
def test_retention_and_manhattan_attention(form, q, k, v, gamma):
    out = call(form, q, k, v, gamma)
    assert out is None or out.shape == (*q.shape[:3], v.shape[-1])


@quick
@given(tensors(B, N, D), tensors(N), tensors(H), numbers)
def test_positions_and_decay(x, positions, gamma, n):
    out = call(rotary.rotate, x, positions)
    assert out is None or (out.shape == x.shape and out.dtype == x.dtype)
    out = call(decay.half_distance, gamma)
    assert out is None or (out.shape == gamma.shape and (out.is_meta or not out.isnan().any()))
    out = call(decay.causal_decay, gamma, n)
    assert out is None or out.shape == (len(gamma), n, n)
    for rates in (decay.manhattan_gamma, decay.retnet_gamma, decay.alibi_slopes):
        assert square(n)(call(rates, n))
    assert square(n, n)(call(decay.axis_distances, n))


@quick
@given(tensors(B, H, N, D), tensors(H), grids, tensors(H, 3, 5), tensors(B, N, N))
def test_grids(x, gamma, size, kernel, mask):
    out = call(manhattan.decay_scan, x, gamma, size)
    assert out is None or out.shape == x.shape
    tokens = call(grid.coordinates, size)
    assert (tokens is None) == (call(grid.distances, size) is None) == (call(grid.kernel_offsets, size) is None)
    out = call(grid.unfold_kernel, kernel, size)
    assert out is None or out.shape == (len(kernel), len(tokens), len(tokens))
    for measure in (lambda mask, _: diagonal_score(mask), neighbor_means):
        out = call(measure, mask, size)
        assert out is None or (out[0] if isinstance(out, tuple) else out).shape == mask.shape[:-2]


@quick
@given(grids, numbers, numbers, rarely("paper", "local", "other", None, 1), numbers)
def test_priors(size, heads, kernels, init, start):
    def built(kind, *arguments, **options):
        prior = call(kind, size, heads, *arguments, **options)
        if prior is not None:
            tokens = prior.grid[0] * prior.grid[1]
            assert prior().shape == (heads, tokens, tokens) and prior().isfinite().all()

    built(ElementwiseMask, start)
    built(GaussianMixtureMask, kernels, init)
    built(ManhattanDecay, start, kernels)
    for kind in (priors.ALiBi2d, priors.Temperature):
        built(kind)


LAYERS = {
    "attention": (Attention(12, 3, prior=GaussianMixtureMask((2, 3), 3)), (B, N, 12)),
    "retention": (MultiScaleRetention(12, 3), (B, N, 12)),
    "retention2d": (MultiScaleRetention(12, 3, grid=(2, 3)), (B, N, 12)),
    "manhattan": (ManhattanAttention(12, 3), (B, 2, 3, 12)),
    "manhattan full": (ManhattanAttention(12, 3, grid=(2, 3), decomposed=False), (B, 2, 3, 12)),
    "vit": (create_model("vit", dim=12, depth=1, num_heads=3, image_size=16, prior="gmm"), (B, 3, 16, 16)),
    "convnet": (create_model("convnet", dim=4, image_size=16), (B, 3, 16, 16)),
}


@pytest.mark.parametrize("name", LAYERS)
@quick
@given(st.data())
def test_inputs_of_layers(name, data):
    layer, shape = LAYERS[name]
    out = call(layer.forward, x := data.draw(tensors(*shape)), says=["prior"])
    assert out is None or out.shape in (x.shape, (len(x), 10))


@pytest.mark.parametrize("name", ["vit", "rmt-cifar", "convnet"])
@settings(quick, max_examples=20)
@given(st.data())
def test_options_of_models(name, data):
    kind, published = models.MODELS[name]
    options = {"rmt-cifar": {"dims": (8, 8), "depths": (1, 1), "num_heads": (2, 2)}, "vit": {"dim": 12, "depth": 1}}
    options = dict(published) | options.get(name, {"dim": 8}) | ({"num_heads": 2} if name == "vit" else {})
    switches = ("pos_embed", "decay", "lepe", "pos_conv")
    names = [name for name in inspect.signature(kind).parameters if name not in switches]
    for option in data.draw(st.sets(st.sampled_from(names), max_size=4)):
        old = options.get(option)
        options[option] = data.draw(numbers)
        if isinstance(old, tuple) and data.draw(st.booleans()):
            options[option] = (old[0], options[option])
    # a part of the model names its own argument: a rate its span, a head its number of channels
    says = ["dim", "num_heads", "heads", "hidden", "span", "mlp_ratio", "image_size"]
    model = call(kind, **{"image_size": 32, "num_classes": 10, **options}, says=says)
    if model is not None:
        size = model.image_size if name != "vit" else model.patch_embed.image_size
        assert model.eval()(torch.zeros(1, 3, size, size)).shape[0] == 1
