"""Building a mixture mask: the ways to do it, forward and backward, as ratios to the reference in one run.

    python benchmarks/masks.py            # 12 heads, 5 kernels, grids 8, 16, 32

published: an N x N table of exp(-d^2), raised to a power for every kernel and head, as the authors' code does (the
table itself, which theirs fills by a Python loop, is not timed); strided: the kernel, then a sliding window as a
strided view; gather: the kernel, then `unfold_kernel`, which is the reference.
"""

import argparse
from collections.abc import Callable

import torch
from torch import Tensor

from gmm_tutorial.analysis.cost import seconds
from gmm_tutorial.grid import distances
from gmm_tutorial.priors import GaussianMixtureMask


def published(prior: GaussianMixtureMask, base: Tensor) -> Tensor:
    """(H, N, N) by K H N^2 powers."""
    exponent = 1 / (prior.sigma.square() + 1e-5)
    return torch.einsum("kh,khab->hab", prior.alpha, base ** exponent[..., None, None])


def strided(prior: GaussianMixtureMask) -> Tensor:
    """(H, N, N) by a window that slides over the kernel."""
    h, w = prior.grid
    windows = prior.kernel().unfold(1, h, 1).unfold(2, w, 1).flip(1, 2)
    return windows.reshape(len(windows), h * w, h * w)


def timed(build: Callable[..., Tensor], *arguments: object) -> float:
    """Seconds of a forward and a backward pass."""
    return seconds(lambda: build(*arguments).sum().backward(), repeats=20)


def main(sides: list[int], heads: int, kernels: int) -> None:
    """Print one line a grid."""
    print(f"{heads} heads, {kernels} kernels, one thread; forward and backward")
    print(f"{'grid':>8} {'gather, ms':>11} {'strided':>9} {'published':>10}   (times the gather)")
    for side in sides:
        prior = GaussianMixtureMask((side, side), heads, kernels)
        base = torch.exp(-distances(prior.grid).square()).sqrt()
        gather = timed(prior)
        ratios = [timed(strided, prior) / gather, timed(published, prior, base) / gather]
        print(f"{side:>3} x {side:<3} {1e3 * gather:>10.2f} {ratios[0]:>9.1f} {ratios[1]:>10.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32])
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--kernels", type=int, default=5)
    arguments = parser.parse_args()
    main(arguments.sides, arguments.heads, arguments.kernels)
