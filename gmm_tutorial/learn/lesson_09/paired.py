"""Exercise 09.paired: differences between trainings of the same seed."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def paired(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """a (n,), b (m,) and their seeds -> (k,): a - b for each seed that both have, the smallest seed first."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in both])


def paired_cases() -> list[dict[str, Any]]:
    """Seeds in the same order, in another one, some that only one has, then any."""
    made = [
        ([47.0, 46], [0, 1], [45.0, 45], [0, 1]),
        ([47.0, 46, 48], [0, 1, 2], [44.0, 45, 47], [2, 0, 1]),
        ([48.0, 46, 47], [2, 0, 1], [40.0, 44, 49, 43], [3, 2, 0, 1]),
        ([50.0, 51, 53], [4, 0, 2], [52.0, 50, 49, 47], [2, 1, 0, 5]),
    ]
    return [
        {"a": torch.tensor(a), "seeds_a": torch.tensor(s), "b": torch.tensor(b), "seeds_b": torch.tensor(t)}
        for a, s, b, t in made
    ]


exercise = Exercise(
    "09.paired",
    paired,
    paired_cases,
    unit="pairs of runs",
    hints=(
        "First find out which seeds both have. Sets of whole numbers can do that, and sorted gives their order.",
        "seeds_a == seed is true at one place, and a[seeds_a == seed] is the value there, as a tensor (1,).",
        "For each seed that both have, in rising order: the value of a there minus the value of b there. "
        "torch.cat joins them.",
    ),
)


@exercise.mistake
def by_position(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You pair by position. The same place in two lists need not be the same seed."""
    count = min(len(a), len(b))
    return a[:count] - b[:count]


@exercise.mistake
def sorted_and_cut(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You sort both by seed and pair by position. A seed that only one of them has shifts all that come after it."""
    count = min(len(a), len(b))
    return a[seeds_a.argsort()][:count] - b[seeds_b.argsort()][:count]


@exercise.mistake
def sorted_values(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You sort the accuracies: then the best of one is held against the best of the other, whatever their seeds."""
    count = min(len(a), len(b))
    return a.sort().values[:count] - b.sort().values[:count]


@exercise.mistake
def other_way_round(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences have the wrong sign: a - b is asked for."""
    return -paired(a, seeds_a, b, seeds_b)


@exercise.mistake
def sizes(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return how large the differences are, without their sign. Then even pure luck would look like a gain."""
    return paired(a, seeds_a, b, seeds_b).abs()


@exercise.mistake
def as_they_come(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but stand in the order of a. The smallest seed comes first."""
    both = [seed for seed in seeds_a.tolist() if seed in seeds_b]
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in both])


@exercise.mistake
def every_pair(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You subtract every value of b from every value of a. Only those of the same seed belong together."""
    return (a[:, None] - b).flatten()


@exercise.mistake
def relative(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You divide by b. The difference itself, in points, is asked for."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([a[seeds_a == seed] / b[seeds_b == seed] - 1 for seed in both])


@exercise.mistake
def their_mean(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return the mean of the differences. Each of them is asked for: their spread is needed too."""
    return paired(a, seeds_a, b, seeds_b).mean()


@exercise.mistake
def of_means(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return the difference of the means, and so forget which values belong together."""
    return a.mean() - b.mean()


@exercise.mistake
def seeds_as_places(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You use seeds as places in the list. Where a seed stands, seeds_a and seeds_b say."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return a[both] - b[both]


@exercise.mistake
def kept_unsorted(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You keep the right seeds, but each list in its own order. Bring both into the order of the seeds first."""
    return a[torch.isin(seeds_a, seeds_b)] - b[torch.isin(seeds_b, seeds_a)]


@exercise.mistake
def largest_first(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but the largest seed comes first. Begin with the smallest."""
    return paired(a, seeds_a, b, seeds_b).flip(0)
