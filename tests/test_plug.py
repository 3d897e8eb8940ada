"""plug_in and unplug on every family: what a model is before, under a prior, and after."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from foreign_models import MODELS, Compass, Ones, combined, foreign, plugged
from torch import nn

from gmm_tutorial.analysis.maps import attention_maps
from gmm_tutorial.attention import COMBINE, install_priors
from gmm_tutorial.plug import plug_in, unplug
from gmm_tutorial.priors import GaussianMixtureMask, list_priors, prior_parameters

LOCAL = partial(GaussianMixtureMask, init="local")
PRIORS = {**{name: name for name in list_priors()}, "a callable": Compass, "local": LOCAL}


def anatomy(model):
    """All that a model is made of, but for the values of its weights."""
    modules = [(name, type(module), sorted(vars(module))) for name, module in model.named_modules()]
    flags = [getattr(module, "fused_attn", None) for module in model.modules()]
    return modules, flags, list(model.state_dict()), {id(p) for p in model.parameters()}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_a_neutral_prior_changes_nothing(name, training):
    model, images = foreign(name, torch.float32)
    model.train(training)
    before = model(images)
    for combine in COMBINE:
        assert plug_in(model, combined(Ones, combine)) is model
        torch.testing.assert_close(model(images), before, atol=1e-5, rtol=1e-5)
        unplug(model)


@pytest.mark.parametrize(
    "name", [name for name in MODELS if name != "torchvision vit"]
)  # whose tokens lie in memory in another order
def test_dropout_is_that_of_the_model(name):
    model, images = foreign(name, dropout=0.3)
    for module in model.train().modules():
        if hasattr(module, "fused_attn"):
            module.fused_attn = False  # the fused function draws in its own way
    draws = []
    for prior in (None, Ones):
        torch.manual_seed(1)
        draws.append((model if prior is None else plug_in(model, prior))(images))
    torch.testing.assert_close(draws[1], draws[0])
    assert not torch.allclose(model(images), draws[0], atol=1e-3)


@pytest.mark.parametrize("prior", ["gmm", "alibi"])  # not fused, and fused
@pytest.mark.parametrize("name", ["vit", "torchvision vit"])
def test_dropout_of_all_weights_leaves_the_bias(name, prior):
    model, images = foreign(name)
    layer = plugged(plug_in(model, prior).train())[0]
    x = torch.randn(2, 17 if name != "vit" else 9, 24, dtype=images.dtype)
    if name == "vit":
        layer.attn_drop.p = 1.0
        out, bias = layer(x), layer.proj.bias
    else:
        layer.dropout = 1.0
        (out, _), bias = layer(x, x, x), layer.out_proj.bias
    assert torch.equal(out, bias.expand_as(out))


@pytest.mark.parametrize(
    "prior",
    [*list_priors(), Compass, LOCAL],
    ids=[*list_priors(), "compass", "local"],
)
@pytest.mark.parametrize("name", MODELS)
def test_every_prior_in_every_family(name, prior):
    model, images = foreign(name)
    before, whole = model(images), anatomy(model)
    plug_in(model, prior)
    assert [layer.grid for layer in plugged(model)] == MODELS[name][2]
    out = model(images)
    assert out.shape == before.shape and out.isfinite().all()
    assert torch.allclose(out, before) == (prior in ("temperature", "free"))  # which start at 1
    out.square().sum().backward()
    layers = plugged(model)
    if hasattr(model, "class_token") or (getattr(model, "global_pool", None) == "token" and name != "cait"):
        layers.pop()  # a class token is read after it, and patches no more
    parameters = [p for layer in layers for p in prior_parameters(layer)]
    assert bool(parameters) == (prior not in ("alibi", "manhattan", "frozen", Compass))
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in parameters)
    assert unplug(model) is model
    assert torch.equal(model(images), before)
    assert anatomy(model) == whole


@pytest.mark.parametrize(
    ("name", "prior", "calls"),
    [
        ("vit", "alibi", 2),
        ("vit", "manhattan", 2),
        ("vit", "gmm", 0),
        ("vit", combined(Compass, "gate"), 0),
        ("torchvision vit", "alibi", 2),
        ("torchvision vit", "gmm", 0),
        ("swin", "alibi", 0),  # timm calls its fused windows experimental, and leaves them off
        ("cait", "alibi", 2),  # its class attention only
    ],
    ids=str,
)
def test_where_attention_is_fused(name, prior, calls, monkeypatch):
    model, images = foreign(name)
    fused, seen = F.scaled_dot_product_attention, []

    def spy(*args, **options):
        seen.append(options)
        return fused(*args, **options)

    monkeypatch.setattr(F, "scaled_dot_product_attention", spy)
    out = plug_in(model, prior)(images)
    assert len(seen) == calls
    for layer in plugged(model):
        layer.fused_attn = not calls
    torch.testing.assert_close(model(images), out)
    if name != "cait":
        assert len(seen) == (calls or (0 if prior != "alibi" else 4))


@pytest.mark.parametrize(("name", "part"), [("vit", "blocks.0"), ("swin", "layers.0.blocks.1")])
def test_compiles(name, part):
    model, images = foreign(name)
    plug_in(model, "gmm")
    inputs = []
    handle = model.get_submodule(part).register_forward_pre_hook(lambda block, args: inputs.append(args[0]))
    model(images)
    handle.remove()
    block = model.get_submodule(part)
    torch.testing.assert_close(torch.compile(block, backend="eager", fullgraph=True)(*inputs), block(*inputs))


def test_models_inside_of_others():
    vit, images = foreign("vit")
    out = plug_in(copy.deepcopy(vit), Compass)(images)
    assert torch.equal(plug_in(nn.Sequential(nn.Identity(), vit), Compass)(images), out)


@pytest.mark.parametrize("name", ["vit", "swin", "cait", "torchvision vit", "torchvision swin"])
def test_attention_maps(name):
    model, images = foreign(name)
    maps = attention_maps(plug_in(model, LOCAL), images)
    assert len(maps) == len(MODELS[name][2])
    if name != "cait":  # whose heads are mixed
        assert all(torch.allclose(each.sum(-1), torch.ones(1, dtype=each.dtype)) for each in maps)
    if "swin" in name:  # in the last window, what the shift carried there is not seen
        assert maps[1][-1, :, 0, -1].max() < 1e-30 < maps[1][-1, :, 0, 0].min()
    without = install_priors(model, None)(images)
    torch.testing.assert_close(without, foreign(name)[0](images))
