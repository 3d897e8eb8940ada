"""Spatial priors: small modules that return one weight for every pair of tokens on a grid.

Each is called without arguments and returns (heads, N, N), with heads = 1 where all heads share it. Each says in
`.combine` how its authors apply it to attention (see `attention.attention`).
"""

from gmm_tutorial.priors.base import Prior
from gmm_tutorial.priors.controls import FrozenMixture, Temperature
from gmm_tutorial.priors.fixed import ALiBi2d, ManhattanDecay
from gmm_tutorial.priors.learned import ElementwiseMask, FreeKernel, GaussianMixtureMask
from gmm_tutorial.priors.named import (
    PRIORS,
    PriorFactory,
    list_priors,
    prior_defaults,
    prior_factory,
    prior_parameters,
)

__all__ = [
    "PRIORS",
    "ALiBi2d",
    "ElementwiseMask",
    "FreeKernel",
    "FrozenMixture",
    "GaussianMixtureMask",
    "ManhattanDecay",
    "Prior",
    "PriorFactory",
    "Temperature",
    "list_priors",
    "prior_defaults",
    "prior_factory",
    "prior_parameters",
]
