"""Every exercise: the reference passes, every mistake is caught with its own message, and nothing breaks a notebook."""

import inspect
from itertools import combinations

import pytest
import torch

from gmm_tutorial.learn import EXERCISES, exercise, hint
from gmm_tutorial.learn.compare import Outcome, outcome
from gmm_tutorial.learn.exercise import Exercise
from gmm_tutorial.learn.explain import brief
from gmm_tutorial.learn.stub import is_stub

MISTAKES = [(name, mistake) for name, each in EXERCISES.items() for mistake in each.mistakes]


@pytest.mark.parametrize("name", EXERCISES)
def test_reference_is_right(name):
    right, text = EXERCISES[name].judge(EXERCISES[name].reference)
    assert right and text.startswith(f"{name.split('.')[1]}: right ("), text


@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=lambda value: getattr(value, "__name__", value))
def test_mistake_is_caught_with_its_own_message(name, mistake):
    right, text = EXERCISES[name].judge(mistake)
    assert not right
    assert f"not yet. {inspect.getdoc(mistake)}\n  smallest failing case:" in text


@pytest.mark.parametrize("name", EXERCISES)
def test_two_mistakes_never_fit_the_same_answer(name):
    cases = EXERCISES[name].draw_cases()
    given = {inspect.getdoc(each): [outcome(each, case) for case in cases] for each in EXERCISES[name].mistakes}
    assert len(given) == len(EXERCISES[name].mistakes)
    for one, other in combinations(given, 2):
        assert not all(map(Outcome.agrees, given[one], given[other])), f"{one!r} and {other!r}"


@pytest.mark.parametrize("name", EXERCISES)
def test_exercise_is_complete(name):
    each = EXERCISES[name]
    messages = {inspect.getdoc(mistake) for mistake in each.mistakes}
    assert len(messages) == len(each.mistakes) >= 3, "at least three usual mistakes, each with a message of its own"
    assert len(each.hints) >= 2 and len(set(each.hints)) == len(each.hints)
    assert all(each.function_name + "(" not in text for text in each.hints), "a hint is an idea, not the code"


def scale(x, factor):
    """What is expected."""
    return x * factor


@pytest.fixture
def scaling():
    """An exercise of our own, with one usual mistake."""
    made = Exercise(
        "99.scale",
        scale,
        lambda: [{"x": torch.tensor([1.0, 2.0]), "factor": 3}, {"x": torch.randn(2, 3), "factor": 2}],
        hints=("first", "second"),
        unit="tensors",
    )

    @made.mistake
    def squared(x, factor):
        """Did you mix up the product and the power?"""
        return x**factor

    return made


def test_right_answer_is_used(scaling):
    def answer(x, factor):
        return factor * x

    assert scaling.judge(answer) == (True, "scale: right (2 tensors, forward and backward)")


def test_usual_mistake_shows_the_smallest_failing_case(scaling):
    _, text = scaling.judge(lambda x, factor: x**factor)
    assert text == (
        "scale: not yet. Did you mix up the product and the power?\n"
        "  smallest failing case:\n"
        "    x = [1, 2]  (2,)\n"
        "    factor = 3\n"
        "    expected [3, 6]  (2,)\n"
        "    got      [1, 8]  (2,)\n"
        "  going on with the reference"
    )


