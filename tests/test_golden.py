"""The published numbers are there, whole, and asked for by name."""

import pytest

from gmm_tutorial.course import golden, locate


def test_shapes():
    known = golden.load("gmm_8x8")
    kernels, heads = known["alpha"].shape
    assert known["mask"].shape == (heads, 64, 64) and known["out"].shape == known["q"].shape


def test_unknown_name():
    with pytest.raises(ValueError, match="name is 'gmm', but it must be one of 'gmm_8x8'"):
        golden.load("gmm")


def test_without_a_checkout_it_says_what_to_do(tmp_path, monkeypatch):
    """As in a wheel: the package in site-packages, and the lesson in a folder of its own."""
    monkeypatch.setattr(locate, "__file__", str(tmp_path / "site-packages" / "gmm_tutorial" / "course" / "locate.py"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(locate.LessonError, match="Clone the repository, and open the lessons inside it"):
        golden.load("gmm_8x8")
