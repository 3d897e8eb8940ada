"""What sort of thing a value is, and which sorts stand for each other."""

from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

NUMBERS = {"truth": "True or False", "whole": "a whole number", "real": "a number", "complex": "a complex number"}
FAMILIES: dict[str, tuple[type, ...]] = {
    "truth": (bool, np.bool_),
    "whole": (Integral,),
    "real": (Real,),
    "complex": (complex, np.complexfloating),
}


class Kind(NamedTuple):
    """What a returned value is.

    Args:
        words: For a message, as "a float32 tensor".
        family: "real", "whole", "truth" or "complex" numbers; empty if it is nothing that can be compared.
        dtype: Of a tensor; None for a number.
        type: Of a number: NumPy has others than Python.
    """

    words: str
    family: str = ""
    dtype: torch.dtype | None = None
    type: str = ""


def kind(value: Any) -> Kind:
    """What a value is: a tensor without axes counts as the number that it holds."""
    if isinstance(value, Tensor):
        return kind_of_tensor(value)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    for family, types in FAMILIES.items():
        if isinstance(value, types):
            return Kind(NUMBERS[family], family, type=f"{type(value).__module__}.{type(value).__name__}")
    names = {type(None): "None", np.ndarray: "a NumPy array", str: "a string"}
    name = type(value).__name__
    return Kind(names.get(type(value), f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"))


def kind_of_tensor(value: Tensor) -> Kind:
    """What a tensor is; of no family if it is one that a notebook cannot go on with."""
    if value.is_nested or value.layout != torch.strided or value.is_quantized:
        return Kind(f"a {'nested' if value.is_nested else 'quantized' if value.is_quantized else 'sparse'} tensor")
    if value.device.type != "cpu":
        return Kind(f"a tensor on the device {value.device}")
    dtype = value.dtype
    family = "truth" if dtype == torch.bool else "complex" if dtype.is_complex else "real"
    family = family if dtype.is_floating_point or family != "real" else "whole"
    words = f"a {str(dtype).removeprefix('torch.')} tensor" if value.ndim else NUMBERS[family]
    return Kind(words, family, dtype)


def as_tensor(value: Any) -> Tensor:
    """A tensor as it is; a number, also one of NumPy's, as a tensor without axes."""
    if isinstance(value, Tensor):
        return value
    return torch.tensor(value, dtype=torch.complex128 if kind(value).family == "complex" else torch.float64)
