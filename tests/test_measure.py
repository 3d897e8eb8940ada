"""Costs: bytes that can be counted by hand, exponents that are known, and a clock that counts calls."""

import time

import pytest
import torch

from gmm_tutorial.measure import exponent, peak_bytes, seconds

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
