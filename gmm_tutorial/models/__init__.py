"""The backbones, by name."""

from typing import Any

from torch import nn

from gmm_tutorial.models.vit import ViT
from gmm_tutorial.priors import PriorFactory

MODELS: dict[str, type[nn.Module]] = {"vit": ViT}


def create_model(
    name: str,
    num_classes: int = 10,
    image_size: int = 32,
    prior: str | PriorFactory | None = None,
    kernels: int = 5,
    **overrides: Any,
) -> nn.Module:
    """A fresh backbone, as published unless `overrides` say otherwise: (B, 3, S, S) -> (B, num_classes).

    name: "vit"; prior: None, "elm", "gmm", or a callable (grid, heads) -> a module with `.combine`; kernels: how many
    Gaussians a mixture has; overrides: keyword arguments of the model's class, such as dim, depth, pool.
    Raises ValueError for an unknown name, TypeError for an unknown override.
    """
    if name not in MODELS:
        raise ValueError(f"name is {name!r}, but it must be one of {', '.join(map(repr, MODELS))}")
    return MODELS[name](num_classes=num_classes, image_size=image_size, prior=prior, kernels=kernels, **overrides)


def count_parameters(model: nn.Module) -> int:
    """How many numbers training can move."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
