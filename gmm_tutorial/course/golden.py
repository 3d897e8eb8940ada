"""Numbers computed with the published implementations, for tests and lessons to be compared with."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "golden"


def load(name: str) -> dict[str, Tensor]:
    """The arrays of tests/golden/<name>.npz, by name. Raises ValueError, with the names there are, for another."""
    path = GOLDEN / f"{name}.npz"
    if not path.exists():
        known = ", ".join(repr(each.stem) for each in sorted(GOLDEN.glob("*.npz")))
        raise ValueError(f"name is {name!r}, but it must be one of {known or 'none: this is not a whole checkout'}")
    with np.load(path) as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays}
