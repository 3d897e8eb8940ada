"""Answers to 06.decomposed."""

import torch
from einops import rearrange
from torch.nn.functional import scaled_dot_product_attention
from verdicts import right, wrong

ROWS, COLUMNS = "B H (y x) D -> B y H x D", "B H (y x) D -> B x H y D"
FROM_ROWS, FROM_COLUMNS = "B y H x D -> B H (y x) D", "B x H y D -> B H (y x) D"


def line_decay(gamma, n):
    place = torch.arange(n)
    return gamma[:, None, None] ** (place[:, None] - place).abs()


def grid_decay(gamma, grid):
    return torch.stack(
        [torch.kron(a, b) for a, b in zip(line_decay(gamma, grid[0]), line_decay(gamma, grid[1]), strict=True)]
    )


def weights(q, k, decay, scale=None):
    return (q @ k.mT * (q.shape[-1] ** -0.5 if scale is None else scale) + decay.log()).softmax(-1)


def lines(q, k, v, decay, apart, together, grid, how=weights):
    q, k, v = (rearrange(each, apart, y=grid[0]) for each in (q, k, v))
    return rearrange(how(q, k, decay) @ v, together, y=grid[0])


def along_rows(q, k, v, gamma, grid, how=weights):
    return lines(q, k, v, line_decay(gamma, grid[1]), ROWS, FROM_ROWS, grid, how)


def along_columns(q, k, v, gamma, grid, how=weights):
    return lines(q, k, v, line_decay(gamma, grid[0]), COLUMNS, FROM_COLUMNS, grid, how)


@right
def two_passes(q, k, v, gamma, grid):
    return along_columns(q, k, along_rows(q, k, v, gamma, grid), gamma, grid)


@right
def in_double(q, k, v, gamma, grid):
    return two_passes(q.double(), k.double(), v.double(), gamma.double(), grid)


@right
def by_einsum(q, k, v, gamma, grid):
    q, k, v = (each.unflatten(2, grid) for each in (q, k, v))
    scale = q.shape[-1] ** -0.5
    row = torch.einsum("bnyxd,bnycd->bnyxc", q, k) * scale + line_decay(gamma, grid[1]).log()[:, None]
    column = torch.einsum("bnyxd,bnrxd->bnxyr", q, k) * scale + line_decay(gamma, grid[0]).log()[:, None]
    mixed = torch.einsum("bnrxc,bnrcd->bnrxd", row.softmax(-1), v)
    return torch.einsum("bnxyr,bnrxd->bnyxd", column.softmax(-1), mixed).flatten(2, 3)


@right
def line_by_line(q, k, v, gamma, grid):
    h, w = grid
    q, k, mixed = (each.unflatten(2, grid) for each in (q, k, v))
    rows = [weights(q[:, :, y], k[:, :, y], line_decay(gamma, w)) @ mixed[:, :, y] for y in range(h)]
    mixed = torch.stack(rows, dim=2)
    columns = [weights(q[:, :, :, x], k[:, :, :, x], line_decay(gamma, h)) @ mixed[:, :, :, x] for x in range(w)]
    return torch.stack(columns, dim=3).flatten(2, 3)


@right
def by_two_large_matrices(q, k, v, gamma, grid):
    y, x = torch.arange(grid[0] * grid[1]) // grid[1], torch.arange(grid[0] * grid[1]) % grid[1]
    logits = q @ k.mT / q.shape[-1] ** 0.5 + grid_decay(gamma, grid).log()
    row = logits.masked_fill(y[:, None] != y, -torch.inf).softmax(-1)
    column = logits.masked_fill(x[:, None] != x, -torch.inf).softmax(-1)
    return column @ (row @ v)


@right
def by_pytorchs_attention(q, k, v, gamma, grid):
    for apart, together, n in ((ROWS, FROM_ROWS, grid[1]), (COLUMNS, FROM_COLUMNS, grid[0])):
        parts = (rearrange(each, apart, y=grid[0]) for each in (q, k, v))
        v = rearrange(scaled_dot_product_attention(*parts, attn_mask=line_decay(gamma, n).log()), together, y=grid[0])
    return v


