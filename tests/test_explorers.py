"""Explorers as Python makes them: one script, HTML with a still picture, and what a committed notebook keeps."""

import base64
import io
import json
import random
import re
import shutil
from html.parser import HTMLParser

import nbformat
import pytest
import torch
from PIL import Image

from gmm_tutorial import explorers, runs
from gmm_tutorial._files import sha256, unsealed
from gmm_tutorial.analysis.maps import attention_maps
from gmm_tutorial.course.run import execute, texts
from gmm_tutorial.course.tidy import tidy
from gmm_tutorial.explorers import pictures
from gmm_tutorial.explorers.build import as_integers, record
from gmm_tutorial.explorers.explorer import script
from gmm_tutorial.explorers.trained import MODELS, checksums, layer_prior, layer_weights, numbers, read
from gmm_tutorial.priors import PRIORS
from gmm_tutorial.train import configure

MAKERS = {
    "mixture": explorers.mixture,
    "decay": explorers.decay,
    "photo": explorers.photo,
    "live": explorers.live,
}
every_explorer = pytest.mark.parametrize("name", MAKERS)


class Elements(HTMLParser):
    """The elements of a piece of HTML, each as (name, attributes)."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


@every_explorer
def test_one_script_without_imports(name):
    text = script(f"{name}.js")
    assert not re.search(r"^import\b", text, re.MULTILINE)
    assert text.count("export default") == 1
    assert text.count("export function softmax(") == 1, "a part that two others import stands there once"
    used = [text.index(part) for part in ("export const OWN_KEYS", "export function panel(", "export default")]
    assert used == sorted(used), "what is used stands before it"


@every_explorer
def test_html_has_a_state_and_a_still_picture_with_its_alt_text(name):
    explorer = MAKERS[name]()
    (tag, box), (img, picture) = Elements(explorer.as_html()).found
    assert (tag, box["class"], box["data-explorer"], img) == ("div", "explorer", name, "img")
    state = json.loads(box["data-state"])
    files = state.pop("files", [])
    assert state == explorer.state
    assert all((explorers.FOLDER / file).is_file() for file in files)
    assert 30 <= len(picture["alt"]) <= 400
    kind, _, code = picture["src"].partition(",")
    assert kind == "data:image/png;base64"
    size = Image.open(io.BytesIO(base64.b64decode(code))).size
    assert 500 <= int(picture["width"]) <= 900 and 180 <= size[1] / 2 <= 300
    assert size[0] // 2 == int(picture["width"]), "two pixels for each that it takes on the page"
    assert len(explorer.as_html()) < 60_000, "a notebook has to hold it"


@every_explorer
def test_shown_as_a_widget_as_html_and_in_letters(name):
    explorer = MAKERS[name]()
    data, _ = explorer._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/html"] == explorer.as_html()
    assert name in data["text/plain"] and " at 0x" not in data["text/plain"]


def test_a_committed_notebook_keeps_the_still_picture_only(tmp_path):
    cell = "from gmm_tutorial import explorers\nexplorers.decay()"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    execute(notebook, tmp_path, "toy")
    tidy(notebook, "toy")
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert "widgets" not in notebook.metadata
    assert "base64" not in "".join(texts(notebook.cells[0])), "a picture is no letters"


def test_mixture_takes_gaussians_and_keeps_room_for_more():
    state = explorers.mixture(alpha=(1, 2, 3), sigma=(1, 1, 2), grid=(4, 6)).state
    assert (state["grid"], state["kernels"]) == ([4, 6], 3)
    assert state["alpha"][:3] == [1, 2, 3] and len(state["alpha"]) == len(state["sigma"]) == 5
    learned = explorers.mixture(alpha=torch.tensor([0.5]), sigma=torch.tensor([2.0]))
    assert json.loads(json.dumps(learned.state))["alpha"][0] == 0.5, "parameters of a mask may be given as they are"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: explorers.mixture(alpha=(1, 2), sigma=(1,)), "alpha has 2 and sigma 1, but each must have the same"),
        (lambda: explorers.mixture(alpha=(1,) * 6, sigma=(1,) * 6), "1 to 5"),
        (lambda: explorers.decay(heads=0), "heads is 0"),
        (lambda: explorers.decay((1, 8)), "grid is .* at least two rows"),
        (lambda: explorers.photo("cait"), "model is 'cait', but it must be one of 'vit', 'elm', 'gmm' or 'manhattan'"),
        (lambda: explorers.photo(layer=4), "layer is 4, but it must be one of 0, 1, 2 or 3"),
        (lambda: explorers.photo(head=-1), "head is -1"),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_photo_files_are_small_and_say_what_they_are():
    files = sorted(explorers.FOLDER.glob("photo-*.safetensors"))
    receipt = unsealed(explorers.FOLDER / "photo.json")
    assert list(receipt["photos"]) == [file.name for file in files]
    for file in files:
        assert file.stat().st_size < 250_000
        about, _ = read(file)
        assert about["pixels"].shape == (32, 32, 3)
        for name, said in about["models"].items():
            config, data = (receipt["trainings"][name][key] for key in ("config", "data"))
            assert config["prior"] == (None if name == "vit" else name)
            assert data["note"] in said and "one seed" in said
            assert f"{receipt['trainings'][name]['accuracy'][-1][1]:.1%}" in said
        assert max(receipt["largest error of an attention weight, by model"][file.name].values()) < 0.03


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A folder with the photo files that `explorers.photo` reads, to be damaged."""
    for name in ("photo.json", *checksums(explorers.FOLDER)):
        shutil.copy(explorers.FOLDER / name, tmp_path / name)
    monkeypatch.setattr(pictures, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["photo-0.safetensors", "photo-1.safetensors", "photo.json"])