def test_a_mistake_must_agree_everywhere_to_be_named(scaling):
    """Right on the first case as the mistake is, but something else on the second."""
    _, text = scaling.judge(lambda x, factor: x**3 if factor == 3 else x.sin() + 1)
    assert "power" not in text and "not yet. The shape is right, but all values differ, first at [0]." in text


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x, factor: (x * factor)[None], "The numbers are right and in the right order, but the shape is not."),
        (lambda x, factor: x.sin()[:, None] * x, "It has the shape (2, 2), but (2,) is expected."),
        (
            lambda x, factor: (x * factor, x),
            "It returns a tuple of 2 values (a float32 tensor and a float32 tensor), but a float32 tensor is expected.",
        ),
        (lambda x, factor: [x * factor], "It returns a list that holds only a float32 tensor, but a float32 tensor is"),
        (lambda x, factor: (x * factor,), "Return the value itself: is there a stray comma?"),
        (lambda x, factor: (), "It returns an empty tuple, but a float32 tensor is expected."),
        (lambda x, factor: {"x": x}, "It returns a dict, but a float32 tensor is expected."),
        (
            lambda x, factor: (x * factor).detach().numpy(),
            "It returns a NumPy array, but a float32 tensor is expected.",
        ),
        (lambda x, factor: (x * factor).tolist(), "torch.tensor(...) makes a tensor of numbers."),
        (lambda x, factor: (y for y in x), "It returns a generator, but a float32 tensor is expected. Use return"),
        (lambda x, factor: (x * factor).to_sparse(), "It returns a sparse tensor, but"),
        (lambda x, factor: torch.nested.nested_tensor([x, x]), "It returns a nested tensor, but"),
        (lambda x, factor: (x * factor).to("meta"), "It returns a tensor on the device meta, but"),
        (lambda x, factor: x > 1, "It returns a bool tensor, but a float32 tensor is expected."),
        (lambda x, factor: x * float("nan"), "It contains NaN"),
        (
            lambda x, factor: x.detach() * factor,
            "no gradient comes back: is there a .detach(), .item() or NumPy on the way?",
        ),
        (
            lambda x, factor: x * factor + 0 * x.detach() - x + x.detach(),
            "the gradient with respect to x is wrong, first at [0]: is there a .detach()",
        ),
        (lambda x, factor: torch.tensor((x * factor).tolist()), "no gradient comes back"),
    ],
)
def test_other_differences_are_described(scaling, answer, message):
    right, text = scaling.judge(answer)
    assert not right and message in text and text.endswith("\n  going on with the reference")


def test_wrong_values_are_shown_before_a_wrong_gradient(scaling):
    """The first case lacks only its gradient, the second is wrong: "the values are right" would mislead."""
    _, text = scaling.judge(lambda x, factor: x.detach() * (3 if factor == 3 else x.sin()))
    assert "The shape is right, but all values differ, first at [0, 0]" in text and "factor = 2" in text


def test_stub_is_not_written_yet(scaling):
    def stub(x, factor):
        """Multiply."""
        ...

    def bare(x, factor): ...

    def passes(x, factor):
        pass

    for answer in (stub, bare, passes):
        assert is_stub(answer)
        assert scaling.judge(answer) == (False, "scale: not written yet; going on with the reference")


def test_forgotten_return(scaling):
    def answer(x, factor):
        _ = x * factor

    assert scaling.judge(answer) == (
        False,
        "scale returned None: did you forget return?\n  going on with the reference",
    )


def test_exception_is_shown_with_the_learners_own_last_line(scaling):
    def answer(x, factor):
        weights = torch.zeros(5)
        return torch.matmul(weights, x)

    right, text = scaling.judge(answer)
    assert not right and text.startswith("scale raised RuntimeError: ")
    assert "\n  in your line: return torch.matmul(weights, x)" in text


def test_wrong_number_of_arguments_is_an_exception_too(scaling):
    right, text = scaling.judge(lambda x: x)
    assert not right and "raised TypeError" in text and text.endswith("going on with the reference")


def test_work_in_place_cannot_spoil_the_cases(scaling):
    assert not scaling.judge(lambda x, factor: x.mul_(factor))[0]
    assert not scaling.judge(lambda x, factor: x.detach().mul_(factor))[0]
    assert scaling.judge(scale)[0]


def test_what_is_not_a_function_is_named(scaling):
    class Scale:
        """Not what is expected."""

    for answer, what in (
        (Scale, "a class"),
        (None, "None"),
        (3, "a whole number"),
        (torch.ones(2), "a float32 tensor"),
    ):
        assert scaling.judge(answer) == (
            False,
            f"scale is {what}, but it must be a function\n  going on with the reference",
        )


def test_a_mistake_that_cannot_run_does_not_break_the_notebook(scaling):
    @scaling.mistake
    def breaks(x, factor):
        """This one raises."""
        raise RuntimeError

    assert "all values differ" in scaling.judge(lambda x, factor: x.sin())[1]


