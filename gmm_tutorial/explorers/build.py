"""Make the files of the explorers that show trained models:  python -m gmm_tutorial.explorers.build photo (or: live)

It trains the models (or takes them from the cache), and writes

    photo   one file per photo, photo-N.safetensors, with the receipts of the trainings in photo.json beside them
    live    one file per model, live-NAME.safetensors, with the receipts in live.json
"""

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from gmm_tutorial import results, runs
from gmm_tutorial._files import sealed, sha256, write_whole
from gmm_tutorial.attention import Attention
from gmm_tutorial.data import Images
from gmm_tutorial.explorers.explorer import FOLDER, data_address
from gmm_tutorial.explorers.live_models import NAMES as LIVE_NAMES
from gmm_tutorial.explorers.live_models import RECEIPT as LIVE_RECEIPT
from gmm_tutorial.explorers.live_models import weights_file
from gmm_tutorial.explorers.trained import MODELS, RECEIPT, Tensors, layer_weights, png
from gmm_tutorial.priors import ManhattanDecay
from gmm_tutorial.results import Receipt
from gmm_tutorial.train import TrainConfig, configure, weights

NAMES = {
    "vit": "ViT without a prior",
    "elm": "ViT with ELM",
    "gmm": "ViT with GMM",
    "manhattan": "ViT with Manhattan decay",
}
Layer = tuple[Attention, Tensor, Tensor, Tensor]  # with its q and k, each (H, N, D), and its weights (H, N, N)
PHOTOS = (8, 11)  # among the test images of the configuration
LIVE: dict[str, Any] = {"train_images": None, "test_images": None, "epochs": 2, "precision": "float32"}  # all images
LABELS = (3, 8, 0, 6, 1, 7)  # classes whose first test image the live models can be shown


def record(folder: Path, config: TrainConfig, photos: tuple[int, ...] = PHOTOS) -> list[Path]:
    """Train each model by a configuration, and write the files for some of its test images. Returns their paths."""
    trained = {name: runs.train(config.but(prior=prior)) for name, prior in MODELS.items()}
    receipts = {name: run.receipt for name, run in trained.items()}
    test, commit = runs.chosen(config)[2], results.commit()  # of the code, before its folder has new files
    paths, errors = [], {}
    for number, index in enumerate(photos):
        layers = {name: attention_layers(run.model, test, index) for name, run in trained.items()}
        tensors: Tensors = {}
        for name, each in layers.items():
            tensors |= kept(name, each)
        q = layers["vit"][0][1]
        about: dict[str, Any] = {
            "grid": next(run.model.grid for run in trained.values()),
            "layers": len(layers["vit"]),
            "heads": q.shape[0],
            "channels": q.shape[-1],
            "label": test.classes[int(test.labels[index])],
            "picture": data_address(png(test.images[index])),
        }
        paths.append(folder / f"photo-{number}.safetensors")
        errors[paths[-1].name] = {name: largest_error(about, tensors, name, each) for name, each in layers.items()}
        about["models"] = {
            name: " ".join(
                [
                    sentence(NAMES[name], receipts[name]),
                    receipts[name].data.note,
                    f"Weights are within {error:.3f} of the model's.",
                ]
            )
            for name, error in errors[paths[-1].name].items()
        }
        write_whole(paths[-1], save(tensors, metadata={"about": json.dumps(about)}))
    receipt = {
        "what": "q and k of every layer and head, kept as bytes with a scale for each channel",
        "photos": dict(zip(errors, photos, strict=True)),
        "checksums": {path.name: sha256(path) for path in paths},
        "largest error of an attention weight, by model": errors,
        "commit": commit,
        "trainings": {name: each.model_dump(mode="json") for name, each in receipts.items()},
    }
    write_whole(folder / RECEIPT, sealed(receipt))
    return paths


@torch.no_grad()
def attention_layers(model: nn.Module, test: Images, index: int) -> list[Layer]:
    """Every attention layer, with what it computes for one test image."""
    found: list[Layer] = []

    def keep(layer: Attention, inputs: tuple[Tensor], _: Tensor) -> None:
        x = inputs[0]
        q, k, *_rest = layer.inputs(x)
        found.append((layer, q[0], k[0], layer.weights(x)[0]))

    hooks = [layer.register_forward_hook(keep) for layer in model.modules() if isinstance(layer, Attention)]
    model(test.normalize(test.images[index : index + 1]))
    for hook in hooks:
        hook.remove()
    return found


