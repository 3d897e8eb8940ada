"""Answers to 05.half_distance."""

import math
from functools import partial

import torch
from verdicts import right, wrong


@wrong("Your fraction is upside down")
def upside_down(gamma):
    return gamma.log() / math.log(0.5)


@wrong("Your distances are negative")
def negative(gamma):
    return math.log(2) / gamma.log()


@wrong("Your fraction is upside down")
def bits(gamma):
    return -gamma.log2()


@wrong("That is 1 / (1 - gamma), the sum of all weights")
def one_over_what_is_lost(gamma):
    return 1 / (1 - gamma)


@wrong("That is 0.5 / (1 - gamma): as many first steps as lose a half")
def half_over_what_is_lost(gamma):
    return 0.5 / (1 - gamma)


@wrong("You divide a logarithm by gamma itself")
def log_over_gamma(gamma):
    return math.log(2) / gamma


@wrong("You solve gamma * d = 1/2, but d is the exponent")
def half_over_gamma(gamma):
    return 0.5 / gamma


@wrong("Your distances are rounded up to whole steps")
def rounded_up(gamma):
    return torch.ceil(math.log(0.5) / gamma.log())


@wrong("Each value is the expected one, rounded to a whole number")
def rounded(gamma):
    return (math.log(0.5) / gamma.log()).round()


@wrong("That is the distance after which 1/e, about 37 %, is left")
def down_to_a_third(gamma):
    return -1 / gamma.log()


@wrong("You mix logarithms to base 10 and base e")
def two_bases(gamma):
    return math.log10(0.5) / gamma.log()


@wrong("That is the distance after which 1/e, about 37 %, is left")
def base_two_on_top(gamma):
    return math.log2(0.5) / gamma.log()


@wrong("This is what comes out when `gamma` is replaced by 1 minus itself")
def of_the_loss(gamma):
    return math.log(0.5) / (1 - gamma).log()


@wrong("Your distances are rounded up to whole steps")
def whole_steps(gamma):
    steps = []
    for g in gamma.tolist():
        left, count = 1.0, 0
        while left > 0.5:
            left, count = left * g, count + 1
        steps.append(float(count))
    return torch.tensor(steps)


@wrong("Each value is too large by 1")
def one_step_more(gamma):
    return math.log(0.5) / gamma.log() + 1


@wrong("You computed what is left after half a step")
def root(gamma):
    return gamma**0.5


@wrong("It is the mean over the last axis of what is expected")
def mean_of_the_heads(gamma):
    return (math.log(0.5) / gamma.log()).mean()


@wrong("Only the first part along the last axis is there, without the others")
def first_head(gamma):
    return math.log(0.5) / math.log(gamma[0])


@wrong("You subtract the logarithms")
def difference_of_logarithms(gamma):
    return math.log(0.5) - gamma.log()


@wrong("Each value is twice the expected one")
def half_gone_of_a_quarter(gamma):
    return math.log(0.25) / gamma.log()


@wrong("half_distance returned None")
def forgot_the_return(gamma):
    math.log(0.5) / gamma.log()


@right
def base_two(gamma):
    return -1 / torch.log2(gamma)


@right
def size_of_a_quotient(gamma):
    return (math.log(2) / gamma.log()).abs()


@right
def base_ten(gamma):
    return torch.log10(torch.tensor(0.5)) / torch.log10(gamma)


@right
def in_double(gamma):
    return math.log(0.5) / gamma.double().log()


@right
def head_by_head(gamma):
    return torch.stack([math.log(0.5) / g.log() for g in gamma])


def distance_until(left, gamma):
    return math.log(left) / gamma.log()


until_half = right(partial(distance_until, 0.5))
