"""Answers to 02.neighbor_means."""

import torch
from verdicts import right, wrong

from gmm_tutorial.grid import coordinates, distances


def index_pairs(grid):
    """All pairs (a, b) of horizontal, and of vertical neighbors, b being right of or below a."""
    index = torch.arange(grid[0] * grid[1]).view(grid)
    across = index[:, :-1].flatten(), index[:, 1:].flatten()
    down = index[:-1].flatten(), index[1:].flatten()
    return across, down


def both_ways(mask, a, b):
    return torch.cat((mask[..., a, b], mask[..., b, a]), -1)


@right
def indices_of_pairs(mask, grid):
    return tuple(both_ways(mask, a, b).mean(-1) for a, b in index_pairs(grid))


@right
def as_six_axes(mask, grid):
    h, w = grid
    axes = mask.reshape(*mask.shape[:-2], h, w, h, w)
    rows, columns = torch.arange(h), torch.arange(w)
    same_row = axes[..., rows, :, rows, :].movedim(0, -3)
    horizontal = same_row[..., (columns[:, None] - columns).abs() == 1].mean((-2, -1))
    in_column = axes[..., :, columns, :, columns].movedim(0, -3)
    vertical = in_column[..., (rows[:, None] - rows).abs() == 1].mean((-2, -1))
    return [horizontal, vertical]


@right
def a_loop_over_queries_in_double(mask, grid):
    h, w = grid
    horizontal, vertical = [], []
    for y in range(h):
        for x in range(w):
            for dx in (-1, 1):
                if 0 <= x + dx < w:
                    horizontal.append(mask[..., y * w + x, y * w + x + dx].double())
            for dy in (-1, 1):
                if 0 <= y + dy < h:
                    vertical.append(mask[..., y * w + x, (y + dy) * w + x].double())
    return sum(horizontal) / len(horizontal), sum(vertical) / len(vertical)


@right
def weighted_sums(mask, grid):
    near = distances(grid) == 1
    y = coordinates(grid)[:, 0]
    same = y[:, None] == y
    weights = torch.stack((near & same, near & ~same)).to(mask)
    means = torch.einsum("...ab,zab->z...", mask, weights) / weights.sum((1, 2)).view(2, *[1] * (mask.ndim - 2))
    return tuple(means)


def offsets(grid):
    y, x = coordinates(grid).unbind(-1)
    return y - y[:, None], x - x[:, None]


def means(mask, horizontal, vertical):
    return mask[..., horizontal].mean(-1), mask[..., vertical].mean(-1)


@wrong("The two means are exchanged")
def swapped(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dx == 0) & (dy.abs() == 1), (dy == 0) & (dx.abs() == 1))


@wrong("You use only the neighbor to the right and the one below")
def right_and_below_only(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx == 1), (dx == 0) & (dy == 1))


@wrong("You use only the neighbor to the left and the one above")
def left_and_above_only(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx == -1), (dx == 0) & (dy == -1))


@wrong("You count the whole row and the whole column of a token")
def whole_row(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx != 0), (dx == 0) & (dy != 0))


@wrong("You count each token as its own neighbor")
def with_the_token_itself(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx.abs() <= 1), (dx == 0) & (dy.abs() <= 1))


@wrong("You count pairs of any two rows")
def any_row(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, dx.abs() == 1, dy.abs() == 1)


@wrong("Token a + 1 is not always to the right of token a")
def next_in_the_raster(mask, grid):
    n, w = grid[0] * grid[1], grid[1]
    index = torch.arange(n)
    apart = (index - index[:, None]).abs()
    return means(mask, apart == 1, apart == w)


@wrong("You count the first and the last token of a row or column as neighbors")
def around_the_edge(mask, grid):
    dy, dx = offsets(grid)
    h, w = grid
    return means(mask, (dy == 0) & ((dx % w == 1) | (-dx % w == 1)), (dx == 0) & ((dy % h == 1) | (-dy % h == 1)))


@wrong("Rows and columns of your grid are exchanged")
def grid_swapped(mask, grid):
    dy, dx = offsets(grid[::-1])
    return means(mask, (dy == 0) & (dx.abs() == 1), (dx == 0) & (dy.abs() == 1))


@wrong("this is what comes out when `grid` is read in reverse order")
def vertical_step_of_h(mask, grid):
    h, w = grid
    index = torch.arange(h * w)
    apart = (index - index[:, None]).abs()
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx.abs() == 1), apart == h)


