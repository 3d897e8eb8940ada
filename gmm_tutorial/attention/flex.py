"""Attention by PyTorch's FlexAttention: a function changes each logit inside of the fused kernel.

The function reads the prior's kernel at the offset of query and key, so no table of all pairs exists. Gradients reach
the kernel, and through it alpha, sigma or gamma.
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import flex_attention

from gmm_tutorial.attention.arguments import Arguments
from gmm_tutorial.attention.offsets import has_kernel, kernel_of
from gmm_tutorial.grid import Grid

__all__ = ["attend_flexibly", "refusal", "score_function"]

ScoreFunction = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def attend_flexibly(arguments: Arguments) -> Tensor:
    """Compute `attention` by FlexAttention."""
    q, k, v, prior, combine, bias, num_prefix_tokens = arguments
    if bias is not None:
        raise ValueError("backend is 'flex', which takes no bias: use 'dense', or 'sdpa' where it takes the prior")
    if reason := refusal(q, prior, combine):
        raise ValueError(f"backend is 'flex', {reason}")
    if not torch.is_grad_enabled():
        q, k, v = q.detach(), k.detach(), v.detach()  # on a CPU it looks at these flags, not at the mode
    if not has_kernel(prior, combine):  # there is none
        return fused()(q, k, v)
    kernel = kernel_of(prior, combine, q, k, num_prefix_tokens)
    return fused()(q, k, v, score_mod=score_function(kernel, prior.grid, combine, num_prefix_tokens))


def refusal(q: Tensor, prior: Tensor | nn.Module | None, combine: str) -> str | None:
    """Why FlexAttention cannot be used, or None if it can."""
    if combine == "gate":
        return "which can change logits only, but combine is 'gate': use 'blocked' or 'dense'"
    if prior is not None and not has_kernel(prior, combine):
        kind = "a tensor" if isinstance(prior, Tensor) else type(prior).__name__
        return f"which reads the kernel of a prior, but prior is {kind}, which has none: use 'blocked' or 'dense'"
    if not q.is_cuda and torch.is_grad_enabled():  # whatever the tensors: a model in training would need them
        return "which has gradients on CUDA only: use 'blocked' or 'dense', or torch.no_grad()"
    return None


def score_function(kernel: Tensor, grid: Grid, combine: str, num_prefix_tokens: int = 0) -> ScoreFunction:
    """What changes a logit: its product with the kernel at the pair's offset, or its sum with the log kernel.

    Args:
        kernel: One number per offset, shape (H, 2h-1, 2w-1), or (1, 2h-1, 2w-1); logarithms unless it is a scale.
        grid: Rows and columns of the token grid, (h, w).
        combine: "scale", or anything else to add.
        num_prefix_tokens: How many tokens before those of the grid are left alone.
    """
    h, w = grid
    values, shared = kernel.flatten(1), len(kernel) == 1
    center = (h - 1) * (2 * w - 1) + w - 1

    def place(token: Tensor) -> Tensor:
        """Where a token of the grid would lie in the flattened kernel, whose rows are 2w-1 long."""
        cell = (token - num_prefix_tokens).clamp(min=0)
        return cell // w * (2 * w - 1) + cell % w

    def changed(logit: Tensor, batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
        value = values[head * 0 if shared else head, place(key) - place(query) + center]
        new = logit * value if combine == "scale" else logit + value
        if num_prefix_tokens == 0:
            return new
        return torch.where((query >= num_prefix_tokens) & (key >= num_prefix_tokens), new, logit)

    return changed


@cache
def fused() -> Callable[..., Tensor]:
    """FlexAttention, compiled when it is first called."""
    return torch.compile(flex_attention, dynamic=False)