@wrong("You go along columns first")
def columns_first(q, k, v, gamma, grid):
    return along_rows(q, k, along_columns(q, k, v, gamma, grid), gamma, grid)


@wrong("Only your pass along rows counts")
def rows_only(q, k, v, gamma, grid):
    return along_rows(q, k, v, gamma, grid)


@wrong("Only your pass along columns counts")
def columns_only(q, k, v, gamma, grid):
    return along_columns(q, k, v, gamma, grid)


@wrong("This is full Manhattan attention, with every pair of tokens")
def full_form(q, k, v, gamma, grid):
    return weights(q, k, grid_decay(gamma, grid)) @ v


@wrong("You add the results of both passes")
def summed(q, k, v, gamma, grid):
    return along_rows(q, k, v, gamma, grid) + along_columns(q, k, v, gamma, grid)


@wrong("You average the results of both passes")
def averaged(q, k, v, gamma, grid):
    return (along_rows(q, k, v, gamma, grid) + along_columns(q, k, v, gamma, grid)) / 2


@wrong("You use one softmax over a token's row and column together")
def criss_cross(q, k, v, gamma, grid):
    y, x = torch.arange(grid[0] * grid[1]) // grid[1], torch.arange(grid[0] * grid[1]) % grid[1]
    logits = q @ k.mT / q.shape[-1] ** 0.5 + grid_decay(gamma, grid).log()
    return logits.masked_fill((y[:, None] != y) & (x[:, None] != x), -torch.inf).softmax(-1) @ v


@wrong("Your answer does not depend on gamma")
def no_decay(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma**0, grid)


@wrong("Your first pass has no decay")
def no_decay_in_rows(q, k, v, gamma, grid):
    return along_columns(q, k, along_rows(q, k, v, gamma**0, grid), gamma, grid)


@wrong("Your second pass has no decay")
def no_decay_in_columns(q, k, v, gamma, grid):
    return along_columns(q, k, along_rows(q, k, v, gamma, grid), gamma**0, grid)


@wrong("This is what comes out when `gamma` is squared")
def decay_twice(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma**2, grid)


@wrong("Your scores are not divided by sqrt(D)")
def not_scaled(q, k, v, gamma, grid):
    return two_passes(q * q.shape[-1] ** 0.5, k, v, gamma, grid)


@wrong("This is what comes out when `q` is divided by the square root of `q.shape[-1]`")
def divided_by_d(q, k, v, gamma, grid):
    return two_passes(q / q.shape[-1] ** 0.5, k, v, gamma, grid)


@wrong("Your scores are divided by sqrt(N), with N tokens")
def divided_by_root_n(q, k, v, gamma, grid):
    return two_passes(q * (q.shape[-1] / q.shape[-2]) ** 0.5, k, v, gamma, grid)


@wrong("Your scores are divided by the square root of a line's length")
def divided_by_the_lines_length(q, k, v, gamma, grid):
    def how(q, k, decay):
        return weights(q, k, decay, q.shape[-2] ** -0.5)

    return along_columns(q, k, along_rows(q, k, v, gamma, grid, how), gamma, grid, how)


@wrong("In your second pass the scores are divided by sqrt(D) twice")
def scaled_again_in_columns(q, k, v, gamma, grid):
    mixed = along_rows(q, k, v, gamma, grid)
    return along_columns(q / q.shape[-1] ** 0.5, k, mixed, gamma, grid)


@wrong("This is what comes out when `q` and `k` change places")
def q_and_k_swapped(q, k, v, gamma, grid):
    return two_passes(k, q, v, gamma, grid)


@wrong("This is what comes out when `grid` is read in reverse order")
def grid_swapped(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma, (grid[1], grid[0]))


