"""Answers to 04.offset_share."""

import torch
from verdicts import right, wrong

from gmm_tutorial import analysis
from gmm_tutorial.grid import coordinates, unfold_kernel


def away(matrix):
    """The entries beside the diagonal, (H, N * (N - 1))."""
    return matrix[:, ~torch.eye(matrix.shape[-1], dtype=torch.bool)]


def nearest(matrix, grid):
    return unfold_kernel(analysis.by_offset(matrix, grid), grid)


def share(matrix, fit):
    return 1 - (away(matrix) - away(fit)).square().mean(1) / away(matrix).var(1, correction=0)


@right
def loops(matrix, grid):
    places, found = coordinates(grid).tolist(), []
    for m in matrix:
        by_offset = {}
        for a, (y, x) in enumerate(places):
            for b, (u, t) in enumerate(places):
                if a != b:
                    by_offset.setdefault((u - y, t - x), []).append(m[a, b])
        lists = [torch.stack(values) for values in by_offset.values()]
        rest = sum((values - values.mean()).square().sum() for values in lists)
        everything = torch.cat(lists)
        found.append(1 - rest / (everything - everything.mean()).square().sum())
    return torch.stack(found)


@right
def correlation_squared(matrix, grid):
    a, b = away(matrix), away(nearest(matrix, grid))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    return (a * b).sum(1) ** 2 / (a.square().sum(1) * b.square().sum(1))


@right
def variance_of_the_fit(matrix, grid):
    return away(nearest(matrix, grid)).var(1) / away(matrix).var(1)


@right
def in_float64(matrix, grid):
    return share(matrix.double(), nearest(matrix.double(), grid))


@right
def offsets_counted(matrix, grid):
    (h, w), places = grid, coordinates(grid)
    dy, dx = (places[None] - places[:, None]).unbind(-1)
    kind = away(((dy + h - 1) * (2 * w - 1) + dx + w - 1)[None])[0]
    entries = away(matrix)
    sums = torch.zeros(len(matrix), (2 * h - 1) * (2 * w - 1)).to(matrix).index_add(1, kind, entries)
    means = sums / torch.bincount(kind, minlength=sums.shape[1]).clamp(min=1)
    total = (entries - entries.mean(1, keepdim=True)).square().sum(1)
    return 1 - (entries - means[:, kind]).square().sum(1) / total


@wrong("You include the diagonal")
def diagonal_counted(matrix, grid):
    rest = matrix - nearest(matrix, grid)
    return 1 - rest.square().mean((-2, -1)) / matrix.var((-2, -1), correction=0)


@wrong("You leave the diagonal out of the error")
def diagonal_left_out_above_only(matrix, grid):
    rest = away(matrix) - away(nearest(matrix, grid))
    return 1 - rest.square().mean(1) / matrix.var((-2, -1), correction=0)


@wrong("Your mean still includes the diagonal")
def mean_with_the_diagonal(matrix, grid):
    rest = away(matrix) - away(nearest(matrix, grid))
    total = away(matrix) - matrix.mean((-2, -1))[:, None]
    return 1 - rest.square().sum(1) / total.square().sum(1)


@wrong("You set the diagonal to 0")
def diagonal_set_to_zero(matrix, grid):
    matrix = matrix * (1 - torch.eye(matrix.shape[-1]))
    rest = matrix - nearest(matrix, grid)
    return 1 - rest.square().mean((-2, -1)) / matrix.var((-2, -1), correction=0)


@wrong("You use only the entries above the diagonal")
def above_the_diagonal_only(matrix, grid):
    rows, columns = torch.triu_indices(matrix.shape[-1], matrix.shape[-1], 1)
    entries, fit = matrix[:, rows, columns], nearest(matrix, grid)[:, rows, columns]
    return 1 - (entries - fit).square().mean(1) / entries.var(1, correction=0)


