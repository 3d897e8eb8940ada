"""Answers to 06.effective_matrix."""

from functools import partial

import torch
from einops import rearrange
from verdicts import right, wrong

PAIRS = "B H y x r c -> B H (y x) (r c)"


def line_decay(gamma, n):
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place).abs()


def grid_decay(gamma, grid):
    return torch.stack(
        [torch.kron(a, b) for a, b in zip(line_decay(gamma, grid[0]), line_decay(gamma, grid[1]), strict=True)]
    )


def axis_logits(q, k, gamma, grid):
    """Logits along columns (B, H, x, y, y'), along rows (B, H, y, x, x')."""
    q, k = q.unflatten(2, grid) / q.shape[-1] ** 0.5, k.unflatten(2, grid)
    along_h = torch.einsum("bnyxd,bnrxd->bnxyr", q, k) + line_decay(gamma, grid[0]).log()[:, None]
    along_w = torch.einsum("bnyxd,bnycd->bnyxc", q, k) + line_decay(gamma, grid[1]).log()[:, None]
    return along_h, along_w


def axis_weights(q, k, gamma, grid):
    return tuple(each.softmax(-1) for each in axis_logits(q, k, gamma, grid))


def large_matrices(q, k, gamma, grid):
    """The weights within rows, and within columns, as two (B, H, N, N) matrices with zeros elsewhere."""
    token = torch.arange(grid[0] * grid[1])
    y, x = token // grid[1], token % grid[1]
    logits = q @ k.mT / q.shape[-1] ** 0.5 + grid_decay(gamma, grid).log()
    return tuple(logits.masked_fill(each[:, None] != each, -torch.inf).softmax(-1) for each in (y, x))


@right
def by_einsum(q, k, gamma, grid):
    return torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid)).flatten(4, 5).flatten(2, 3)


@right
def column_matrix_times_row_matrix(q, k, gamma, grid):
    rows, columns = large_matrices(q, k, gamma, grid)
    return columns @ rows


@right
def applied_to_the_identity(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    n = grid[0] * grid[1]
    values = torch.eye(n).view(*grid, n)
    mixed = torch.einsum("bnyxc,ycN->bnyxN", along_w, values)
    return torch.einsum("bnxyr,bnrxN->bnyxN", along_h, mixed).flatten(2, 3)


@right
def pair_by_pair(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    where = [(y, x) for y in range(grid[0]) for x in range(grid[1])]
    rows = [torch.stack([along_h[:, :, x, y, r] * along_w[:, :, r, x, c] for r, c in where], -1) for y, x in where]
    return torch.stack(rows, dim=-2)


@right
def in_double(q, k, gamma, grid):
    return by_einsum(q.double(), k.double(), gamma.double(), grid)


@right
def by_broadcasting(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    column = rearrange(along_h, "B H x y r -> B H y x r 1")
    row = rearrange(along_w, "B H r x c -> B H 1 x r c")
    return rearrange(column * row, PAIRS)


@right
def divided_once_more(q, k, gamma, grid):
    """Its rows sum to 1 already, so that this changes nothing."""
    effective = by_einsum(q, k, gamma, grid)
    return effective / effective.sum(-1, keepdim=True)


def arranged(pattern, q, k, gamma, grid):
    product = torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid))
    return rearrange(product, pattern)


by_pattern = right(partial(arranged, PAIRS))


@wrong("Your path turns at the corner (y, x')")
def columns_first(q, k, gamma, grid):
    rows, columns = large_matrices(q, k, gamma, grid)
    return rows @ columns


@wrong("The result is transposed")
def transposed(q, k, gamma, grid):
    return by_einsum(q, k, gamma, grid).mT


@wrong("Your matrix holds the attention within rows only")
def rows_only(q, k, gamma, grid):
    return large_matrices(q, k, gamma, grid)[0]


@wrong("Your matrix holds the attention within columns only")
def columns_only(q, k, gamma, grid):
    return large_matrices(q, k, gamma, grid)[1]


@wrong("You add the attention within rows to that within columns")
def summed(q, k, gamma, grid):
    rows, columns = large_matrices(q, k, gamma, grid)
    return rows + columns


@wrong("You average the attention within rows and that within columns")
def averaged(q, k, gamma, grid):
    rows, columns = large_matrices(q, k, gamma, grid)
    return (rows + columns) / 2


@wrong("Only the diagonal is right")
def elementwise_product(q, k, gamma, grid):
    rows, columns = large_matrices(q, k, gamma, grid)
    return rows * columns


@wrong("This is the matrix of full Manhattan attention, with a score for every pair")
def full_attention(q, k, gamma, grid):
    return (q @ k.mT / q.shape[-1] ** 0.5 + grid_decay(gamma, grid).log()).softmax(-1)


@wrong("This is what comes out when `q` is all 0")
def no_scores(q, k, gamma, grid):
    return grid_decay(gamma, grid).log().softmax(-1).expand(len(q), -1, -1, -1) + 0 * (q @ k.mT)


@wrong("You use the first row and the first column for all pairs")
def kronecker_of_the_first_lines(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bnyr,bnxc->bnyxrc", along_h[:, :, 0], along_w[:, :, 0]), PAIRS)


@wrong("You average over rows and over columns")
def kronecker_of_the_mean_lines(q, k, gamma, grid):
    along_h, along_w = (each.mean(2) for each in axis_weights(q, k, gamma, grid))
    return rearrange(torch.einsum("bnyr,bnxc->bnyxrc", along_h, along_w), PAIRS)


@wrong("You take the attention within the query's row y")
def row_of_the_query(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bnxyr,bnyxc->bnyxrc", along_h, along_w), PAIRS)


@wrong("You take the attention within the key's column x'")
def column_of_the_key(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bncyr,bnrxc->bnyxrc", along_h, along_w), PAIRS)


@wrong("You sum the attention within columns over all columns")
def over_all_columns(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bnzyr,bnrxc->bnyxrc", along_h, along_w), PAIRS)


@wrong("You read the attention within rows from key to query")
def row_backwards(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bnxyr,bnrcx->bnyxrc", along_h, along_w), PAIRS)


@wrong("You read the attention within columns from key to query")
def column_backwards(q, k, gamma, grid):
    along_h, along_w = axis_weights(q, k, gamma, grid)
    return rearrange(torch.einsum("bnxry,bnrxc->bnyxrc", along_h, along_w), PAIRS)


@wrong("Your matrix numbers queries and keys column by column")
def axes_out_of_raster_order(q, k, gamma, grid):
    product = torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid))
    return rearrange(product, "B H y x r c -> B H (x y) (c r)")


@wrong("Along the last axis, the tokens are counted column by column; raster order goes row by row")
def keys_out_of_raster_order(q, k, gamma, grid):
    product = torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid))
    return rearrange(product, "B H y x r c -> B H (y x) (c r)")


@wrong("Along axis -2, the tokens are counted column by column; raster order goes row by row")
def queries_out_of_raster_order(q, k, gamma, grid):
    product = torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid))
    return rearrange(product, "B H y x r c -> B H (x y) (r c)")


