"""Answers to 07.feed_forward."""

from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


def depthwise(x, kernel):
    """The lesson's own, which the exercise offers."""
    return F.conv2d(x.movedim(-1, 1), kernel, padding=kernel.shape[-1] // 2, groups=len(kernel)).movedim(1, -1)


@wrong("Your convolution replaces the hidden channels")
def without_the_residual(x, w1, kernel, w2):
    return depthwise(F.gelu(x @ w1), kernel) @ w2


@wrong("You add x at the end")
def with_the_residual_of_the_block(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return x + (hidden + depthwise(hidden, kernel)) @ w2


@wrong("Your convolution comes before GELU")
def gelu_after_the_convolution(x, w1, kernel, w2):
    hidden = x @ w1
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@wrong("Your residual skips GELU")
def residual_from_before_gelu(x, w1, kernel, w2):
    hidden = x @ w1
    return (hidden + depthwise(F.gelu(hidden), kernel)) @ w2


@wrong("Your convolution gets the hidden channels before GELU")
def convolution_before_gelu_and_residual_after(x, w1, kernel, w2):
    hidden = x @ w1
    return (F.gelu(hidden) + depthwise(hidden, kernel)) @ w2


@wrong("You apply GELU to the output of the convolution")
def convolution_inside_gelu(x, w1, kernel, w2):
    hidden = x @ w1
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@wrong("GELU is missing")
def no_gelu(x, w1, kernel, w2):
    hidden = x @ w1
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("You apply GELU twice")
def gelu_twice(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return F.gelu(hidden + depthwise(hidden, kernel)) @ w2


@wrong("You apply GELU to the output of the convolution as well")
def gelu_of_the_convolved(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + F.gelu(depthwise(hidden, kernel))) @ w2


@wrong("You apply GELU to the output of the layer as well")
def gelu_at_the_end(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return F.gelu((hidden + depthwise(hidden, kernel)) @ w2)


@wrong("You used ReLU, which sets every negative number to 0")
def relu(x, w1, kernel, w2):
    hidden = F.relu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("You used SiLU")
def silu(x, w1, kernel, w2):
    hidden = F.silu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("You used the tanh approximation of GELU")
def gelu_by_tanh(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1, approximate="tanh")
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("This is what comes out when `kernel` is all 0")
def no_convolution(x, w1, kernel, w2):
    return F.gelu(x @ w1) @ w2


@wrong("This is what comes out when `kernel` has the opposite sign")
def convolution_subtracted(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden - depthwise(hidden, kernel)) @ w2


@wrong("You multiply the hidden channels by their convolution")
def convolution_multiplied(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden * depthwise(hidden, kernel)) @ w2


@wrong("You apply the convolution twice")
def convolution_twice(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    hidden = hidden + depthwise(hidden, kernel)
    return (hidden + depthwise(hidden, kernel)) @ w2


@wrong("This is what comes out when `kernel` is turned by 180 degrees (both of its last axes reversed)")
def flipped_kernel(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel.flip(-1, -2))) @ w2


@wrong("Rows and columns are swapped, of the grid or of the kernel")
def rows_and_columns_of_the_kernel_swapped(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel.mT)) @ w2


@wrong("Rows and columns are swapped, of the grid or of the kernel")
def grid_transposed(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    pictures = hidden.transpose(-1, 1)
    return (hidden + F.conv2d(pictures, kernel, padding=1, groups=len(kernel)).movedim(1, -1).transpose(1, 2)) @ w2


@wrong("You use the kernel of the first channel for all channels")
def one_kernel_for_all_channels(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel[:1].expand_as(kernel))) @ w2


@wrong("Your grid wraps around")
def around_a_torus(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    padded = F.pad(hidden.movedim(-1, 1), (1, 1, 1, 1), mode="circular")
    return (hidden + F.conv2d(padded, kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@wrong("You repeat the edge of the grid outside of it")
def edges_repeated(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    padded = F.pad(hidden.movedim(-1, 1), (1, 1, 1, 1), mode="replicate")
    return (hidden + F.conv2d(padded, kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@wrong("raised RuntimeError: Calculated padded input size per channel")
def without_padding(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + F.conv2d(hidden.movedim(-1, 1), kernel, groups=len(kernel)).movedim(1, -1)) @ w2


@wrong("The result does not change when `w2` changes")
def second_matrix_forgotten(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return hidden + depthwise(hidden, kernel)


@wrong("mat1 and mat2 shapes cannot be multiplied")
def matrices_transposed(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1.T)
    return (hidden + depthwise(hidden, kernel)) @ w2.T


@wrong("The result does not change when `w2` changes")
def second_matrix_is_the_first_transposed(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel)) @ w1.T


@wrong("You add x, after the second matrix")
def residual_after_the_second_matrix(x, w1, kernel, w2):
    return depthwise(F.gelu(x @ w1), kernel) @ w2 + x


@wrong("The values are right, but no gradient reaches kernel")
def without_a_gradient(x, w1, kernel, w2):
    hidden = F.gelu(x @ w1)
    return (hidden + depthwise(hidden, kernel.detach())) @ w2


@wrong("returned None")
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
