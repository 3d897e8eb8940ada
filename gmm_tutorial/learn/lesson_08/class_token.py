"""Exercise 08.class_token: a mask on the logits of patches, with a class token beside them."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def class_token(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """logits (B, H, P+N, P+N), mask (H, N, N), P = prefix -> the same shape: patch-to-patch logits under the mask."""
    return logits * F.pad(mask, (prefix, 0, prefix, 0), value=1.0)


def class_token_cases() -> list[dict[str, Any]]:
    """A row of two patches after one token, then grids that are not square, several heads, and two or no tokens."""
    sizes = ((2, 3, 6, 1), (3, 2, 4, 2), (2, 2, 6, 0))
    small = {"logits": torch.arange(1.0, 10).view(1, 1, 3, 3), "mask": torch.tensor([[[10.0, 20], [30, 40]]])}
    larger = [
        {"logits": torch.randn(batch, heads, prefix + n, prefix + n), "mask": torch.randn(heads, n, n)}
        for batch, heads, n, prefix in sizes
    ]
    return [
        {**each, "prefix": prefix}
        for each, prefix in zip((small, *larger), (1, *(size[-1] for size in sizes)), strict=True)
    ]


exercise = Exercise(
    "08.class_token",
    class_token,
    class_token_cases,
    unit="masks",
    hints=(
        "A class token has no place on the grid, so the mask has no number for its pairs. Their logits must stay as "
        "they are.",
        "Which number can you multiply a logit by without changing it? Enlarge the mask from N x N to (P+N) x (P+N) "
        "with that number.",
        "The prefix tokens come first, so the new rows are above the mask and the new columns are on its left. "
        "torch.nn.functional.pad adds them, or start from a tensor of ones and build the result without writing into "
        "the logits.",
    ),
)


@exercise.mistake
def padded_with_zeros(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You set the logits of the class token to 0: pad the mask with the number that changes nothing."""
    return logits * F.pad(mask, (prefix, 0, prefix, 0))


@exercise.mistake
def prefix_last(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You treat the last tokens as the class token: prefix tokens come before the patches."""
    return logits * F.pad(mask, (0, prefix, 0, prefix), value=1.0)


@exercise.mistake
def row_alone(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You free the class token as a query but not as a key: what patches read from it has no mask either."""
    padded = F.pad(mask, (prefix, 0, prefix, 0), value=1.0)
    padded[:, prefix:, :prefix] = 0
    return logits * padded


@exercise.mistake
def column_alone(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You free the class token as a key but not as a query: what it reads from patches has no mask either."""
    padded = F.pad(mask, (prefix, 0, prefix, 0), value=1.0)
    padded[:, :prefix, prefix:] = 0
    return logits * padded


@exercise.mistake
def added(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You add the mask: GMM multiplies it onto the logits."""
    return logits + F.pad(mask, (prefix, 0, prefix, 0))


@exercise.mistake
def cut_off(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You return the logits of the patches alone: the class token still has to read them."""
    return logits[..., prefix:, prefix:] * mask


@exercise.mistake
def transposed(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """Your mask is transposed: rows are queries and columns are keys, in the mask as in the logits."""
    return class_token(logits, mask.mT, prefix)


@exercise.mistake
def logarithm_added(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You add the logarithm of the mask. That is the way of RMT's decay; GMM multiplies the logits by the mask."""
    return logits + F.pad(mask, (prefix, 0, prefix, 0), value=1.0).log()


@exercise.mistake
def ones_outside(logits: Tensor, mask: Tensor, prefix: int) -> Tensor:
    """You replace the logits of the class token by 1. Multiply them by 1 instead, so that they stay as they are."""
    return F.pad(logits[..., prefix:, prefix:] * mask, (prefix, 0, prefix, 0), value=1.0)