@pytest.mark.parametrize("way", ["flip", "shorten", "lengthen", "empty", "remove", "exchange"])
def test_a_damaged_photo_file_is_named_and_not_read(copied, name, way):
    path = copied / name
    content = path.read_bytes()
    rng = random.Random(name + way)
    for _ in range(4):
        at = rng.randrange(len(content))
        flipped = content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :]
        other = copied / "photo-1.safetensors" if name.endswith("0.safetensors") else copied / "photo-0.safetensors"
        ways = {"flip": flipped, "shorten": content[:at], "lengthen": content + b"\0", "empty": b""}
        path.write_bytes(ways.get(way, other.read_bytes()))
        if way == "remove":
            path.unlink()
        with pytest.raises(ValueError, match=rf"{re.escape(str(path))} is (damaged|missing).*; restore it with git"):
            explorers.photo()


def test_a_file_that_is_not_recorded_is_not_read(copied):
    shutil.copy(copied / "photo-0.safetensors", copied / "photo-2.safetensors")
    with pytest.raises(
        ValueError, match=r"file is .*photo-2.safetensors, but it must be one of those that .*photo.json"
    ):
        read(copied / "photo-2.safetensors")
    assert len(explorers.photo().files) == 2


def test_the_page_is_told_the_checksums():
    state = explorers.photo().start
    assert state["sha256"] == [sha256(explorers.FOLDER / file) for file in state["files"]]


@pytest.mark.parametrize("model", MODELS)
def test_the_prior_of_a_layer_is_the_one_by_its_name(model):
    about, tensors = read(explorers.FOLDER / "photo-0.safetensors")
    prior = layer_prior(about, tensors, model, 2)
    if MODELS[model] is None:
        assert prior is None
        return
    assert isinstance(prior, PRIORS[MODELS[model]]) and prior.grid == (8, 8)
    learned = {"elm": {"mask"}, "gmm": {"alpha", "sigma"}, "manhattan": set()}[model]
    assert {name for name, _ in prior.named_parameters()} == learned
    for name in learned:
        kept = numbers(tensors, f"{model}.{name}")
        assert torch.equal(prior.get_parameter(name).flatten(), kept[2].flatten()) and not torch.equal(kept[2], kept[1])
    if model == "manhattan":
        assert torch.equal(prior.gamma, tensors["manhattan.gamma"])
        tensors["manhattan.gamma"] = torch.full((4,), 0.25)
        assert layer_prior(about, tensors, model, 2).kernel()[0, 7, 8] == 0.25, "the file's rate, whatever today's is"


@pytest.mark.parametrize("model", ["vit", "elm", "gmm", "manhattan"])
def test_photo_weights_are_attention(model):
    about, tensors = read(explorers.FOLDER / "photo-0.safetensors")
    for layer in range(about["layers"]):
        weights = layer_weights(about, tensors, model, layer)
        assert weights.shape == (about["heads"], 64, 64)
        torch.testing.assert_close(weights.sum(-1), torch.ones(about["heads"], 64))


@pytest.mark.parametrize(("kind", "axes"), [(torch.int8, (-2,)), (torch.int16, (-2, -1))])
def test_integers_keep_numbers_to_half_a_step(kind, axes):
    values = torch.randn(2, 3, 5, 7)
    kept = as_integers("q", values, kind, axes)
    assert kept["q"].dtype == kind
    step = values.abs().amax(axes, keepdim=True) / torch.iinfo(kind).max
    assert bool(((numbers(kept, "q") - values).abs() <= 0.501 * step).all())


def test_recording_trains_and_keeps_what_the_models_attend_to(tmp_path, monkeypatch):
    """The whole way at the smallest size: what is read back is what the trained model computes."""
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    config = configure("shapes", profile="ci", recipe="lesson", train_images=64, test_images=20)
    (path,) = record(tmp_path, config, photos=(3,))
    about, tensors = read(path)
    assert (about["layers"], about["heads"], about["grid"]) == (2, 2, [8, 8])
    for name, prior in MODELS.items():
        assert "not CIFAR" in about["models"][name]
        model = runs.train(config.but(prior=prior)).model
        test = runs.chosen(config)[2]
        expected = attention_maps(model, test.normalize(test.images[3:4]))
        for layer in range(2):
            torch.testing.assert_close(
                layer_weights(about, tensors, name, layer), expected[layer][0], atol=0.03, rtol=0
            )
    receipt = unsealed(tmp_path / "photo.json")
    assert checksums(tmp_path) == {path.name: sha256(path)}
    assert receipt["trainings"]["gmm"]["data"]["name"] == "shapes"
