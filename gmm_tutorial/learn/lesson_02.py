"""Checks of lesson 02: a free mask on the logits, its gradients, and three measures of what it has learned."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial import analysis
from gmm_tutorial.attention import attention_weights
from gmm_tutorial.grid import Grid, coordinates, distances
from gmm_tutorial.learn.exercise import Exercise

# ---- 02.masked_weights


def masked_weights(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """softmax(mask * S), S = q k^T / sqrt(D): (B, H, N, D) twice and (1, N, N) -> (B, H, N, N)."""
    return attention_weights(q, k, k, mask, combine="scale")


def masked_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; one mask for all heads; a mask for each head; the published start."""
    q = torch.tensor([[[[2.0, 0, 0, 0], [0, 2, 0, 0]]]])
    k = torch.tensor([[[[1.0, 0, 0, 0], [2, 3, 0, 0]]]])
    return [
        {"q": q, "k": k, "mask": torch.tensor([[[1.0, 0], [2, 1]]])},
        {"q": torch.randn(2, 2, 6, 9), "k": torch.randn(2, 2, 6, 9), "mask": torch.randn(1, 6, 6)},
        {"q": torch.randn(1, 3, 4, 2), "k": torch.randn(1, 3, 4, 2), "mask": torch.randn(3, 4, 4)},
        {"q": torch.randn(2, 2, 6, 4), "k": torch.randn(2, 2, 6, 4), "mask": torch.zeros(1, 6, 6)},
    ]


masked = Exercise(
    "02.masked_weights",
    masked_weights,
    masked_cases,
    unit="masks",
    hints=(
        "Start with lesson 01's scores: every query against every key, divided by the square root of D.",
        "The mask has one number for each score. Where must it act so that every row still sums to 1?",
        "Multiply mask and scores entry by entry, and take the softmax of the product over the keys.",
    ),
)


def scaled_scores(q: Tensor, k: Tensor) -> Tensor:
    """S = q k^T / sqrt(D): (B, H, N, N)."""
    return q @ k.mT * q.shape[-1] ** -0.5


@masked.mistake
def after_the_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You multiply after the softmax, and the rows no longer sum to 1: the mask belongs on the scores."""
    return mask * scaled_scores(q, k).softmax(-1)


@masked.mistake
def added(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You add the mask to the scores, which is another member of the family: ELM multiplies."""
    return (mask + scaled_scores(q, k)).softmax(-1)


@masked.mistake
def transposed_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your mask is transposed: its rows are queries and its columns are keys, as in the scores."""
    return (mask.mT * scaled_scores(q, k)).softmax(-1)


@masked.mistake
def over_queries(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your columns sum to 1, not your rows: over which axis goes the softmax?"""
    return (mask * scaled_scores(q, k)).softmax(-2)


