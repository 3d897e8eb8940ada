"""Rates of decay against the published numbers, and what they mean: half-distances, order in time, errors."""

import math

import pytest
import torch

from gmm_tutorial._checks import check_gamma
from gmm_tutorial.course import golden
from gmm_tutorial.decay import (
    alibi_slopes,
    axis_distances,
    causal_decay,
    half_distance,
    manhattan_gamma,
    retnet_gamma,
)


def test_rates_are_the_published_ones():
    assert torch.equal(manhattan_gamma(4), golden.load("masa_5x7")["gamma"])
    torch.testing.assert_close(retnet_gamma(4).double(), golden.load("retention_12")["gamma"])
    torch.testing.assert_close(alibi_slopes(8), torch.tensor([0.5**n for n in range(1, 9)]))


def test_rates_at_other_spans():
    torch.testing.assert_close(manhattan_gamma(2, start=1.0, span=2.0), torch.tensor([0.5, 0.75]))
    assert (manhattan_gamma(3, start=math.inf) == 1).all()


@pytest.mark.parametrize("heads", [4, 8, 12, 16])
def test_alibi_slopes_go_down_evenly_to_one_256th(heads):
    """The source's rule for any number of heads: the ratio of two neighbors is where the sequence starts."""
    slopes = alibi_slopes(heads).double()
    assert slopes.shape == (heads,) and slopes[-1] == pytest.approx(1 / 256)
    torch.testing.assert_close(slopes[1:] / slopes[:-1], slopes[:1].expand(heads - 1), rtol=1e-6, atol=0)


def test_half_distances_of_the_first_stages():
    torch.testing.assert_close(
        half_distance(manhattan_gamma(4)), torch.tensor([2.4094, 5.1909, 10.7402, 21.8325]), atol=1e-3, rtol=0
    )
    assert half_distance(torch.tensor([1.0])).item() == math.inf
    tenth = half_distance(torch.tensor([0.1], dtype=torch.float64))
    torch.testing.assert_close(
        tenth, torch.tensor([math.log(0.5) / math.log(0.1)], dtype=torch.float64), rtol=1e-15, atol=0
    )


@pytest.mark.parametrize("n", [1, 2, 5])
def test_causal_decay_looks_back_only(n):
    gamma = torch.tensor([0.5, 0.9], dtype=torch.float64)
    loop = [[[g ** (a - b) if a >= b else 0.0 for b in range(n)] for a in range(n)] for g in gamma.tolist()]
    torch.testing.assert_close(causal_decay(gamma, n), torch.tensor(loop, dtype=torch.float64))


def test_axis_distances():
    assert axis_distances(3).tolist() == [[0, 1, 2], [1, 0, 1], [2, 1, 0]]


def test_wrong_rates_are_named():
    with pytest.raises(ValueError, match=r"gamma is \(2,\), but 3 heads need \(3,\)"):
        check_gamma(torch.tensor([0.5, 0.5]), 3)
    for bad in (0.0, -0.5, 1.5, float("nan")):
        with pytest.raises(ValueError, match="but each must be above 0 and at most 1"):
            check_gamma(torch.tensor([0.5, bad]), 2)