@wrong("raised")
def decays_swapped(q, k, v, gamma, grid):
    mixed = lines(q, k, v, line_decay(gamma, grid[0]), ROWS, FROM_ROWS, grid)
    return lines(q, k, mixed, line_decay(gamma, grid[1]), COLUMNS, FROM_COLUMNS, grid)


@wrong("You multiply by the decay after softmax, as in the paper's formula")
def gate(q, k, v, gamma, grid):
    def how(q, k, decay):
        return weights(q, k, decay**0) * decay

    return along_columns(q, k, along_rows(q, k, v, gamma, grid, how), gamma, grid, how)


@wrong("You multiply the scores by the decay before softmax")
def decay_multiplies_scores(q, k, v, gamma, grid):
    def how(q, k, decay):
        return (q @ k.mT / q.shape[-1] ** 0.5 * decay).softmax(-1)

    return along_columns(q, k, along_rows(q, k, v, gamma, grid, how), gamma, grid, how)


@wrong("Your softmax runs over the queries")
def over_the_queries(q, k, v, gamma, grid):
    def how(q, k, decay):
        return (q @ k.mT / q.shape[-1] ** 0.5 + decay.log()).softmax(-2)

    return along_columns(q, k, along_rows(q, k, v, gamma, grid, how), gamma, grid, how)


@wrong("There is no softmax in your passes")
def no_softmax(q, k, v, gamma, grid):
    def how(q, k, decay):
        return q @ k.mT / q.shape[-1] ** 0.5 * decay

    return along_columns(q, k, along_rows(q, k, v, gamma, grid, how), gamma, grid, how)


@wrong("Your first pass mixes the keys as well")
def keys_mixed_too(q, k, v, gamma, grid):
    return along_columns(q, along_rows(q, k, k, gamma, grid), along_rows(q, k, v, gamma, grid), gamma, grid)


@wrong("Your first pass mixes queries and keys as well")
def queries_and_keys_mixed_too(q, k, v, gamma, grid):
    mixed = (along_rows(q, k, each, gamma, grid) for each in (q, k, v))
    return along_columns(*mixed, gamma, grid)


@wrong("Your result is numbered column by column")
def left_column_by_column(q, k, v, gamma, grid):
    out = two_passes(q, k, v, gamma, grid)
    return rearrange(out, "B H (y x) D -> B H (x y) D", y=grid[0])


@wrong("Your second pass does not run along columns")
def columns_by_reshape(q, k, v, gamma, grid):
    mixed = along_rows(q, k, v, gamma, grid)
    swapped = (each.unflatten(2, (grid[1], grid[0])).transpose(1, 2) for each in (q, k, mixed))
    q, k, mixed = swapped
    return (weights(q, k, line_decay(gamma, grid[0])) @ mixed).transpose(1, 2).flatten(2, 3)


@wrong("Only the first entry along axis -3 is right")
def first_head_only(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma[:1].expand(len(gamma)), grid)


@wrong("This is what comes out when `gamma` is reversed along its last axis")
def heads_reversed(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma.flip(0), grid)


@wrong("is too large by")
def values_added(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma, grid) + v


@wrong("Both of your passes go along rows, so no token gets anything from another row")
def rows_twice(q, k, v, gamma, grid):
    return along_rows(q, k, along_rows(q, k, v, gamma, grid), gamma, grid)


@wrong("values differ")
def mean_of_both_orders(q, k, v, gamma, grid):
    return (two_passes(q, k, v, gamma, grid) + columns_first(q, k, v, gamma, grid)) / 2


@wrong("The numbers are right and in the right order, but the shape is not")
def on_the_grid_still(q, k, v, gamma, grid):
    return two_passes(q, k, v, gamma, grid).unflatten(2, grid)


@wrong("The values are right, but no gradient reaches gamma")
def rates_as_numbers(q, k, v, gamma, grid):
    return two_passes(q, k, v, torch.tensor(gamma.tolist()), grid)


@wrong("returned None: did you forget")
def no_return(q, k, v, gamma, grid):
    _ = two_passes(q, k, v, gamma, grid)
