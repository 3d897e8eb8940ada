"""What does a prior cost in attention? Ours against PyTorch's fused function, with and without a prior, in one run.

    python -m benchmarks.attention                 # N from 64 to 4,096: about two minutes on a CPU
    python -m benchmarks.attention --sides 8 128   # other grids; 128 x 128 is N = 16,384

Two heads of 32 channels, one image, one thread. Memory is the most bytes of tensors alive at one time, without q, k and
v. "both" is a forward and a backward pass.
"""

import argparse
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.bench import Measured, measure, one_thread, passes, report, tokens
from gmm_tutorial.attention import attention
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.train.profiles import device

HEADS, CHANNELS = 2, 32
PRIORS = {"no prior": None, "GMM": GaussianMixtureMask, "Manhattan": ManhattanDecay}


def contestants(side: int) -> dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]]:
    """What computes attention on a grid, by name."""
    found: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {"PyTorch's fused": F.scaled_dot_product_attention}
    backends = ["dense", "blocked", "flex"] if device().type == "cuda" else ["dense", "blocked"]
    for backend in backends:
        for name, kind in PRIORS.items():
            prior = None if kind is None else kind((side, side), HEADS).to(device())
            found[f"{backend}, {name}"] = partial(attention, prior=prior, backend=backend)
    return found


def parameters(function: Callable[..., Tensor]) -> list[Tensor]:
    """The parameters of the prior that a contestant has."""
    prior = function.keywords["prior"] if isinstance(function, partial) else None
    return list(prior.parameters()) if isinstance(prior, nn.Module) else []


def main(sides: list[int]) -> None:
    """Measure every contestant on every grid."""
    one_thread()
    torch.manual_seed(0)
    measured = []
    for side in sides:
        shape = (1, HEADS, side * side, CHANNELS)
        qkv = [torch.randn(shape, device=device(), requires_grad=True) for _ in range(3)]
        for name, function in contestants(side).items():
            for kind, run in passes(function, qkv, qkv + parameters(function)).items():
                if kind == "forward" or side <= 64:  # beyond, a backward pass takes minutes on a CPU
                    measured.append(measure(f"{name}, {kind}", tokens(side * side), run, memory=True))
    question = "What does a prior cost in attention?"
    report(
        "attention", question, measured, answers(measured, sides), f"{HEADS} heads of {CHANNELS} channels, one image"
    )


def answers(measured: list[Measured], sides: list[int]) -> list[str]:
    """The targets, each with its figure, at the largest grid that all were measured on."""
    side = max(side for side in sides if side <= 64)
    at = {each.row: each for each in measured if each.column == tokens(side * side)}
    said = []
    for kind in ("forward", "both"):
        dense, blocked = (at[f"{backend}, GMM, {kind}"] for backend in ("dense", "blocked"))
        plain = at[f"blocked, no prior, {kind}"]
        memory = (blocked.bytes or 0) / (dense.bytes or 1)
        said.append(
            f"{tokens(side * side)}, GMM, {kind}: blocked takes {blocked.seconds / dense.seconds:.2f} times as long as "
            f"dense, with {memory:.3f} of its memory, and {blocked.seconds / plain.seconds:.2f} times as long as "
            "without a prior"
        )
    return said


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32, 64])
    main(parser.parse_args().sides)