def kept(name: str, layers: list[Layer]) -> Tensors:
    """What a file holds of a model: q, k (L, H, N, D) and masks as integers, and the few numbers of the others."""
    # a byte a number is enough where each channel has its scale; a mask multiplies logits, and needs two
    tensors = as_integers(f"{name}.q", torch.stack([q for _, q, _, _ in layers]), torch.int8, (-2,))
    tensors |= as_integers(f"{name}.k", torch.stack([k for _, _, k, _ in layers]), torch.int8, (-2,))
    priors: list[Any] = [layer.prior for layer, *_ in layers]
    for number, first in () if priors[0] is None else priors[0].named_parameters():
        values = torch.stack([prior.get_parameter(number).detach() for prior in priors])
        free = first.ndim == 3  # a weight for every pair of tokens
        tensors |= (
            as_integers(f"{name}.{number}", values, torch.int16, (-2, -1)) if free else {f"{name}.{number}": values}
        )
    if isinstance(priors[0], ManhattanDecay):
        tensors[f"{name}.gamma"] = priors[0].gamma.clone()
    return tensors


def as_integers(name: str, values: Tensor, kind: torch.dtype, axes: tuple[int, ...]) -> Tensors:
    """Values as integers, and the scale that they need: a number for all that lies along `axes`."""
    scale = values.abs().amax(axes, keepdim=True) / torch.iinfo(kind).max
    return {name: (values / scale).round().to(kind), f"{name}.scale": scale}


def largest_error(about: dict[str, Any], tensors: Tensors, name: str, layers: list[Layer]) -> float:
    """The largest error of an attention weight that is computed from the stored numbers."""
    return max(
        float((layer_weights(about, tensors, name, i) - weights).abs().max()) for i, (*_, weights) in enumerate(layers)
    )


def sentence(name: str, receipt: Receipt) -> str:
    """What a model is, in plain words. name: what it is called."""
    config = receipt.config
    return (
        f"{name}, {receipt.parameters:,} parameters, one seed: {config.epochs} passes over "
        f"{config.train_images:,} images, then right on {receipt.last_accuracy:.1%} of {config.test_images:,} "
        "test images."
    )


def record_live(folder: Path, config: TrainConfig, labels: tuple[int, ...] = LABELS) -> list[Path]:
    """Train the models that run in the browser by a configuration, and write their files. Returns their paths.

    labels: the classes of which the first test image is among the photos.
    """
    priors: dict[str, dict[str, Any]] = {
        "vit": {"prior": None},
        "gmm": {"prior": "gmm", "prior_options": {"init": "local"}},  # as published, it would stay almost flat
        "manhattan": {"prior": "manhattan"},
    }
    trained = {name: runs.train(config.but(**prior)) for name, prior in priors.items()}
    test, commit = runs.chosen(config)[2], results.commit()
    paths = []
    for name, run in trained.items():
        own = run.receipt.config
        about = {
            "prior": own.prior,
            "prior_options": own.prior_options,
            "model_options": own.model_options,
            "grid": run.model.grid,
            "layers": own.model_options["depth"],
            "heads": own.model_options["num_heads"],
            "classes": test.classes,
            "mean": test.mean,
            "std": test.std,
        }
        paths.append(folder / weights_file(name))
        write_whole(paths[-1], save(weights(run.model), metadata={"about": json.dumps(about)}))
    receipts = {name: run.receipt for name, run in trained.items()}
    first = {int(label): index for index, label in reversed(list(enumerate(test.labels)))}  # test image of each class
    receipt = {
        "what": "weights of three models, and the first test image of some classes",
        "photos": [
            {"label": test.classes[label], "address": data_address(png(test.images[first[label]]))} for label in labels
        ],
        "said": {name: sentence(LIVE_NAMES[name], each) for name, each in receipts.items()},
        "note": receipts["vit"].data.note,
        "checksums": {path.name: sha256(path) for path in paths},
        "commit": commit,
        "trainings": {name: each.model_dump(mode="json") for name, each in receipts.items()},
    }
    write_whole(folder / LIVE_RECEIPT, sealed(receipt))
    return paths


if __name__ == "__main__":
    makers = {
        "photo": lambda: record(FOLDER, configure("cifar10", profile="learn")),
        "live": lambda: record_live(FOLDER, configure("cifar10", recipe="short", profile="learn", **LIVE)),
    }
    parser = argparse.ArgumentParser(prog="python -m gmm_tutorial.explorers.build")
    parser.add_argument("explorer", choices=makers)
    for written in makers[parser.parse_args().explorer]():
        print(f"{written.name}  {written.stat().st_size / 1000:.0f} kB")
