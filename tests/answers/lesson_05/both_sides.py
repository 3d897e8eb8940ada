"""Answers to 05.both_sides."""

import torch
import torch.nn.functional as F
from verdicts import right, wrong


def running(x, gamma):
    total, out = torch.zeros_like(x[:, :, 0]), []
    for token in x.unbind(2):
        total = gamma[:, None] * total + token
        out.append(total)
    return torch.stack(out, dim=2)


def backward(x, gamma):
    return running(x.flip(2), gamma).flip(2)


def steps(n):
    return (torch.arange(n)[:, None] - torch.arange(n)).abs()


@wrong("Each token counts itself twice, once in each running sum")
def itself_twice(x, gamma):
    return running(x, gamma) + backward(x, gamma)


@wrong("Your decay reaches only tokens on the left")
def only_what_came_before(x, gamma):
    return running(x, gamma)


@wrong("Your decay reaches only tokens on the right")
def only_what_comes_after(x, gamma):
    return backward(x, gamma)


@wrong("Your second sum is in reverse order")
def not_flipped_back(x, gamma):
    return running(x, gamma) + running(x.flip(2), gamma) - x


@wrong("You flip the result of the first sum")
def result_flipped(x, gamma):
    return running(x, gamma) + running(x, gamma).flip(2) - x


@wrong("You subtract gamma times the token")
def minus_gamma_times_itself(x, gamma):
    return running(x, gamma) + backward(x, gamma) - gamma[:, None, None] * x


@wrong("The token itself is missing")
def without_itself(x, gamma):
    return running(x, gamma) + backward(x, gamma) - 2 * x


@wrong("You flip the heads, axis 1")
def flips_the_heads(x, gamma):
    return running(x, gamma) + running(x.flip(1), gamma).flip(1) - x


@wrong("Both of your running sums start at the left end")
def flips_the_channels(x, gamma):
    return running(x, gamma) + running(x.flip(-1), gamma).flip(-1) - x


@wrong("Both of your running sums start at the left end")
def flips_the_images(x, gamma):
    return running(x, gamma) + running(x.flip(0), gamma).flip(0) - x


@wrong("You take the second sum of the result of the first")
def one_after_the_other(x, gamma):
    return backward(running(x, gamma), gamma)


@wrong("You take the mean of the two running sums")
def mean_of_both(x, gamma):
    return (running(x, gamma) + backward(x, gamma)) / 2


@wrong("You take the larger of the two running sums")
def larger_of_both(x, gamma):
    return torch.maximum(running(x, gamma), backward(x, gamma))


@wrong("You multiply the two running sums")
def product_of_both(x, gamma):
    return running(x, gamma) * backward(x, gamma) - x


@wrong("Your distance goes around the end, as on a ring")
def around_the_end(x, gamma):
    n = x.shape[2]
    return gamma[:, None, None] ** torch.minimum(steps(n), n - steps(n)) @ x


@wrong("You square the distance")
def squared_distance(x, gamma):
    return gamma[:, None, None] ** steps(x.shape[2]).square() @ x


@wrong("You use the gamma of the first head for all heads")
def first_rate_for_all(x, gamma):
    return gamma[0] ** steps(x.shape[2]) @ x


@wrong("You divide by the sum of the weights")
def rows_sum_to_one(x, gamma):
    weights = gamma[:, None, None] ** steps(x.shape[2])
    return weights / weights.sum(-1, keepdim=True) @ x


@wrong("You subtract half of the token itself")
def half_of_itself(x, gamma):
    return running(x, gamma) + backward(x, gamma) - x / 2


@wrong("Each value is too large by twice the value of `x` at its place")
def itself_added(x, gamma):
    return running(x, gamma) + backward(x, gamma) + x


@wrong("You flip the heads as well as the tokens, so a head gets another head's gamma")
def flipped_over_all(x, gamma):
    return running(x, gamma) + running(x.flip(0, 1, 2, 3), gamma).flip(0, 1, 2, 3) - x


@wrong("Your powers are one too high")
def steps_counted_from_one(x, gamma):
    return gamma[:, None, None] ** (steps(x.shape[2]) + 1) @ x


@wrong("You change x in place, and the caller still needs it")
def changed_in_place(x, gamma):
    total = running(x, gamma) + backward(x, gamma)
    total -= x
    x[:] = total
    return x


@wrong("both_sides returned None")
def forgot_the_return(x, gamma):
    running(x, gamma) + backward(x, gamma) - x


@right
def by_matrix(x, gamma):
    return gamma[:, None, None] ** steps(x.shape[2]) @ x


@right
def by_einsum(x, gamma):
    return torch.einsum("hnm,bhmc->bhnc", gamma.view(-1, 1, 1) ** steps(x.shape[2]), x)


@right
def from_the_other_end(x, gamma):
    total, out = torch.zeros_like(x[:, :, 0]), []
    for token in reversed(x.unbind(2)):
        out.append(gamma[:, None] * total)  # what comes after, faded once
        total = gamma[:, None] * total + token
    return running(x, gamma) + torch.stack(out[::-1], dim=2)


@right
def minus_itself_before_adding(x, gamma):
    return (running(x, gamma) - x) + backward(x, gamma)


@right
def in_double(x, gamma):
    x, gamma = x.double(), gamma.double()
    return running(x, gamma) + backward(x, gamma) - x


@right
def by_convolution(x, gamma):
    n = x.shape[2]
    kernel = gamma[:, None] ** torch.arange(1 - n, n).abs()
    flat = x.permute(0, 3, 1, 2).flatten(0, 1)  # (B C, H, N)
    out = F.conv1d(flat, kernel[:, None], padding=n - 1, groups=len(gamma))
    return out.unflatten(0, (len(x), x.shape[3])).permute(0, 2, 3, 1)
