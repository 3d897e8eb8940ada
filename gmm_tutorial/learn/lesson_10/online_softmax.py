"""Exercise 10.online_softmax: the maximum and the sum of a softmax, with one more block of scores."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise

Pair = tuple[Tensor, Tensor]


def online_softmax(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """m, total (N,), block (N, n) -> both with the block: the maximum, and the sum of exp(s - maximum)."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, total * (m - new).exp() + (block - new[:, None]).exp().sum(dim=1)


def online_softmax_cases() -> list[dict[str, Any]]:
    """A maximum that rises and one that stays; the first block of all; then blocks of other sizes, and large scores."""
    small = {"m": torch.tensor([1.0, 3.0]), "total": torch.tensor([2.0, 1.0]), "block": torch.tensor([[2.0], [0.0]])}
    nothing = {"m": torch.full((3,), -torch.inf), "total": torch.zeros(3), "block": torch.randn(3, 4)}
    larger = [
        {"m": size * torch.randn(rows), "total": 1 + 3 * torch.rand(rows), "block": size * torch.randn(rows, columns)}
        for rows, columns, size in ((4, 2, 1.0), (5, 3, 2.0), (6, 6, 100.0))
    ]
    return [small, nothing, *larger]


exercise = Exercise(
    "10.online_softmax",
    online_softmax,
    online_softmax_cases,
    unit="blocks",
    hints=(
        "First the new maximum: it is the larger one of the maximum so far and the maximum of the block, row by row.",
        "The old sum consists of terms exp(s - old maximum). What must each of them be multiplied by, so that it "
        "becomes exp(s - new maximum)?",
        "The factor is the same for all terms of a row, so it can multiply their sum. It is the exponential of the old "
        "maximum minus the new one, and is at most 1. Then add the terms of the block.",
    ),
)


@exercise.mistake
def not_rescaled(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You keep the old sum as it is. Its terms were computed with the old maximum: rescale it to the new one."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, total + (block - new[:, None]).exp().sum(dim=1)


@exercise.mistake
def factor_upside_down(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """Your factor is upside down. When the maximum rises, the old terms become smaller: the exponent is at most 0."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, total * (new - m).exp() + (block - new[:, None]).exp().sum(dim=1)


@exercise.mistake
def factor_without_exp(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You multiply the old sum by a difference of maxima: take the exponential of this difference."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, total * (m - new) + (block - new[:, None]).exp().sum(dim=1)


@exercise.mistake
def block_by_its_own_maximum(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You subtract the block's own maximum in the new terms: subtract the maximum over all blocks so far."""
    own = block.amax(dim=1)
    new = torch.maximum(m, own)
    return new, total * (m - new).exp() + (block - own[:, None]).exp().sum(dim=1)


@exercise.mistake
def block_by_the_old_maximum(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You subtract the old maximum in the new terms, but return the new one: subtract the maximum that you return."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, total + (block - m[:, None]).exp().sum(dim=1)


@exercise.mistake
def new_terms_rescaled_too(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You rescale the new terms as well: they have the new maximum already, so only the old sum needs the factor."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, (total + (block - new[:, None]).exp().sum(dim=1)) * (m - new).exp()


@exercise.mistake
def maximum_of_the_block(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You return the maximum of the block: the maximum so far stays if it is larger."""
    new = block.amax(dim=1)
    return new, total * (m - new).exp() + (block - new[:, None]).exp().sum(dim=1)


@exercise.mistake
def maximum_not_returned(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """Your sum is right, but you return the old maximum: return the new one, which the sum was computed with."""
    return m, online_softmax(m, total, block)[1]


@exercise.mistake
def block_alone(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """Your sum has the terms of this block only: add them to the rescaled old sum."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, (block - new[:, None]).exp().sum(dim=1)


@exercise.mistake
def one_maximum_for_all_rows(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You use one maximum for all rows: each row holds the scores of one query, and has a maximum of its own."""
    new = torch.maximum(m, block.amax().expand_as(m))
    return new, total * (m - new).exp() + (block - new[:, None]).exp().sum(dim=1)


@exercise.mistake
def in_another_order(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """Both are right, but in the other order: return the maximum first, then the sum."""
    return online_softmax(m, total, block)[::-1]


@exercise.mistake
def exponential_missing(m: Tensor, total: Tensor, block: Tensor) -> Pair:
    """You add up the scores of the block themselves: each term is the exponential of a score minus the maximum."""
    new = torch.maximum(m, block.amax(dim=1))
    return new, total * (m - new).exp() + (block - new[:, None]).sum(dim=1)
