"""Exercise 04.field_size: how far a stack of convolutions can see."""

from math import prod
from typing import Any

from gmm_tutorial.learn.exercise import Exercise

Layers = list[tuple[int, int]]


def field_size(layers: Layers) -> int:
    """layers: (size, stride) of each, the first one first -> the side of what one output sees, in pixels."""
    side, jump = 1, 1
    for size, stride in layers:
        side += (size - 1) * jump
        jump *= stride
    return side


def field_size_cases() -> list[dict[str, Any]]:
    """One layer, two, then strides, then sizes that differ."""
    stacks = (
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(3, 2), (3, 1)],
        [(3, 2), (3, 2), (3, 1), (3, 1)],
        [(7, 2), (3, 2), (1, 1), (5, 1)],
        [(4, 4), (3, 1), (2, 2)],
        [(2, 1), (5, 3), (3, 2), (4, 1)],
    )
    return [{"layers": stack} for stack in stacks]


exercise = Exercise(
    "04.field_size",
    field_size,
    field_size_cases,
    unit="networks",
    hints=(
        "Start without strides: each layer adds its size minus 1. Two layers of size 3 see 5 pixels.",
        "After a stride of 2, neighbors in the map lie 2 pixels apart, so each further step of a kernel adds 2 pixels.",
        "Go from the first layer to the last and keep two numbers: the side so far, and the distance in pixels between "
        "neighbors in the current map. Ask for each layer which of its two numbers changes which of yours, and when.",
    ),
)


@exercise.mistake
def strides_ignored(layers: Layers) -> int:
    """You leave out the strides: after a stride of 2, one step in the map is 2 pixels."""
    return 1 + sum(size - 1 for size, _ in layers)


@exercise.mistake
def sizes_added(layers: Layers) -> int:
    """You add the sizes: the middle of each kernel is already counted, so a layer adds its size minus 1."""
    side, jump = 0, 1
    for size, stride in layers:
        side, jump = side + size * jump, jump * stride
    return side


@exercise.mistake
def sizes_added_to_one(layers: Layers) -> int:
    """Each layer adds its whole size to your 1: its middle is already counted, so it adds its size minus 1."""
    return 1 + sizes_added(layers)


@exercise.mistake
def sum_of_sizes(layers: Layers) -> int:
    """You add up the sizes alone: a layer adds its size minus 1, times the strides before it."""
    return sum(size for size, _ in layers)


@exercise.mistake
def sizes_multiplied(layers: Layers) -> int:
    """You multiply the sizes: a layer makes the field larger by a number of pixels, not by a factor."""
    return prod(size for size, _ in layers)


@exercise.mistake
def everything_multiplied(layers: Layers) -> int:
    """You multiply sizes and strides: only strides multiply, and they multiply steps, not the field."""
    return prod(size * stride for size, stride in layers)


@exercise.mistake
def own_stride_counted(layers: Layers) -> int:
    """You count a layer's own stride for itself: only the strides *before* it move its inputs apart."""
    side, jump = 1, 1
    for size, stride in layers:
        jump *= stride
        side += (size - 1) * jump
    return side


@exercise.mistake
def previous_stride_only(layers: Layers) -> int:
    """You count only the stride of the layer before: all earlier strides multiply."""
    side, jump = 1, 1
    for size, stride in layers:
        side, jump = side + (size - 1) * jump, stride
    return side


@exercise.mistake
def wrong_order(layers: Layers) -> int:
    """Your result belongs to the same layers in reverse order: is yours a formula that starts at the other end?"""
    return field_size(layers[::-1])


@exercise.mistake
def side_multiplied(layers: Layers) -> int:
    """You multiply the side by the stride: a stride does not change what is already seen, only the steps after it."""
    side = 1
    for size, stride in layers:
        side = side * stride + size - 1
    return side


@exercise.mistake
def side_multiplied_afterwards(layers: Layers) -> int:
    """You multiply the side by each layer's stride at its end: a stride makes only the steps after it larger."""
    side = 1
    for size, stride in layers:
        side = (side + size - 1) * stride
    return side


@exercise.mistake
def strides_added(layers: Layers) -> int:
    """Your strides add up: two layers of stride 2 leave neighbors 2 x 2 = 4 pixels apart."""
    side, jump = 1, 1
    for size, stride in layers:
        side, jump = side + (size - 1) * jump, jump + stride - 1
    return side


@exercise.mistake
def output_step(layers: Layers) -> int:
    """This is how far apart neighboring outputs are: the product of all strides. The question is how wide one sees."""
    return prod(stride for _, stride in layers)


@exercise.mistake
def times_the_output_step(layers: Layers) -> int:
    """You multiply the field by the product of all strides: it is already counted in pixels."""
    return field_size(layers) * output_step(layers)


@exercise.mistake
def to_one_side(layers: Layers) -> int:
    """This is how far the field reaches to one side: the whole width has both sides and the middle."""
    return (field_size(layers) - 1) // 2


@exercise.mistake
def odd_sizes_assumed(layers: Layers) -> int:
    """You count size // 2 on both sides of the middle: a kernel of size 4 makes three steps, not four."""
    side, jump = 1, 1
    for size, stride in layers:
        side, jump = side + 2 * (size // 2) * jump, jump * stride
    return side


@exercise.mistake
def pair_exchanged(layers: Layers) -> int:
    """You read the pairs as (stride, size): the size comes first."""
    return field_size([(size, stride) for stride, size in layers])


@exercise.mistake
def first_layer_only(layers: Layers) -> int:
    """This is the field of the first layer alone: is your return inside the loop?"""
    return field_size(layers[:1])


@exercise.mistake
def starts_at_zero(layers: Layers) -> int:
    """Your field is one pixel too narrow: without any layer, an output already sees one pixel, so start from 1."""
    return field_size(layers) - 1
