"""Attention of small trained models, kept in files: q and k of every layer and head for a photo, as bytes.

    python -m gmm_tutorial.explorers.trained

trains the models (or takes them from the cache), and writes a file a photo, photo-N.safetensors, with the receipts of
the trainings in photo.json beside them. photo.js reads the same files.
"""

import base64
import io
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gmm_tutorial import profiles, results, runs
from gmm_tutorial.attention import Attention, attention_weights
from gmm_tutorial.data import Images, load
from gmm_tutorial.explorers.explorer import FOLDER, data_address
from gmm_tutorial.grid import unfold_kernel
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.results import Receipt
from gmm_tutorial.train import TrainConfig

MODELS = {"vit": None, "elm": "elm", "gmm": "gmm", "manhattan": "manhattan"}
NAMES = {
    "vit": "ViT without a prior",
    "elm": "ViT with ELM",
    "gmm": "ViT with GMM",
    "manhattan": "ViT with Manhattan decay",
}
PHOTOS = (8, 11)  # among the test images of the configuration

Tensors = dict[str, Tensor]


def read(file: Path) -> tuple[dict[str, Any], Tensors]:
    """What a file says of itself, with its picture as "pixels" (S, S, 3) bytes, and its tensors."""
    with safe_open(file, "pt") as opened:
        about = json.loads(opened.metadata()["about"])
    png = base64.b64decode(about["picture"].partition(",")[2])
    picture = Image.open(io.BytesIO(png))
    about["pixels"] = torch.tensor(list(picture.tobytes()), dtype=torch.uint8).view(picture.height, picture.width, 3)
    return about, load_file(file)


def numbers(tensors: Tensors, name: str) -> Tensor:
    """A tensor that is kept as bytes with scales, in float32."""
    scale = tensors[f"{name}.scale"]
    return tensors[name].float() * scale.view(*scale.shape, *[1] * (tensors[name].ndim - scale.ndim))


def layer_weights(about: dict[str, Any], tensors: Tensors, model: str, layer: int) -> Tensor:
    """The attention matrices of a layer, (H, N, N), from what a file holds."""
    q, k = (numbers(tensors, f"{model}.{name}")[layer][None] for name in "qk")
    prior, combine = None, "scale"
    if model == "elm":
        prior = numbers(tensors, "elm.mask")[layer][None]
    if model == "gmm":
        mixture = GaussianMixtureMask(about["grid"], about["heads"], kernels=tensors["gmm.alpha"].shape[1])
        mixture.load_state_dict({name: tensors[f"gmm.{name}"][layer] for name in ("alpha", "sigma")})
        prior = mixture().detach()
    if model == "manhattan":
        steps = ManhattanDecay(about["grid"], 1).steps
        prior = unfold_kernel(tensors["manhattan.gamma"][:, None, None] ** steps, about["grid"])
        combine = "bias"
    return attention_weights(q, k, k, prior, combine)[0]


def record(folder: Path, config: TrainConfig, photos: tuple[int, ...] = PHOTOS) -> list[Path]:
    """Train each model by a configuration, and write the files for some of its test images. Returns their paths."""
    trained = {name: runs.train(replace(config, prior=prior)) for name, prior in MODELS.items()}
    receipts = {name: run.receipt for name, run in trained.items()}
    test = runs.chosen(config)[2]
    paths, errors = [], {}
    for number, index in enumerate(photos):
        layers = {name: attention_layers(run.model, test, index) for name, run in trained.items()}
        tensors: Tensors = {}
        for name, each in layers.items():
            tensors |= kept(name, each)
        q = layers["vit"][0][1]
        about = {
            "grid": next(run.model.grid for run in trained.values()),
            "layers": len(layers["vit"]),
            "heads": q.shape[0],
            "channels": q.shape[-1],
            "label": test.classes[int(test.labels[index])],
            "picture": data_address(png(test.images[index])),
            "models": {name: sentence(name, receipt) for name, receipt in receipts.items()},
        }
        paths.append(folder / f"photo-{number}.safetensors")
        save_file(tensors, paths[-1], metadata={"about": json.dumps(about)})
        errors[paths[-1].name] = largest_error(paths[-1], trained, test, index)
    receipt = {
        "what": "q and k of every layer and head, kept as bytes with a scale each",
        "photos": dict(zip(errors, photos, strict=True)),
        "largest error of an attention weight, by model": errors,
        "commit": results.commit(),
        "trainings": {name: asdict(each) for name, each in receipts.items()},
    }
    (folder / "photo.json").write_text(json.dumps(receipt, indent=1) + "\n")
    return paths


