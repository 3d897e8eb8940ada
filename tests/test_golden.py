"""The published numbers are there, whole, and asked for by name."""

import numpy as np
import pytest

from gmm_tutorial import _shipped
from gmm_tutorial.course import golden


def test_shapes():
    known = golden.load("gmm_8x8")
    kernels, heads = known["alpha"].shape
    assert known["mask"].shape == (heads, 64, 64) and known["out"].shape == known["q"].shape


def test_unknown_name():
    with pytest.raises(ValueError, match="name is 'gmm', but it must be one of 'gmm_8x8'"):
        golden.load("gmm")


def test_in_a_wheel_they_are_inside_the_package(tmp_path, monkeypatch):
    golden_folder = tmp_path / "tests" / "golden"
    golden_folder.mkdir(parents=True)
    np.savez(golden_folder / "small.npz", x=np.ones(2))
    monkeypatch.setattr(_shipped, "BUNDLE", tmp_path)
    assert golden.load("small")["x"].tolist() == [1, 1]
    (golden_folder / "small.npz").unlink()
    with pytest.raises(ValueError, match="none, as this package has no numbers"):
        golden.load("small")
