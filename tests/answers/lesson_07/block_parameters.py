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


@wrong("You count weights only")
def no_biases_anywhere(dim, hidden):
    return 4 * dim**2 + 2 * dim * hidden + 9 * dim + 25 * dim + 9 * hidden + 2 * dim


@wrong("You are 7 C + 2 E short")
def no_biases_but_of_the_norms(dim, hidden):
    return 4 * dim**2 + 2 * dim * hidden + 9 * dim + 25 * dim + 9 * hidden + 4 * dim


@wrong("You are 4 C short")
def no_biases_in_the_attention_matrices(dim, hidden):
    return total(dim, hidden) - 4 * dim


@wrong("You are 3 C short")
def no_biases_in_q_k_v(dim, hidden):
    return total(dim, hidden) - 3 * dim


@wrong("Each value is too small by `dim`")
def no_bias_of_the_output_matrix(dim, hidden):
    return total(dim, hidden) - dim


@wrong("You are 5 C + E short")
def no_biases_in_the_matrices(dim, hidden):
    return total(dim, hidden) - 5 * dim - hidden


@wrong("You are C + E short")
def no_biases_in_the_feed_forward_matrices(dim, hidden):
    return total(dim, hidden) - dim - hidden


@wrong("You are 2 C + E short")
def no_biases_in_the_convolutions(dim, hidden):
    return total(dim, hidden) - 2 * dim - hidden


@wrong("Each value is too small by `hidden`")
def no_bias_of_the_hidden_convolution(dim, hidden):
    return total(dim, hidden) - hidden


@wrong("You are 4 C short")
def no_norms(dim, hidden):
    return total(dim, hidden) - 4 * dim


@wrong("You are 2 C short")
def one_norm(dim, hidden):
    return total(dim, hidden) - 2 * dim


@wrong("You are 2 C short")
def norms_without_shift(dim, hidden):
    return total(dim, hidden) - norm(dim)


@wrong("One of your norms has E channels")
def norm_of_the_hidden_channels(dim, hidden):
    return total(dim, hidden) - 2 * dim + 2 * hidden


@wrong("One matrix of attention is missing")
def three_attention_matrices(dim, hidden):
    return total(dim, hidden) - linear(dim, dim)


@wrong("Attention has four matrices from C to C, for q, k, v and the output")
def one_attention_matrix(dim, hidden):
    return total(dim, hidden) - 3 * linear(dim, dim)


@wrong("The local enhancement is missing")
def no_local_enhancement(dim, hidden):
    return total(dim, hidden) - depthwise(dim, 5)


@wrong("The position convolution is missing")
def no_position_convolution(dim, hidden):
    return total(dim, hidden) - depthwise(dim, 3)


@wrong("The convolution of the feed-forward layer is missing")
def no_hidden_convolution(dim, hidden):
    return total(dim, hidden) - depthwise(hidden, 3)


@wrong("The convolution of the feed-forward layer works on the hidden channels")
def hidden_convolution_on_few_channels(dim, hidden):
    return total(dim, hidden) - depthwise(hidden, 3) + depthwise(dim, 3)


@wrong("Your convolutions mix channels")
def all_convolutions_mix_channels(dim, hidden):
    dense = 9 * dim**2 + 25 * dim**2 + 9 * hidden**2
    return total(dim, hidden) - 9 * dim - 25 * dim - 9 * hidden + dense


@wrong("Your position convolution mixes channels")
def position_convolution_mixes_channels(dim, hidden):
    return total(dim, hidden) - 9 * dim + 9 * dim**2


@wrong("You count one kernel for all channels")
def one_kernel_for_all_channels(dim, hidden):
    return total(dim, hidden) - 34 * dim - 9 * hidden + 9 + 25 + 9


@wrong("Your local enhancement is 3 x 3")
def enhancement_of_three_by_three(dim, hidden):
    return total(dim, hidden) - depthwise(dim, 5) + depthwise(dim, 3)


@wrong("All your convolutions are 5 x 5")
def five_by_five_everywhere(dim, hidden):
    return total(dim, hidden) + 16 * dim + 16 * hidden


@wrong("You count n weights per kernel")
def sides_of_kernels_not_squared(dim, hidden):
    return total(dim, hidden) - 6 * dim - 20 * dim - 6 * hidden


@wrong("One of the two feed-forward matrices is missing")
def one_feed_forward_matrix(dim, hidden):
    return total(dim, hidden) - linear(hidden, dim)


@wrong("You use C times `hidden` as the number of hidden channels")
def hidden_is_a_ratio(dim, hidden):
    return total(dim, hidden * dim)


@wrong("You use 4 C as the number of hidden channels")
def hidden_is_four_times_dim(dim, hidden):
    return total(dim, 4 * dim)


@wrong("You are 2 C over")
def with_layer_scale(dim, hidden):
    return total(dim, hidden) + 2 * dim


@wrong("This is what comes out when `dim` and `hidden` change places")
def arguments_swapped(dim, hidden):
    return total(hidden, dim)


@wrong("You count a local enhancement for q, k and v")
def enhancement_of_q_k_and_v(dim, hidden):
    return total(dim, hidden) + 2 * depthwise(dim, 5)


@wrong("You count the matrices alone")
def matrices_alone(dim, hidden):
    return 4 * linear(dim, dim) + linear(dim, hidden) + linear(hidden, dim)


@wrong("It returns a number, but a whole number is expected")
def true_division(dim, hidden):
    return total(dim, hidden) / 1


@wrong("returned None")
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
