"""The explorer of live models: three small trained transformers that run in the browser, on any picture.

build.py trains them and writes live-NAME.safetensors, with live.json, which says how they were trained, beside them.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gmm_tutorial._checks import check_number, check_one_of
from gmm_tutorial.analysis.maps import attention_maps
from gmm_tutorial.explorers.explorer import FOLDER, Explorer
from gmm_tutorial.explorers.pictures import Place, lit_by, panel_row
from gmm_tutorial.explorers.trained import pixels_of, recorded, verified
from gmm_tutorial.figures.base import Picture, styled
from gmm_tutorial.figures.parts import frame
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import prior_factory

RECEIPT = "live.json"
NAMES = {"vit": "ViT", "gmm": "GMM-ViT", "manhattan": "Manhattan-ViT"}


def live(photo: int = 0, layer: int = 3, strength: float = 1.0) -> Explorer:
    """Three small trained models that run whole in the browser, on photos or on a picture of the reader's own.

    Args:
        photo: The photo to begin with, by its number.
        layer: The layer whose attention is shown first.
        strength: How much of each prior acts, from 0 (none) to 1 (as trained). A mask M becomes 1 + strength (M - 1), a
            decay becomes its power by the strength.

    Returns:
        The explorer. It asks for the weights, about 1 MB per model, when the reader presses its button.

    Raises:
        ValueError: If an argument is out of range, or a file is missing or damaged.
    """
    receipt = recorded(FOLDER / RECEIPT)
    photos, files = receipt["photos"], tuple(map(weights_file, NAMES))
    models = {name: live_model(name) for name in NAMES}
    about = models["vit"][0]
    check_one_of("photo", photo, range(len(photos)))
    check_one_of("layer", layer, range(about["layers"]))
    check_number("strength", strength, 0, 1)
    state = {
        "grid": about["grid"],
        "photos": photos,
        "photo": photo,
        "models": [
            {"name": NAMES[name], "sha256": receipt["checksums"][weights_file(name)], "said": receipt["said"][name]}
            for name in NAMES
        ],
        "note": receipt["note"],
        "megabytes": round(sum((FOLDER / file).stat().st_size for file in files) / 1e6, 1),
        "layer": layer,
        "layers": about["layers"],
        "head": "mean",
        "heads": about["heads"],
        "query": [3, 4],
        "prior": True,
        "strength": float(strength),
        "mode": "look",
        "color": "#d62728",
        "brush": 2,
    }
    pixels = pixels_of(photos[photo]["address"])
    looks = {NAMES[name]: look(*models[name], pixels, layer, (3, 4)) for name in NAMES}
    alt = (
        f"Four panels: a photo of a {photos[photo]['label']} with one patch framed, the query; the same photo for each "
        "of three small models, every patch as bright as the weight that the query gives it, with the class that the "
        "model thinks most likely."
    )
    return Explorer("live", state, live_picture(pixels, looks, (3, 4)), alt, files, on_request=True)


def weights_file(name: str) -> str:
    """The name of the file that holds a model's weights."""
    return f"live-{name}.safetensors"


def live_model(name: str, folder: Path = FOLDER) -> tuple[dict[str, Any], nn.Module]:
    """What a file says of a model, and the model with its weights, in evaluation mode.

    name: "vit", "gmm" or "manhattan". Raises ValueError for another name, and when the file is missing or damaged.
    """
    about, tensors = verified(folder / weights_file(check_one_of("name", name, NAMES)), RECEIPT)
    prior = prior_factory(about["prior"], **about["prior_options"])
    model = create_model("vit", len(about["classes"]), prior=prior, **about["model_options"])
    model.load_state_dict(tensors)
    return about, model.eval()


def normalized(about: dict[str, Any], pixels: Tensor) -> Tensor:
    """A picture, (S, S, 3) bytes, as a model takes it: (1, 3, S, S)."""
    mean, std = (torch.tensor(about[name]) for name in ("mean", "std"))
    return ((pixels.float() / 255 - mean) / std).permute(2, 0, 1)[None]


@torch.no_grad()
def look(about: dict[str, Any], model: nn.Module, pixels: Tensor, layer: int, query: Place) -> tuple[Tensor, str]:
    """The weights of the query, (h, w), in the mean of a layer's heads, and the most likely class with its share."""
    images = normalized(about, pixels)
    h, w = about["grid"]
    weights = attention_maps(model, images)[layer][0].mean(0)[query[0] * w + query[1]].view(h, w)
    share, best = model(images)[0].softmax(0).max(0)
    return weights, f"{about['classes'][int(best)]} {float(share):.2f}"


@styled
def live_picture(pixels: Tensor, looks: dict[str, tuple[Tensor, str]], query: Place) -> Picture:
    """A picture, (S, S, 3) bytes, and what each model makes of it: where the query looks, and the class."""
    figure, (first, *others) = panel_row(1 + len(looks))
    shown = {"the picture": pixels / 255} | {
        f"{name}: {guess}": lit_by(weights, pixels / 255) for name, (weights, guess) in looks.items()
    }
    patch = len(pixels) // len(next(iter(looks.values()))[0])
    for ax, (title, values) in zip((first, *others), shown.items(), strict=True):
        ax.imshow(values.numpy())
        ax.set(title=title, xticks=[], yticks=[])
        frame(ax, query, patch)
    return figure
