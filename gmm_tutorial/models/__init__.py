"""The backbones, by name."""

import inspect
from typing import Any

from torch import nn

from gmm_tutorial.attention import install_priors
from gmm_tutorial.models import convnet, rmt, vit
from gmm_tutorial.models.convnet import ConvNet
from gmm_tutorial.models.published import load_published
from gmm_tutorial.models.rmt import RMT
from gmm_tutorial.models.vit import ViT
from gmm_tutorial.priors import PriorFactory, prior_factory

__all__ = ["MODELS", "SIZES", "count_parameters", "create_model", "list_models", "load_published", "model_defaults"]

# the class, and what of its keyword arguments the name stands for
MODELS: dict[str, tuple[type[nn.Module], dict[str, Any]]] = {
    "vit": (ViT, {}),
    "convnet": (ConvNet, {}),
    **{name: (RMT, options) for name, options in rmt.CONFIGURATIONS.items()},
}

# by the model's name and the profile's, what a training of that scale gives to create_model
SIZES: dict[str, dict[str, dict[str, Any]]] = {"vit": vit.SIZES, "convnet": convnet.SIZES, "rmt-cifar": rmt.SIZES}


def list_models() -> list[str]:
    """The names that `create_model` knows."""
    return list(MODELS)


def create_model(
    name: str,
    num_classes: int = 10,
    image_size: int = 32,
    prior: str | PriorFactory | None = None,
    kernels: int = 5,
    **overrides: Any,
) -> nn.Module:
    """A fresh backbone, as published unless `overrides` say otherwise: (B, 3, S, S) -> (B, num_classes).

    name: "vit"; "rmt-t", "rmt-s", "rmt-b", "rmt-l"; "rmt-cifar", made for 32 x 32; "convnet", which takes no prior.
    prior: None, "elm", "gmm", "manhattan", "alibi", "temperature", or a callable (grid, heads) -> a module with
    `.combine`; an RMT has its own Manhattan decay when it is None ("manhattan" gives the rates of a span of 4 to every
    stage, and full attention). kernels: how many Gaussians a mixture has; overrides: keyword arguments of the model's
    class, such as dim, depth, pool.
    Raises ValueError for an unknown name, for kernels without "gmm", and for a prior where there is no attention;
    TypeError for an unknown override.
    """
    if name not in MODELS:
        raise ValueError(f"name is {name!r}, but it must be one of {', '.join(map(repr, MODELS))}")
    if prior != "gmm" and kernels != 5:
        raise ValueError(f"kernels is {kernels}, but only the prior 'gmm' has kernels, and prior is {prior!r}")
    factory = prior_factory(prior, **({"kernels": kernels} if prior == "gmm" else {}))
    kind, options = MODELS[name]
    model = kind(num_classes=num_classes, image_size=image_size, **(options | overrides))
    # priors are drawn last: with the same seed, models that are compared start from the same weights
    return model if factory is None else install_priors(model, factory)


def model_defaults(name: str) -> dict[str, Any]:
    """The options that a model of this name takes as `overrides`, with what each is when nobody says."""
    kind, fixed = MODELS[name]
    options = {name: each.default for name, each in inspect.signature(kind).parameters.items()}
    return {name: value for name, value in (options | fixed).items() if name not in ("image_size", "num_classes")}


def count_parameters(model: nn.Module) -> int:
    """How many numbers training can move."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
