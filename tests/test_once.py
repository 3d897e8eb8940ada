"""One training, from its configuration to its receipt: which images it sees, what is measured, and starting again."""

import hashlib
import json

import pytest
import torch
from made_up_receipts import PROBE
from safetensors.torch import save_file

from gmm_tutorial import data
from gmm_tutorial._files import sealed, sha256
from gmm_tutorial.analysis.cost import macs
from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.results import Source
from gmm_tutorial.runs import Store, once, run_once
from gmm_tutorial.train import History, configure


def prints(images):
    return {hashlib.sha256(image.numpy()).digest() for image in images.images}


def test_choices_are_made_by_images_that_nobody_trains_on():
    """As many of each class, and always the same ones; neither are those that are tested on."""

    def parts(**choices):
        config = configure("shapes", profile="full", recipe="lesson", test_split="held_out", **choices)
        return once.chosen(config)

    config, train_set, held_out = parts()
    assert (config.train_images, config.test_images) == (len(train_set), len(held_out)) == (5_000, 5_000)
    assert not prints(train_set) & prints(held_out)
    assert prints(train_set) | prints(held_out) == prints(data.load("shapes", "train"))
    assert held_out.labels.bincount().tolist() == [500] * 10
    assert held_out.fingerprint == parts(seed=3)[2].fingerprint
    _, fewer, few_held_out = parts(train_images=100, test_images=50)
    assert prints(fewer) < prints(train_set) and prints(few_held_out) < prints(held_out)


def test_a_full_scale_is_its_own_configuration():
    """So that the name that is shown before the images are there is that of the receipt."""
    for choices in ({}, {"test_split": "held_out"}, {"train_images": 10**6}, {"train_images": None}):
        config = configure("shapes", profile="full", recipe="lesson", **choices)
        assert once.chosen(config)[0] == config


def test_a_receipt_measures_its_own_model_at_its_own_size(monkeypatch):
    monkeypatch.setattr(once, "probe", lambda config: PROBE)
    sizes = {"dim": 8, "depth": 1}
    config = configure("tiny-imagenet", "convnet", profile="ci", epochs=3, recipe="lesson", model_options=sizes)
    model = create_model("convnet", 200, 64, **sizes)
    source = Source(name="tiny-imagenet", source="", exact=True, note="", train="", test="")
    seconds = [4.0, 1.0, 2.0]
    history = History([(3, 0.25)], [1.0] * 3, train_accuracy=0.5, epoch_seconds=seconds, seconds=60.0)
    made = once.receipt_of(config, source, model, history)
    assert made.macs == macs(model, 64) and made.parameters == count_parameters(model)
    assert made.images_per_second == 320 / 2, "the median epoch's, of training alone"
    assert (made.config, made.data, made.probe) == (config, source, PROBE)


def test_a_cache_that_begins_anew_keeps_nothing_of_what_it_found(tmp_path, capsys):
    """A checkpoint whose weights are right and whose moments are not is left when the weights are loaded already."""
    sizes = {"train_images": 40, "test_images": 20, "model_options": {"dim": 16, "num_heads": 2}}
    config = configure("shapes", recipe="lesson", profile="ci", epochs=2, **sizes)
    whole = run_once(config, Store(tmp_path / "whole"))

    def stop(history):
        raise KeyboardInterrupt

    store = Store(tmp_path / "cache", cache=True)
    with pytest.raises(KeyboardInterrupt):
        run_once(config, store, on_epoch=stop)
    kept = store.checkpoints(config) / "epoch-1"
    save_file({"nothing": torch.zeros(1)}, kept / "optimizer.safetensors")
    state = json.loads((kept / "state.json").read_text())
    del state["sha256"]
    state["checksums"]["optimizer"] = sha256(kept / "optimizer.safetensors")
    (kept / "state.json").write_text(sealed(state))
    capsys.readouterr()
    again = run_once(config, store)
    assert "is not a whole checkpoint" in (said := capsys.readouterr().out) and "starting again" in said
    assert again.receipt.loss == whole.receipt.loss
    for a, b in zip(again.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(a, b)
