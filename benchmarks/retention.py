"""The three forms of retention, parallel, recurrent and chunkwise: time and memory over N, in one run.

    python -m benchmarks.retention            # N from 64 to 4,096: about a minute on a CPU

Two heads of 32 channels, one sequence, one thread; chunks of 64 tokens. Memory is the most bytes of tensors alive at
one time, without q, k and v. "both" is a forward and a backward pass. The exponents are the powers of N by which a cost
grows, fitted to all lengths by least squares, and between the two largest.
"""

import argparse
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from benchmarks.bench import Measured, growth, measure, one_thread, passes, report, tokens
from gmm_tutorial.decay import retnet_gamma
from gmm_tutorial.retention import chunkwise, parallel, recurrent
from gmm_tutorial.train.profiles import device

HEADS, CHANNELS, CHUNK = 2, 32, 64
FORMS: dict[str, Callable[..., Tensor]] = {
    "parallel": parallel,
    "recurrent": recurrent,
    "chunkwise": partial(chunkwise, chunk=CHUNK),
}


def main(lengths: list[int]) -> None:
    """Measure every form at every length."""
    one_thread()
    torch.manual_seed(0)
    gamma = retnet_gamma(HEADS).to(device())
    measured = []
    for length in lengths:
        shape = (1, HEADS, length, CHANNELS)
        qkv = [torch.randn(shape, device=device(), requires_grad=True) for _ in range(3)]
        for name, form in FORMS.items():
            for kind, run in passes(partial(form, gamma=gamma), qkv, qkv).items():
                measured.append(measure(f"{name}, {kind}", tokens(length), run, memory=True))
    notes = f"{HEADS} heads of {CHANNELS} channels, one sequence, chunks of {CHUNK}"
    report("retention", "Which form of retention is the fastest?", measured, answers(measured, lengths), notes)


def answers(measured: list[Measured], lengths: list[int]) -> list[str]:
    """The exponents, and how the forms compare at the largest length."""
    said = [growth(measured, f"{name}, {kind}", lengths) for kind in ("forward", "both") for name in FORMS]
    at = {each.row: each for each in measured if each.column == tokens(max(lengths))}
    for kind in ("forward", "both"):
        chunks = at[f"chunkwise, {kind}"]
        others = " and ".join(
            f"{at[f'{name}, {kind}'].seconds / chunks.seconds:.1f} times as fast as {name}, with "
            f"{(chunks.bytes or 0) / (at[f'{name}, {kind}'].bytes or 1):.2f} of its memory,"
            for name in ("parallel", "recurrent")
        )
        said.append(f"{tokens(max(lengths))}, {kind}: chunkwise is {others.rstrip(',')}")
    return said


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", type=int, nargs="+", default=[64, 256, 1024, 4096], help="two or more")
    main(parser.parse_args().lengths)
