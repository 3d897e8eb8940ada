"""What a computation costs: seconds, peak memory, multiplications, and the power of its size by which they grow."""

import math
import time
import weakref
from collections.abc import Callable, Sequence
from statistics import linear_regression
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


def seconds(compute: Callable[[], Any], repeats: int = 5) -> float:
    """The fastest of several calls, after one that does not count: what else a machine does can only add to it.

    On one thread: several, on cores that others use too, would mostly measure how they wait for each other. For a GPU,
    let `compute` end in a synchronisation.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        compute()
        times = []
        for _ in range(repeats):
            start = time.perf_counter()
            compute()
            times.append(time.perf_counter() - start)
        return min(times)
    finally:
        torch.set_num_threads(threads)


def peak_bytes(compute: Callable[[], Any]) -> int:
    """The most bytes of tensors alive at one time that the call has made, on any device, backward passes included."""
    with Ledger() as ledger:
        compute()
    return ledger.peak


@torch.no_grad()
def macs(model: nn.Module, image_size: int) -> int:
    """Multiply-accumulates of one image, (3, image_size, image_size): of convolutions and matrix products.

    Q K^T and A V are among them. What is done once for a whole batch, such as building a mask, is left out.
    """
    where, training = next(model.parameters()).device, model.training
    # without gradients even where a module, as some priors do, returns a parameter itself: the counter looks for them
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def flops(images: int) -> int:
        with FlopCounterMode(display=False) as counter:
            functional_call(model, weights, torch.zeros(images, 3, image_size, image_size, device=where))
        return counter.get_total_flops()

    model.eval()
    one_more = flops(2) - flops(1)
    model.train(training)
    return one_more // 2  # a multiplication and an addition


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The power p in cost = c size^p that fits best by least squares of the logarithms."""
    return linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope


class Ledger(TorchDispatchMode):
    """Keeps account of every storage that an operation returns, until the last tensor on it is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: set[int] = set()  # storages, by their identity
        self.bytes = self.peak = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation, and book what is new in its result."""
        before = {id(each.untyped_storage()) for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)}
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor) and id(storage := each.untyped_storage()) not in self.alive | before:
                self.alive.add(id(storage))
                self.bytes += storage.nbytes()
                weakref.finalize(storage, self.forget, id(storage), storage.nbytes())
        self.peak = max(self.peak, self.bytes)
        return result

    def forget(self, storage: int, size: int) -> None:
        """Take a storage off the books, and its bytes with it."""
        self.alive.discard(storage)
        self.bytes -= size
