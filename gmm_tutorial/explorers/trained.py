"""Attention of small trained models, read from files: q and k of every layer and head for a photo, as bytes.

build.py makes these files, and photo.js reads them as this module does. photo.json beside them says how they were made
and holds their checksums, and one of its own: nothing is read from a file that has changed since.
"""

import base64
import io
import json
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from gmm_tutorial._files import sha256, unsealed
from gmm_tutorial.attention.dense import AttentionInputs, under_prior, weigh
from gmm_tutorial.priors import prior_factory

Tensors = dict[str, Tensor]
MODELS: dict[str, str | None] = {"vit": None, "elm": "elm", "gmm": "gmm", "manhattan": "manhattan"}  # with their priors
RECEIPT = "photo.json"
ADVICE = "restore it with git, or install gmm_tutorial again"


def recorded(receipt: Path) -> dict[str, Any]:
    """What a receipt says of the files beside it, among it the sha256 of each, by name, under "checksums".

    Raises ValueError, which names the receipt and says what to do, when it is missing or has changed.
    """
    try:
        return unsealed(receipt)
    except FileNotFoundError:
        raise ValueError(f"{receipt} is missing; {ADVICE}") from None
    except ValueError as error:
        raise ValueError(f"{error}; {ADVICE}") from None


def checksums(folder: Path) -> dict[str, str]:
    """The photo files of a folder, by name, with the sha256 that was recorded of each."""
    return recorded(folder / RECEIPT)["checksums"]


def verified(file: Path, receipt: str) -> tuple[dict[str, Any], Tensors]:
    """What a file says of itself, and its tensors. receipt: the name of the file beside it that vouches for it.

    Raises ValueError, which names the file and says what to do, unless it is the one that was recorded.
    """
    right = recorded(file.parent / receipt)["checksums"].get(file.name)
    if right is None:
        raise ValueError(f"file is {file}, but it must be one of those that {file.parent / receipt} lists")
    if not file.is_file():
        raise ValueError(f"{file} is missing; {ADVICE}")
    if sha256(file) != right:
        raise ValueError(f"{file} is damaged: its checksum is not the one in {receipt}; {ADVICE}")
    with safe_open(file, "pt") as opened:
        return json.loads(opened.metadata()["about"]), load_file(file)


def read(file: Path) -> tuple[dict[str, Any], Tensors]:
    """What a photo file says of itself, with its picture as "pixels" (S, S, 3) bytes, and its tensors.

    Raises ValueError, as `verified` does.
    """
    about, tensors = verified(file, RECEIPT)
    about["pixels"] = pixels_of(about["picture"])
    return about, tensors


def pixels_of(address: str) -> Tensor:
    """The pixels of a picture, given as a data: address, as (S, S, 3) bytes."""
    picture = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
    return torch.tensor(list(picture.tobytes()), dtype=torch.uint8).view(picture.height, picture.width, 3)


def numbers(tensors: Tensors, name: str) -> Tensor:
    """A tensor in float32, whether it is kept as it was or as integers with their scale."""
    values = tensors[name].float()
    return values * tensors[f"{name}.scale"] if f"{name}.scale" in tensors else values


@torch.no_grad()
def layer_prior(about: dict[str, Any], tensors: Tensors, model: str, layer: int) -> nn.Module | None:
    """The prior of a layer as it was trained, or None: made by its name, with the numbers that a file keeps of it."""
    name = MODELS[model]
    options = {"kernels": tensors["gmm.alpha"].shape[1]} if name == "gmm" else {}
    factory = prior_factory(name, **options)
    if factory is None:
        return None
    prior = factory(tuple(about["grid"]), about["heads"])
    for number, own in prior.named_parameters():  # learned: another one in each layer
        own.copy_(numbers(tensors, f"{model}.{number}")[layer].view_as(own))
    for number, fixed in prior.named_buffers():  # fixed, the same in all layers, and kept unless the grid determines it
        if f"{model}.{number}" in tensors:
            fixed.copy_(tensors[f"{model}.{number}"])
    return prior


@torch.no_grad()
def layer_weights(about: dict[str, Any], tensors: Tensors, model: str, layer: int) -> Tensor:
    """The attention matrices of a layer, (H, N, N), from what a file holds."""
    q, k = (numbers(tensors, f"{model}.{name}")[layer][None] for name in "qk")
    return weigh(under_prior(AttentionInputs(q, k, k), layer_prior(about, tensors, model, layer)))[0]


def png(pixels: Tensor) -> bytes:
    """(3, S, S) bytes as a PNG."""
    packed = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(packed, "PNG", optimize=True)
    return packed.getvalue()
