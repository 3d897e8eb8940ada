"""Put a prior into every attention layer of a foreign model, and take it out again."""

import sys
from typing import TypeVar

from torch import nn

from gmm_tutorial._checks import check_type
from gmm_tutorial.grid import Grid
from gmm_tutorial.plug import torchvision_layers
from gmm_tutorial.plug.layer import Family, Plugged, PluggedLayer
from gmm_tutorial.priors import PriorFactory, prior_factory

__all__ = ["plug_in", "unplug"]

Model = TypeVar("Model", bound=nn.Module)
KERNELS = 5


def plug_in(model: Model, prior: str | PriorFactory = "gmm", kernels: int = KERNELS) -> Model:
    """Put a prior into every self-attention layer of a timm or torchvision model.

    A prior acts where its authors apply it, between patches only: class, distillation and register tokens are left
    alone. In Swin it acts within each window, before the relative bias and the shift mask; in CaiT before the heads are
    mixed, and not in class attention. Where only a class token is read in the end, nothing sees the patches after the
    last layer, and the prior of that layer learns nothing.

    The model's weights keep their names, and checkpoints of the plain model load before and after. The priors' own
    parameters have names like `blocks.0.attn.prior.alpha`.

    Args:
        model: A ViT, DeiT, Swin, CaiT or PiT of timm, a ViT, Swin or Swin v2 of torchvision, or a module that contains
            one. It is changed in place.
        prior: A name of `list_priors`, or a callable (grid, heads) -> module with an attribute `combine`.
        kernels: Number of Gaussians per head, only for "gmm".

    Returns:
        The same model.

    Raises:
        TypeError: If the model has no attention layer that is known, or `prior` is of a wrong type.
        ValueError: If a prior is plugged in already, `prior` is unknown, or `kernels` is given without "gmm".

    Example:
        >>> import torch
        >>> from torchvision.models import VisionTransformer
        >>> from gmm_tutorial.priors import prior_parameters
        >>> vit = VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=48)
        >>> vit = plug_in(vit, prior="gmm", kernels=5)
        >>> vit(torch.zeros(4, 3, 32, 32)).shape
        torch.Size([4, 1000])
        >>> [tuple(p.shape) for p in prior_parameters(vit)]  # alpha and sigma of 5 kernels in 3 heads, in both layers
        [(5, 3), (5, 3), (5, 3), (5, 3)]
    """
    if prior != "gmm" and kernels != KERNELS:
        raise ValueError(f"kernels is {kernels}, but only the prior 'gmm' has kernels, and prior is {prior!r}")
    factory = prior_factory(prior, **({"kernels": kernels} if prior == "gmm" else {}))
    if factory is None:
        raise TypeError("prior is None, but it must be a name or a callable: unplug(model) takes a prior out")
    if plugged_modules(check_type("model", model, nn.Module, "a module")):
        raise ValueError(
            f"model is a {type(model).__name__} that has a prior, but it must have none: unplug(model) first"
        )
    # all priors are made before the first layer changes: after an error, the model is as it was
    made = [
        (module, plugged, plugged.attributes(module, grid, num_prefix_tokens, factory))
        for module, plugged, grid, num_prefix_tokens in places(model)
    ]
    for module, plugged, attributes in made:
        plugged.plug(module, attributes)
    return model


def unplug(model: Model) -> Model:
    """Take the priors out of a model, and leave it as it was before `plug_in`.

    Args:
        model: A model with a prior plugged in. It is changed in place.

    Returns:
        The same model.

    Raises:
        TypeError: If `model` is not a module.
        ValueError: If no prior is plugged in.

    Example:
        >>> from torchvision.models import VisionTransformer
        >>> vit = VisionTransformer(image_size=32, patch_size=8, num_layers=2, num_heads=3, hidden_dim=24, mlp_dim=48)
        >>> names = list(vit.state_dict())
        >>> list(unplug(plug_in(vit)).state_dict()) == names
        True
    """
    modules = plugged_modules(check_type("model", model, nn.Module, "a module"))
    if not modules:
        raise ValueError(f"model is a {type(model).__name__} without a prior, but it must be one that plug_in changed")
    for module in modules:
        module.unplug()
    return model


def families() -> tuple[Family, ...]:
    """The families of models that are known. A model of timm's can be here only if timm has been imported."""
    if sys.modules.get("timm") is None:
        return torchvision_layers.FAMILIES
    from gmm_tutorial.plug import timm_layers

    return timm_layers.FAMILIES + torchvision_layers.FAMILIES


def plugged_modules(model: nn.Module) -> list[Plugged]:
    """The modules of a model that are plugged in."""
    return [module for module in model.modules() if isinstance(module, Plugged)]


def places(model: nn.Module) -> list[tuple[nn.Module, type[Plugged], Grid, int]]:
    """The modules to be plugged in: each with its class then, its grid, and how many tokens come before the grid."""
    found = [
        (module, plugged, grid, num_prefix_tokens)
        for whole in model.modules()
        for family in families()
        if isinstance(whole, family.model)
        for part, grid, num_prefix_tokens in family.parts(whole)
        for module in part.modules()
        for plugged in family.plugged
        if type(module) is plugged.original
    ]
    if not any(issubclass(plugged, PluggedLayer) for _, plugged, *_ in found):
        known = ", ".join(
            f"{plugged.original.__name__} in {family.model.__module__}.{family.model.__name__}"
            for family in families()
            for plugged in family.plugged
            if issubclass(plugged, PluggedLayer)
        )
        raise TypeError(f"model is a {type(model).__name__}, but its attention layers must be of a known kind: {known}")
    return found
