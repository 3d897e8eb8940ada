"""Checks of lesson 09: a mask's mean and its rest, an interval, differences by seed, and how often one is seen."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise

# ---- 09.split: the temperature inside a mask


def split(mask: Tensor) -> tuple[Tensor, Tensor]:
    """mask (H, N, N) -> scale (H, 1, 1), the mean of each head's mask, and rest (H, N, N): scale + rest is the mask."""
    scale = mask.mean((-2, -1), keepdim=True)
    return scale, mask - scale


def split_cases() -> list[dict[str, Any]]:
    """Two tokens, two heads of three tokens in whole numbers, then any."""
    whole = torch.tensor([[[3.0, 1, 2], [4, 0, 2], [1, 5, 9]], [[-1, -1, 2], [0, 6, 0], [3, -4, 4]]])
    return [
        {"mask": mask}
        for mask in (torch.tensor([[[1.0, 3], [5, 7]]]), whole, torch.randn(3, 4, 4), torch.rand(2, 6, 6))
    ]


splitting = Exercise(
    "09.split",
    split,
    split_cases,
    unit="masks",
    hints=(
        "Each head has a number of its own: the mean of its N x N entries. The heads stay apart.",
        "keepdim=True keeps the two axes over which you take the mean, as axes of length 1: (H, 1, 1).",
        "With those axes, broadcasting takes the number away from every entry of its head's mask.",
    ),
)


