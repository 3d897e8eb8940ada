"""Answers to 07.feed_forward."""

from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


def depthwise(x, kernel):
    """The lesson's own, which the exercise offers."""
    return F.conv2d(x.movedim(-1, 1), kernel, padding=kernel.shape[-1] // 2, groups=len(kernel)).movedim(1, -1)


@wrong("")
def without_the_residual(x, w1, kernel, w2):
    return depthwise(F.gelu(x @ w1), kernel) @ w2


@wrong("")
def with_the_residual_of_the_block(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return x + (hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def gelu_after_the_convolution(x, w1, kernel, w2):
    hidden = x @ w1
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def residual_from_before_gelu(x, w1, kernel, w2):
    hidden = x @ w1
    return (hidden + depthwise(F.gelu(hidden), kernel)) @ w2


@wrong("")
def convolution_before_gelu_and_residual_after(x, w1, kernel, w2):
    hidden = x @ w1
    return (F.gelu(hidden) + depthwise(hidden, kernel)) @ w2


@wrong("")
def convolution_inside_gelu(x, w1, kernel, w2):
    hidden = x @ w1
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@wrong("")
def no_gelu(x, w1, kernel, w2):
    hidden = x @ w1
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def gelu_twice(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def gelu_of_the_convolved(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@wrong("")
def gelu_at_the_end(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return F.gelu((hidden + depthwise(hidden, kernel)) @ w2)


@wrong("")
def relu(x, w1, kernel, w2):
    hidden = F.relu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def silu(x, w1, kernel, w2):
    hidden = F.silu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def gelu_by_tanh(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1, approximate="tanh")
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def no_convolution(x, w1, kernel, w2):
    return F.gelu(x @ w1) @ w2


@wrong("")
def convolution_subtracted(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden - depthwise(hidden, kernel)) @ w2


@wrong("")
def convolution_multiplied(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden * depthwise(hidden, kernel)) @ w2


@wrong("")
def convolution_twice(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    hidden = hidden + depthwise(hidden, kernel)
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("")
def flipped_kernel(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel.flip(-1, -2))) @ w2


@wrong("")
def rows_and_columns_of_the_kernel_swapped(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel.mT)) @ w2


@wrong("")
def grid_transposed(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    pictures = hidden.transpose(-1, 1)
    return (hidden + F.conv2d(pictures, kernel, padding=1, groups=len(kernel)).movedim(1, -1).transpose(1, 2)) @ w2


@wrong("")
def one_kernel_for_all_channels(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel[:1].expand_as(kernel))) @ w2


@wrong("")
def around_a_torus(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    padded = F.pad(hidden.movedim(-1, 1), (1, 1, 1, 1), mode="circular")
    return (hidden + F.conv2d(padded, kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@wrong("")
def edges_repeated(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    padded = F.pad(hidden.movedim(-1, 1), (1, 1, 1, 1), mode="replicate")
    return (hidden + F.conv2d(padded, kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@wrong("")
def without_padding(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + F.conv2d(hidden.movedim(-1, 1), kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@wrong("")
def second_matrix_forgotten(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return hidden + depthwise(hidden, kernel)


@wrong("")
def matrices_transposed(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1.T)
    return (hidden + depthwise(hidden, kernel)) @ w2.T


@wrong("")
def second_matrix_is_the_first_transposed(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w1.T


@wrong("")
def residual_after_the_second_matrix(x, w1, kernel, w2):
    return depthwise(F.gelu(x @ w1), kernel) @ w2 + x


@wrong("")
def without_a_gradient(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel.detach())) @ w2


@wrong("")
def forgets_to_return(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    hidden = (hidden + depthwise(hidden, kernel)) @ w2


@right
def residual_inside_the_kernel(x, w1, kernel, w2):
    center = torch.zeros_like(kernel)
    center[..., 1, 1] = 1
    return depthwise(F.gelu(x @ w1), kernel + center) @ w2


@right
def by_shifts(x, w1, kernel, w2):
    hidden = F.gelu(torch.einsum("bhwc,ce->bhwe", x, w1))
    out, padded = hidden.clone(), F.pad(hidden, (0, 0, 1, 1, 1, 1))
    for i in range(3):
        for j in range(3):
            out = out + padded[:, i : i + x.shape[1], j : j + x.shape[2]] * kernel[:, 0, i, j]
    return torch.einsum("bhwe,ec->bhwc", out, w2)


@right
def in_float64(x, w1, kernel, w2):
    hidden = F.gelu(x.double() @ w1.double())
    return (hidden + depthwise(hidden, kernel.double())) @ w2.double()


@right
def by_linear_layers(x, w1, kernel, w2):
    hidden = F.gelu(F.linear(x, w1.T))
    return F.linear(hidden, w2.T) + F.linear(depthwise(hidden, kernel), w2.T)


def with_activation(x, w1, kernel, w2, activation):
    hidden = activation(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


gelu_by_erf = right(partial(with_activation, activation=lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2))
