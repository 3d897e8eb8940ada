"""Exercise 04.field_size: how far a stack of convolutions can see."""

from typing import Any

from gmm_tutorial.learn.exercise import Exercise


def field_size(layers: list[tuple[int, int]]) -> int:
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
    )
    return [{"layers": stack} for stack in stacks]


exercise = Exercise(
    "04.field_size",
    field_size,
    field_size_cases,
    unit="networks",
    hints=(
        "Without strides: each layer adds its size minus 1. Two layers of size 3 see 5 pixels.",
        "After a stride of 2, neighbours in the map lie 2 pixels apart, so each further step of a kernel adds 2.",
        "Keep two numbers: the side so far, and how many pixels apart neighbours are. A layer adds its size minus 1, "
        "times that distance; only then does its own stride multiply the distance.",
    ),
)


@exercise.mistake
def strides_ignored(layers: list[tuple[int, int]]) -> int:
    """You leave out the strides: after a stride of 2, a step in the map is 2 pixels."""
    return 1 + sum(size - 1 for size, _ in layers)


@exercise.mistake
def sizes_added(layers: list[tuple[int, int]]) -> int:
    """You add the sizes: the middle of each kernel is already counted, so a layer adds its size minus 1."""
    side, jump = 0, 1
    for size, stride in layers:
        side, jump = side + size * jump, jump * stride
    return side


@exercise.mistake
def own_stride_counted(layers: list[tuple[int, int]]) -> int:
    """You count a layer's own stride for itself: only the strides *before* it move its inputs apart."""
    side, jump = 1, 1
    for size, stride in layers:
        jump *= stride
        side += (size - 1) * jump
    return side


@exercise.mistake
def last_layer_first(layers: list[tuple[int, int]]) -> int:
    """You stretch what is seen so far by a layer's stride. That is a way, but one that starts at the last layer."""
    side = 1
    for size, stride in layers:
        side = (side - 1) * stride + size
    return side


@exercise.mistake
def side_multiplied(layers: list[tuple[int, int]]) -> int:
    """You multiply the side by the stride. What is seen already stays; a stride moves neighbours apart for later."""
    side = 1
    for size, stride in layers:
        side = side * stride + size - 1
    return side


@exercise.mistake
def strides_added(layers: list[tuple[int, int]]) -> int:
    """Your strides add up: two layers of stride 2 leave neighbours 2 x 2 = 4 pixels apart."""
    side, jump = 1, 1
    for size, stride in layers:
        side, jump = side + (size - 1) * jump, jump + stride - 1
    return side