@wrong("These are sums")
def sums(mask, grid):
    return tuple(both_ways(mask, a, b).sum(-1) for a, b in index_pairs(grid))


@wrong("each value is twice the expected one")
def both_ways_added(mask, grid):
    return tuple((mask[..., a, b] + mask[..., b, a]).mean(-1) for a, b in index_pairs(grid))


@wrong("You divide the sums by N, the number of tokens")
def divided_by_tokens(mask, grid):
    return tuple(both_ways(mask, a, b).sum(-1) / mask.shape[-1] for a, b in index_pairs(grid))


@wrong("You divide the sums by the number of all entries")
def divided_by_all(mask, grid):
    dy, dx = offsets(grid)
    horizontal, vertical = (dy == 0) & (dx.abs() == 1), (dx == 0) & (dy.abs() == 1)
    return (mask * horizontal).mean((-2, -1)), (mask * vertical).mean((-2, -1))


@wrong("You count diagonal neighbors, too")
def diagonals_too(mask, grid):
    dy, dx = offsets(grid)
    near = distances(grid) < 2
    return means(mask, near & (dx != 0), near & (dy != 0))


@wrong("You use the tokens two steps away")
def two_steps(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx.abs() == 2), (dx == 0) & (dy.abs() == 2))


@wrong("You average per token first, so tokens at the edge count as much as others")
def per_token_then_mean(mask, grid):
    dy, dx = offsets(grid)
    out = []
    for pairs in ((dy == 0) & (dx.abs() == 1), (dx == 0) & (dy.abs() == 1)):
        out.append(((mask * pairs).sum(-1) / pairs.sum(-1)).mean(-1))
    return tuple(out)


@wrong("You average over all masks of a stack")
def mean_over_the_stack(mask, grid):
    dy, dx = offsets(grid)
    return mask[..., (dy == 0) & (dx.abs() == 1)].mean(), mask[..., (dx == 0) & (dy.abs() == 1)].mean()


@wrong("You use only the first mask of a stack")
def first_of_the_stack(mask, grid):
    dy, dx = offsets(grid)
    one = mask.reshape(-1, *mask.shape[-2:])[0]
    pair = means(one, (dy == 0) & (dx.abs() == 1), (dx == 0) & (dy.abs() == 1))
    return tuple(each.expand(mask.shape[:-2]) for each in pair)


@wrong("It returns a number, but a tuple of 2 values (a number and a number) is expected")
def difference(mask, grid):
    horizontal, vertical = indices_of_pairs(mask, grid)
    return horizontal - vertical


@wrong("Both of your means are over all pairs at distance 1")
def one_mean_of_both(mask, grid):
    dy, dx = offsets(grid)
    near = mask[..., dy.abs() + dx.abs() == 1].mean(-1)
    return near, near


@wrong("It returns a float32 tensor, but a tuple of 2 values (a number and a number) is")
def stacked(mask, grid):
    return torch.stack(indices_of_pairs(mask, grid))


@wrong("It returns a tuple of 2 values (a list and a list), but a tuple of 2 values (a")
def python_numbers(mask, grid):
    return tuple(each.tolist() for each in indices_of_pairs(mask, grid))


@wrong("this is what comes out when `mask` is replaced by its absolute value")
def absolute(mask, grid):
    return indices_of_pairs(mask.abs(), grid)


@wrong("The first result is too small by")
def right_and_above(mask, grid):
    dy, dx = offsets(grid)
    return means(mask, (dy == 0) & (dx == 1), (dx == 0) & (dy == -1))


@wrong("The first result contains NaN: is there a division by zero, or an overflow?")
def tokens_with_all_four(mask, grid):
    dy, dx = offsets(grid)
    h, w = grid
    y, x = coordinates(grid).unbind(-1)
    inner = ((y > 0) & (y < h - 1) & (x > 0) & (x < w - 1))[:, None]
    return means(mask, inner & (dy == 0) & (dx.abs() == 1), inner & (dx == 0) & (dy.abs() == 1))


@wrong("The first result is too small by")
def last_pair_forgotten(mask, grid):
    return tuple(both_ways(mask, a[:-1], b[:-1]).mean(-1) for a, b in index_pairs(grid))


@wrong("returned None")
def no_return(mask, grid):
    indices_of_pairs(mask, grid)
