"""Weights of models with a prior plugged in: copies, pickles, checkpoints, dtypes."""

import copy
import pickle
from functools import partial

import pytest
import torch
from foreign_models import MODELS, foreign, plugged
from torch import nn

from gmm_tutorial.plug import plug_in, unplug
from gmm_tutorial.priors import GaussianMixtureMask

LOCAL = partial(GaussianMixtureMask, init="local")


@pytest.mark.parametrize("name", MODELS)
def test_copies_and_pickles(name):
    model, images = foreign(name)
    before = model(images)
    out = plug_in(model, "gmm")(images)
    twins = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for twin in twins:
        assert torch.equal(twin(images), out)
        assert torch.equal(unplug(twin)(images), before)
    assert torch.equal(model(images), out)


@pytest.mark.parametrize("name", MODELS)
def test_checkpoints(name):
    model, images = foreign(name)
    other, _ = foreign(name)
    for parameter in other.parameters():
        nn.init.normal_(parameter, 0.0, 0.1)
    plain = other.state_dict()
    plug_in(model, LOCAL)
    masks = [layer.prior().clone() for layer in plugged(model)]
    assert set(plain) < set(model.state_dict())
    model.load_state_dict(plain)  # strict
    for mask, layer in zip(masks, plugged(model), strict=True):
        torch.testing.assert_close(layer.prior(), mask, atol=0, rtol=0)
    plug_in(other, "gmm").load_state_dict(model.state_dict())
    assert torch.equal(other(images), model(images))
    assert torch.equal(unplug(model)(images), unplug(other)(images))
    with pytest.raises(RuntimeError, match=r"Unexpected key.*\.prior\.alpha"):
        model.load_state_dict(plug_in(other, "gmm").state_dict())


def test_a_prior_that_a_checkpoint_has_in_part_is_missed():
    model = plug_in(foreign("vit")[0], "gmm")
    state = model.state_dict()
    del state["blocks.1.attn.prior.sigma"]
    with pytest.raises(RuntimeError, match=r"Missing key\(s\) in state_dict: \"blocks.1.attn.prior.sigma\""):
        model.load_state_dict(state)
    with pytest.raises(RuntimeError, match="blocks.1.attn.prior.mask"):
        plug_in(foreign("vit")[0], "elm").load_state_dict(model.state_dict())


@pytest.mark.parametrize("name", ["vit", "cait", "swin", "torchvision vit"])
@pytest.mark.parametrize("prior", ["gmm", "alibi"])
def test_priors_follow_dtype_and_mode(name, prior):
    model, images = foreign(name, torch.bfloat16)
    assert not any(module.training for module in plug_in(model, prior).modules())
    plug_in(unplug(model).train(), prior)
    assert {each.dtype for each in model.state_dict().values() if each.is_floating_point()} == {torch.bfloat16}
    assert all(module.training for module in model.modules())
    assert model(images).dtype == torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16):
        assert model.float()(images.float()).isfinite().all()
