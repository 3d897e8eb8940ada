"""Attention of small trained models, read from files: q and k of every layer and head for a photo, as bytes.

photo.js reads the same files in the same way. record.py has made them; photo.json says how.
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
from torch import Tensor

from gmm_tutorial.attention import attention_weights
from gmm_tutorial.grid import unfold_kernel
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay

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
    """A tensor that is kept as integers with their scale, in float32."""
    return tensors[name].float() * tensors[f"{name}.scale"]


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


def png(pixels: Tensor) -> bytes:
    """(3, S, S) bytes as a PNG."""
    packed = io.BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(packed, "PNG", optimize=True)
    return packed.getvalue()
