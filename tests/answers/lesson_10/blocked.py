"""Answers to 10.blocked."""

import torch
from verdicts import right, wrong

from gmm_tutorial.grid import unfold_kernel
from gmm_tutorial.windows import slide_columns


def mask_block(kernel, grid, y):
    """What the lesson gives."""
    cuts = slide_columns(kernel[None], grid[1])[0][:, y : y + grid[0]].flip(1)
    return cuts.transpose(0, 1).reshape(-1, grid[1])


def steps(q, k, v, kernel, grid):
    """Scores and values, row by row."""
    for y in range(grid[0]):
        keys = slice(y * grid[1], (y + 1) * grid[1])
        yield mask_block(kernel, grid, y) * (q @ k[keys].T) / q.shape[1] ** 0.5, v[keys]


def start(q, v):
    return torch.full((len(q), 1), -torch.inf), torch.zeros(len(q), 1), torch.zeros_like(v)


@right
def with_columns(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        new = torch.maximum(m, scores.amax(1, keepdim=True))
        factor, p = (m - new).exp(), (scores - new).exp()
        total, out, m = total * factor + p.sum(1, keepdim=True), out * factor + p @ values, new
    return out / total


@right
def normalized_at_each_step(q, k, v, kernel, grid):
    """The output so far is a softmax already, by the logarithm of its sum."""
    log, out = torch.full((len(q), 1), -torch.inf), torch.zeros_like(v)
    for scores, values in steps(q, k, v, kernel, grid):
        block = scores.logsumexp(1, keepdim=True)
        new = torch.logaddexp(log, block)
        out = out * (log - new).exp() + (scores - new).exp() @ values
        log = new
    return out


@right
def dense(q, k, v, kernel, grid):
    return (unfold_kernel(kernel[None], grid)[0] * (q @ k.T) / q.shape[1] ** 0.5).softmax(1) @ v


@right
def maximum_first(q, k, v, kernel, grid):
    m = torch.cat([scores for scores, _ in steps(q, k, v, kernel, grid)], 1).amax(1, keepdim=True)
    parts = [((s - m).exp(), values) for s, values in steps(q, k, v, kernel, grid)]
    return sum(p @ values for p, values in parts) / sum(p.sum(1, keepdim=True) for p, _ in parts)


@wrong("You do not rescale the output")
def output_forgotten(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        new = torch.maximum(m, scores.amax(1, keepdim=True))
        p = (scores - new).exp()
        total, out, m = total * (m - new).exp() + p.sum(1, keepdim=True), out + p @ values, new
    return out / total


@wrong("You rescale the output, but not the sum")
def sum_forgotten(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        new = torch.maximum(m, scores.amax(1, keepdim=True))
        p = (scores - new).exp()
        total, out, m = total + p.sum(1, keepdim=True), out * (m - new).exp() + p @ values, new
    return out / total


@wrong("You never rescale")
def never(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        m = torch.maximum(m, scores.amax(1, keepdim=True))
        p = (scores - m).exp()
        total, out = total + p.sum(1, keepdim=True), out + p @ values
    return out / total


@wrong("Your factor is upside down")
def upside_down(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        new = torch.maximum(m, scores.amax(1, keepdim=True))
        factor, p = (new - m).exp(), (scores - new).exp()
        total, out, m = total * factor + p.sum(1, keepdim=True), out * factor + p @ values, new
    return out / total


@wrong("You divide by the sum in every step")
def divided_each_time(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        new = torch.maximum(m, scores.amax(1, keepdim=True))
        factor, p = (m - new).exp(), (scores - new).exp()
        total = total * factor + p.sum(1, keepdim=True)
        out, m = (out * factor + p @ values) / total, new
    return out


@wrong("You take exp() of the scores themselves")
def bare_exp(q, k, v, kernel, grid):
    _, total, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        total, out = total + scores.exp().sum(1, keepdim=True), out + scores.exp() @ values
    return out / total


@wrong("You add up the softmax of each block")
def each_softmax(q, k, v, kernel, grid):
    return sum(scores.softmax(1) @ values for scores, values in steps(q, k, v, kernel, grid))


@wrong("You average the blocks as if each had the same share")
def mean_of_softmaxes(q, k, v, kernel, grid):
    return sum(scores.softmax(1) @ values for scores, values in steps(q, k, v, kernel, grid)) / grid[0]


@wrong("You return the attention to the last block of keys alone")
def last_one(q, k, v, kernel, grid):
    for scores, values in steps(q, k, v, kernel, grid):
        out = scores.softmax(1) @ values
    return out


@wrong("You do not divide by the sum")
def not_divided(q, k, v, kernel, grid):
    m, _, out = start(q, v)
    for scores, values in steps(q, k, v, kernel, grid):
        new = torch.maximum(m, scores.amax(1, keepdim=True))
        out, m = out * (m - new).exp() + (scores - new).exp() @ values, new
    return out


@wrong("Your scores are not divided by sqrt(D)")
def without_root(q, k, v, kernel, grid):
    return with_columns(q * q.shape[1] ** 0.5, k, v, kernel, grid)


@wrong("Your result is attention without the mask")
def without_mask(q, k, v, kernel, grid):
    return with_columns(q, k, v, 0 * kernel + 1, grid)


@wrong("You add the mask to the scores")
def mask_added(q, k, v, kernel, grid):
    return (unfold_kernel(kernel[None], grid)[0] + q @ k.T / q.shape[1] ** 0.5).softmax(1) @ v


@wrong("Your mask multiplies the weights after the softmax")
def gated(q, k, v, kernel, grid):
    return (unfold_kernel(kernel[None], grid)[0] * (q @ k.T / q.shape[1] ** 0.5).softmax(1)) @ v


@wrong("You use the mask of the first block for all blocks")
def always_row_0(q, k, v, kernel, grid):
    mask = torch.cat([mask_block(kernel, grid, 0)] * grid[0], 1)
    return (mask * (q @ k.T) / q.shape[1] ** 0.5).softmax(1) @ v


@wrong("Your mask is transposed")
def mask_of_the_keys(q, k, v, kernel, grid):
    return with_columns(q, k, v, kernel.flip(0, 1), grid)


@wrong("raised RuntimeError")
def blocks_of_h(q, k, v, kernel, grid):
    m, total, out = start(q, v)
    for y, keys in enumerate(torch.arange(len(k)).split(grid[0])):
        scores = q @ k[keys].T * mask_block(kernel, grid, y) / q.shape[1] ** 0.5
        total, out = total + scores.exp().sum(1, keepdim=True), out + scores.exp() @ v[keys]
    return out / total


@wrong("no gradient reaches kernel")
def mask_detached(q, k, v, kernel, grid):
    return with_columns(q, k, v, kernel.detach(), grid)
