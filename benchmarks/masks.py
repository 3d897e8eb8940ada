"""How fast is a mixture mask built? Five ways, forward and backward, in one run.

    python -m benchmarks.masks            # 12 heads, 5 Gaussians, grids 8, 16, 32: about half a minute on a CPU

reference: `GaussianMixtureMask()`, the kernel and then windows that slide over it. gather: the kernel, then an entry of
it for each pair, by a table of indices; the gradient of that adds one entry of the mask after the other. strided: the
kernel, then the windows as a view of it, copied. published: an N x N table of exp(-d^2), raised to a power for each
Gaussian and head, as in the authors' code (the table itself, which theirs fills by a Python loop, is not timed). copy:
nothing but a copy of a finished mask, which no way can beat by much.
"""

import argparse
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.bench import Measured, measure, one_thread, passes, report, tokens
from gmm_tutorial.grid import distances, unfold_kernel
from gmm_tutorial.priors import GaussianMixtureMask
from gmm_tutorial.train.profiles import device

HEADS, KERNELS = 12, 5
TARGET = 25  # how many times as fast as the published way the reference should be, from 16 x 16 on


def ways(prior: GaussianMixtureMask) -> dict[str, Callable[[], Tensor]]:
    """What builds the mask of a prior, shape (H, N, N), by name."""
    h, w = prior.grid
    base = torch.exp(-distances(prior.grid).square()).sqrt().to(prior.sigma)
    places = torch.arange((2 * h - 1) * (2 * w - 1), device=prior.sigma.device).view(1, 2 * h - 1, 2 * w - 1)
    table = unfold_kernel(places, prior.grid).flatten()

    def gather() -> Tensor:
        return prior.kernel().flatten(1).index_select(1, table).view(-1, h * w, h * w)

    def strided() -> Tensor:
        windows = prior.kernel().unfold(1, h, 1).unfold(2, w, 1).flip(1, 2)
        return windows.reshape(-1, h * w, h * w)

    def published() -> Tensor:
        power = 1 / (prior.sigma.square() + 1e-5)
        return torch.einsum("kh,khab->hab", prior.alpha, base ** power[..., None, None])

    return {"reference": prior, "gather": gather, "strided": strided, "published": published}


def main(sides: list[int]) -> None:
    """Measure every way on every grid."""
    one_thread()
    torch.manual_seed(0)
    measured = []
    for side in sides:
        prior = GaussianMixtureMask((side, side), HEADS, KERNELS).to(device())
        for way, build in ways(prior).items():
            for kind, run in passes(build, [], list(prior.parameters())).items():
                measured.append(measure(f"{way}, {kind}", tokens(side * side), run, memory=True))
        mask = prior().detach()
        measured.append(measure("copy, forward", tokens(side * side), mask.clone, memory=True))
    notes = f"{HEADS} heads, {KERNELS} Gaussians; N = 64 is a grid of 8 x 8"
    report("masks", "How fast is a mixture mask built?", measured, answers(measured, sides), notes)


def answers(measured: list[Measured], sides: list[int]) -> list[str]:
    """How the reference compares with the published way and with a copy, and the target."""
    said = []
    for side in sides:
        at = {each.row: each.seconds for each in measured if each.column == tokens(side * side)}
        target = f" (target: at least {TARGET})" if side >= 16 else ""
        faster, copies = (at[row] / at["reference, both"] for row in ("published, both", "copy, forward"))
        said.append(
            f"{side} x {side}, forward and backward: the reference is {faster:.0f} times as fast as the published way"
            f"{target}, and takes as long as {1 / copies:.1f} copies of the mask"
        )
    return said


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32])
    main(parser.parse_args().sides)
