"""What counts as the same answer: values to float32, and the gradient of each entry and of everything returned."""

import pytest
import torch

from gmm_tutorial.learn.exercise import Exercise


def scale(x, factor):
    """What an answer must agree with."""
    return x * factor


def judge(answer, reference=scale):
    """Whether an answer is taken for right on one case, and what is said of it."""
    case = {"x": torch.tensor([1.0, 2.0]), **({"factor": 3} if reference is scale else {})}
    return Exercise("99.scale", reference, lambda: [case], hints=("a", "b"), unit="tensors").judge(answer)


@pytest.mark.parametrize(("error", "expected"), [(1e-6, True), (1e-3, False), (-1e-3, False)])
def test_values_and_gradients_are_compared_to_float32_and_not_less(error, expected):
    assert judge(lambda x, factor: x * factor * (1 + error))[0] == expected
    assert judge(lambda x, factor: x * factor + error)[0] == expected
    # the value is right, and only the gradient is a little larger
    assert judge(lambda x, factor: x * factor + error * (x - x.detach()))[0] == expected


def test_each_entry_must_have_its_own_gradient():
    """The right gradients in another order have the same sum."""

    def permuted(x, factor):
        return factor * (x.detach() + x.flip(0) - x.flip(0).detach())

    def of_the_sum(x, factor):
        moved = x - x.detach()
        return factor * (x.detach() + moved.sum() / moved.numel())

    for answer in (permuted, of_the_sum):
        right, text = judge(answer)
        assert not right and "The values are right, but a gradient is not" in text


def test_everything_returned_must_have_its_gradient():
    def powers(x):
        return x**2, x**3

    assert judge(lambda x: (x * x, x * x * x), powers)[0]
    for answer in (lambda x: (x**2, x.detach() ** 3), lambda x: (x.detach() ** 2, x**3)):
        right, text = judge(answer, powers)
        assert not right and "The values are right, but a gradient is not" in text
