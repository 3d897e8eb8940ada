"""What the engine says of wrong values by itself: true of every case, and silent about what has no name."""

import itertools
import math
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gmm_tutorial.learn import EXERCISES
from gmm_tutorial.learn.exercise import Exercise

UNNAMED = re.compile(
    r"\w+: not yet\. ((It|The \w+ result) (has|is too|contains|returns)|The (shape is|values are) right, but)"
)


def waves(x):
    """A reference without symmetries: each entry depends on its place."""
    place = torch.arange(x.numel()).view(x.shape)
    return (x + place.sin()).exp() * (2 + place.cos()) * (-1.0) ** (place // 2) + 0.3


def made(cases, reference=waves):
    """An exercise with these cases."""
    return Exercise("99.made", reference, lambda: cases, hints=("a", "b"))


def drawn(*shapes):
    """A case for each shape, the same numbers for the same shapes."""
    generator = torch.Generator().manual_seed(hash(shapes) % 10**9)
    return [{"x": torch.randn(shape, generator=generator)} for shape in shapes]


def said(answer, cases, reference=waves):
    """The first line about a wrong answer."""
    right, text = made(cases, reference).judge(answer)
    assert not right
    return text.splitlines()[0].removeprefix("made: not yet. ")


def flat_swap(e):
    return e.transpose(-1, -2).reshape(e.shape)


def but_diagonal(e):
    return torch.where(torch.eye(e.shape[-1], dtype=torch.bool), e.sin(), e)


def but_border(e):
    inside = torch.zeros(e.shape[-2:], dtype=torch.bool)
    inside[1:-1, 1:-1] = True
    return torch.where(inside, e, e.sin())


def only_first(e):
    return torch.cat([e[:1], e[1:].sin()])


def pushed(e):
    return torch.cat([torch.zeros_like(e[..., :1]), e[..., :-1]], -1)


LARGE = st.integers(3, 5)
SHAPES = st.lists(st.tuples(LARGE, LARGE, LARGE), min_size=2, max_size=3, unique=True).filter(
    lambda shapes: (
        len({shape[-1] for shape in shapes}) > 1
        and len({shape[-2] for shape in shapes}) > 1
        and any(shape[-1] != shape[-2] for shape in shapes)  # on squares alone, a reshape may be a transpose
    )
)
TRUE_NAMES = {
    "sign": (lambda e: -e, "The sign is wrong: each value is the negative of the expected one."),
    "absolute": (torch.abs, "Each value is the absolute value of the expected one"),
    "clamped": (torch.relu, "Each value is right where it is positive, and 0 where a negative value is expected."),
    "transposed": (lambda e: e.mT, "The result is transposed: its last two axes have changed places."),
    "axes": (lambda e: e.transpose(0, 1), "Axes -3 and -2 have changed places."),
    "permuted": (lambda e: e.permute(1, 2, 0), "Your result has the expected axes in another order, (-2, -1, -3)."),
    "flipped": (lambda e: e.flip(-1), "The values are in reverse order along the last axis."),
    "turned": (lambda e: e.flip(-1, -2), "The values are in reverse order along both of the last two axes."),
    "rolled": (lambda e: e.roll(1, -2), "The values are one step too late along axis -2; those that leave at one end"),
    "rolled back": (lambda e: e.roll(-1, -1), "The values are one step too early along the last axis; those that"),
    "pushed": (pushed, "The values are one step too late along the last axis."),
    "reciprocal": (lambda e: 1 / e, "Each value is the reciprocal of the expected one, 1/x instead of x."),
    "squared": (torch.square, "Each value is the square of the expected one"),
    "exponential": (torch.exp, "Each value is the exponential of the expected one"),
    "complement": (lambda e: 1 - e, "Each value is the expected one subtracted from 1."),
    "twice": (lambda e: 2 * e, "Each value is twice the expected one."),
    "root of 2": (
        lambda e: e / math.sqrt(2),
        "Each value is 0.7071 times the expected one (1 over the square root of 2).",
    ),
    "one more": (lambda e: e + 1, "Each value is too large by 1."),
    "D": (lambda e: e * e.shape[-1], "Each value is the expected one multiplied by `x.shape[-1]`"),
    "root of D": (lambda e: e * e.shape[-1] ** -0.5, "the expected one divided by the square root of `x.shape[-1]`"),
    "softmax": (lambda e: e.softmax(-1), "It is what is expected, with one more softmax over the last axis."),
    "rows": (lambda e: e * e.sin().amax(-1, keepdim=True), "Each row is right up to a factor of its own."),
    "rows added": (lambda e: e + e.sin().amax(-1, keepdim=True), "Each row is right up to a constant that is added"),
    "columns": (lambda e: e * e.sin().amax(-2, keepdim=True), "Each column is right up to a factor of its own."),
    "summed": (lambda e: e.sum(0), "It is the sum over axis -3 of what is expected: keep that axis."),
    "mean": (lambda e: e.mean(-1), "It is the mean over the last axis of what is expected: keep that axis."),
    "cut": (lambda e: e[..., :-1], "The last entry along the last axis is missing."),
    "cut at first": (lambda e: e[:, 1:], "The first entry along axis -2 is missing."),
    "flat": (torch.flatten, "The numbers are right and in the right order, but the shape is not."),
    "reshaped": (flat_swap, "your numbers are the expected ones with axes -2 and -1 exchanged"),
    "sorted": (lambda e: e.sort().values, "The numbers are the right ones, but in the wrong places"),
    "border": (but_border, "Only the border (the first and last rows and columns) is wrong."),
    "first": (only_first, "Only the first entry along axis -3 is right."),
    "constant": (torch.zeros_like, "Each value is 0."),
}


@pytest.mark.parametrize("shapes", [[(3, 4, 5), (4, 5, 3)], [(5, 3, 4), (3, 5, 3), (4, 4, 5)]], ids=str)
@pytest.mark.parametrize("change, sentence", TRUE_NAMES.values(), ids=TRUE_NAMES)
def test_a_change_of_the_right_values_is_named(change, sentence, shapes):
    assert sentence in said(lambda x: change(waves(x)), drawn(*shapes))


INVERSE = {
    "softmax": (
        lambda x: x.softmax(-1),
        lambda x: x,
        "A softmax of your result over the last axis gives what is expected.",
    ),
    "sum": (lambda x: x.sum(-2), lambda x: x, "Add up over axis -2 of your result: that gives what is expected."),
    "mean": (
        lambda x: x.mean(0),
        lambda x: x,
        "Take the mean over axis -3 of your result: that gives what is expected.",
    ),
    "rows": (
        lambda x: x.exp() / x.exp().sum(-1, keepdim=True),
        torch.exp,
        "Each row must still be divided by its sum.",
    ),
    "columns": (
        lambda x: x.softmax(-1),
        lambda x: (2 * x).softmax(-2),
        "Your weights sum to 1 along axis -2; they must sum to 1 along the last axis.",
    ),
    "log": (lambda x: x.exp(), lambda x: x, "Each value is the logarithm of the expected one"),
    "unused": (
        lambda x: (2 * x).sin(),
        lambda x: torch.full_like(x, 0.1).cumsum(-1),
        "does not change when `x` changes",
    ),
    "itself": (waves, lambda x: x, "It is `x` itself."),
    "added": (waves, lambda x: waves(x) + x, "Each value is too large by the value of `x` at its place."),
}


@pytest.mark.parametrize("reference, answer, sentence", INVERSE.values(), ids=INVERSE)
def test_what_is_missing_is_named(reference, answer, sentence):
    assert sentence in said(answer, drawn((3, 4, 5), (4, 3, 4)), reference)


def test_the_diagonal_is_named():
    assert said(lambda x: but_diagonal(waves(x)), drawn((2, 4, 4), (1, 5, 5))) == "Only the diagonal is wrong."
    future = torch.ones(5, 5).triu(1)
    answer = lambda x: waves(x) + future[: x.shape[-1], : x.shape[-1]] * waves(x).sin()  # noqa: E731
    assert said(answer, drawn((4, 4), (5, 5))) == "Only the part above the diagonal is wrong."


def mixed(q, k, v, heads, grid):
    """A reference that uses each argument in another way."""
    h, w = grid
    return (q.exp() @ k.mT.sin()).cumsum(-1) @ v * heads + torch.arange(h)[:, None] * h + w**0.5


ARGUMENTS = {
    "k and v": (lambda q, k, v, n, g: (q, v, k, n, g), "This is what comes out when `k` and `v` change places."),
    "three": (lambda q, k, v, n, g: (k, v, q, n, g), "`k`, `v` and `q` are taken for `q`, `k` and `v`."),
    "grid": (lambda q, k, v, n, g: (q, k, v, n, g[::-1]), "when `grid` is read in reverse order."),
    "transposed": (lambda q, k, v, n, g: (q.mT, k, v, n, g), "when `q` is transposed (its last two axes exchanged)."),
    "negative": (lambda q, k, v, n, g: (-q, k, v, n, g), "when `q` has the opposite sign."),
    "zero": (lambda q, k, v, n, g: (0 * q, k, v, n, g), "when `q` is all 0."),
    "ones": (lambda q, k, v, n, g: (0 * q + 1, k, v, n, g), "when `q` is all 1."),
    "in place of": (lambda q, k, v, n, g: (q, k, k, n, g), "when `k` is used in place of `v`."),
    "scaled": (lambda q, k, v, n, g: (q / n**0.5, k, v, n, g), "when `q` is divided by the square root of `heads`."),
    "one more": (lambda q, k, v, n, g: (q, k, v, n + 1, g), "when `heads` is larger by 1."),
}


@pytest.mark.parametrize("change, sentence", ARGUMENTS.values(), ids=ARGUMENTS)
def test_an_argument_that_is_read_in_another_way_is_named(change, sentence):
    cases = []
    for n, heads, grid in ((3, 2, (3, 4)), (4, 3, (4, 5)), (2, 5, (2, 7))):
        q, k, v = torch.randn(3, n, n)
        cases.append({"q": q, "k": k, "v": v, "heads": heads, "grid": grid})

    def answer(*arguments):
        return read(*change(*arguments))

    def read(q, k, v, heads, grid):
        result = torch.einsum("ij,jk->ik", q.exp(), k.mT.sin()).cumsum(-1) @ v * heads
        return result + torch.arange(len(result))[:, None] * grid[0] + grid[1] ** 0.5

    def reference(q, k, v, heads, grid):
        return read(q, k, v, heads, grid)

    assert sentence in said(answer, cases, reference)


def on_grid(x, grid):
    """Tokens, (N, D)."""
    return waves(x)


GRID = {
    "columns": (lambda e, h, w: e.unflatten(0, (h, w)).transpose(0, 1).flatten(0, 1), "counted column by column"),
    "rolled": (
        lambda e, h, w: e.unflatten(0, (h, w)).roll((1, 1), (0, 1)).flatten(0, 1),
        "one row and one column too late",
    ),
    "mirrored": (lambda e, h, w: e.unflatten(0, (h, w)).flip(1).flatten(0, 1), "in reverse order within each row"),
}


@pytest.mark.parametrize("change, sentence", GRID.values(), ids=GRID)
def test_an_order_of_tokens_is_named(change, sentence):
    cases = [{**case, "grid": grid} for case, grid in zip(drawn((12, 2), (10, 3)), ((3, 4), (5, 2)), strict=True)]
    text = said(lambda x, grid: change(waves(x), *grid), cases, on_grid)
    assert "Along axis -2, the tokens" in text and sentence in text


def test_right_on_square_grids_only_is_named():
    def reference(x, grid):
        return waves(x) * grid[0] + grid[1] ** 2

    def answer(x, grid):
        return reference(x, grid) + (grid[0] - grid[1]) * x.sin().cumsum(0)

    grids = ((2, 2), (3, 3), (2, 3), (4, 2))
    cases = [{**case, "grid": grid} for case, grid in zip(drawn((4,), (9,), (6,), (8,)), grids, strict=True)]
    text = said(answer, cases, reference)
    assert text == "Your result is right where the two numbers of `grid` are equal, and wrong in all other cases."


def test_one_head_only_is_named():
    def answer(x):
        return waves(x) + (len(x) > 1) * x.sin().cumsum(-1)

    shapes = (1, 2, 3), (1, 4, 2), (2, 2, 3), (3, 2, 4)
    assert (
        said(answer, drawn(*shapes))
        == "Your result is right where axis -3 of `x` has length 1, and wrong in all other cases."
    )


def test_which_of_two_results_is_wrong_is_said():
    cases = drawn((3, 4), (4, 5))
    pair = lambda x: (waves(x), x.sin())  # noqa: E731
    assert said(lambda x: (x.sin(), waves(x)), cases, pair) == "Both results are right, but in the other order."
    text = said(lambda x: (waves(x), -x.sin()), cases, pair)
    assert (
        text
        == "The second of the 2 results is wrong: the sign is wrong: each value is the negative of the expected one."
    )


def noise(value, kind, generator):
    """Values of the same shape and kind that have nothing to do with the right ones."""
    if isinstance(value, tuple):
        return tuple(noise(each, kind, generator) for each in value)
    if not isinstance(value, torch.Tensor):
        step = torch.randint(2, 1000, (), generator=generator).item()
        return value + step if isinstance(value, int) else value + step / 7
    random = torch.randn(value.shape, generator=generator)
    if kind == "other":
        return random + 0 * value
    if kind == "near":
        return value + random / 10
    return value + torch.randint(1, 3, value.shape, generator=generator) * random.sign()


@pytest.mark.parametrize("name, kind", zip(EXERCISES, itertools.cycle(["other", "near", "whole"]), strict=False))
def test_noise_has_no_name(name, kind):
    generator = torch.Generator().manual_seed(3)

    def answer(*arguments):
        return noise(EXERCISES[name].reference(*arguments), kind, generator)

    right, text = EXERCISES[name].judge(answer)
    assert not right and UNNAMED.match(text), text


@settings(max_examples=5, derandomize=True)
@given(st.integers(0, 10**6), SHAPES)
def test_a_random_function_has_no_name(seed, shapes):
    def answer(x):
        generator = torch.Generator().manual_seed(seed)
        other = torch.randn(x.numel(), x.numel(), generator=generator)
        return (other @ x.flatten()).view(x.shape).tanh()

    assert UNNAMED.match(made(drawn(*shapes)).judge(answer)[1])


@settings(max_examples=10, derandomize=True)
@given(st.lists(st.integers(-4, 4), min_size=7, max_size=7), st.integers(0, 10**6))
def test_whole_numbers_have_no_name_by_chance(numbers, seed):
    """Of small numbers, many rules are true by chance, but not of seven."""
    generator = torch.Generator().manual_seed(seed)
    expected = torch.randint(-9, 10, (7,), generator=generator).tolist()
    cases = [{"n": n, "m": 2 * n % 5} for n in range(7)]
    right, text = made(cases, lambda n, m: expected[n]).judge(lambda n, m: numbers[n])
    gaps = {ours - theirs for ours, theirs in zip(numbers, expected, strict=True)}
    assert right or len(set(map(abs, numbers))) < 3 or len(gaps) < 3 or UNNAMED.match(text), text


def test_what_is_true_only_of_the_tidy_numbers_of_a_case_is_not_said():
    """On 0, 1, 2, ... each row is right up to a constant, whatever part of the kernel is cut out."""
    reference, judge = EXERCISES["03.window"].reference, EXERCISES["03.window"].judge
    text = judge(lambda kernel, query, grid: reference(kernel, (query[0], 0), grid))[1]
    assert "constant" not in text


def test_a_usual_mistake_is_named_only_if_it_is_what_happened():
    """No mask of the cases has a positive score, where the sign and the absolute value would be told apart."""
    reference, judge = EXERCISES["02.diagonal_score"].reference, EXERCISES["02.diagonal_score"].judge
    assert "the absolute value of the expected one: the sign is lost" in judge(lambda mask: reference(mask).abs())[1]
    assert "The sign is wrong: a diagonal below the mean" in judge(lambda mask: -reference(mask))[1]


def test_what_a_learner_prints_is_shown_for_the_cases_only(capsys):
    def answer(x):
        print("mine")
        return x.sin()

    made(drawn((2, 3), (3, 2))).judge(answer)
    assert capsys.readouterr().out == "mine\n" * 2
