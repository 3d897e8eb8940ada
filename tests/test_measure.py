"""Costs: bytes that can be counted by hand, exponents that are known, and a clock that counts calls."""

import time

import pytest
import torch

from gmm_tutorial.analysis.cost import exponent, macs, peak_bytes, seconds
from gmm_tutorial.models import create_model

X = torch.zeros(1000)


def let_go_early():
    a = X + 1
    b = a * 2
    del a
    return b * 3


def backward():
    w = X.clone().requires_grad_()
    (w * 2).exp().sum().backward()


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda: X + 1, 4000),
        (lambda: X.view(10, 100).T, 0),  # a view is no new memory
        (lambda: X.double(), 8000),
        (let_go_early, 8000),
        (lambda: (X + 1, X + 2, X + 3), 12000),
    ],
)
def test_bytes_alive_at_the_same_time(compute, expected):
    assert peak_bytes(compute) == expected


def test_what_is_kept_for_the_backward_pass_counts():
    assert peak_bytes(backward) >= 3 * 4000  # w, its exponential, and the gradient


def test_accounts_are_settled_before_the_next():
    assert peak_bytes(let_go_early) == peak_bytes(let_go_early)


def test_exponents():
    sizes = [8, 16, 32]
    assert exponent(sizes, [3 * n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert exponent(sizes, [7, 7, 7]) == pytest.approx(0)


def test_a_first_call_does_not_count():
    calls = []

    def slow_at_first():
        calls.append(1)
        time.sleep(0.05 if len(calls) == 1 else 0)

    assert seconds(slow_at_first, repeats=1) < 0.05 and len(calls) == 2


@pytest.mark.parametrize(("pool", "tokens", "millions"), [("cls", 65, 187.7), ("mean", 64, 184.6)])
@pytest.mark.parametrize("prior", [None, "gmm"])
def test_macs_count_attention_but_no_mask(pool, tokens, millions, prior):
    """The published ViT by hand: 9 blocks of width 192, MLP ratio 2, patches of 48 numbers."""
    block = tokens * (4 * 192 * 192 + 2 * 192 * 384) + 2 * tokens * tokens * 192
    model = create_model("vit", pool=pool, prior=prior).train()
    assert macs(model, 32) == 64 * 48 * 192 + 9 * block + 192 * 10 == pytest.approx(1e6 * millions, abs=5e4)
    assert model.training


def test_macs_of_convolutions():
    """3 x 3 on 32 x 32, then depthwise, each output once a weight."""
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8)
    )
    assert macs(model, 32) == 32 * 32 * 8 * 27 + 16 * 16 * 8 * 9
