"""The backbones, by name."""

import inspect
from typing import Any

from torch import nn

from gmm_tutorial._checks import check_one_of, check_type
from gmm_tutorial.attention import install_priors
from gmm_tutorial.models import cait, convnet, pit, rmt, swin, t2t, vit
from gmm_tutorial.models.cait import CaiT
from gmm_tutorial.models.convnet import ConvNet
from gmm_tutorial.models.pit import PiT
from gmm_tutorial.models.published import load_published
from gmm_tutorial.models.rmt import RMT
from gmm_tutorial.models.swin import Swin
from gmm_tutorial.models.t2t import T2T
from gmm_tutorial.models.vit import ViT
from gmm_tutorial.priors import PriorFactory, prior_factory

__all__ = [
    "MODELS",
    "RMT",
    "SIZES",
    "T2T",
    "CaiT",
    "ConvNet",
    "PiT",
    "Swin",
    "ViT",
    "count_parameters",
    "create_model",
    "list_models",
    "load_published",
    "model_defaults",
]

# the class, and what of its keyword arguments the name stands for
MODELS: dict[str, tuple[type[nn.Module], dict[str, Any]]] = {
    "vit": (ViT, {}),
    "swin": (Swin, {}),
    **{name: (CaiT, options) for name, options in cait.CONFIGURATIONS.items()},
    "pit": (PiT, {}),
    "t2t": (T2T, {}),
    "convnet": (ConvNet, {}),
    **{name: (RMT, options) for name, options in rmt.CONFIGURATIONS.items()},
}

KERNELS = 5  # Gaussians of a mixture, as published

# by the model's name and the profile's, what a training of that scale gives to create_model
SIZES: dict[str, dict[str, dict[str, Any]]] = {
    "vit": vit.SIZES,
    "swin": swin.SIZES,
    "cait": cait.SIZES,
    "pit": pit.SIZES,
    "t2t": t2t.SIZES,
    "convnet": convnet.SIZES,
    "rmt-cifar": rmt.SIZES,
}


def list_models() -> list[str]:
    """Return the names that `create_model` knows.

    Returns:
        The names.

    Example:
        >>> "vit" in list_models()
        True
    """
    return list(MODELS)


def create_model(
    name: str,
    num_classes: int = 10,
    image_size: int = 32,
    prior: str | PriorFactory | None = None,
    kernels: int = KERNELS,
    **overrides: Any,
) -> nn.Module:
    """Make a fresh backbone, as published unless `overrides` say otherwise: (B, 3, S, S) -> (B, num_classes).

    Args:
        name: One of `list_models`: "vit"; "rmt-t", "rmt-s", "rmt-b", "rmt-l"; "rmt-cifar", our RMT for 32 x 32; or
            "convnet", which takes no prior.
        num_classes: Number of classes.
        image_size: Side of the images S, in pixels.
        prior: A name of `list_priors`; or a callable (grid, heads) -> module with an attribute `combine`; or None. An
            RMT has its own Manhattan decay when it is None; "manhattan" gives the rates of a span of 4 to every stage,
            and full attention.
        kernels: Number of Gaussians per head, only for "gmm".
        **overrides: Keyword arguments of the model's class, such as `dim`, `depth` or `pool`.

    Returns:
        The model. With the same seed, models that differ only in their prior have the same other weights.

    Raises:
        TypeError: If `prior` is of a wrong type, or an override is unknown.
        ValueError: If `name` or `prior` is unknown, `kernels` is given without "gmm", a prior is given where there is
            no attention, or a value is out of range.

    Example:
        >>> import torch
        >>> model = create_model("vit", prior="gmm", depth=2)
        >>> model(torch.zeros(4, 3, 32, 32)).shape
        torch.Size([4, 10])
    """
    check_one_of("name", name, MODELS)
    if prior != "gmm" and kernels != KERNELS:
        raise ValueError(f"kernels is {kernels}, but only the prior 'gmm' has kernels, and prior is {prior!r}")
    factory = prior_factory(prior, **({"kernels": kernels} if prior == "gmm" else {}))
    kind, options = MODELS[name]
    model = kind(num_classes=num_classes, image_size=image_size, **(options | overrides))
    # priors are drawn last: with the same seed, models that are compared start from the same weights
    return model if factory is None else install_priors(model, factory)


def model_defaults(name: str) -> dict[str, Any]:
    """Return the options that a model of this name takes as `overrides`, with their defaults.

    Args:
        name: One of `list_models`.

    Returns:
        The default of each option, by the option's name.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> model_defaults("convnet")
        {'dim': 352, 'depth': 2}
    """
    kind, fixed = MODELS[check_one_of("name", name, MODELS)]
    options = {name: each.default for name, each in inspect.signature(kind).parameters.items()}
    return {name: value for name, value in (options | fixed).items() if name not in ("image_size", "num_classes")}


def count_parameters(model: nn.Module) -> int:
    """Count the numbers that training can change.

    Args:
        model: Any module.

    Returns:
        The number of entries of all parameters that require a gradient.

    Raises:
        TypeError: If `model` is not a module.

    Example:
        >>> count_parameters(nn.Linear(2, 3))
        9
    """
    parameters = check_type("model", model, nn.Module, "a module").parameters()
    return sum(p.numel() for p in parameters if p.requires_grad)