@masked.mistake
def unscaled(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your scores are too large: where is the division by the square root of D?"""
    return (mask * (q @ k.mT)).softmax(-1)


@masked.mistake
def divided_by_d(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """Your scores are too small: they are divided by D, not by its square root."""
    return (mask * (q @ k.mT) / q.shape[-1]).softmax(-1)


@masked.mistake
def without_mask(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """This is vanilla attention: where does the mask come in?"""
    return scaled_scores(q, k).softmax(-1)


@masked.mistake
def zero_forbids(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """You forbid the pairs whose mask is 0. ELM only multiplies: a score of 0 still gets its share, exp(0) = 1."""
    return (mask * scaled_scores(q, k)).masked_fill(mask == 0, -torch.inf).softmax(-1)


@masked.mistake
def no_softmax(q: Tensor, k: Tensor, mask: Tensor) -> Tensor:
    """These are the masked scores: they still need the softmax that makes weights of them."""
    return mask * scaled_scores(q, k)


# ---- 02.gradients


def gradients(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """How the loss changes with the scores, (B, H, N, N), and with the mask, (1, N, N).

    upstream: how it changes with the product mask * scores; scores: both (B, H, N, N); mask: (1, N, N).
    """
    return mask * upstream, (scores * upstream).sum((0, 1))[None]


def gradient_cases() -> list[dict[str, Any]]:
    """One image and two heads in whole numbers; then more of everything; then a mask of zeros."""
    upstream, scores = torch.tensor([[[[1.0, 2], [3, 4]], [[1, 0], [-1, 2]]]]), torch.ones(1, 2, 2, 2)
    scores[0, 1] = torch.tensor([[3.0, 5], [2, 0]])
    return [
        {"upstream": upstream, "scores": scores, "mask": torch.tensor([[[0.0, 1], [2, 10]]])},
        {"upstream": torch.randn(2, 3, 4, 4), "scores": torch.randn(2, 3, 4, 4), "mask": torch.randn(1, 4, 4)},
        {"upstream": torch.randn(3, 1, 6, 6), "scores": torch.randn(3, 1, 6, 6), "mask": torch.zeros(1, 6, 6)},
    ]


backward = Exercise(
    "02.gradients",
    gradients,
    gradient_cases,
    unit="masks",
    hints=(
        "Take a single pair and a single head: the product is m * s. What is its derivative by s? And by m?",
        "Each derivative is the other factor. The chain rule multiplies it by what comes from above.",
        "All images and all heads share the mask, so what they say about one of its entries is added up.",
    ),
)


@backward.mistake
def one_head_only(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient still has a value for each head: one mask serves them all, so add over the heads too."""
    return mask * upstream, (scores * upstream).sum(0)


@backward.mistake
def one_image_only(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient still has a value for each image: one mask serves them all, so add over the batch too."""
    return mask * upstream, (scores * upstream).sum(1)


@backward.mistake
def averaged(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient is an average over images and heads: the chain rule adds."""
    return mask * upstream, (scores * upstream).mean((0, 1))[None]


@backward.mistake
def not_summed(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient has the shape of the scores: a gradient has that of what it belongs to, here (1, N, N)."""
    return mask * upstream, scores * upstream


@backward.mistake
def summed_first(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """You add up the scores and what comes from above each by itself: multiply first, then add."""
    return mask * upstream, (scores.sum((0, 1)) * upstream.sum((0, 1)))[None]


@backward.mistake
def without_scores(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Your mask's gradient does not depend on the scores: the derivative of m * s by m is s."""
    return mask * upstream, upstream.sum((0, 1))[None]


@backward.mistake
def own_factor(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Each gradient has the wrong factor: the derivative of m * s by s is m, and by m it is s."""
    return scores * upstream, (mask * upstream).sum((0, 1))[None]


@backward.mistake
def swapped(upstream: Tensor, scores: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Both are right, but in the other order: first the gradient of the scores, then that of the mask."""
    return (scores * upstream).sum((0, 1))[None], mask * upstream


# ---- 02.by_distance


def distance_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; four; then grids that are not square, and several masks at once."""
    return [
        {"mask": torch.tensor([[1.0, 2], [4, 3]]), "grid": (1, 2)},
        {"mask": torch.tensor([[1.0, 2, 4, 8], [2, 1, 8, 4], [4, 8, 1, 2], [8, 6, 4, 3]]), "grid": (2, 2)},
        {"mask": torch.randn(6, 6), "grid": (2, 3)},
        {"mask": torch.randn(2, 20, 20), "grid": (5, 4)},
    ]


profile = Exercise(
    "02.by_distance",
    analysis.by_distance,
    distance_cases,
    unit="grids",
    hints=(
        "distances(grid) is as large as the mask: the same pair of tokens stands at the same place in both.",
        "Ask it with .unique() which distances there are. For one of them, which pairs of the mask count?",
        "For each distance take the mean of the mask where the distances equal it, over the last two axes; stack.",
    ),
)


def means_of_groups(mask: Tensor, group: Tensor) -> tuple[Tensor, Tensor]:
    """The values in `group`, (N, N), and the mean of the mask at each."""
    values = group.unique()
    return values, torch.stack([mask[..., group == value].mean(-1) for value in values], dim=-1)


@profile.mistake
def sums(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """These are sums. There are more pairs at some distances than at others: take the mean."""
    radii, means = analysis.by_distance(mask, grid)
    return radii, means * distances(grid).flatten().unique(return_counts=True)[1]


@profile.mistake
def divided_by_n(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You divide each sum by N, but not every token has the same number of keys at a distance: count the pairs."""
    radii, total = sums(mask, grid)
    return radii, total / mask.shape[-1]


@profile.mistake
def manhattan(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your distances are steps along rows and columns, |dy| + |dx|: here they go straight, as distances(grid) does."""
    return means_of_groups(mask, (coordinates(grid)[None] - coordinates(grid)[:, None]).abs().sum(-1).float())


@profile.mistake
def squared(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your means are right, but your distances are squared: is a root missing?"""
    radii, means = analysis.by_distance(mask, grid)
    return radii.square().round(), means


@profile.mistake
def rounded_distances(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You round the distances to whole patches: keep 1 and the square root of 2 apart."""
    return means_of_groups(mask, distances(grid).round())


@profile.mistake
def index_difference(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You take the difference of token numbers for a distance: the token below is w numbers away, but one patch."""
    n = torch.arange(grid[0] * grid[1]).float()
    return means_of_groups(mask, (n[None] - n[:, None]).abs())


@profile.mistake
def grid_swapped(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your grid lies on its side: it is (h, w), rows first. On a square grid nobody would notice."""
    return analysis.by_distance(mask, (grid[1], grid[0]))


@profile.mistake
def first_query_only(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You look at the first query only: take all pairs of tokens at that distance."""
    group = distances(grid)[0]
    radii = group.unique()
    return radii, torch.stack([mask[..., 0, group == radius].mean(-1) for radius in radii], dim=-1)


# ---- 02.diagonal_score


def diagonal_cases() -> list[dict[str, Any]]:
    """Two tokens in whole numbers; then larger masks, and several at once."""
    return [
        {"mask": torch.tensor([[0.0, 4], [2, 2]])},
        {"mask": 3 * torch.randn(6, 6) + 1},
        {"mask": torch.randn(3, 5, 5) * torch.tensor([1.0, 2, 5]).view(3, 1, 1) - torch.eye(5)},
    ]


diagonal = Exercise(
    "02.diagonal_score",
    analysis.diagonal_score,
    diagonal_cases,
    unit="masks",
    hints=(
        "Three numbers for each mask: the mean of its diagonal, the mean of all its entries, and their spread.",
        "The score is a difference divided by a spread. .diagonal(dim1=-2, dim2=-1) works for a stack of masks too.",
        "Subtract the mean of all entries from the mean of the diagonal; divide by .std(..., correction=0) of all.",
    ),
)


def diagonal_mean(mask: Tensor) -> Tensor:
    """(..., N, N) -> (...)."""
    return mask.diagonal(dim1=-2, dim2=-1).mean(-1)


@diagonal.mistake
def not_divided(mask: Tensor) -> Tensor:
    """This is the plain difference. Divide it by the standard deviation, so that masks of any scale compare."""
    return diagonal_mean(mask) - mask.mean((-2, -1))


@diagonal.mistake
def spread_of_the_diagonal(mask: Tensor) -> Tensor:
    """You divide by the spread of the diagonal: the measuring stick is the spread of the whole mask."""
    return not_divided(mask) / mask.diagonal(dim1=-2, dim2=-1).std(-1, correction=0)


@diagonal.mistake
def against_the_others(mask: Tensor) -> Tensor:
    """You compare the diagonal with the entries off it: the score compares it with the mean of all entries."""
    n = mask.shape[-1]
    others = mask[..., ~torch.eye(n, dtype=torch.bool)]
    return (diagonal_mean(mask) - others.mean(-1)) / mask.std((-2, -1), correction=0)


@diagonal.mistake
def other_sign(mask: Tensor) -> Tensor:
    """Your sign is turned around: a diagonal below the mean is to give a negative score."""
    return -analysis.diagonal_score(mask)


@diagonal.mistake
def divided_by_variance(mask: Tensor) -> Tensor:
    """You divide by the variance: is a root missing?"""
    return not_divided(mask) / mask.var((-2, -1), correction=0)


@diagonal.mistake
def sample_spread(mask: Tensor) -> Tensor:
    """Nearly: .std() divides by one less than the number of entries. They are all here, so say correction=0."""
    return not_divided(mask) / mask.std((-2, -1))


@diagonal.mistake
def not_centred(mask: Tensor) -> Tensor:
    """You do not subtract the mean of the mask: the diagonal of a constant mask would look special."""
    return diagonal_mean(mask) / mask.std((-2, -1), correction=0)


@diagonal.mistake
def one_spread_for_all(mask: Tensor) -> Tensor:
    """You take mean and spread over the whole stack: each mask has its own, over its last two axes."""
    return (diagonal_mean(mask) - mask.mean()) / mask.std(correction=0)


@diagonal.mistake
def antidiagonal(mask: Tensor) -> Tensor:
    """You read the other diagonal: a token's weight for itself stands at [a, a]."""
    return analysis.diagonal_score(mask.flip(-1))


# ---- 02.neighbour_means


def neighbour_cases() -> list[dict[str, Any]]:
    """Four tokens in whole numbers; then grids that are not square, and several masks at once."""
    return [
        {"mask": torch.tensor([[9.0, 1, 0, 9], [3, 9, 9, 2], [4, 9, 9, 5], [9, 6, 7, 9]]), "grid": (2, 2)},
        {"mask": torch.randn(6, 6), "grid": (2, 3)},
        {"mask": torch.randn(2, 20, 20), "grid": (5, 4)},
    ]


neighbours = Exercise(
    "02.neighbour_means",
    analysis.neighbour_means,
    neighbour_cases,
    unit="grids",
    hints=(
        "When are two tokens side by side? Say it with their rows and columns, not with their numbers.",
        "coordinates(grid) gives rows and columns, (N, 2). Subtract them pairwise, as with [None] and [:, None].",
        "Side by side: same row, columns that differ by 1, either way. Two masks of yes and no pick the entries.",
    ),
)


def mean_where(mask: Tensor, pairs: Tensor) -> Tensor:
    """The mean over the pairs that are true: (..., N, N), (N, N) -> (...)."""
    return mask[..., pairs].mean(-1)


def steps(grid: Grid) -> tuple[Tensor, Tensor]:
    """dy and dx, key - query: (N, N) each."""
    dy, dx = (coordinates(grid)[None] - coordinates(grid)[:, None]).unbind(-1)
    return dy, dx


@neighbours.mistake
def around_the_end(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Token a + 1 is not always to the right of token a: at the end of a row it starts the next one."""
    n = torch.arange(grid[0] * grid[1])
    step = (n[None] - n[:, None]).abs()
    return mean_where(mask, step == 1), mean_where(mask, step == grid[1])


@neighbours.mistake
def exchanged(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You have the two exchanged: horizontal neighbours share a row, so y is the same and x differs."""
    horizontal, vertical = analysis.neighbour_means(mask, grid)
    return vertical, horizontal


@neighbours.mistake
def one_way(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You look to the right and down only. A mask need not be symmetric: look to the left and up too."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx == 1)), mean_where(mask, (dy == 1) & (dx == 0))


@neighbours.mistake
def other_way(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You look to the left and up only. A mask need not be symmetric: look to the right and down too."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx == -1)), mean_where(mask, (dy == -1) & (dx == 0))


@neighbours.mistake
def whole_rows(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You count the whole row and the whole column of a token: only those one step away are its neighbours."""
    dy, dx = steps(grid)
    return mean_where(mask, (dy == 0) & (dx != 0)), mean_where(mask, (dx == 0) & (dy != 0))


@neighbours.mistake
def corners_too(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """You count pairs of any two rows: horizontal neighbours are in the same row, vertical ones in the same column."""
    dy, dx = steps(grid)
    return mean_where(mask, dx.abs() == 1), mean_where(mask, dy.abs() == 1)


@neighbours.mistake
def both_together(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your two means are one: all pairs at distance 1. Which of them lie in one row, which in one column?"""
    return (mean_where(mask, distances(grid) == 1),) * 2


@neighbours.mistake
def added_up(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """These are sums: a tall grid has more vertical pairs than horizontal ones, so take means."""
    dy, dx = steps(grid)
    horizontal, vertical = (dy == 0) & (dx.abs() == 1), (dx == 0) & (dy.abs() == 1)
    return mask[..., horizontal].sum(-1), mask[..., vertical].sum(-1)


@neighbours.mistake
def wrong_row_length(mask: Tensor, grid: Grid) -> tuple[Tensor, Tensor]:
    """Your grid lies on its side: it is (h, w), rows first. On a square grid nobody would notice."""
    return analysis.neighbour_means(mask, (grid[1], grid[0]))


EXERCISES = (masked, backward, profile, diagonal, neighbours)
