"""Manhattan attention, full, decomposed and without softmax: loops, published numbers, and when which equal which."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gmm_tutorial.analysis.cost import peak_bytes
from gmm_tutorial.attention import attention, attention_weights
from gmm_tutorial.course import golden
from gmm_tutorial.grid import coordinates
from gmm_tutorial.manhattan import (
    ManhattanAttention,
    decay_scan,
    decomposed_manhattan_attention,
    manhattan_attention,
    manhattan_retention,
)
from gmm_tutorial.priors import ManhattanDecay

GRIDS = [(1, 1), (1, 6), (5, 1), (3, 3), (2, 5), (4, 3)]
FUNCTIONS = (manhattan_attention, decomposed_manhattan_attention, manhattan_retention)


def arguments(grid, heads=2, channels=4):
    shape = 3, 2, heads, grid[0] * grid[1], channels
    gamma = torch.tensor([0.6, 0.9, 1.0], dtype=torch.float64)[:heads]
    return *(t.requires_grad_() for t in torch.randn(shape, dtype=torch.float64).unbind()), gamma.requires_grad_()


def steps(a, b):
    return sum(abs(i - j) for i, j in zip(a, b, strict=True))


def by_loop(q, k, v, gamma, grid):
    """Full attention by its definition: exp(S) gamma^distance, divided by its sum, a query at a time."""
    places, rows = coordinates(grid).tolist(), []
    for a, place in enumerate(places):
        decay = torch.stack([gamma ** steps(place, other) for other in places], dim=-1)  # (H, N)
        scores = (q[:, :, a, None] * k).sum(-1) / math.sqrt(q.shape[-1])
        weights = scores.exp() * decay
        rows.append((weights[..., None] * v).sum(-2) / weights.sum(-1, keepdim=True))
    return torch.stack(rows, dim=-2)


def decomposed_by_loop(q, k, v, gamma, grid):
    """Each row by itself, then each column of what came out, with slices and softmax alone."""
    h, w = grid
    q, k, v = (t.unflatten(-2, grid) for t in (q, k, v))  # (B, H, h, w, D)

    def line(q, k, v, n):
        log_decay = torch.tensor([[-abs(i - j) for j in range(n)] for i in range(n)]) * -gamma.log()[:, None, None]
        return torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]) + log_decay, dim=-1) @ v

    v = torch.stack([line(q[:, :, y], k[:, :, y], v[:, :, y], w) for y in range(h)], dim=2)
    columns = [line(q[:, :, :, x], k[:, :, :, x], v[:, :, :, x], h) for x in range(w)]
    return torch.stack(columns, dim=3).flatten(2, 3)


def retention_by_matrix(q, k, v, gamma, grid):
    places = coordinates(grid).tolist()
    exponent = torch.tensor([[steps(a, b) for b in places] for a in places])
    return (q @ k.mT * gamma[:, None, None] ** exponent) @ v


def forward_and_backward(function, args, grid):
    out = function(*args, grid)
    cotangent = torch.linspace(-1, 1, out.numel(), dtype=out.dtype).view_as(out)
    return out, *torch.autograd.grad((out * cotangent).sum(), args)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(
    ("function", "loop"), list(zip(FUNCTIONS, (by_loop, decomposed_by_loop, retention_by_matrix), strict=True))
)
def test_equals_the_loop_forward_and_backward(function, loop, grid):
    args = arguments(grid)
    for ours, theirs in zip(
        forward_and_backward(function, args, grid), forward_and_backward(loop, args, grid), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("function", "loop"), list(zip(FUNCTIONS, (by_loop, decomposed_by_loop, retention_by_matrix), strict=True))
)
def test_values_may_have_another_number_of_channels(function, loop):
    q, k, _, gamma = arguments((2, 3))
    args = q, k, torch.randn(2, 2, 6, 7, dtype=torch.float64, requires_grad=True), gamma
    pairs = zip(forward_and_backward(function, args, (2, 3)), forward_and_backward(loop, args, (2, 3)), strict=True)
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_published_numbers():
    known = golden.load("masa_5x7")
    args = *(known[name] for name in "qkv"), known["gamma"], tuple(known["grid"].tolist())
    torch.testing.assert_close(manhattan_attention(*args), known["out_full"], rtol=0, atol=1e-5)
    torch.testing.assert_close(decomposed_manhattan_attention(*args), known["out_decomposed"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("grid", GRIDS)
def test_bias_is_the_gate_with_normalized_rows(grid):
    q, k, v, _ = arguments(grid)
    prior = ManhattanDecay(grid, 2).double()
    expected = attention(q, k, v, prior(), "gate_normalized")
    torch.testing.assert_close(attention(q, k, v, prior(), "bias"), expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(manhattan_attention(q, k, v, prior.gamma, grid), expected, rtol=1e-6, atol=1e-6)


def test_rows_of_the_papers_formula_sum_to_less_than_one():
    q, k, v, _ = arguments((5, 7))
    rows = attention_weights(q, k, v, ManhattanDecay((5, 7), 2).double()(), "gate").sum(-1)[:, 0]  # gamma .75
    corner, middle = rows[:, 0].mean(), rows[:, 2 * 7 + 3].mean()
    assert rows.max() < 1 and corner < 0.7 * middle


@pytest.mark.parametrize("grid", [(1, 7), (6, 1)])
def test_on_a_line_decomposed_is_full(grid):
    args = arguments(grid)
    torch.testing.assert_close(decomposed_manhattan_attention(*args, grid), manhattan_attention(*args, grid))


@settings(max_examples=20, deadline=None)
@given(h=st.integers(2, 5), w=st.integers(2, 5))
def test_decomposed_is_full_when_scores_are_a_sum_of_the_axes(h, w):
    """S = a(y, y') + b(x, x'): channels that know only the row, and channels that know only the column."""
    _, _, v, gamma = arguments((h, w))
    rows, columns = torch.randn(2, 2, h, 3, dtype=torch.float64), torch.randn(2, 2, w, 3, dtype=torch.float64)
    places = coordinates((h, w))
    q, k = (
        torch.cat((rows[i][:, places[:, 0]], columns[i][:, places[:, 1]]), -1).expand(2, -1, -1, -1) for i in (0, 1)
    )
    full, by_axes = (f(q, k, v, gamma, (h, w)) for f in FUNCTIONS[:2])
    torch.testing.assert_close(by_axes, full)
    by_axes = decomposed_manhattan_attention(torch.randn_like(q), k, v, gamma, (h, w))
    assert (by_axes - full).abs().max() > 1e-6, "a test that nothing can fail is none"


def test_otherwise_decomposed_is_not_full_and_order_matters():
    grid = (5, 7)
    q, k, v, gamma = arguments(grid)
    by_axes = decomposed_manhattan_attention(q, k, v, gamma, grid)
    assert (by_axes - manhattan_attention(q, k, v, gamma, grid)).abs().max() > 1e-3
    turned = [t.unflatten(2, grid).transpose(2, 3).flatten(2, 3) for t in (q, k, v)]
    columns_first = decomposed_manhattan_attention(*turned, gamma, grid[::-1])
    assert (by_axes - columns_first.unflatten(2, grid[::-1]).transpose(2, 3).flatten(2, 3)).abs().max() > 1e-3


def test_effective_weights_go_through_the_corner_in_the_querys_column():
    grid = (3, 4)
    q, k, v, gamma = arguments(grid)
    identity = torch.eye(12, dtype=torch.float64).expand(2, 2, 12, 12)
    whole = decomposed_manhattan_attention(q, k, identity, gamma, grid).unflatten(2, grid).unflatten(4, grid)
    q, k = q.unflatten(2, grid), k.unflatten(2, grid)
    decay = [
        torch.tensor([[abs(i - j) for j in range(n)] for i in range(n)]) * gamma.log()[:, None, None] for n in grid
    ]
    for y, x, y2, x2 in [(0, 0, 2, 3), (2, 1, 0, 0), (1, 2, 1, 3)]:
        along_h = torch.softmax(q[:, :, y, x, None] @ k[:, :, :, x].mT / 2 + decay[0][:, y, None], -1)[..., 0, y2]
        along_w = torch.softmax(q[:, :, y2, x, None] @ k[:, :, y2].mT / 2 + decay[1][:, x, None], -1)[..., 0, x2]
        torch.testing.assert_close(whole[:, :, y, x, y2, x2], along_h * along_w)


def test_gamma_one_is_plain_attention():
    q, k, v, _ = arguments((3, 4))
    torch.testing.assert_close(manhattan_attention(q, k, v, torch.ones(2).double(), (3, 4)), attention(q, k, v))


@settings(max_examples=30, deadline=None)
@given(h=st.integers(1, 6), w=st.integers(1, 6))
def test_scans_multiply_by_the_decay_matrix(h, w):
    x = torch.randn(2, 4, h * w, 3, dtype=torch.float64)
    decay = ManhattanDecay((h, w), 4).double()
    torch.testing.assert_close(decay_scan(x, decay.gamma, (h, w)), decay() @ x, rtol=1e-12, atol=1e-12)


def test_memory_grows_as_claimed():
    """Decomposed: N (h + w), the most of it weights of one axis. Retention without softmax: N."""
    peaks = {}
    for side in (8, 16, 32):
        grid = (side, side)
        q, k, v = torch.randn(3, 1, 2, side * side, 4).unbind()
        gamma = torch.tensor([0.75, 0.9])
        peaks[side] = [peak_bytes(lambda f=f: f(q, k, v, gamma, grid)) for f in FUNCTIONS]  # noqa: B023
        matrix = 4 * 2 * side**4
        assert peaks[side][0] > matrix and (side == 8 or max(peaks[side][1:]) < matrix)
    assert [round(math.log2(b / a)) for a, b in zip(peaks[16], peaks[32], strict=True)] == [4, 3, 2]


@pytest.mark.parametrize("grid", [(24, 24), (18, 32), (40, 16)])
def test_full_attention_by_blocks_is_the_same_in_less_memory(grid):
    """Also the gradients to the rates; the layer takes them by itself where there are many tokens."""
    n, gamma = grid[0] * grid[1], torch.tensor([0.75, 0.9], dtype=torch.float64, requires_grad=True)
    q, k, v = torch.randn(3, 1, 2, n, 4, dtype=torch.float64).requires_grad_().unbind()
    dense, blocked = (manhattan_attention(q, k, v, gamma, grid, backend=name) for name in ("dense", "blocked"))
    torch.testing.assert_close(blocked, dense)
    seen = torch.randn_like(dense)
    gradients = [torch.autograd.grad(out, (q, k, v, gamma), seen, retain_graph=True) for out in (dense, blocked)]
    torch.testing.assert_close(gradients[1], gradients[0])
    layer = ManhattanAttention(8, 2, decomposed=False)
    layer.eval().requires_grad_(False)
    assert peak_bytes(lambda: layer(torch.ones(1, *grid, 8))) < 4 * 2 * n * n


def test_wrong_arguments_are_named():
    q, k, v, gamma = arguments((2, 3))
    for function in FUNCTIONS:
        with pytest.raises(ValueError, match=r"q is \(2, 2, 6, 4\), but a grid of 2 x 4 needs 8 tokens"):
            function(q, k, v, gamma, (2, 4))
        with pytest.raises(ValueError, match="grid is 6, but it must be two positive integers"):
            function(q, k, v, gamma, 6)
        with pytest.raises(ValueError, match=r"k is \(2, 2, 5, 4\)"):
            function(q, k[:, :, 1:], v, gamma, (2, 3))
        with pytest.raises(ValueError, match=r"gamma is \[0.6\d*, 2.0\], but each must be above 0 and at most 1"):
            function(q, k, v, torch.tensor([0.6, 2.0]), (2, 3))
    with pytest.raises(ValueError, match="dim is 10, but it must be a multiple of heads, 4"):
        ManhattanAttention(10, 4)
    with pytest.raises(ValueError, match=r"x is \(1, 2, 2, 8\), but this layer was made for the grid \(2, 3\)"):
        ManhattanAttention(8, 2, grid=(2, 3))(torch.zeros(1, 2, 2, 8))
