"""Rotation against complex numbers, and the one thing it is for: products that depend on differences of positions."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmm_tutorial.rotary import rotate


def test_pairs_turn_as_complex_numbers():
    x, positions = torch.randn(2, 5, 6, dtype=torch.float64), torch.tensor([0.0, 1, 2, 5, 9])
    speed = torch.tensor([1.0, 10000**-0.5, 1e-4], dtype=torch.float64)
    turned = torch.view_as_complex(x.view(2, 5, 3, 2)) * torch.polar(
        torch.ones(5, 3).double(), positions[:, None] * speed
    )
    torch.testing.assert_close(rotate(x, positions), torch.view_as_real(turned).flatten(-2))


@given(shift=st.integers(0, 50))
def test_only_the_difference_of_positions_counts(shift):
    q, k = torch.randn(2, 7, 8, dtype=torch.float64)
    here = torch.arange(7)
    products = [rotate(q, here + s) @ rotate(k, here + s).mT for s in (0, shift)]
    torch.testing.assert_close(*products)


def test_lengths_stay_and_position_zero_stays():
    x = torch.randn(4, 6, dtype=torch.float64)
    torch.testing.assert_close(rotate(x, torch.arange(4)).norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(rotate(x, torch.zeros(4)), x)


def test_odd_channels_are_refused():
    with pytest.raises(ValueError, match=r"x is \(4, 5\), but channels can be rotated in pairs only if D is even"):
        rotate(torch.zeros(4, 5), torch.arange(4))


def test_half_precision_tells_neighbors_apart_far_away():
    """Angles formed in bfloat16 were wrong from position 256 on: it has no whole numbers in between."""
    x = torch.randn(3136, 16).bfloat16()
    turned = rotate(x, torch.arange(3136))
    assert turned.dtype == torch.bfloat16
    torch.testing.assert_close(turned.float(), rotate(x.float(), torch.arange(3136)), atol=0.02, rtol=0.01)
