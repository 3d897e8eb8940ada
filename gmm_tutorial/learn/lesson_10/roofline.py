"""Exercise 10.roofline: how fast a machine can be at most, for a given arithmetic intensity."""

from typing import Any

import torch
from torch import Tensor

from gmm_tutorial.learn.exercise import Exercise


def roofline(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """flops, moved (n,), what n computations calculate and move -> (n,): the FLOP per second that each can reach."""
    return (flops / moved * bandwidth).clamp(max=peak)


def roofline_cases() -> list[dict[str, Any]]:
    """Whole numbers on both sides of the ridge, then random ones on three machines."""
    small = {"flops": torch.tensor([2.0, 8, 32]), "moved": torch.tensor([4.0, 4, 2]), "peak": 20.0, "bandwidth": 4.0}
    larger = [
        {"flops": 50 * torch.rand(n) + 1, "moved": 10 * torch.rand(n) + 1, "peak": peak, "bandwidth": bandwidth}
        for n, peak, bandwidth in ((5, 30.0, 9.0), (9, 12.0, 2.0), (7, 5.0, 0.7))
    ]
    return [small, *larger]


exercise = Exercise(
    "10.roofline",
    roofline,
    roofline_cases,
    unit="machines",
    hints=(
        "Take one computation first. How many seconds does its arithmetic need at the very least, and how many seconds "
        "do its bytes need?",
        "Arithmetic and transfers can happen at the same time, so the slower of the two decides how long it takes. The "
        "speed is the number of operations divided by that time.",
        "The same in terms of intensity, which is operations per byte: times the bandwidth, it is the number of "
        "operations per second that memory can supply with data. The speed is this or the peak, whichever is smaller.",
    ),
)


@exercise.mistake
def the_larger(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You take the larger of the two limits: both hold at once, so the smaller one decides."""
    return (flops / moved * bandwidth).clamp(min=peak)


@exercise.mistake
def upside_down(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """Your intensity is upside down: it is operations per byte, not bytes per operation."""
    return (moved / flops * bandwidth).clamp(max=peak)


@exercise.mistake
def divided_by_the_bandwidth(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You divide by the bandwidth: operations per byte, times bytes per second, are operations per second."""
    return (flops / moved / bandwidth).clamp(max=peak)


@exercise.mistake
def peak_alone(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You return the peak for all of them: where few operations are done per byte, memory is the limit."""
    return torch.full_like(flops, peak)


@exercise.mistake
def memory_alone(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You return what memory allows, even where that is more than the peak: no computation is faster than the peak."""
    return flops / moved * bandwidth


@exercise.mistake
def one_after_the_other(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You add the two times: the machine calculates and moves data at the same time, so only the longer time counts."""
    return flops / (flops / peak + moved / bandwidth)


@exercise.mistake
def seconds(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You return the time in seconds: divide the operations by it to get a speed."""
    return torch.maximum(flops / peak, moved / bandwidth)


@exercise.mistake
def shortest_seconds(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You return the shorter of the two times: take the longer one, and divide the operations by it to get a speed."""
    return torch.minimum(flops / peak, moved / bandwidth)


@exercise.mistake
def share_of_the_peak(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You return a share of the peak: multiply it by the peak to get operations per second."""
    return roofline(flops, moved, peak, bandwidth) / peak


@exercise.mistake
def intensity_alone(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You return the intensity, in operations per byte: multiply it by the bandwidth, and limit it to the peak."""
    return flops / moved


@exercise.mistake
def limits_exchanged(flops: Tensor, moved: Tensor, peak: float, bandwidth: float) -> Tensor:
    """You exchange peak and bandwidth: the bandwidth multiplies the intensity, and the peak is the limit above it."""
    return roofline(flops, moved, bandwidth, peak)
