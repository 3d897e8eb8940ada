"""Answers to 03.r_squared."""

import torch
from verdicts import right, wrong


@wrong("That is the share that is *not* explained")
def one_minus_forgotten(target, fit):
    return (target - fit).square().sum() / (target - target.mean()).square().sum()


@wrong("In the denominator you subtract the mean of the fit")
def mean_of_fit(target, fit):
    return 1 - (target - fit).square().sum() / (target - fit.mean()).square().sum()


@wrong("You divide by the variance of the fit")
def variance_of_fit(target, fit):
    return 1 - (target - fit).square().sum() / (fit - fit.mean()).square().sum()


@wrong("You divide by the squares of the target itself")
def mean_not_taken_off(target, fit):
    return 1 - (target - fit).square().sum() / target.square().sum()


@wrong("You add up absolute values")
def absolute_values(target, fit):
    return 1 - (target - fit).abs().sum() / (target - target.mean()).abs().sum()


@wrong("You add up differences without squaring them")
def not_squared(target, fit):
    return 1 - (target - fit).sum() / (target - target.mean()).sum()


@wrong("The numerator is divided by n")
def unbiased_variance(target, fit):
    return 1 - (target - fit).square().mean() / target.var()


@wrong("You divide a sum by a mean")
def sum_over_mean(target, fit):
    return 1 - (target - fit).square().sum() / (target - target.mean()).square().mean()


@wrong("You subtract the mean of each row")
def mean_per_row(target, fit):
    return 1 - (target - fit).square().sum() / (target - target.mean(-1, keepdim=True)).square().sum()


@wrong("It has the shape (2,)")
def one_per_row(target, fit):
    return 1 - (target - fit).square().sum(-1) / (target - target.mean(-1, keepdim=True)).square().sum(-1)


@wrong("Each value is right where it is positive")
def clamped_at_zero(target, fit):
    return (1 - (target - fit).square().sum() / (target - target.mean()).square().sum()).clamp(min=0)


@wrong("That is the squared correlation")
def correlation_squared(target, fit):
    return torch.corrcoef(torch.stack([target.flatten(), fit.flatten()]))[0, 1] ** 2


@wrong("You take the square root of the ratio")
def root_of_the_ratio(target, fit):
    return 1 - ((target - fit).square().sum() / (target - target.mean()).square().sum()).sqrt()


@wrong("You divide the spread of the fit by that of the target")
def explained_over_total(target, fit):
    return (fit - target.mean()).square().sum() / (target - target.mean()).square().sum()


@wrong("You divide by the variance of the fit")
def arguments_swapped(target, fit):
    return 1 - (fit - target).square().sum() / (fit - fit.mean()).square().sum()


@wrong("Your fraction is upside down")
def upside_down(target, fit):
    return 1 - (target - target.mean()).square().sum() / (target - fit).square().sum()


@wrong("You subtract the error from 1 before dividing")
def brackets_missing(target, fit):
    return (1 - (target - fit).square().sum()) / (target - target.mean()).square().sum()


@wrong("You subtract the mean of the error")
def residual_centered(target, fit):
    return 1 - (target - fit).var() / target.var()


@wrong("no gradient comes back")
def a_plain_float(target, fit):
    return (1 - (target - fit).square().sum() / (target - target.mean()).square().sum()).item()


@right
def by_var(target, fit):
    return 1 - torch.nn.functional.mse_loss(fit, target) / target.var(correction=0)


@right
def by_loops(target, fit):
    pairs = list(zip(target.flatten(), fit.flatten(), strict=True))
    mean = sum(t for t, _ in pairs) / len(pairs)
    return 1 - sum((t - f) ** 2 for t, f in pairs) / sum((t - mean) ** 2 for t, _ in pairs)


@right
def in_float64(target, fit):
    target, fit = target.double(), fit.double()
    return 1 - (target - fit).norm() ** 2 / (target - target.mean()).norm() ** 2
