"""What every unit test has: reproducible random draws."""

import pytest
import torch
from hypothesis import settings

# a machine that is busy with other things is slow, and not wrong
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

collect_ignore = ["browser"]  # they need one, and the book: make test-browser


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)