@wrong("You divide a mean over all pairs by torch's var")
def variance_over_n_minus_one(matrix, grid):
    rest = away(matrix) - away(nearest(matrix, grid))
    return 1 - rest.square().mean(1) / away(matrix).var(1)


@wrong("You divide by the sum of all squares")
def not_centered(matrix, grid):
    rest = away(matrix) - away(nearest(matrix, grid))
    return 1 - rest.square().sum(1) / away(matrix).square().sum(1)


@wrong("This is the share that the offset does *not* explain")
def what_is_not_explained(matrix, grid):
    return 1 - share(matrix, nearest(matrix, grid))


@wrong("This is the correlation of the entries with their fit")
def not_squared(matrix, grid):
    return share(matrix, nearest(matrix, grid)).sqrt()


@wrong("You sum absolute errors")
def absolute_instead_of_squared(matrix, grid):
    entries, fit = away(matrix), away(nearest(matrix, grid))
    return 1 - (entries - fit).abs().sum(1) / (entries - entries.mean(1, keepdim=True)).abs().sum(1)


@wrong("You compare standard deviations")
def ratio_of_spreads(matrix, grid):
    rest = away(matrix) - away(nearest(matrix, grid))
    return 1 - rest.std(1) / away(matrix).std(1)


@wrong("You fit a function of the distance")
def by_distance(matrix, grid):
    far, fit = torch.cdist(*[coordinates(grid).double()] * 2), torch.zeros_like(matrix)
    for d in far.unique():
        fit = torch.where(far == d, matrix[:, far == d].mean(1)[:, None, None], fit)
    return share(matrix, fit)


@wrong("You average along whole diagonals")
def offset_along_the_raster(matrix, grid):
    n = matrix.shape[-1]
    return share(matrix, nearest(matrix, (1, n)))


@wrong("You take the variance of the kernel")
def variance_of_the_kernel(matrix, grid):
    return analysis.by_offset(matrix, grid).flatten(1).var(1, correction=0) / away(matrix).var(1, correction=0)


@wrong("It is the mean over the last axis of what is expected")
def one_number_for_all(matrix, grid):
    return share(matrix, nearest(matrix, grid)).mean()


@wrong("You sum over the heads as well")
def heads_together(matrix, grid):
    entries, fit = away(matrix), away(nearest(matrix, grid))
    return (1 - (entries - fit).square().mean() / entries.var(correction=0)).expand(len(matrix))


@wrong("You subtract one mean from all matrices")
def one_mean_for_all_heads(matrix, grid):
    entries, fit = away(matrix), away(nearest(matrix, grid))
    return 1 - (entries - fit).square().sum(1) / (entries - entries.mean()).square().sum(1)


@wrong("You fit the mean of all heads")
def one_kernel_for_all_heads(matrix, grid):
    return share(matrix, nearest(matrix.mean(0, keepdim=True), grid).expand_as(matrix))


@wrong("This is what comes out when `grid` is read in reverse order")
def grid_swapped(matrix, grid):
    return share(matrix, nearest(matrix, grid[::-1]))


@wrong("Each value is 100 times the expected one")
def in_percent(matrix, grid):
    return 100 * share(matrix, nearest(matrix, grid))


@wrong("Your offsets wrap around at the border")
def on_a_torus(matrix, grid):
    (h, w), places = grid, coordinates(grid)
    dy, dx = ((places[None] - places[:, None]) % torch.tensor(grid)).unbind(-1)
    kind, fit = dy * w + dx, torch.zeros_like(matrix)
    for k in range(h * w):
        fit = torch.where(kind == k, matrix[:, kind == k].mean(1)[:, None, None], fit)
    return share(matrix, fit)


@wrong("You divide the sum at each offset by N")
def sum_divided_by_n(matrix, grid):
    (h, w), places = grid, coordinates(grid)
    dy, dx = (places[None] - places[:, None]).unbind(-1)
    fit = nearest(matrix, grid) * ((h - dy.abs()) * (w - dx.abs())) / (h * w)
    return share(matrix, fit)