def test_whole_numbers_are_not_floats():
    right, text = EXERCISES["00.token_index"].judge(lambda y, x, grid: float(y * grid[1] + x))
    assert (
        not right
        and "It returns a number, but a whole number is expected. Divide with // instead of /, or use int(...)." in text
    )


def test_decorator_hands_back_the_answer_or_the_reference(capsys):
    reference = EXERCISES["00.token_index"].reference

    @exercise("00.token_index")
    def token_index(y, x, grid):
        return y * grid[1] + x

    assert token_index is not reference and "right (" in capsys.readouterr().out

    @exercise("00.token_index")
    def token_index(y, x, grid): ...

    assert token_index is reference and "not written yet" in capsys.readouterr().out


def test_hints_come_one_by_one(scaling):
    assert [scaling.next_hint() for _ in range(3)] == [
        "hint 1 of 2: first",
        "hint 2 of 2: second",
        "hint 2 of 2: second",
    ]


def test_unknown_exercise_is_named():
    for call in (exercise, hint):
        with pytest.raises(ValueError, match=r"name is '00\.nothing', but it must be one of '00\.token_index'"):
            call("00.nothing")


def test_checking_leaves_the_notebooks_random_numbers_alone(scaling):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    scaling.judge(scale)
    assert torch.equal(torch.rand(1), expected)


def test_complex_numbers_are_told_from_real_ones(scaling):
    """They used to raise in the backward pass, and no usual mistake could be named."""
    _, text = scaling.judge(lambda x, factor: torch.complex(x * factor, x))
    assert "It returns a complex64 tensor, but a float32 tensor is expected." in text
    assert "got      [(3+1j), (6+2j)]  (2,)" in text

    @scaling.mistake
    def turned(x, factor):
        """You forgot to take the real part."""
        return torch.complex(x * factor, x)

    _, text = scaling.judge(lambda x, factor: torch.complex(factor * x, x))
    assert "You forgot to take the real part." in text


def test_numbers_are_shown_short_and_zero_without_a_sign():
    assert brief(torch.tensor([-0.0, -0.00001, 1.23456, 2.0])) == "[0, 0, 1.2346, 2]  (4,)"
    assert brief(torch.tensor([torch.nan, -torch.inf])) == "[nan, -inf]  (2,)"


def test_an_argument_that_is_written_into_is_named(scaling):
    """It was called right, and then the notebook's own values were others."""

    def in_place(x, factor):
        x *= factor
        return x

    def on_a_copy(x, factor):
        x = x.clone()
        x *= factor
        return x

    right, text = scaling.judge(in_place)
    assert not right and "You change x in place, and the caller still needs it" in text
    assert scaling.judge(on_a_copy)[0]


def test_a_value_that_backward_needs_and_that_is_overwritten(scaling):
    def overwritten(x, factor):
        y = x.exp()
        z = y * y
        y += 1
        return z * factor

    _, text = scaling.judge(overwritten)
    assert "RuntimeError: you overwrite a tensor that the backward pass still needs" in text


def test_a_number_has_no_shape_to_be_right():
    made = Exercise("99.count", lambda n: n + 1, lambda: [{"n": 1}], hints=("a", "b"))
    _, text = made.judge(lambda n: n)
    assert "count: not yet. It is too small by 1." in text


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("01.softmax", lambda s: (e := (s - s.mean(-1, keepdim=True)).exp()) / e.sum(-1, keepdim=True)),
        ("01.softmax", lambda s: (e := (s - s[..., :1]).exp()) / e.sum(-1, keepdim=True)),
        ("01.softmax", lambda s: (e := (s - s.amin(-1, keepdim=True)).exp()) / e.sum(-1, keepdim=True)),
        ("01.softmax", lambda s: (e := (s - s.max()).exp()) / e.sum(-1, keepdim=True)),
        (
            "03.r_squared",
            lambda target, fit: (1 - (target - fit).square().sum() / (target - target.mean()).square().sum()).clamp(
                min=0
            ),
        ),
        ("06.biased_weights", lambda s, d: (e := d * s.exp()) / e.sum(-1, keepdim=True)),
    ],
)
def test_answers_that_were_once_accepted(name, answer):
    """Right on small numbers and on good fits."""
    assert not EXERCISES[name].judge(answer)[0]
