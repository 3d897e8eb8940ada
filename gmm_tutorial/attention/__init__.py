"""Attention under a spatial prior: one function for the whole family, and the layer that is made of it."""

import sys
from types import ModuleType
from typing import Any

from torch import Tensor

from gmm_tutorial.attention.arguments import COMBINE
from gmm_tutorial.attention.backends import BACKENDS, choose
from gmm_tutorial.attention.dense import AttentionInputs
from gmm_tutorial.attention.function import attention, attention_weights
from gmm_tutorial.attention.layer import Attention, AttentionLayer, install_priors

__all__ = [
    "BACKENDS",
    "COMBINE",
    "Attention",
    "AttentionInputs",
    "AttentionLayer",
    "attention",
    "attention_weights",
    "choose",
    "install_priors",
]


class _Callable(ModuleType):
    """`from gmm_tutorial import attention` finds this module, and means the function of the same name: both work."""

    def __call__(self, *args: Any, **options: Any) -> Tensor:
        return attention(*args, **options)


sys.modules[__name__].__class__ = _Callable
