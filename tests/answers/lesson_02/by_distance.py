"""Answers to 02.by_distance."""

import torch
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates, distances


@right
def sums_over_counts(mask, grid):
    radii, which = distances(grid).unique(return_inverse=True)
    members = torch.nn.functional.one_hot(which.flatten(), len(radii)).double()
    return radii, mask.flatten(-2).double() @ members / members.sum(0)


@right
def squared_distances_pair_by_pair(mask, grid):
    places = coordinates(grid).tolist()
    found = {}
    for a, (y, x) in enumerate(places):
        for b, (v, u) in enumerate(places):
            found.setdefault((y - v) ** 2 + (x - u) ** 2, []).append(mask[..., a, b])
    means = [sum(found[squared]) / len(found[squared]) for squared in sorted(found)]
    return torch.tensor([squared**0.5 for squared in sorted(found)]), torch.stack(means, -1)


@right
def a_list_with_index_add(mask, grid):
    radii, which = torch.unique(distances(grid), return_inverse=True)
    which = which.reshape(-1)
    total = mask.new_zeros(*mask.shape[:-2], len(radii)).index_add(-1, which, mask.reshape(*mask.shape[:-2], -1))
    return [radii.double(), total / which.bincount()]


@right
def nonzero_pairs(mask, grid):
    apart = distances(grid)
    means = []
    for radius in sorted(set(apart.flatten().tolist())):
        a, b = torch.nonzero(apart == radius, as_tuple=True)
        means.append(mask[..., a, b].mean(-1))
    return torch.tensor(sorted(set(apart.flatten().tolist()))), torch.stack(means, -1)


def by_key(key, mask, grid, **options):
    keys = key(grid)
    radii = keys.unique(**options)
    return radii, torch.stack([mask[..., keys == radius].mean(-1) for radius in radii], -1)


@wrong("the first entry along the last axis is missing")
def without_distance_zero(mask, grid):
    radii, means = by_key(distances, mask, grid)
    return radii[1:], means[..., 1:]


@wrong("You round the distances to whole patches")
def rounded_distances(mask, grid):
    return by_key(lambda grid: distances(grid).round(), mask, grid)


@wrong("You round the distances down")
def whole_distances(mask, grid):
    return by_key(lambda grid: distances(grid).floor(), mask, grid)


@wrong("Your means are right, but your distances are squared")
def squared_distances(mask, grid):
    return by_key(lambda grid: distances(grid).square().round(), mask, grid)


def steps(grid):
    places = coordinates(grid)
    return (places[:, None] - places).abs().float()


@wrong("Your distances count steps along rows and columns, |dy| + |dx|. Use the straight")
def manhattan(mask, grid):
    return by_key(lambda grid: steps(grid).sum(-1), mask, grid)


@wrong("Your distances are the larger of |dy| and |dx|. Use the straight ones of")
def larger_of_both(mask, grid):
    return by_key(lambda grid: steps(grid).amax(-1), mask, grid)


@wrong("Your distance is the difference of token numbers")
def along_the_raster(mask, grid):
    def raster(grid):
        index = torch.arange(grid[0] * grid[1])
        return (index[:, None] - index).abs().float()

    return by_key(raster, mask, grid)


@wrong("These are sums")
def sums(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius].sum(-1) for radius in radii], -1)


@wrong("You use only the pairs on and above the diagonal")
def upper_triangle(mask, grid):
    apart = distances(grid).triu()
    apart[apart == 0] = -1
    apart.fill_diagonal_(0)
    radii = apart[apart >= 0].unique()
    return radii, torch.stack([mask[..., apart == radius].mean(-1) for radius in radii], -1)


@wrong("Rows and columns of your grid are exchanged")
def grid_the_other_way_round(mask, grid):
    return by_key(lambda grid: distances(grid[::-1]), mask, grid)


@wrong("the values are in reverse order along the last axis")
def largest_first(mask, grid):
    radii, means = by_key(distances, mask, grid)
    return radii.flip(0), means.flip(-1)


@wrong("Both results are right, but in the other order")
def swapped(mask, grid):
    return by_key(distances, mask, grid)[::-1]


@wrong("It returns a float32 tensor, but a tuple of 2 values (a float32 tensor and a")
def means_alone(mask, grid):
    return by_key(distances, mask, grid)[1]


@wrong("The distances are the first axis of your means, but they must be the last:")
def stack_in_front(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius].mean(-1) for radius in radii])


@wrong("You average over all masks of a stack")
def mean_over_the_stack_too(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius].mean() for radius in radii])


@wrong("only the first entry along axis -2 is right")
def first_of_the_stack(mask, grid):
    radii, means = by_key(distances, mask.reshape(-1, *mask.shape[-2:])[0], grid)
    return radii, means.expand(*mask.shape[:-2], -1)


@wrong("You use the first query only")
def seen_from_the_first_token(mask, grid):
    apart = distances(grid)[0]
    radii = apart.unique()
    return radii, torch.stack([mask[..., 0, apart == radius].mean(-1) for radius in radii], -1)


@wrong("These are medians, but they must be means")
def median(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius].median(-1).values for radius in radii], -1)


@wrong("You average over all pairs up to a distance")
def up_to_the_distance(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart <= radius].mean(-1) for radius in radii], -1)


@wrong("You divide each sum by the number of all pairs")
def divided_by_all_pairs(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([(mask * (apart == radius)).mean((-2, -1)) for radius in radii], -1)


@wrong("this is what comes out when `mask` is replaced by its absolute value")
def magnitudes(mask, grid):
    return by_key(distances, mask.abs(), grid)


@wrong("You use one pair per distance")
def one_entry_per_distance(mask, grid):
    apart = distances(grid)
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius][..., 0] for radius in radii], -1)


@wrong("the values are one step too late along the last axis; those that leave at one end")
def below_each_distance(mask, grid):
    """Differences of neighboring sums: the next distance instead of this one."""
    radii, means = by_key(distances, mask, grid)
    return radii, means.roll(1, -1)


@wrong("The first result has the shape (4,), but (2,) is expected")
def every_pair_by_its_distance(mask, grid):
    apart = distances(grid).flatten()
    order = apart.argsort(stable=True)
    return apart[order], mask.flatten(-2)[..., order]


@wrong("only the first entry along the last axis is right")
def square_grid_assumed(mask, grid):
    side = int(mask.shape[-1] ** 0.5)
    apart = distances((side, mask.shape[-1] // side))
    radii = apart.unique()
    return radii, torch.stack([mask[..., apart == radius].mean(-1) for radius in radii], -1)


@wrong("It returns a tuple of 2 values (a list and a list), but a tuple of 2 values (a")
def python_numbers(mask, grid):
    radii, means = by_key(distances, mask, grid)
    return radii.tolist(), means.tolist()


@wrong("It returns a dict, but a tuple of 2 values (a float32 tensor and a float32 tensor)")
def a_dictionary(mask, grid):
    radii, means = by_key(distances, mask, grid)
    return dict(zip(radii.tolist(), means.unbind(-1), strict=True))


@wrong("The values are right, but no gradient comes back: is there a .detach(), .item() or")
def detached(mask, grid):
    return by_key(distances, mask.detach(), grid)


@wrong("returned None")
def no_return(mask, grid):
    by_key(distances, mask, grid)
