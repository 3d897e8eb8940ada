"""The reverse convolution against a naive loop, a strided view, and its own algebra."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gmm_tutorial.grid import check_grid, coordinates, distances, kernel_offsets, unfold_kernel

GRIDS = [(1, 1), (1, 4), (3, 3), (2, 5), (5, 2), (8, 8)]
grids = st.tuples(st.integers(1, 6), st.integers(1, 6))


def by_loop(kernel, grid):
    """The definition, entry by entry."""
    h, w = grid
    mask = torch.empty(len(kernel), h * w, h * w, dtype=kernel.dtype)
    for a in range(h * w):
        for b in range(h * w):
            mask[:, a, b] = kernel[:, b // w - a // w + h - 1, b % w - a % w + w - 1]
    return mask


def by_window(kernel, grid):
    """The reverse convolution as told: an (h, w) window slides over the kernel, backwards, one row a position."""
    h, w = grid
    windows = kernel.unfold(1, h, 1).unfold(2, w, 1).flip(1, 2)
    return windows.reshape(len(kernel), h * w, h * w)


@pytest.mark.parametrize("other", [by_loop, by_window])
@pytest.mark.parametrize("grid", GRIDS)
def test_unfold_forward_and_backward(grid, other):
    h, w = grid
    kernel = torch.randn(3, 2 * h - 1, 2 * w - 1, dtype=torch.float64, requires_grad=True)
    cotangent = torch.randn(3, h * w, h * w, dtype=torch.float64)
    ours, theirs = unfold_kernel(kernel, grid), other(kernel, grid)
    assert torch.equal(ours, theirs)
    gradients = [torch.autograd.grad((mask * cotangent).sum(), kernel)[0] for mask in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-12)


def test_unfold_is_indexed_key_minus_query():
    h, w = 2, 3
    kernel = torch.arange(15.0).view(1, 3, 5)
    mask = unfold_kernel(kernel, (h, w))[0]
    query, key = 0 * w + 0, 1 * w + 2  # one row down, two columns to the right
    assert mask[query, key] == kernel[0, 1 + h - 1, 2 + w - 1]
    assert mask[key, query] == kernel[0, -1 + h - 1, -2 + w - 1]


@given(grids)
def test_mask_of_a_symmetric_kernel_is_symmetric(grid):
    h, w = grid
    kernel = torch.randn(1, 2 * h - 1, 2 * w - 1)
    mask = unfold_kernel(kernel + kernel.flip(1, 2), grid)
    assert torch.equal(mask, mask.mT)


@given(grids)
def test_distances_are_euclidean(grid):
    points = coordinates(grid).double()
    torch.testing.assert_close(distances(grid).double(), torch.cdist(points, points), rtol=0, atol=1e-5)
    assert kernel_offsets(grid)[grid[0] - 1, grid[1] - 1].tolist() == [0, 0]


def test_coordinates_are_in_raster_order():
    assert coordinates((2, 3)).tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert coordinates((1, 1)).tolist() == [[0, 0]]


def test_wrong_kernel_is_named():
    with pytest.raises(ValueError, match=r"kernel is \(4, 15, 15\), but a grid of 7 x 7 needs \(4, 13, 13\)"):
        unfold_kernel(torch.zeros(4, 15, 15), (7, 7))
    with pytest.raises(ValueError, match=r"kernel is \(13, 13\), but .* needs \(H, 13, 13\)"):
        unfold_kernel(torch.zeros(13, 13), (7, 7))


@pytest.mark.parametrize("grid", [8, (8,), (8, 0), (8, -1), (8.0, 8), (8, 8, 8), "88", (True, 8)])
def test_wrong_grid_is_named(grid):
    with pytest.raises(ValueError, match=r"grid is .* two positive integers"):
        check_grid(grid)


def test_unfold_of_a_batch_its_gradients_and_theirs():
    """The gradient is written by hand: against numbers, twice, under vmap, and compiled into one graph."""
    kernel = torch.randn(2, 5, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda k: unfold_kernel(k, (3, 4)), kernel)
    assert torch.autograd.gradgradcheck(lambda k: unfold_kernel(k, (3, 4)), kernel)
    many = torch.randn(4, 2, 5, 7)
    masks = torch.func.vmap(lambda k: unfold_kernel(k, (3, 4)))(many)
    assert torch.equal(masks, torch.stack([unfold_kernel(k, (3, 4)) for k in many]))
    slopes = torch.func.vmap(torch.func.grad(lambda k: unfold_kernel(k, (3, 4)).square().sum()))(many)
    counts = (3 - kernel_offsets((3, 4))[..., 0].abs()) * (4 - kernel_offsets((3, 4))[..., 1].abs())
    torch.testing.assert_close(slopes, 2 * many * counts)
