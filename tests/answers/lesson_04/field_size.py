"""Answers to 04.field_size."""

import math

import numpy as np
import torch
from verdicts import right, wrong


@right
def from_the_output(layers):
    side = 1
    for size, stride in reversed(layers):
        side = (side - 1) * stride + size
    return side


@right
def one_formula(layers):
    strides = [stride for _, stride in layers]
    return 1 + sum((size - 1) * math.prod(strides[:i]) for i, (size, _) in enumerate(layers))


@right
def zero_dimensional_tensor(layers):
    return torch.tensor(from_the_output(layers))


@right
def numpy_integer(layers):
    sizes, strides = np.array(layers).T
    return 1 + ((sizes - 1) * np.cumprod([1, *strides[:-1]])).sum()


@right
def indices_traced(layers):
    seen = {0}
    for size, stride in reversed(layers):
        seen = {stride * i + j for i in range(min(seen), max(seen) + 1) for j in range(size)}
    return max(seen) - min(seen) + 1


@wrong("Your field is one pixel too narrow")
def starts_at_zero(layers):
    side, apart = 0, 1
    for size, stride in layers:
        side, apart = side + (size - 1) * apart, apart * stride
    return side


@wrong("You count a layer's own stride for itself")
def own_stride_first(layers):
    side, apart = 1, 1
    for size, stride in layers:
        apart *= stride
        side += (size - 1) * apart
    return side


@wrong("You leave out the strides")
def without_strides(layers):
    return 1 + sum(size - 1 for size, _ in layers)


@wrong("You add up the sizes alone")
def all_sizes_added(layers):
    return sum(size for size, _ in layers)


@wrong("You multiply the sizes")
def all_sizes_multiplied(layers):
    return math.prod(size for size, _ in layers)


@wrong("Each layer adds its whole size to your 1")
def whole_size_each_time(layers):
    side, apart = 1, 1
    for size, stride in layers:
        side, apart = side + size * apart, apart * stride
    return side


@wrong("Your result belongs to the same layers in reverse order")
def from_the_output_the_wrong_way(layers):
    side = 1
    for size, stride in layers:
        side = (side - 1) * stride + size
    return side


@wrong("Your result belongs to the same layers in reverse order")
def last_layer_first(layers):
    side, apart = 1, 1
    for size, stride in reversed(layers):
        side, apart = side + (size - 1) * apart, apart * stride
    return side


@wrong("Your strides add up")
def strides_added(layers):
    side, apart = 1, 1
    for size, stride in layers:
        side, apart = side + (size - 1) * apart, apart + stride - 1
    return side


@wrong("You count only the stride of the layer before")
def only_the_previous_stride(layers):
    side, before = 1, 1
    for size, stride in layers:
        side, before = side + (size - 1) * before, stride
    return side


@wrong("It is too small by 6")
def every_stride_is_two(layers):
    side, apart = 1, 1
    for size, stride in layers:
        side, apart = side + (size - 1) * apart, apart * 2 if stride > 1 else apart
    return side


@wrong("This is how far apart neighboring outputs are")
def output_step(layers):
    return math.prod(stride for _, stride in layers)


@wrong("You multiply the field by the product of all strides")
def times_the_output_step(layers):
    return from_the_output(layers) * math.prod(stride for _, stride in layers)


@wrong("You multiply sizes and strides")
def size_times_stride(layers):
    return math.prod(size * stride for size, stride in layers)


@wrong("Each value is the square of the expected one")
def an_area(layers):
    return from_the_output(layers) ** 2


@wrong("This is how far the field reaches to one side")
def one_side_only(layers):
    return (from_the_output(layers) - 1) // 2


@wrong("You count size // 2 on both sides of the middle")
def odd_sizes_assumed(layers):
    side, apart = 1, 1
    for size, stride in layers:
        side, apart = side + 2 * (size // 2) * apart, apart * stride
    return side


@wrong("This is what comes out when `layers` lacks its last entry")
def last_layer_left_out(layers):
    return from_the_output(layers[:-1])


@wrong("It is too small by 2")
def largest_layer(layers):
    return max(size for size, _ in layers)


@wrong("You read the pairs as ")
def pair_read_backwards(layers):
    side, apart = 1, 1
    for stride, size in layers:
        side, apart = side + (size - 1) * apart, apart * stride
    return side


@wrong("It returns a list that holds only a whole number")
def field_of_each_layer(layers):
    return [from_the_output(layers[: i + 1]) for i in range(len(layers))]


@wrong("This is the field of the first layer alone")
def returned_in_the_loop(layers):
    side, apart = 1, 1
    for size, stride in layers:
        side, apart = side + (size - 1) * apart, apart * stride
        return side


@wrong("You multiply the side by each layer's stride at its end")
def field_scaled_by_the_stride(layers):
    side = 1
    for size, stride in layers:
        side = (side + size - 1) * stride
    return side