@wrong("You merge y with y' and x with x'")
def axes_paired_wrongly(q, k, gamma, grid):
    product = torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid))
    return rearrange(product, "B H y x r c -> B H (y r) (x c)")


@wrong("The numbers are right and in the right order, but the shape is not")
def left_on_the_grid(q, k, gamma, grid):
    return torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_weights(q, k, gamma, grid))


@wrong("This is what comes out when `grid` is read in reverse order")
def grid_swapped(q, k, gamma, grid):
    return by_einsum(q, k, gamma, (grid[1], grid[0]))


@wrong("Your scores are not divided by sqrt(D)")
def not_scaled(q, k, gamma, grid):
    return by_einsum(q * q.shape[-1] ** 0.5, k, gamma, grid)


@wrong("This is what comes out when `q` is divided by the square root of `q.shape[-1]`")
def divided_by_d(q, k, gamma, grid):
    return by_einsum(q / q.shape[-1] ** 0.5, k, gamma, grid)


@wrong("This is what comes out when `gamma` is all 1")
def no_decay(q, k, gamma, grid):
    return by_einsum(q, k, gamma**0, grid)


@wrong("This is what comes out when `gamma` is squared")
def decay_twice(q, k, gamma, grid):
    return by_einsum(q, k, gamma**2, grid)


@wrong("You multiply by the decay once more at the end")
def decay_once_more(q, k, gamma, grid):
    return by_einsum(q, k, gamma, grid) * grid_decay(gamma, grid)


@wrong("You multiply by the decay after softmax, so your rows do not sum to 1")
def decay_at_the_end(q, k, gamma, grid):
    return by_einsum(q, k, gamma**0, grid) * grid_decay(gamma, grid)


@wrong("You apply the decay only at the end")
def decay_at_the_end_then_divided(q, k, gamma, grid):
    gated = by_einsum(q, k, gamma**0, grid) * grid_decay(gamma, grid)
    return gated / gated.sum(-1, keepdim=True)


@wrong("You add the logits of both axes and take one softmax over all keys")
def one_softmax_for_both(q, k, gamma, grid):
    along_h, along_w = axis_logits(q, k, gamma, grid)
    column = rearrange(along_h, "B H x y r -> B H y x r 1")
    row = rearrange(along_w, "B H r x c -> B H 1 x r c")
    return rearrange(column + row, PAIRS).softmax(-1)


@wrong("You multiply logits and take the softmax of their product")
def logits_multiplied(q, k, gamma, grid):
    return arranged_logits(q, k, gamma, grid).softmax(-1)


def arranged_logits(q, k, gamma, grid):
    return rearrange(torch.einsum("bnxyr,bnrxc->bnyxrc", *axis_logits(q, k, gamma, grid)), PAIRS)


@wrong("You multiply logits: each axis needs a softmax before the two are")
def no_softmax(q, k, gamma, grid):
    return arranged_logits(q, k, gamma, grid)


@wrong("Your softmax runs over the queries")
def over_the_queries(q, k, gamma, grid):
    along_h, along_w = (each.softmax(-2) for each in axis_logits(q, k, gamma, grid))
    return rearrange(torch.einsum("bnxyr,bnrxc->bnyxrc", along_h, along_w), PAIRS)


@wrong("This is what comes out when `q` and `k` change places")
def q_and_k_swapped(q, k, gamma, grid):
    return by_einsum(k, q, gamma, grid)


@wrong("Only the first entry along axis -3 is right")
def first_head_only(q, k, gamma, grid):
    return by_einsum(q, k, gamma[:1].expand(len(gamma)), grid)


@wrong("It is the mean over axis -3 of what is expected")
def mean_over_heads(q, k, gamma, grid):
    return by_einsum(q, k, gamma, grid).mean(1)


@wrong("It has the shape (1, 2, 12, 12), but (3, 2, 12, 12) is expected")
def first_image_only(q, k, gamma, grid):
    return by_einsum(q[:1], k[:1], gamma, grid)


@wrong("The values are right, but no gradient reaches gamma")
def rates_as_numbers(q, k, gamma, grid):
    return by_einsum(q, k, torch.tensor(gamma.tolist()), grid)


@wrong("returned None: did you forget")
def no_return(q, k, gamma, grid):
    _ = by_einsum(q, k, gamma, grid)