@torch.no_grad()
def attention_layers(model: nn.Module, test: Images, index: int) -> list[tuple[Attention, Tensor, Tensor, Tensor]]:
    """Of every attention layer, for one test image: the layer, q and k, each (H, N, D), and its weights (H, N, N)."""
    found: list[tuple[Attention, Tensor, Tensor, Tensor]] = []

    def keep(layer: Attention, inputs: tuple[Tensor], _: Tensor) -> None:
        q, k, *_rest = layer.arguments(*inputs)
        found.append((layer, q[0], k[0], layer.weights(*inputs)[0]))

    hooks = [layer.register_forward_hook(keep) for layer in model.modules() if isinstance(layer, Attention)]
    model(test.normalize(test.images[index : index + 1]))
    for hook in hooks:
        hook.remove()
    return found


def kept(name: str, layers: list[tuple[Attention, Tensor, Tensor, Tensor]]) -> Tensors:
    """What a file holds of a model: q, k (L, H, N, D) and masks as bytes, and the few numbers of the others."""
    tensors = as_bytes(f"{name}.q", torch.stack([q for _, q, _, _ in layers]))
    tensors |= as_bytes(f"{name}.k", torch.stack([k for _, _, k, _ in layers]))
    priors: list[Any] = [layer.prior for layer, *_ in layers]
    if name == "elm":
        tensors |= as_bytes("elm.mask", torch.stack([prior.mask[0].detach() for prior in priors]))
    if name == "gmm":
        for number in ("alpha", "sigma"):
            tensors[f"gmm.{number}"] = torch.stack([getattr(prior, number).detach() for prior in priors])
    if name == "manhattan":
        tensors["manhattan.gamma"] = priors[0].gamma.clone()
    return tensors


def as_bytes(name: str, values: Tensor) -> Tensors:
    """(..., a, b) as int8, with a scale for each of the matrices: 254 steps from its most negative to its largest."""
    scale = values.abs().amax((-2, -1)) / 127
    return {name: (values / scale[..., None, None]).round().to(torch.int8), f"{name}.scale": scale}


def largest_error(path: Path, trained: dict[str, runs.Run], test: Images, index: int) -> dict[str, float]:
    """How far, at most, an attention weight that is computed from a file is from the model's own."""
    about, tensors = read(path)
    return {
        name: max(
            float((layer_weights(about, tensors, name, i) - weights).abs().max())
            for i, (*_, weights) in enumerate(attention_layers(run.model, test, index))
        )
        for name, run in trained.items()
    }


def sentence(name: str, receipt: Receipt) -> str:
    """What a model is, in plain words."""
    config = receipt.config
    return (
        f"{NAMES[name]}, {receipt.parameters:,} parameters, one seed: {config['epochs']} passes over "
        f"{config['train_images']:,} images, then right on {receipt.last_accuracy:.1%} of {config['test_images']:,} "
        f"test images. {receipt.data['note']}"
    )


def png(pixels: Tensor) -> bytes:
    """(3, S, S) bytes as a PNG."""
    packed = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(packed, "PNG", optimize=True)
    return packed.getvalue()


if __name__ == "__main__":
    dataset = load("cifar10", "test").name  # says what to do where there is none
    for written in record(FOLDER, TrainConfig.of(profiles.PROFILES["learn"], dataset=dataset)):
        print(f"{written.name}  {written.stat().st_size / 1000:.0f} kB")
