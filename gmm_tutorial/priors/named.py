"""Priors by name, and functions that make a fresh one for each layer of a model."""

import inspect
from collections.abc import Callable
from typing import Any

from torch import nn

from gmm_tutorial._checks import check_one_of, check_type
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors.base import Prior
from gmm_tutorial.priors.controls import FrozenMixture, Temperature
from gmm_tutorial.priors.fixed import ALiBi2d, ManhattanDecay
from gmm_tutorial.priors.learned import ElementwiseMask, FreeKernel, GaussianMixtureMask

__all__ = ["PRIORS", "PriorFactory", "list_priors", "prior_defaults", "prior_factory", "prior_parameters"]

PriorFactory = Callable[[Grid, int], nn.Module]
PRIORS: dict[str, type[Prior]] = {
    "elm": ElementwiseMask,
    "gmm": GaussianMixtureMask,
    "manhattan": ManhattanDecay,
    "alibi": ALiBi2d,
    "temperature": Temperature,
    "free": FreeKernel,
    "frozen": FrozenMixture,
}


def list_priors() -> list[str]:
    """Return the names of the priors that `create_model` and `prior_factory` know.

    Returns:
        The names.

    Example:
        >>> list_priors()
        ['elm', 'gmm', 'manhattan', 'alibi', 'temperature', 'free', 'frozen']
    """
    return list(PRIORS)


def prior_parameters(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters of all priors in a model.

    Args:
        model: Any module. A module inside of it that has an attribute `combine` counts as a prior.

    Returns:
        The parameters, in the order in which the model holds them.

    Raises:
        TypeError: If `model` is not a module.

    Example:
        >>> [tuple(p.shape) for p in prior_parameters(GaussianMixtureMask((8, 8), heads=12))]
        [(5, 12), (5, 12)]
    """
    modules = check_type("model", model, nn.Module, "a module").modules()
    return [p for module in modules if hasattr(module, "combine") for p in module.parameters()]


def prior_factory(prior: str | PriorFactory | None, **options: Any) -> PriorFactory | None:
    """Return a function that makes a fresh prior for an attention layer.

    Args:
        prior: A name of `PRIORS`; or a callable (grid, heads) -> module, which is returned as it is; or None.
        **options: What the named class takes beside grid and heads, such as `init`, or `kernels` for "gmm".

    Returns:
        A callable (grid, heads) -> module, or None if `prior` is None.

    Raises:
        TypeError: If `prior` is neither a name, nor a callable, nor None. A finished module is refused, too, because
            each layer needs a prior of its own.
        ValueError: If the name is unknown, the class does not have an option, or options are given without a name.

    Example:
        >>> prior_factory("gmm", kernels=3)((4, 8), 12).kernel().shape
        torch.Size([12, 7, 15])
    """
    if not isinstance(prior, str):
        if options:
            raise ValueError(f"prior is {prior!r}, but options, {', '.join(options)}, need a prior by name")
        return None if prior is None else check_factory("prior", prior)
    if prior not in PRIORS:
        raise ValueError(f"prior is {prior!r}, but it must be None, {', '.join(map(repr, PRIORS))}, or a callable")
    kind, known = PRIORS[prior], prior_defaults(prior)
    for name in options:
        if name not in known:
            raise ValueError(f"{name} is given, but the prior {prior!r} takes {', '.join(known) or 'no options'}")
    if prior == "elm":  # one mask, which all heads share, as published
        return lambda grid, heads: kind(grid, **{"heads": 1, **options})
    return lambda grid, heads: kind(grid, heads, **options)


def prior_defaults(prior: str) -> dict[str, Any]:
    """Return the options that a prior takes beside its grid and heads, with their defaults.

    Args:
        prior: A name of `PRIORS`.

    Returns:
        The default of each option, by the option's name.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> prior_defaults("gmm")
        {'kernels': 5, 'init': 'paper'}
    """
    parameters = inspect.signature(PRIORS[check_one_of("prior", prior, PRIORS)]).parameters
    return {name: each.default for name, each in parameters.items() if name not in ("grid", "heads")}


def check_factory(name: str, factory: PriorFactory) -> PriorFactory:
    """Return `factory`. Raises TypeError unless it can be called with a grid and heads, which a module cannot."""
    if isinstance(factory, nn.Module):
        kind = type(factory).__name__
        raise TypeError(f"{name} is a {kind}, but it must be a callable (grid, heads) -> module: give the class {kind}")
    if not callable(factory):
        raise TypeError(f"{name} is a {type(factory).__name__}, but it must be a callable (grid, heads) -> module")
    return factory
