"""Answers to 09.interval."""

import math
import statistics

import torch
from verdicts import right, wrong


@right
def by_hand(values, quantile):
    n = len(values)
    mean = values.sum() / n
    return mean, quantile * torch.sqrt(((values - mean) ** 2).sum() / (n - 1) / n)


@right
def as_list(values, quantile):
    return [torch.mean(values), quantile * torch.std(values, correction=1) / math.sqrt(values.numel())]


@right
def standard_error_first(values, quantile):
    error = (values.var() / len(values)).sqrt()
    return values.mean(), error * quantile


@wrong("The values are right, but no gradient comes back")
def python_numbers(values, quantile):
    return statistics.mean(values.tolist()), quantile * statistics.stdev(values.tolist()) / len(values) ** 0.5


@wrong("Your spread divides by n")
def biased(values, quantile):
    return values.mean(), quantile * values.std(correction=0) / len(values) ** 0.5


@wrong("Your half-width is that of a single value")
def not_divided(values, quantile):
    return values.mean(), quantile * values.std()


@wrong("You divide s by n")
def divided_by_n(values, quantile):
    return values.mean(), quantile * values.std() / len(values)


@wrong("You divide by the square root of n - 1")
def root_of_n_minus_one(values, quantile):
    return values.mean(), quantile * values.std() / (len(values) - 1) ** 0.5


@wrong("You use the variance, which is in squared points")
def variance(values, quantile):
    return values.mean(), quantile * values.var() / len(values) ** 0.5


@wrong("You return the standard error")
def without_quantile(values, quantile):
    return values.mean(), values.std() / len(values) ** 0.5


@wrong("You return the whole width")
def whole_width(values, quantile):
    return values.mean(), 2 * quantile * values.std() / len(values) ** 0.5


@wrong("You return the two ends of the interval")
def low_and_high(values, quantile):
    half = quantile * values.std() / len(values) ** 0.5
    return values.mean() - half, values.mean() + half


@wrong("You return the median as the first result")
def median(values, quantile):
    return values.median(), quantile * values.std() / len(values) ** 0.5


@wrong("You multiply by 1.96, which is right only if the spread is known")
def normal_quantile(values, quantile):
    return values.mean(), 1.96 * values.std() / len(values) ** 0.5


@wrong("You return the half-width first")
def swapped(values, quantile):
    return quantile * values.std() / len(values) ** 0.5, values.mean()


@wrong("You use the range, largest minus smallest, as the spread")
def range_for_spread(values, quantile):
    return values.mean(), quantile * (values.max() - values.min()) / len(values) ** 0.5


@wrong("You use the mean distance from the mean as the spread")
def mean_deviation(values, quantile):
    return values.mean(), quantile * (values - values.mean()).abs().mean() / len(values) ** 0.5


@wrong("The second of the 2 results is wrong")
def multiplied_by_root(values, quantile):
    return values.mean(), quantile * values.std() * len(values) ** 0.5


@wrong("The second of the 2 results is wrong")
def divided_by_quantile(values, quantile):
    return values.mean(), values.std() / len(values) ** 0.5 / quantile


@wrong("It returns a number, but a tuple of 2 values (a number and a number) is expected")
def only_half(values, quantile):
    return quantile * values.std() / len(values) ** 0.5


@wrong("The first of the 2 results is wrong")
def sum_for_mean(values, quantile):
    return values.sum(), quantile * values.std() / len(values) ** 0.5
