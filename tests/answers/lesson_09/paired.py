"""Answers to 09.paired."""

import torch
from verdicts import right, wrong


@right
def by_dictionary(a, seeds_a, b, seeds_b):
    ours = {int(seed): value for seed, value in zip(seeds_a, a, strict=True)}
    theirs = {int(seed): value for seed, value in zip(seeds_b, b, strict=True)}
    return torch.stack([ours[seed] - theirs[seed] for seed in sorted(ours) if seed in theirs])


@right
def by_table(a, seeds_a, b, seeds_b):
    i, j = (seeds_a[:, None] == seeds_b).nonzero().T
    order = seeds_a[i].argsort()
    return (a[i] - b[j])[order]


@right
def by_masks(a, seeds_a, b, seeds_b):
    in_a, in_b = torch.isin(seeds_a, seeds_b), torch.isin(seeds_b, seeds_a)
    a, b = a[in_a][seeds_a[in_a].argsort()], b[in_b][seeds_b[in_b].argsort()]
    return (a - b).double()


@right
def by_loop(a, seeds_a, b, seeds_b):
    out = []
    for seed in sorted(seeds_a.tolist()):
        for j in range(len(b)):
            if seeds_b[j] == seed:
                out.append(a[seeds_a.tolist().index(seed)] - b[j])
    return torch.stack(out)


@wrong("You pair values by position")
def by_place(a, seeds_a, b, seeds_b):
    n = min(len(a), len(b))
    return a[:n] - b[:n]


@wrong("Your differences are right, but you sort seeds as text")
def seeds_as_text(a, seeds_a, b, seeds_b):
    shared = sorted({str(s) for s in seeds_a.tolist()} & {str(s) for s in seeds_b.tolist()})
    return torch.cat([a[seeds_a == int(seed)] - b[seeds_b == int(seed)] for seed in shared])


@wrong("Your differences are right, but the largest seed comes first")
def set_without_order(a, seeds_a, b, seeds_b):
    shared = reversed(sorted(set(seeds_a.tolist()) & set(seeds_b.tolist())))
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in shared])


@wrong("Your differences are right, but they are in the order of a")
def order_of_a(a, seeds_a, b, seeds_b):
    return torch.cat([a[seeds_a == s] - b[seeds_b == s] for s in seeds_a.tolist() if s in seeds_b.tolist()])


@wrong("Your differences are right, but they are in the order of b")
def order_of_b(a, seeds_a, b, seeds_b):
    return torch.cat([a[seeds_a == s] - b[seeds_b == s] for s in seeds_b.tolist() if s in seeds_a.tolist()])


@wrong("Your differences have the wrong sign")
def b_minus_a(a, seeds_a, b, seeds_b):
    shared = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([b[seeds_b == seed] - a[seeds_a == seed] for seed in shared])


@wrong("Your differences are right, but you sort them by size")
def sorted_by_size(a, seeds_a, b, seeds_b):
    shared = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([a[seeds_a == seed] - b[seeds_b == seed] for seed in shared]).sort().values


@wrong("It has the shape (4,), but (3,) is expected")
def every_seed(a, seeds_a, b, seeds_b):
    every = sorted(set(seeds_a.tolist()) | set(seeds_b.tolist()))
    ours, theirs = torch.zeros(len(every)), torch.zeros(len(every))
    for i, seed in enumerate(every):
        ours[i] = a[seeds_a == seed].sum()
        theirs[i] = b[seeds_b == seed].sum()
    return ours - theirs


@wrong("You use seeds as positions in the lists")
def seed_as_index(a, seeds_a, b, seeds_b):
    shared = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.stack([a[seed] - b[seed] for seed in shared])


@wrong("You sort both lists by seed and pair by position")
def sorted_and_cut(a, seeds_a, b, seeds_b):
    n = min(len(a), len(b))
    return a[seeds_a.argsort()][:n] - b[seeds_b.argsort()][:n]


@wrong("You return the mean of the differences")
def mean(a, seeds_a, b, seeds_b):
    return by_table(a, seeds_a, b, seeds_b).mean()


@wrong("You return absolute values")
def absolute(a, seeds_a, b, seeds_b):
    return by_table(a, seeds_a, b, seeds_b).abs()


@wrong("It returns a list of 2 values (a number and a number), but a float32 tensor is expected")
def a_list(a, seeds_a, b, seeds_b):
    return by_table(a, seeds_a, b, seeds_b).tolist()


@wrong("The last entry along the last axis is missing")
def last_seed_forgotten(a, seeds_a, b, seeds_b):
    return by_table(a, seeds_a, b, seeds_b)[:-1]


@wrong("It has the shape (2, 2), but (2,) is expected")
def with_the_seeds(a, seeds_a, b, seeds_b):
    return torch.stack((seeds_a[torch.isin(seeds_a, seeds_b)].sort().values, by_table(a, seeds_a, b, seeds_b)), 1)


@wrong("It has the shape (1,), but (2,) is expected")
def only_the_first(a, seeds_a, b, seeds_b):
    for seed in sorted(seeds_a.tolist()):
        if seed in seeds_b:
            return a[seeds_a == seed] - b[seeds_b == seed]


@wrong("You return percent of b")
def percent_of_b(a, seeds_a, b, seeds_b):
    shared = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.cat([100 * (a[seeds_a == s] - b[seeds_b == s]) / b[seeds_b == s] for s in shared])


@wrong("The numbers are right and in the right order, but the shape is not")
def a_column(a, seeds_a, b, seeds_b):
    shared = sorted(set(seeds_a.tolist()) & set(seeds_b.tolist()))
    return torch.stack([a[seeds_a == seed] - b[seeds_b == seed] for seed in shared])
