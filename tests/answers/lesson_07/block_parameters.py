"""Answers to 07.block_parameters."""

import numpy as np
import torch
from torch import nn
from verdicts import right, wrong


def linear(inputs, outputs):
    return inputs * outputs + outputs


def depthwise(channels, side):
    return channels * side * side + channels


def norm(channels):
    return 2 * channels


def total(dim, hidden):
    convolutions = depthwise(dim, 3) + depthwise(dim, 5) + depthwise(hidden, 3)
    return convolutions + 2 * norm(dim) + 4 * linear(dim, dim) + linear(dim, hidden) + linear(hidden, dim)


@wrong("")
def no_biases_anywhere(dim, hidden):
    return 4 * dim**2 + 2 * dim * hidden + 9 * dim + 25 * dim + 9 * hidden + 2 * dim


@wrong("")
def no_biases_but_of_the_norms(dim, hidden):
    return 4 * dim**2 + 2 * dim * hidden + 9 * dim + 25 * dim + 9 * hidden + 4 * dim


@wrong("")
def no_biases_in_the_attention_matrices(dim, hidden):
    return total(dim, hidden) - 4 * dim


@wrong("")
def no_biases_in_q_k_v(dim, hidden):
    return total(dim, hidden) - 3 * dim


@wrong("")
def no_bias_of_the_output_matrix(dim, hidden):
    return total(dim, hidden) - dim


@wrong("")
def no_biases_in_the_matrices(dim, hidden):
    return total(dim, hidden) - 5 * dim - hidden


@wrong("")
def no_biases_in_the_feed_forward_matrices(dim, hidden):
    return total(dim, hidden) - dim - hidden


@wrong("")
def no_biases_in_the_convolutions(dim, hidden):
    return total(dim, hidden) - 2 * dim - hidden


@wrong("")
def no_bias_of_the_hidden_convolution(dim, hidden):
    return total(dim, hidden) - hidden


@wrong("")
def no_norms(dim, hidden):
    return total(dim, hidden) - 4 * dim


@wrong("")
def one_norm(dim, hidden):
    return total(dim, hidden) - 2 * dim


@wrong("")
def norms_without_shift(dim, hidden):
    return total(dim, hidden) - norm(dim)


@wrong("")
def norm_of_the_hidden_channels(dim, hidden):
    return total(dim, hidden) - 2 * dim + 2 * hidden


@wrong("")
def three_attention_matrices(dim, hidden):
    return total(dim, hidden) - linear(dim, dim)


@wrong("")
def one_attention_matrix(dim, hidden):
    return total(dim, hidden) - 3 * linear(dim, dim)


@wrong("")
def no_local_enhancement(dim, hidden):
    return total(dim, hidden) - depthwise(dim, 5)


@wrong("")
def no_position_convolution(dim, hidden):
    return total(dim, hidden) - depthwise(dim, 3)


@wrong("")
def no_hidden_convolution(dim, hidden):
    return total(dim, hidden) - depthwise(hidden, 3)


@wrong("")
def hidden_convolution_on_few_channels(dim, hidden):
    return total(dim, hidden) - depthwise(hidden, 3) + depthwise(dim, 3)


@wrong("")
def all_convolutions_mix_channels(dim, hidden):
    dense = 9 * dim**2 + 25 * dim**2 + 9 * hidden**2
    return total(dim, hidden) - 9 * dim - 25 * dim - 9 * hidden + dense


@wrong("")
def position_convolution_mixes_channels(dim, hidden):
    return total(dim, hidden) - 9 * dim + 9 * dim**2


@wrong("")
def one_kernel_for_all_channels(dim, hidden):
    return total(dim, hidden) - 34 * dim - 9 * hidden + 9 + 25 + 9


@wrong("")
def enhancement_of_three_by_three(dim, hidden):
    return total(dim, hidden) - depthwise(dim, 5) + depthwise(dim, 3)


@wrong("")
def five_by_five_everywhere(dim, hidden):
    return total(dim, hidden) + 16 * dim + 16 * hidden


@wrong("")
def sides_of_kernels_not_squared(dim, hidden):
    return total(dim, hidden) - 6 * dim - 20 * dim - 6 * hidden


@wrong("")
def one_feed_forward_matrix(dim, hidden):
    return total(dim, hidden) - linear(hidden, dim)


@wrong("")
def hidden_is_a_ratio(dim, hidden):
    return total(dim, hidden * dim)


@wrong("")
def hidden_is_four_times_dim(dim, hidden):
    return total(dim, 4 * dim)


@wrong("")
def with_layer_scale(dim, hidden):
    return total(dim, hidden) + 2 * dim


@wrong("")
def arguments_swapped(dim, hidden):
    return total(hidden, dim)


@wrong("")
def enhancement_of_q_k_and_v(dim, hidden):
    return total(dim, hidden) + 2 * depthwise(dim, 5)


@wrong("")
def matrices_alone(dim, hidden):
    return 4 * linear(dim, dim) + linear(dim, hidden) + linear(hidden, dim)


@wrong("")
def true_division(dim, hidden):
    return total(dim, hidden) / 1


@wrong("")
def forgets_to_return(dim, hidden):
    total(dim, hidden)


@right
def one_formula(dim, hidden):
    return 4 * dim**2 + 2 * dim * hidden + 45 * dim + 11 * hidden


@right
def by_layers(dim, hidden):
    layers = [nn.Conv2d(dim, dim, 3, groups=dim), nn.Conv2d(dim, dim, 5, groups=dim), nn.LayerNorm(dim)]
    layers += [nn.LayerNorm(dim), *(nn.Linear(dim, dim) for _ in range(4))]
    layers += [nn.Linear(dim, hidden), nn.Linear(hidden, dim), nn.Conv2d(hidden, hidden, 3, groups=hidden)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


@right
def as_a_tensor(dim, hidden):
    return torch.tensor(total(dim, hidden))


@right
def as_a_numpy_integer(dim, hidden):
    return np.int64(total(dim, hidden))


@right
def by_shapes(dim, hidden):
    shapes = [(dim, 10), (dim, 26), (hidden, 10), (dim, 4), (dim + 1, 4 * dim), (dim + 1, hidden), (hidden + 1, dim)]
    return int(np.prod(shapes, axis=1).sum())
