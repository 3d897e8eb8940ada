"""Numbers computed with the published implementations, for tests and lessons to be compared with."""

import numpy as np
import torch
from torch import Tensor

from gmm_tutorial._shipped import shipped


def load(name: str) -> dict[str, Tensor]:
    """The arrays of tests/golden/<name>.npz, by name.

    Raises ValueError, with the names that there are, for another name.
    """
    path = shipped(f"tests/golden/{name}.npz")
    if not path.exists():
        known = ", ".join(repr(each.stem) for each in sorted(path.parent.glob("*.npz")))
        raise ValueError(f"name is {name!r}, but it must be one of {known or 'none, as this package has no numbers'}")
    with np.load(path) as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays}
