"""The published numbers are there, whole, and asked for by name."""

import pytest

from gmm_tutorial.course import golden


def test_shapes():
    known = golden.load("gmm_8x8")
    kernels, heads = known["alpha"].shape
    assert known["mask"].shape == (heads, 64, 64) and known["out"].shape == known["q"].shape


def test_unknown_name():
    with pytest.raises(ValueError, match="name is 'gmm', but it must be one of 'gmm_8x8'"):
        golden.load("gmm")
