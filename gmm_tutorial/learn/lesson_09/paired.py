"""Exercise 09.paired: differences between trainings of the same seed."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def paired(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """a (n,), b (m,) and their seeds -> (k,): a - b for each seed that both have, the smallest seed first."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in both])


def floats(values: Iterable[float]) -> Tensor:
    """The values as a tensor."""
    return torch.tensor([float(value) for value in values])


def paired_cases() -> list[dict[str, Any]]:
    """Seeds in the same order, in another one, some that only one has, then any; at last two digits."""
    made = [
        ([47.0, 46], [0, 1], [45.0, 45], [0, 1]),
        ([47.0, 46, 48], [0, 1, 2], [44.0, 45, 47], [2, 0, 1]),
        ([48.0, 46, 47], [2, 0, 1], [40.0, 44, 49, 43], [3, 2, 0, 1]),
        ([50.0, 51, 53], [4, 0, 2], [52.0, 50, 49, 47], [2, 1, 0, 5]),
        (range(40, 51), [10, 3, 9, 0, 1, 7, 4, 6, 8, 5, 2], range(60, 38, -2), [2, 9, 10, 4, 5, 8, 7, 1, 0, 6, 3]),
    ]
    return [
        {"a": floats(a), "seeds_a": torch.tensor(s), "b": floats(b), "seeds_b": torch.tensor(t)} for a, s, b, t in made
    ]


exercise = Exercise(
    "09.paired",
    paired,
    paired_cases,
    unit="pairs of runs",
    hints=(
        "First find the seeds that both lists have. tolist() gives whole numbers; sets of them intersect.",
        "seeds_a == seed is True at one place, and a[seeds_a == seed] is the value there, as a tensor (1,).",
        "Go through the shared seeds in rising order. For each, subtract the value of b from the value of a. torch.cat "
        "joins the differences.",
    ),
)


@exercise.mistake
def by_position(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You pair values by position. The same position in two lists can belong to two different seeds."""
    count = min(len(a), len(b))
    return a[:count] - b[:count]


@exercise.mistake
def sorted_and_cut(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You sort both lists by seed and pair by position. A seed that only one list has shifts all that come after it."""
    count = min(len(a), len(b))
    return a[seeds_a.argsort()][:count] - b[seeds_b.argsort()][:count]


@exercise.mistake
def sorted_values(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You sort the accuracies, so you pair the best of one list with the best of the other, whatever their seeds."""
    count = min(len(a), len(b))
    return a.sort().values[:count] - b.sort().values[:count]


@exercise.mistake
def other_way_round(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences have the wrong sign: subtract b from a."""
    return -paired(a, seeds_a, b, seeds_b)


@exercise.mistake
def sizes(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return absolute values. Keep the sign of each difference: it says which of the two is better."""
    return paired(a, seeds_a, b, seeds_b).abs()


@exercise.mistake
def as_they_come(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but they are in the order of a. Begin with the smallest seed."""
    both = [seed for seed in seeds_a.tolist() if seed in seeds_b]
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in both])


@exercise.mistake
def every_pair(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You subtract every value of b from every value of a. Pair only values of the same seed."""
    return (a[:, None] - b).flatten()


@exercise.mistake
def relative(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You divide by b. Return the differences themselves, in points."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([a[seeds_a == seed] / b[seeds_b == seed] - 1 for seed in both])


@exercise.mistake
def their_mean(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return the mean of the differences. Return each of them: their spread is needed, too."""
    return paired(a, seeds_a, b, seeds_b).mean()


@exercise.mistake
def of_means(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return the difference of the means. Subtract the two values of each seed."""
    return a.mean() - b.mean()


@exercise.mistake
def seeds_as_places(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You use seeds as positions in the lists. seeds_a and seeds_b say at which position a seed is."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return a[both] - b[both]


@exercise.mistake
def kept_unsorted(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You keep the right seeds, but each list in its own order. Sort both by seed before you subtract."""
    return a[torch.isin(seeds_a, seeds_b)] - b[torch.isin(seeds_b, seeds_a)]


@exercise.mistake
def largest_first(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but the largest seed comes first. Begin with the smallest seed."""
    return paired(a, seeds_a, b, seeds_b).flip(0)


@exercise.mistake
def order_of_b(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but they are in the order of b. Begin with the smallest seed."""
    return -as_they_come(b, seeds_b, a, seeds_a)


@exercise.mistake
def seeds_as_text(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but you sort seeds as text: "10" comes before "2". Sort them as numbers."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()), key=str)
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in both])


@exercise.mistake
def sorted_differences(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but you sort them by size. Sort them by seed."""
    return paired(a, seeds_a, b, seeds_b).sort().values


@exercise.mistake
def percent(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return percent of b. Return the differences themselves, in points."""
    return 100 * relative(a, seeds_a, b, seeds_b)
