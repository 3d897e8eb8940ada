"""Numbers computed with the published implementations, for tests and lessons to be compared with."""

import numpy as np
import torch
from torch import Tensor

from gmm_tutorial.course.locate import LessonError, repository


def load(name: str) -> dict[str, Tensor]:
    """The arrays of tests/golden/<name>.npz in the checkout, by name.

    Raises ValueError, with the names that there are, for another name, and LessonError where there is no checkout.
    """
    try:
        folder = repository() / "tests" / "golden"
    except LessonError:
        raise LessonError(
            "The published numbers lie in the repository, in tests/golden, and this package was installed without it. "
            "Clone the repository, and open the lessons inside it."
        ) from None
    path = folder / f"{name}.npz"
    if not path.exists():
        known = ", ".join(repr(each.stem) for each in sorted(folder.glob("*.npz")))
        raise ValueError(f"name is {name!r}, but it must be one of {known or 'none, as this checkout has no numbers'}")
    with np.load(path) as arrays:
        return {key: torch.from_numpy(arrays[key]) for key in arrays}
