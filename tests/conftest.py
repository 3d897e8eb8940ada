"""Fixtures: numbers of the published implementations, and reproducible random draws."""

from pathlib import Path

import numpy as np
import pytest
import torch

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden():
    """golden("gmm_8x8") -> the arrays of that file as tensors, by name."""

    def load(name):
        with np.load(GOLDEN / f"{name}.npz") as arrays:
            return {key: torch.from_numpy(arrays[key]) for key in arrays}

    return load


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
