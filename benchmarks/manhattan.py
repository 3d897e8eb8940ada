"""Manhattan attention, full against decomposed against softmax-free: time and peak memory over grids, in one run.

    python benchmarks/manhattan.py            # grids 8, 16, 32, 64; 4 heads of 16 channels, one image, both passes

Memory is the most bytes of tensors alive at one time, counted and not sampled, without q, k, v. The exponents are the
powers of N = h w by which a cost grows, fitted to all grids by least squares. At small grids, time is the overhead of
calls; the last column's exponent is that between the two largest grids.
"""

import argparse
import math
from collections.abc import Callable

import torch
from torch import Tensor

from gmm_tutorial.analysis.cost import exponent, peak_bytes, seconds
from gmm_tutorial.decay import manhattan_gamma
from gmm_tutorial.manhattan import decomposed_manhattan_attention, manhattan_attention, manhattan_retention
from gmm_tutorial.train.profiles import device

FORMS = {
    "full": manhattan_attention,
    "decomposed": decomposed_manhattan_attention,
    "softmax-free": manhattan_retention,
}


def both_passes(form: Callable[..., Tensor], side: int, heads: int, channels: int) -> Callable[[], None]:
    """A forward and a backward pass on a grid of side x side, ready to be called."""
    where = device()
    q, k, v = (torch.randn(1, heads, side * side, channels, device=where, requires_grad=True) for _ in range(3))
    gamma = manhattan_gamma(heads).to(where)

    def compute() -> None:
        torch.autograd.grad(form(q, k, v, gamma, (side, side)).sum(), (q, k, v))
        if where.type == "cuda":
            torch.cuda.synchronize()

    return compute


def main(sides: list[int], heads: int, channels: int, repeats: int) -> None:
    """Print a line for each form and grid, the exponents, and what decomposing saves on the largest grid."""
    tokens = [side**2 for side in sides]
    print(f"{heads} heads of {channels} channels, {device()}, one thread; forward and backward")
    print(f"{'':14}" + "".join(f"{f'{side} x {side}':>12}" for side in sides) + f"{'exponent':>12}{'last two':>10}")
    times, bytes_ = {}, {}
    for name, form in FORMS.items():
        calls = [both_passes(form, side, heads, channels) for side in sides]
        bytes_[name] = [peak_bytes(call) for call in calls]
        times[name] = [seconds(call, repeats) for call in calls]
    for unit, costs, factor in (("ms", times, 1e3), ("MB", bytes_, 1e-6)):
        for name, values in costs.items():
            cells = "".join(f"{factor * value:>12.2f}" for value in values)
            print(f"{name + ', ' + unit:14}{cells}{exponent(tokens, values):>12.2f}{last_two(tokens, values):>10.2f}")
    print(
        f"on {sides[-1]} x {sides[-1]}, decomposed is {times['full'][-1] / times['decomposed'][-1]:.0f} times faster "
        f"than full and uses 1/{bytes_['full'][-1] / bytes_['decomposed'][-1]:.0f} of its memory; "
        f"multiplications alone: 1/{sides[-1] / 2:.0f}"
    )


def last_two(sizes: list[int], costs: list[float]) -> float:
    """The exponent between the two largest sizes."""
    return math.log(costs[-1] / costs[-2]) / math.log(sizes[-1] / sizes[-2])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32, 64])
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    main(arguments.sides, arguments.heads, arguments.channels, arguments.repeats)
