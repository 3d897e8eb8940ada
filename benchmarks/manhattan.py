"""Manhattan attention, full against decomposed against softmax-free: time and memory over grids, in one run.

    python -m benchmarks.manhattan            # grids 8, 16, 32, 64: under a minute on a CPU

Four heads of 16 channels, one image, one thread. Memory is the most bytes of tensors alive at one time, without q, k
and v. The exponents are the powers of N = h w by which a cost grows, fitted to all grids by least squares. At small
grids, time is the overhead of calls; so the power between the two largest grids stands beside it.
"""

import argparse
from functools import partial

import torch

from benchmarks.bench import Measured, growth, measure, one_thread, passes, report, tokens
from gmm_tutorial.decay import manhattan_gamma
from gmm_tutorial.manhattan import decomposed_manhattan_attention, manhattan_attention, manhattan_retention
from gmm_tutorial.train.profiles import device

HEADS, CHANNELS = 4, 16
FORMS = {
    "full": manhattan_attention,
    "decomposed": decomposed_manhattan_attention,
    "softmax-free": manhattan_retention,
}


def main(sides: list[int]) -> None:
    """Measure every form on every grid."""
    one_thread()
    torch.manual_seed(0)
    gamma = manhattan_gamma(HEADS).to(device())
    measured = []
    for side in sides:
        shape = (1, HEADS, side * side, CHANNELS)
        qkv = [torch.randn(shape, device=device(), requires_grad=True) for _ in range(3)]
        for name, form in FORMS.items():
            function = partial(form, gamma=gamma, grid=(side, side))
            for kind, run in passes(function, qkv, qkv).items():
                measured.append(measure(f"{name}, {kind}", tokens(side * side), run, memory=True))
    notes = f"{HEADS} heads of {CHANNELS} channels, one image"
    report("manhattan", "What does decomposing Manhattan attention save?", measured, answers(measured, sides), notes)


def answers(measured: list[Measured], sides: list[int]) -> list[str]:
    """The exponents, and what decomposing saves on the largest grid."""
    sizes, side = [side * side for side in sides], max(sides)
    at = {each.row: each for each in measured if each.column == tokens(side * side)}
    full, decomposed = at["full, both"], at["decomposed, both"]
    saved = (
        f"{side} x {side}, forward and backward: decomposed is {full.seconds / decomposed.seconds:.1f} times as fast "
        f"as full, with 1/{(full.bytes or 0) / (decomposed.bytes or 1):.0f} of its memory; multiplications alone: "
        f"1/{side / 2:g}"
    )
    return [*(growth(measured, f"{name}, both", sizes) for name in FORMS), saved]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32, 64], help="two or more")
    main(parser.parse_args().sides)
