"""Whole models of the published code: logits and the norm of every gradient, with their weights under their names."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch

from gmm_tutorial.models import create_model, load_published
from gmm_tutorial.models.published import our_name

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted((GOLDEN / "models").glob("*.json"))

spec = importlib.util.spec_from_file_location("weights", GOLDEN / "weights.py")
rules = importlib.util.module_from_spec(spec)
spec.loader.exec_module(rules)


def published(path):
    """What a file holds, our model of its kind in float64, and the authors' state dict."""
    known = json.loads(path.read_text())
    options = {"pool": "cls"} if known["model"] == "vit" and known["prior"] is None else {}
    name = {"cait-tiny": "cait"}.get(known["model"], known["model"])
    model = create_model(name, known["num_classes"], known["image_size"], known["prior"], **options)
    weights = rules.weights(known["parameters"], known["seed"])
    return known, model.double().eval(), {name: torch.from_numpy(value) for name, value in weights.items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_published_logits_and_gradients(path):
    known, model, weights = published(path)
    load_published(model, weights)
    logits = model(torch.from_numpy(rules.images(known["seed"], known["image_size"])))
    torch.testing.assert_close(logits, torch.tensor(known["logits"], dtype=torch.float64), rtol=1e-6, atol=1e-9)
    (logits * torch.from_numpy(rules.mix(known["seed"], logits.shape))).sum().backward()
    parameters = dict(model.named_parameters())
    expected = {
        our_name(model, row[0]): norm for row, norm in zip(known["parameters"], known["gradients"], strict=True)
    }
    assert parameters.keys() == {name for name, norm in expected.items() if norm is not None}
    for name, parameter in parameters.items():
        assert parameter.grad.norm().item() == pytest.approx(expected[name], rel=1e-6, abs=1e-9), name


def test_published_files_are_here():
    names = {path.stem for path in FILES}
    assert {"vit-plain-32px", "vit-gmm-32px", "vit-elm-32px"} <= names
    assert {f"rmt-{size}-plain-64px" for size in "tsbl"} <= names
    priors = {"cait-tiny": ("plain", "gmm", "elm"), "pit": ("plain", "gmm", "elm"), "t2t": ("plain", "gmm", "elm")}
    priors["swin"] = ("plain", "gmm")  # whose authors have no ELM
    assert {f"{model}-{prior}-32px" for model, each in priors.items() for prior in each} <= names


def test_published_mean_comes_before_the_norm():
    # the other order is another model, and by far: the published masked ViT pools first
    _, model, weights = published(GOLDEN / "models" / "vit-gmm-32px.json")
    load_published(model, weights)
    images = torch.from_numpy(rules.images(0, 32))
    other = model.head(model.norm(model.features(images)).mean(1))
    assert (model(images) - other).abs().max() > 0.1


def test_a_released_checkpoint_brings_tables_and_counters():
    _, model, weights = published(GOLDEN / "models" / "rmt-t-plain-64px.json")
    weights["layers.0.Relpos.angle"] = weights["layers.3.Relpos.decay"] = torch.zeros(8)
    weights["norm.num_batches_tracked"] = torch.tensor(7)
    load_published(model, weights)
    assert model.norm.num_batches_tracked == 7
    assert torch.equal(model.stages[2][5].attn.k_proj.weight, weights["layers.2.blocks.5.retention.k_proj.weight"])


def test_what_does_not_fit_is_listed_and_changes_nothing():
    _, model, weights = published(GOLDEN / "models" / "vit-gmm-32px.json")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    del weights["mlp_head.1.bias"]
    weights["surplus"] = torch.zeros(2)
    weights["pos_embedding"] = torch.zeros(1, 65, 192)
    message = (
        r"missing: pos_embed, head\.bias; left over: surplus; "
        r"of another size: pos_embedding \(1, 65, 192\) for pos_embed \(1, 64, 192\)"
    )
    with pytest.raises(ValueError, match=message):
        load_published(model, weights)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    with pytest.raises(
        TypeError, match="model is a ConvNet, but published names are known for ViT, CaiT, PiT, Swin, T2T, RMT only"
    ):
        load_published(create_model("convnet"), weights)
