"""What every unit test has: reproducible random draws."""

import pytest
import torch

collect_ignore = ["browser"]  # they need one, and the book: make test-browser


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
