"""What a computation costs: seconds, peak memory, multiplications, and the power of its size by which they grow."""

import math
import timeit
import weakref
from collections.abc import Callable, Iterator, Sequence
from statistics import linear_regression
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

# The documented home of the class, although the name of its module starts with an underscore. We rely on its
# `__torch_dispatch__` being called for every operation inside `with`, backward passes included.
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from gmm_tutorial._checks import check_count, check_one_of


def seconds(compute: Callable[[], Any], repeats: int = 5) -> float:
    """Time the fastest of several calls, on one thread, after a first call that does not count.

    The fastest, because whatever else a machine does can only add to the time. One thread, because several threads on
    cores that other programs use too would mostly measure how they wait for each other. Work that the calls leave
    running on a GPU is waited for.

    Args:
        compute: What to time, called without arguments.
        repeats: How many calls count.

    Returns:
        The seconds of the fastest call.

    Raises:
        ValueError: If `repeats` is not at least 1.
    """
    check_count("repeats", repeats)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        compute()
        return min(timeit.repeat(compute, timer=clock, repeat=repeats, number=1))
    finally:
        torch.set_num_threads(threads)


def clock() -> float:
    """The time in seconds, read once all work given to an accelerator is done.

    `torch.utils.benchmark.timer` does the same, but its import looks for a CUDA compiler and can write a warning.
    """
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
    return timeit.default_timer()


def peak_bytes(compute: Callable[[], Any]) -> int:
    """Count the bytes of the tensors that a call makes, at the moment when most of them are alive.

    Args:
        compute: What to measure, called without arguments. Backward passes in it count, on any device.

    Returns:
        The largest number of bytes alive at one time. Tensors that existed before, and views of them, do not count.
    """
    with Ledger() as ledger:
        compute()
    return ledger.peak


@torch.no_grad()
def macs(model: nn.Module, image_size: int, of: str = "all") -> int:
    """Count the multiply-accumulates that one more image costs: those of convolutions and matrix products.

    Q K^T and A V are among them. What is done once for a whole batch, such as building a mask, is left out.

    Args:
        model: A model of images, (B, 3, S, S). It runs in evaluation mode, and gets back the mode it was in.
        image_size: S, in pixels.
        of: What to count: "all"; or "attention", the products that no linear layer and no convolution computes, because
            both factors come from the image. A counter that looks at layers misses them, as in the published numbers.

    Returns:
        The number of multiply-accumulates for one image.

    Raises:
        ValueError: If `image_size` is not at least 1, or `of` is unknown.
    """
    check_count("image_size", image_size)
    check_one_of("of", of, ("all", "attention"))
    like = next(model.parameters(), torch.empty(0))  # its device and type are the model's
    # without gradients even where a module, as some priors do, returns a parameter itself: the counter looks for them
    weights = {name: p.detach() for name, p in model.named_parameters()}
    modes = {module: module.training for module in model.modules()}
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    layers = [
        f"{type(model).__name__}.{name}".rstrip(".")
        for name, module in model.named_modules()
        if isinstance(module, kinds)
    ]

    def flops(images: int) -> int:
        with FlopCounterMode(display=False) as counter:
            functional_call(model, weights, like.new_zeros(images, 3, image_size, image_size))
        by_layers = sum(sum(counter.get_flop_counts().get(layer, {}).values()) for layer in layers)
        return counter.get_total_flops() - (by_layers if of == "attention" else 0)

    try:
        model.eval()
        return (flops(2) - flops(1)) // 2  # a multiplication and an addition
    finally:
        for module, training in modes.items():
            module.training = training


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Fit the power p in cost = c size^p, by least squares of the logarithms.

    Args:
        sizes: At least two different sizes, above 0.
        costs: The cost at each size, above 0.

    Returns:
        The power p.

    Raises:
        ValueError: If the two differ in length, or hold fewer than two numbers or a number that is not above 0.

    Example:
        >>> round(exponent([8, 16, 32], [3 * 8**2, 3 * 16**2, 3 * 32**2]), 6)
        2.0
    """
    for name, values in (("sizes", sizes), ("costs", costs)):
        if len(values) != len(sizes) or len(values) < 2 or not all(value > 0 for value in values):
            raise ValueError(f"{name} is {list(values)}, but it must be two or more numbers above 0, one for each size")
    return linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors in what an operation takes or returns: tuples, lists and dictionaries of anything."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, (tuple, list)):
        for value in values:
            yield from tensors_in(value)
    elif isinstance(values, dict):
        yield from tensors_in(list(values.values()))


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
        before = {id(each.untyped_storage()) for each in tensors_in((args, kwargs))}
        result = func(*args, **(kwargs or {}))
        for each in tensors_in(result):
            if id(storage := each.untyped_storage()) not in self.alive | before:
                self.alive.add(id(storage))
                self.bytes += storage.nbytes()
                weakref.finalize(storage, self.forget, id(storage), storage.nbytes())
        self.peak = max(self.peak, self.bytes)
        return result

    def forget(self, storage: int, size: int) -> None:
        """Take a storage off the books, and its bytes with it."""
        self.alive.discard(storage)
        self.bytes -= size
