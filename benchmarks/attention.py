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

from benchmarks.bench import Measured, growth, matrix_peak, measure, one_thread, passes, report, tokens
from gmm_tutorial.attention import attention
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.train.profiles import device

HEADS, CHANNELS = 2, 32
AS_LONG, MEMORY, PRIOR = 1.1, 0.1, 1.3  # targets: blocks against the whole matrix, and a prior against none
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
    said = answers(measured, sides, matrix_peak())
    notes = f"{HEADS} heads of {CHANNELS} channels, one image"
    report("attention", "What does a prior cost in attention?", measured, said, notes)


def answers(measured: list[Measured], sides: list[int], peak: float) -> list[str]:
    """The targets, each with its figure, at the largest grid that all were measured on; growth, and the roofline."""
    side = max(side for side in sides if side <= 64)
    n = side * side
    at = {each.row: each for each in measured if each.column == tokens(n)}
    said = []
    for kind in ("forward", "both"):
        dense, blocked = (at[f"{backend}, GMM, {kind}"] for backend in ("dense", "blocked"))
        plain = at[f"blocked, no prior, {kind}"]
        memory = (blocked.bytes or 0) / (dense.bytes or 1)
        said.append(
            f"{tokens(n)}, GMM, {kind}: blocked takes {blocked.seconds / dense.seconds:.2f} times as long as dense "
            f"(target: at most {AS_LONG}), with {memory:.3f} of its memory (target: at most {MEMORY}), and "
            f"{blocked.seconds / plain.seconds:.2f} times as long as without a prior (target: at most {PRIOR})"
        )
    names = ("PyTorch's fused", "blocked, no prior", "blocked, GMM", "dense, GMM")
    shares = {name: 4 * HEADS * n * n * CHANNELS / at[f"{name}, forward"].seconds / peak for name in names}
    roofline = ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())
    said.append(f"{tokens(n)}, forward, share of the fastest matrix product ({peak / 1e9:.0f} GFLOP/s): {roofline}")
    sizes = [side * side for side in sides]
    return said + [growth(measured, f"{name}, forward", sizes) for name in names]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32, 64])
    main(parser.parse_args().sides)
