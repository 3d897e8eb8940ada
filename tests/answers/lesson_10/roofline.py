"""Answers to 10.roofline."""

import torch
from verdicts import right, wrong


@right
def the_smaller_of_both(flops, moved, peak, bandwidth):
    return torch.minimum(torch.tensor(peak), bandwidth * flops / moved)


@right
def by_the_time(flops, moved, peak, bandwidth):
    return flops / torch.maximum(flops / peak, moved / bandwidth)


@right
def by_cases(flops, moved, peak, bandwidth):
    intensity = flops / moved
    return torch.where(intensity < peak / bandwidth, intensity * bandwidth, torch.full_like(intensity, peak))


@right
def one_by_one(flops, moved, peak, bandwidth):
    speeds = flops / moved * bandwidth
    return torch.stack([speed if speed < peak else 0 * speed + peak for speed in speeds])


@wrong("You take the larger of the two limits")
def largest(flops, moved, peak, bandwidth):
    return torch.maximum(torch.tensor(peak), bandwidth * flops / moved)


@wrong("Your intensity is upside down")
def bytes_per_operation(flops, moved, peak, bandwidth):
    return torch.clamp(moved / flops * bandwidth, max=peak)


@wrong("You divide by the bandwidth")
def bandwidth_below(flops, moved, peak, bandwidth):
    return torch.clamp(flops / moved / bandwidth, max=peak)


@wrong("You return the peak for all of them")
def always_peak(flops, moved, peak, bandwidth):
    return 0 * flops + peak


@wrong("You return what memory allows")
def without_the_flat_part(flops, moved, peak, bandwidth):
    return bandwidth * (flops / moved)


@wrong("You add the two times")
def times_added(flops, moved, peak, bandwidth):
    return flops / (moved / bandwidth + flops / peak)


@wrong("You return the time in seconds")
def the_time(flops, moved, peak, bandwidth):
    return torch.stack((flops / peak, moved / bandwidth)).amax(0)


@wrong("You return the shorter of the two times")
def the_shorter_time(flops, moved, peak, bandwidth):
    return torch.stack((flops / peak, moved / bandwidth)).amin(0)


@wrong("You return a share of the peak")
def share(flops, moved, peak, bandwidth):
    return (flops / moved * bandwidth / peak).clamp(max=1)


@wrong("You return the intensity")
def intensity(flops, moved, peak, bandwidth):
    return flops / moved


@wrong("You exchange peak and bandwidth")
def swapped(flops, moved, peak, bandwidth):
    return (peak * flops / moved).clamp(max=bandwidth)


@wrong("raised RuntimeError")
def as_one_number(flops, moved, peak, bandwidth):
    return flops / moved * bandwidth if flops / moved * bandwidth < peak else peak


@wrong("It has the shape (1,), but (3,) is expected")
def only_the_slowest(flops, moved, peak, bandwidth):
    return (flops / moved * bandwidth).amin(0, keepdim=True)


@wrong("returned None")
def forgot(flops, moved, peak, bandwidth):
    (flops / moved * bandwidth).clamp(max=peak)
