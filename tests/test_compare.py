"""What counts as the same answer: values to float32, and the gradient of each entry and of everything returned."""

import functools

import numpy as np
import pytest
import torch

from gmm_tutorial.learn.exercise import Exercise


def scale(x, factor):
    """What an answer must agree with."""
    return x * factor


class Module(torch.nn.Module):
    """What an answer must agree with, as an object."""

    def forward(self, x):
        return 3 * x


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
        assert not right and "The values are right, but the gradient with respect to x is wrong, first at [0]" in text


def test_everything_returned_must_have_its_gradient():
    def powers(x):
        return x**2, x**3

    assert judge(lambda x: (x * x, x * x * x), powers)[0]
    answers = {"second": lambda x: (x**2, x.detach() ** 3), "first": lambda x: (x.detach() ** 2, x**3)}
    for which, answer in answers.items():
        right, text = judge(answer, powers)
        assert not right and f"The values are right, but no gradient of the {which} result reaches x" in text


def test_the_argument_whose_gradient_is_wrong_is_named():
    def product(x, y):
        return x * y

    case = {"x": torch.tensor([1.0, 2.0]), "y": torch.tensor([3.0, 5.0])}
    made = Exercise("99.product", product, lambda: [case], hints=("a", "b"))
    assert "no gradient reaches y: is there a .detach()" in made.judge(lambda x, y: x * y.detach())[1]
    half = torch.tensor([1.0, 0.0])
    _, text = made.judge(lambda x, y: half * x * y + (1 - half) * x.detach() * y)
    assert "the gradient with respect to x is wrong, first at [1]" in text
    assert "(gradient of a weighted sum of the result with respect to x)" in text


def test_a_gradient_that_is_not_a_number_is_named():
    made = Exercise("99.same", lambda x: x, lambda: [{"x": torch.zeros(2)}], hints=("a", "b"))
    _, text = made.judge(lambda x: torch.where(x > 0, x.sqrt(), x))
    assert "the gradient with respect to x is wrong, first at [0]: it is NaN. Does something overflow" in text


@pytest.mark.parametrize(
    "answer",
    [
        functools.partial(lambda factor, x: x * factor, 3),
        Module().forward,
        Module(),
        functools.cache(lambda x: 3 * x),
        functools.lru_cache(lambda x: 3 * x),
        functools.wraps(scale)(lambda *all: all[0] * 3),
    ],
    ids=["partial", "method", "module", "cache", "lru_cache", "wrapped"],
)
def test_whatever_can_be_called_may_be_the_answer(answer):
    case = {"x": torch.tensor([1.0, 2.0])}
    made = Exercise("99.scale", lambda x: 3 * x, lambda: [case], hints=("a", "b"))
    assert made.judge(answer) == (True, "scale: right (1 cases, forward and backward)")
    assert made.check(answer).function is answer


def tensor_result(x):
    """What a notebook counts on."""
    return (x > 0).double().mean()


KINDS = {
    "number for a tensor": (lambda x: float(tensor_result(x)), tensor_result),
    "NumPy's number for a tensor": (lambda x: np.float32(tensor_result(x)), tensor_result),
    "tensor for a number": (lambda x: tensor_result(x), lambda x: float(tensor_result(x))),
    "NumPy's number for a whole one": (lambda x: np.int64(len(x)), len),
    "tensor for a whole number": (lambda x: torch.tensor(len(x)), len),
    "list for a pair": (lambda x: [x, 2 * x], lambda x: (x, 2 * x)),
    "whole numbers for real ones": (lambda x: torch.arange(len(x)), lambda x: torch.arange(float(len(x)))),
    "float64": (lambda x: 2 * x.double(), lambda x: 2 * x),
    "float64 in a pair": (lambda x: (x, x.double()), lambda x: (x, x)),
    "True of NumPy": (lambda x: np.bool_(True), lambda x: True),
}


@pytest.mark.parametrize("answer, reference", KINDS.values(), ids=KINDS)
def test_a_right_answer_of_another_kind_gives_the_notebook_what_the_reference_gives(answer, reference):
    x = torch.tensor([1.0, -2.0, 3.0])
    made = Exercise("99.kinds", reference, lambda: [{"x": x}], hints=("a", "b"))
    verdict = made.check(answer)
    assert verdict.right, verdict.message
    ours, theirs = verdict.function(x), reference(x)
    for one, other in zip(*((each if isinstance(each, tuple) else (each,)) for each in (ours, theirs)), strict=True):
        assert type(one) is type(other)
        assert not isinstance(one, torch.Tensor) or one.dtype == other.dtype
        assert torch.allclose(torch.as_tensor(one), torch.as_tensor(other))