@splitting.mistake
def by_row(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take a mean for each row, which is a temperature for each query. One number a head is asked for."""
    scale = mask.mean(-1, keepdim=True)
    return scale, mask - scale


@splitting.mistake
def by_column(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take a mean for each column, which is a number for each key. One number a head is asked for."""
    scale = mask.mean(-2, keepdim=True)
    return scale, mask - scale


@splitting.mistake
def over_heads(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the mean over the heads, for each pair of tokens. It goes over the pairs, for each head."""
    scale = mask.mean(0, keepdim=True)
    return scale, mask - scale


@splitting.mistake
def one_for_all(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take one mean for all heads together. Each head has its own temperature."""
    scale = mask.mean().expand(len(mask), 1, 1)
    return scale, mask - scale


@splitting.mistake
def axes_lost(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your numbers are right, but their axes are gone: (H,) instead of (H, 1, 1)."""
    scale, rest = split(mask)
    return scale.flatten(), rest


@splitting.mistake
def divided(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You divide by the mean. The rest is what must be added to it, so take it away."""
    scale, _ = split(mask)
    return scale, mask / scale


@splitting.mistake
def kept(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your rest is the whole mask: the mean is still in it."""
    return split(mask)[0], mask


@splitting.mistake
def turned(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your rest has the wrong sign: scale + rest must be the mask."""
    scale, rest = split(mask)
    return scale, -rest


@splitting.mistake
def swapped(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You return the rest first. The scale comes first."""
    return split(mask)[::-1]


@splitting.mistake
def diagonal(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the mean of the diagonal. All pairs count."""
    scale = mask.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None]
    return scale, mask - scale


@splitting.mistake
def summed(mask: Tensor) -> tuple[Tensor, Tensor]:
    """You take the sum. The mean is asked for."""
    scale = mask.sum((-2, -1), keepdim=True)
    return scale, mask - scale


# ---- 09.interval: what a few values say of their mean


def interval(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """values (n,) -> their mean, and the half-width of its interval: quantile times the standard error."""
    return values.mean(), quantile * values.std() / len(values) ** 0.5


def interval_cases() -> list[dict[str, Any]]:
    """Two values whose half-width is the quantile, three, then any; no quantile is that of the normal distribution."""
    return [
        {"values": torch.tensor([46.0, 48.0]), "quantile": 3.0},
        {"values": torch.tensor([46.0, 47.0, 51.0]), "quantile": 4.3027},
        {"values": torch.randn(5), "quantile": 2.7764},
        {"values": 50 + torch.randn(10), "quantile": 2.2622},
    ]


intervals = Exercise(
    "09.interval",
    interval,
    interval_cases,
    unit="samples",
    hints=(
        "Four steps: the mean, the spread s around it, the standard error, and the quantile times that.",
        "s squared is the sum of squared distances from the mean, over n - 1: what values.std() has by default.",
        "The standard error is s over the square root of n. Return the mean and the half-width, in this order.",
    ),
)


@intervals.mistake
def population(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Your spread divides by n. The mean was taken from the same values, which costs one: divide by n - 1."""
    return values.mean(), quantile * values.std(correction=0) / len(values) ** 0.5


@intervals.mistake
def of_one(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Your half-width is that of a single value. A mean of n is steadier, by the square root of n."""
    return values.mean(), quantile * values.std()


@intervals.mistake
def root_of_less(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You divide by the square root of n - 1. The n - 1 is inside of s already; here it is n."""
    return values.mean(), quantile * values.std() / (len(values) - 1) ** 0.5


@intervals.mistake
def by_n(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You divide s by n. It is the square root of n."""
    return values.mean(), quantile * values.std() / len(values)


@intervals.mistake
def variance(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You took the variance, which is in squared points. Its square root is the spread."""
    return values.mean(), quantile * values.var() / len(values) ** 0.5


@intervals.mistake
def normal(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You multiply by 1.96, which is for a spread that is known. Take the quantile that is given."""
    return interval(values, 1.96)


@intervals.mistake
def no_quantile(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the standard error. The half-width is quantile times that."""
    return interval(values, 1.0)


@intervals.mistake
def whole_width(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the whole width. Half of it, from the mean to one end, is asked for."""
    return interval(values, 2 * quantile)


@intervals.mistake
def ends(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the two ends. The mean and the half-width are asked for."""
    mean, half = interval(values, quantile)
    return mean - half, mean + half


@intervals.mistake
def half_first(values: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """You return the half-width first. The mean comes first."""
    return interval(values, quantile)[::-1]


# ---- 09.paired: differences between trainings of the same seed


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


pairing = Exercise(
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


@pairing.mistake
def by_position(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You pair by position. The same place in two lists need not be the same seed."""
    count = min(len(a), len(b))
    return a[:count] - b[:count]


@pairing.mistake
def sorted_and_cut(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You sort both by seed and pair by position. A seed that only one of them has shifts all that come after it."""
    count = min(len(a), len(b))
    return a[seeds_a.argsort()][:count] - b[seeds_b.argsort()][:count]


@pairing.mistake
def sorted_values(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You sort the accuracies: then the best of one is held against the best of the other, whatever their seeds."""
    count = min(len(a), len(b))
    return a.sort().values[:count] - b.sort().values[:count]


@pairing.mistake
def other_way_round(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences have the wrong sign: a - b is asked for."""
    return -paired(a, seeds_a, b, seeds_b)


@pairing.mistake
def sizes(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return how large the differences are, without their sign. Then even pure luck would look like a gain."""
    return paired(a, seeds_a, b, seeds_b).abs()


@pairing.mistake
def as_they_come(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but stand in the order of a. The smallest seed comes first."""
    both = [seed for seed in seeds_a.tolist() if seed in seeds_b]
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in both])


@pairing.mistake
def every_pair(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You subtract every value of b from every value of a. Only those of the same seed belong together."""
    return (a[:, None] - b).flatten()


@pairing.mistake
def relative(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You divide by b. The difference itself, in points, is asked for."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([a[seeds_a == seed] / b[seeds_b == seed] - 1 for seed in both])


@pairing.mistake
def their_mean(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return the mean of the differences. Each of them is asked for: their spread is needed too."""
    return paired(a, seeds_a, b, seeds_b).mean()


@pairing.mistake
def of_means(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You return the difference of the means, and so forget which values belong together."""
    return a.mean() - b.mean()


@pairing.mistake
def seeds_as_places(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You use seeds as places in the list. Where a seed stands, seeds_a and seeds_b say."""
    both = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return a[both] - b[both]


@pairing.mistake
def kept_unsorted(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """You keep the right seeds, but each list in its own order. Bring both into the order of the seeds first."""
    return a[torch.isin(seeds_a, seeds_b)] - b[torch.isin(seeds_b, seeds_a)]


@pairing.mistake
def largest_first(a: Tensor, seeds_a: Tensor, b: Tensor, seeds_b: Tensor) -> Tensor:
    """Your differences are right, but the largest seed comes first. Begin with the smallest."""
    return paired(a, seeds_a, b, seeds_b).flip(0)


# ---- 09.power: how often a true difference is seen


def power(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """noise (E, n), standard normal -> the share of E experiments whose interval leaves 0 out, shape ()."""
    values = difference + spread * noise
    half = quantile * values.std(-1) / noise.shape[-1] ** 0.5
    return (values.mean(-1).abs() > half).double().mean()


def power_cases() -> list[dict[str, Any]]:
    """Five experiments of two seeds, one seen on the wrong side; then hundreds, with and without a difference."""
    five = torch.tensor([[0.0, 2.0], [-1, 3], [-3, -4], [-1, -1.5], [1, 1.5]])
    cases: list[dict[str, Any]] = [{"noise": five, "difference": 1.0, "spread": 1.0, "quantile": 1.5}]
    for seeds, difference, spread, quantile in ((3, 1.0, 0.5, 4.3027), (5, -0.5, 0.7, 2.7764), (2, 0.0, 2.0, 3.0)):
        noise = torch.randn(400, seeds)
        cases.append({"noise": noise, "difference": difference, "spread": spread, "quantile": quantile})
    return cases


powers = Exercise(
    "09.power",
    power,
    power_cases,
    unit="simulations",
    hints=(
        "An experiment is a row. Make its n values first: the true difference, plus spread times noise.",
        "Mean and half-width of each row as in 09.interval, along the last axis: two tensors (E,).",
        "0 is outside when the mean, without its sign, is larger than the half-width. The mean of these yes and no, "
        "as numbers, is the share.",
    ),
)


def seen(values: Tensor, quantile: float) -> Tensor:
    """values (E, n) -> the share of rows whose interval leaves 0 out."""
    return power(values, 0.0, 1.0, quantile)


@powers.mistake
def one_side(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count intervals above 0 only. One that lies below 0 leaves it out too, if on the wrong side."""
    values = difference + spread * noise
    return (values.mean(-1) > quantile * values.std(-1) / noise.shape[-1] ** 0.5).double().mean()


@powers.mistake
def not_seen(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count the intervals that hold 0. Those that leave it out are asked for."""
    return 1 - power(noise, difference, spread, quantile)


@powers.mistake
def known_spread(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths use the true spread, which no experiment knows. Each must estimate it from its own n values."""
    half = quantile * spread / noise.shape[-1] ** 0.5
    return ((difference + spread * noise).mean(-1).abs() > half).double().mean()


@powers.mistake
def spread_of_n(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your spread divides by n instead of n - 1: then too many intervals leave 0 out."""
    return seen(difference + spread * noise, quantile * ((noise.shape[-1] - 1) / noise.shape[-1]) ** 0.5)


@powers.mistake
def single(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your half-widths are those of single values: the square root of n is missing."""
    return seen(difference + spread * noise, quantile * noise.shape[-1] ** 0.5)


@powers.mistake
def no_spread(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your spread changes nothing: the noise must be multiplied by it, and the noise alone."""
    return seen(difference + noise, quantile)


@powers.mistake
def no_difference(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """The true difference is missing: this is how often pure noise leaves 0 out."""
    return seen(spread * noise, quantile)


@powers.mistake
def along_experiments(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """Your means go down the columns, over all experiments. A row is one experiment: go along the last axis."""
    return seen((difference + spread * noise).T, quantile)


@powers.mistake
def spread_of_all(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You take one spread over all experiments. Each knows only its own row: go along the last axis."""
    values = difference + spread * noise
    return (values.mean(-1).abs() > quantile * values.std() / noise.shape[-1] ** 0.5).double().mean()


@powers.mistake
def root_of_experiments(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You divide by the square root of E, the number of experiments. Each has a mean of n values: the root of n."""
    return seen(difference + spread * noise, quantile * (noise.shape[-1] / len(noise)) ** 0.5)


@powers.mistake
def variance_of_row(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You took the variance, which is in squared points. Its square root is the spread."""
    values = difference + spread * noise
    return (values.mean(-1).abs() > quantile * values.var(-1) / noise.shape[-1] ** 0.5).double().mean()


@powers.mistake
def normal_quantile(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You multiply by 1.96, which is for a spread that is known. Take the quantile that is given."""
    return seen(difference + spread * noise, 1.96)


@powers.mistake
def single_values(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You hold single values against the half-width. An experiment is judged once, by its mean."""
    values = difference + spread * noise
    half = quantile * values.std(-1, keepdim=True) / noise.shape[-1] ** 0.5
    return (values.abs() > half).double().mean()


@powers.mistake
def counted(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You return how many they are. Their share is asked for, 0 to 1."""
    return power(noise, difference, spread, quantile) * len(noise)


@powers.mistake
def any_mean(noise: Tensor, difference: float, spread: float, quantile: float) -> Tensor:
    """You count means above 0. A mean says nothing without its interval."""
    return ((difference + spread * noise).mean(-1) > 0).double().mean()


EXERCISES = (splitting, intervals, pairing, powers)
