"""The models that run in the browser, on Python's side: what is kept of them, and what a notebook sends."""

import json
import shutil

import pytest
import torch

from gmm_tutorial import explorers, runs
from gmm_tutorial._files import sha256, unsealed
from gmm_tutorial.explorers import live_models
from gmm_tutorial.explorers.build import record_live
from gmm_tutorial.explorers.live_models import NAMES, live_model, look, normalized, weights_file
from gmm_tutorial.explorers.trained import pixels_of
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.train import configure

every_model = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A folder with the files that `explorers.live` reads, to be damaged."""
    for name in ("live.json", *map(weights_file, NAMES)):
        shutil.copy(explorers.FOLDER / name, tmp_path / name)
    monkeypatch.setattr(live_models, "FOLDER", tmp_path)
    monkeypatch.setattr(live_model, "__defaults__", (tmp_path,))
    return tmp_path


def test_the_files_say_what_they_are():
    receipt = unsealed(explorers.FOLDER / "live.json")
    assert receipt["checksums"] == {weights_file(name): sha256(explorers.FOLDER / weights_file(name)) for name in NAMES}
    for name, said in receipt["said"].items():
        training = receipt["trainings"][name]
        assert training["config"]["prior"] == (None if name == "vit" else name)
        assert "one seed" in said and f"{training['accuracy'][-1][1]:.1%}" in said
        assert (training["config"]["train_images"], training["config"]["test_images"]) == (50_000, 10_000)
        assert 1e6 < (explorers.FOLDER / weights_file(name)).stat().st_size < 1.3e6
    kept = [training["config"] for training in receipt["trainings"].values()]
    same = [{k: v for k, v in each.items() if not k.startswith("prior")} for each in kept]
    assert same[0] == same[1] == same[2], "the three differ in their prior alone"


@every_model
def test_a_file_gives_the_whole_model(name):
    about, model = live_model(name)
    kind = {"vit": type(None), "gmm": GaussianMixtureMask, "manhattan": ManhattanDecay}[name]
    assert not model.training and all(isinstance(block.attn.prior, kind) for block in model.blocks)
    assert (about["layers"], about["heads"]) == (len(model.blocks), model.blocks[0].attn.num_heads)


def test_recording_trains_and_keeps_the_models(tmp_path, monkeypatch):
    """The whole way at the smallest size: what is read back computes what the trained model does."""
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    config = configure("shapes", profile="ci", recipe="short", train_images=64, test_images=20, precision="float32")
    record_live(tmp_path, config, labels=(1, 0))
    test = runs.chosen(config)[2]
    photos = unsealed(tmp_path / "live.json")["photos"]
    assert [photo["label"] for photo in photos] == [test.classes[1], test.classes[0]]
    first = test.images[int((test.labels == 1).nonzero()[0])]
    pixels = pixels_of(photos[0]["address"])
    assert torch.equal(pixels, first.permute(1, 2, 0))
    priors = {
        "vit": {},
        "gmm": {"prior": "gmm", "prior_options": {"init": "local"}},
        "manhattan": {"prior": "manhattan"},
    }
    for name, prior in priors.items():
        about, model = live_model(name, tmp_path)
        images = normalized(about, pixels)
        torch.testing.assert_close(images[0], test.normalize(first))
        assert torch.equal(model(images), runs.train(config.but(**prior)).model(images))
        weights, guess = look(about, model, pixels, 1, (3, 4))
        assert weights.shape == (8, 8) and float(weights.sum()) == pytest.approx(1)
        assert guess.rpartition(" ")[0] == test.classes[int(model(images).argmax())]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"photo": 6}, "photo is 6, but it must be one of 0, 1, 2, 3, 4 or 5"),
        ({"layer": 4}, "layer is 4, but it must be one of 0, 1, 2 or 3"),
        ({"strength": 1.5}, "strength is 1.5, but it must be a number from 0 to 1"),
    ],
)
def test_errors_name_the_argument(arguments, message):
    with pytest.raises(ValueError, match=message):
        explorers.live(**arguments)


@pytest.mark.parametrize("name", ["live.json", "live-gmm.safetensors"])
@pytest.mark.parametrize("way", ["flip", "shorten", "empty", "remove"])
def test_a_damaged_file_is_named_and_not_read(copied, name, way):
    path = copied / name
    content = path.read_bytes()
    at = len(content) // 2
    flipped = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
    path.write_bytes({"flip": flipped, "shorten": content[:at]}.get(way, b""))
    if way == "remove":
        path.unlink()
    with pytest.raises(ValueError, match=rf"{path} is (damaged|missing).*; restore it with git"):
        explorers.live()


def test_a_notebook_sends_weights_only_when_they_are_asked_for(monkeypatch):
    explorer = explorers.live()
    assert explorer.files == [], "opening the notebook does not send megabytes"
    sent = []
    monkeypatch.setattr(explorer, "send", lambda content, buffers: sent.append((content, buffers)))
    for file in (1, 3, -1, None, "../live.json"):  # what is not the number of a file has no answer
        explorer._handle_custom_msg({"file": file}, [])
    assert sent == [({"file": 1}, [(explorers.FOLDER / "live-gmm.safetensors").read_bytes()])]


def test_the_page_is_told_the_checksums_and_no_picture_of_the_readers():
    explorer = explorers.live(photo=2, layer=1, strength=0.5)
    assert (explorer.state["photo"], explorer.state["layer"], explorer.state["strength"]) == (2, 1, 0.5)
    files = [explorers.FOLDER / file for file in explorer.start["files"]]
    assert [model["sha256"] for model in explorer.state["models"]] == [sha256(file) for file in files]
    assert len(json.dumps(explorer.state)) < 40_000