def test_a_converted_answer_keeps_its_name_its_docstring_its_gradient_and_float64():
    def answer(x):
        """Mine."""
        return 2 * x.double()

    made = Exercise("99.twice", lambda x: 2 * x, lambda: [{"x": torch.ones(2)}], hints=("a", "b"))
    function = made.check(answer).function
    assert function is not answer and (function.__name__, function.__doc__) == ("answer", "Mine.")
    assert function(torch.ones(2, dtype=torch.float64)).dtype == torch.float64
    x = torch.ones(2, requires_grad=True)
    function(x=x).sum().backward()
    assert x.grad.tolist() == [2, 2]
    assert made.check(functools.partial(answer)).function.__name__ == "twice"


def test_a_list_that_is_changed_in_place_is_named():
    made = Exercise("99.total", sum, lambda: [{"values": [1, 2]}, {"values": [3]}], hints=("a", "b"))

    def answer(values):
        total = 0
        while values:
            total += values.pop()
        return total

    text = made.judge(answer)[1]
    assert "You change values in place, and the caller still needs it: make a new list, or work on a copy." in text
    assert made.judge(lambda values: answer(list(values)))[0]


def test_large_numbers_that_cancel_are_compared_by_their_size():
    x = torch.tensor([3e6, 2e-3, -4e5])
    made = Exercise("99.same", lambda x: x, lambda: [{"x": x}], hints=("a", "b"))
    assert made.judge(lambda x: torch.fft.ifft(torch.fft.fft(x)).real)[0]
    assert not made.judge(lambda x: x + torch.tensor([0.0, 0.0, 50.0]))[0]


def test_gradients_may_come_from_autograd_where_they_are_the_task():
    def reference(x):
        return 2 * x

    def by_grad(x):
        return torch.autograd.grad((x**2).sum(), x)[0]

    def by_backward(x):
        x.requires_grad_()
        (x**2).sum().backward()
        return x.grad

    def on_a_leaf(x):
        return by_backward(x.detach())

    def with_graph(x):
        return torch.autograd.grad((x**2).sum(), x, create_graph=True)[0]

    for differentiates in (True, False):
        made = Exercise(
            "99.twice", reference, lambda: [{"x": torch.ones(2)}], hints=("a", "b"), differentiates=differentiates
        )
        assert made.judge(with_graph) == (True, "twice: right (1 cases, forward and backward)")
        for answer in (by_grad, by_backward, on_a_leaf):
            assert made.judge(answer)[0] == differentiates
        assert not made.judge(lambda x: torch.autograd.grad((x**3).sum(), x)[0])[0]


def test_a_message_has_at_most_twelve_lines():
    names = [f"argument{i}" for i in range(20)]
    case = {name: torch.rand(6, 6) for name in names} | {"text": "long " * 1000, "numbers": list(range(1000))}
    made = Exercise("99.many", lambda *all: (all[0], all[1]), lambda: [case], hints=("a", "b"))
    for answer in (
        lambda *all: (all[0], 1e30 * all[1].sin()),
        lambda *all: tuple(all),
        lambda *all: "x" * 10**5,
        lambda *all: (all[0], all[1].detach()),
    ):
        right, text = made.judge(answer)
        lines = text.splitlines()
        assert not right and len(lines) <= 12 and max(map(len, lines)) < 500
        assert lines[-1] == "  going on with the reference"


def test_of_a_large_tensor_the_first_difference_is_shown():
    def answer(x):
        return x + torch.eye(10)[3]

    made = Exercise("99.same", lambda x: x, lambda: [{"x": torch.zeros(10, 10)}], hints=("a", "b"))
    _, text = made.judge(lambda x: answer(x) * torch.arange(10).view(10, 1).sin())
    assert "expected 0 at [1, 3] of (10, 10)\n    got      0.8415 at [1, 3]\n" in text


def test_numbers_that_look_alike_are_shown_with_more_digits():
    made = Exercise("99.same", lambda x: x, lambda: [{"x": torch.tensor(0.00001)}], hints=("a", "b"))
    assert "expected 9.9999997e-06\n    got      4.5000001e-05" in made.judge(lambda x: x * 4.5)[1]
