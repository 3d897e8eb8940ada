"""Arguments that are read in another way: swapped, reversed, transposed, negated, taken for 0 or 1."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gmm_tutorial.learn.compare import Case
from gmm_tutorial.learn.scales import POWERS, quantities

MOST_ARGUMENTS = 8


class Variant(NamedTuple):
    """A sentence, and what turns a case, and its number, into the one that was computed if the sentence is true."""

    sentence: str
    change: Callable[[Case, int], Case]


OF_TENSORS: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("is transposed (its last two axes exchanged)", lambda x: x.transpose(-2, -1)),
    ("is reversed along its last axis", lambda x: x.flip(-1)),
    ("is reversed along axis -2", lambda x: x.flip(-2)),
    ("is turned by 180 degrees (both of its last axes reversed)", lambda x: x.flip(-2, -1)),
    ("has the opposite sign", torch.neg),
    ("is replaced by its absolute value", torch.abs),
    ("is all 0", torch.zeros_like),
    ("is all 1", torch.ones_like),
    ("is squared", torch.square),
    ("is replaced by its square root", torch.sqrt),
    ("is replaced by its logarithm", torch.log),
    ("is replaced by its exponential", torch.exp),
    ("is replaced by its reciprocal, 1/x", torch.reciprocal),
    ("is replaced by 1 minus itself", lambda x: 1 - x),
    (
        "is reshaped where its last two axes have to change places",
        lambda x: x.transpose(-2, -1).reshape(x.shape),
    ),
    (
        "is read as if its last two axes had been exchanged, by a reshape",
        lambda x: x.reshape(*x.shape[:-2], x.shape[-1], x.shape[-2]).transpose(-2, -1),
    ),
)
OF_NUMBERS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("is larger by 1", lambda x: x + 1),
    ("is smaller by 1", lambda x: x - 1),
    ("has the opposite sign", lambda x: -x),
    ("is 0", lambda x: type(x)(0)),
    ("is 1", lambda x: type(x)(1)),
    ("is twice as large", lambda x: 2 * x),
    ("is squared", lambda x: x * x),
    ("is replaced by its square root", lambda x: x**0.5),
)
OF_FUNCTIONS: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("is left out, and its input goes on unchanged", lambda f: lambda x: x),
    ("is left out, as if it gave 0", lambda f: lambda x: 0 * x),
    ("has its own input added to its output", lambda f: lambda x: f(x) + x),
    ("has its own input taken off its output", lambda f: lambda x: f(x) - x),
    ("is used twice in a row", lambda f: lambda x: f(f(x))),
)
OF_SEQUENCES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("is read in reverse order", lambda x: x[::-1]),
    ("lacks its first entry", lambda x: x[1:]),
    ("lacks its last entry", lambda x: x[:-1]),
)


def variants(cases: Sequence[Case]) -> Iterator[Variant]:
    """Every variant of the arguments, the likelier ones first."""
    names = list(cases[0])[:MOST_ARGUMENTS]
    pairs = [pair for pair in itertools.combinations(names, 2) if all(alike(case, pair) for case in cases)]
    triples = [three for three in itertools.combinations(names, 3) if all(alike(case, three) for case in cases)]
    for a, b in pairs:
        yield Variant(f"`{a}` and `{b}` change places", partial(taken_from, sources={a: b, b: a}))
    for a, b, c in triples:
        for x, y, z in ((b, c, a), (c, a, b)):
            sentence = f"`{x}`, `{y}` and `{z}` are taken for `{a}`, `{b}` and `{c}`"
            yield Variant(sentence, partial(taken_from, sources={a: x, b: y, c: z}))
    for name in names:
        for what, function in ways([case[name] for case in cases]):
            yield Variant(f"`{name}` {what}", partial(changed, name=name, function=function))
    for pair in pairs:
        for a, b in (pair, pair[::-1]):
            yield Variant(f"`{a}` is used in place of `{b}`", partial(taken_from, sources={b: a}))
    for name in names:
        if all(isinstance(case[name], Tensor) and case[name].is_floating_point() for case in cases):
            for words, factors in scalings(cases):
                yield Variant(f"`{name}` is {words}", partial(scaled, name=name, factors=factors))


def taken_from(case: Case, number: int, sources: dict[str, str]) -> Case:
    """A case some of whose arguments have the values of others."""
    return {name: case[sources.get(name, name)] for name in case}


def scaled(case: Case, number: int, name: str, factors: tuple[float, ...]) -> Case:
    """A case with one argument multiplied by a factor."""
    return {**case, name: case[name] * factors[number]}


def changed(case: Case, number: int, name: str, function: Callable[[Any], Any]) -> Case:
    """A case with one argument changed."""
    return {**case, name: function(case[name])}


def ways(values: Sequence[Any]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """The ways to read an argument wrongly, by its kind."""
    if all(isinstance(value, Tensor) for value in values):
        return OF_TENSORS if all(value.is_floating_point() for value in values) else OF_TENSORS[:4]
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return OF_NUMBERS
    if all(map(callable, values)):
        return OF_FUNCTIONS
    return OF_SEQUENCES if all(isinstance(value, (tuple, list)) for value in values) else ()


def scalings(cases: Sequence[Case]) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Factors that an argument may be scaled by, in words and in each case: sizes, their quotients, and their roots."""
    sizes = quantities(cases)
    for count in [name for name, value in cases[0].items() if isinstance(value, int)]:
        for name, values in list(sizes.items()):
            if name.endswith("shape[-1]`"):
                sizes[f"({name} / `{count}`)"] = tuple(
                    value / case[count] if case[count] else 0.0 for value, case in zip(values, cases, strict=True)
                )
    seen = set()
    for name, values in sizes.items():
        if min(values) > 0 and values not in seen and len(set(values)) > 1:
            seen.add(values)
            for words, exponent in POWERS[:4]:
                yield words.format(name), tuple(value**exponent for value in values)
    for words, constant in (("multiplied by 2", 2.0), ("divided by 2", 0.5)):
        yield words, (constant,) * len(cases)


def alike(case: Case, names: Sequence[str]) -> bool:
    """Whether arguments can be mistaken for each other: all tensors of as many axes, numbers, functions, or places."""
    values = [case[name] for name in names]
    tensors = all(isinstance(value, Tensor) for value in values) and len({value.ndim for value in values}) == 1
    numbers = all(isinstance(value, (int, float)) for value in values)
    tuples = all(isinstance(value, tuple) for value in values) and len(set(map(len, values))) == 1
    return tensors or numbers or tuples or all(map(callable, values))


def shuffled(case: Case, names: Sequence[str] | None = None) -> Case:
    """A case whose real tensors, or those named, have their numbers in another order: what is regular in it is gone."""
    generator = torch.Generator().manual_seed(1)
    other = dict(case)
    for name, value in case.items():
        if isinstance(value, Tensor) and value.is_floating_point() and (names is None or name in names):
            order = torch.randperm(value.numel(), generator=generator, device="cpu")
            other[name] = value.flatten()[order].view(value.shape)
    return other
