"""Answers to 09.power."""

import torch
from verdicts import right, wrong


def halves(values, quantile):
    return quantile * values.std(1) / values.shape[1] ** 0.5


@right
def by_loop(noise, difference, spread, quantile):
    found = 0
    for row in difference + spread * noise:
        half = quantile * row.std() / len(row) ** 0.5
        found += bool(row.mean() - half > 0 or row.mean() + half < 0)
    return torch.tensor(found / len(noise))


@right
def by_t(noise, difference, spread, quantile):
    values = difference + spread * noise
    t = values.mean(1) * noise.shape[1] ** 0.5 / values.std(1)
    return (t.abs() > quantile).float().mean()


@right
def by_count(noise, difference, spread, quantile):
    values = noise * spread + difference
    low, high = values.mean(1) - halves(values, quantile), values.mean(1) + halves(values, quantile)
    return 1 - ((low <= 0) & (high >= 0)).double().mean()


@right
def python_number(noise, difference, spread, quantile):
    return by_t(noise, difference, spread, quantile).item()


@wrong("You count only intervals above 0")
def one_sided(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1) > halves(values, quantile)).double().mean()


@wrong("You count the intervals that contain 0")
def the_other_share(noise, difference, spread, quantile):
    return 1 - by_t(noise, difference, spread, quantile)


@wrong("Your half-widths use the true spread, which an experiment does not know")
def known_spread(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > quantile * spread / noise.shape[1] ** 0.5).double().mean()


@wrong("Your half-widths are those of single values")
def no_root(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > quantile * values.std(1)).double().mean()


@wrong("The true difference is missing")
def holds_the_difference(noise, difference, spread, quantile):
    values = difference + spread * noise
    return ((values.mean(1) - difference).abs() > halves(values, quantile)).double().mean()


@wrong("You return how many intervals exclude 0")
def count(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > halves(values, quantile)).double().sum()


@wrong("Your means are over the experiments")
def over_experiments(noise, difference, spread, quantile):
    values = difference + spread * noise
    half = quantile * values.std(0) / values.shape[0] ** 0.5
    return (values.mean(0).abs() > half).double().mean()


@wrong("Your spread divides by n instead of n - 1, so that too many intervals exclude 0")
def biased_spread(noise, difference, spread, quantile):
    values = difference + spread * noise
    half = quantile * values.std(1, correction=0) / values.shape[1] ** 0.5
    return (values.mean(1).abs() > half).double().mean()


@wrong("Your half-widths use the spread of `noise`. Use the spread of the measured values")
def spread_of_noise(noise, difference, spread, quantile):
    values = difference + spread * noise
    half = quantile * noise.std(1) / values.shape[1] ** 0.5
    return (values.mean(1).abs() > half).double().mean()


@wrong("The true difference is missing")
def without_difference(noise, difference, spread, quantile):
    values = spread * noise
    return (values.mean(1).abs() > halves(values, quantile)).double().mean()


@wrong("Your result does not depend on `spread`. Multiply the noise by it, and only the noise")
def difference_scaled(noise, difference, spread, quantile):
    values = spread * (difference + noise)
    return (values.mean(1).abs() > halves(values, quantile)).double().mean()


@wrong("Your half-widths divide the spread by n")
def divided_by_n(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > quantile * values.std(1) / values.shape[1]).double().mean()


@wrong("You use the variance, which is in squared points")
def variance(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > quantile * values.var(1) / values.shape[1] ** 0.5).double().mean()


@wrong("Each value is 100 times the expected one")
def in_percent(noise, difference, spread, quantile):
    return 100 * by_t(noise, difference, spread, quantile)


@wrong("Take the mean over the last axis of your result")
def each_experiment(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > halves(values, quantile)).double()


@wrong("Your half-widths divide by the square root of n - 1")
def root_of_n_minus_one(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.mean(1).abs() > quantile * values.std(1) / (values.shape[1] - 1) ** 0.5).double().mean()


@wrong("You take one spread over all experiments")
def pooled_interval(noise, difference, spread, quantile):
    values = difference + spread * noise
    half = quantile * values.std() / values.shape[1] ** 0.5
    return (values.mean(1).abs() > half).double().mean()


@wrong("You compare single values with the half-width")
def any_value(noise, difference, spread, quantile):
    values = difference + spread * noise
    return (values.abs() > halves(values, quantile)[:, None]).double().mean()
