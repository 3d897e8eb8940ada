"""Answers to 07.rmt_block."""

import torch
import torch.nn.functional as F
from einops import rearrange
from verdicts import right, wrong

from gmm_tutorial import manhattan, rotary
from gmm_tutorial.models import rmt


def depthwise(x, kernel):
    """The lesson's own, which the exercise offers."""
    return F.conv2d(x.movedim(-1, 1), kernel, padding=kernel.shape[-1] // 2, groups=len(kernel)).movedim(1, -1)


def norm(x, weight):
    return F.layer_norm(x, weight.shape, weight, eps=1e-6)


def attention(x, weights, gamma):
    h, w = x.shape[1:3]
    q, k, v = (rearrange(x @ weights[n], "B h w (H D) -> B H (h w) D", H=len(gamma)) for n in "qkv")
    places = torch.arange(h * w)
    out = manhattan.manhattan_attention(rotary.rotate(q, places), rotary.rotate(k, places), v, gamma, (h, w))
    out = rearrange(out, "B H (h w) D -> B h w (H D)", h=h)
    return (out + depthwise(x @ weights["v"], weights["lepe"])) @ weights["out"]


def feed_forward(x, weights):
    hidden = F.gelu(x @ weights["w1"])
    return (hidden + depthwise(hidden, weights["kernel"])) @ weights["w2"]


@wrong("")
def without_scales(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = x + attention(norm(x, weights["norm1"]), weights, gamma)
    return x + feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def scaled_inside_the_norm(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = x + attention(weights["scale1"] * norm(x, weights["norm1"]), weights, gamma)
    return x + feed_forward(weights["scale2"] * norm(x, weights["norm2"]), weights)


@wrong("")
def scaled_sum(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = weights["scale1"] * (x + attention(norm(x, weights["norm1"]), weights, gamma))
    return weights["scale2"] * (x + feed_forward(norm(x, weights["norm2"]), weights))


@wrong("")
def scaled_position(x, weights, gamma):
    x = x + weights["scale1"] * depthwise(x, weights["pos"])
    x = x + weights["scale1"] * attention(norm(x, weights["norm1"]), weights, gamma)
    return x + weights["scale2"] * feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def scaled_residual(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = weights["scale1"] * x + attention(norm(x, weights["norm1"]), weights, gamma)
    return weights["scale2"] * x + feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def second_scale_only(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = x + attention(norm(x, weights["norm1"]), weights, gamma)
    return x + weights["scale2"] * feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def one_scale_for_both(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = x + weights["scale1"] * attention(norm(x, weights["norm1"]), weights, gamma)
    return x + weights["scale1"] * feed_forward(norm(x, weights["norm2"]), weights)


def block(x, weights, gamma, attend=attention, feed=feed_forward, normed=norm):
    """The block with another attention, feed-forward layer or norm."""
    x = x + depthwise(x, weights["pos"])
    x = x + weights["scale1"] * attend(normed(x, weights["norm1"]), weights, gamma)
    return x + weights["scale2"] * feed(normed(x, weights["norm2"]), weights)


def steps_between(grid):
    """The Manhattan distance of all pairs of tokens, (N, N)."""
    y, z = torch.arange(grid[0] * grid[1]) // grid[1], torch.arange(grid[0] * grid[1]) % grid[1]
    return (y[:, None] - y).abs() + (z[:, None] - z).abs()


def heads_of(y, heads):
    return rearrange(y, "B h w (H D) -> B H (h w) D", H=heads)


def changed_attention(turn_q=True, turn_k=True, turn_v=False, source="v", out=True, late=False, inner=None, lepe=True):
    """An attention with some steps done otherwise."""

    def attend(x, weights, gamma):
        h, w = x.shape[1:3]
        places = torch.arange(h * w)
        q, k, v = (heads_of(x @ weights[n], len(gamma)) for n in "qkv")
        turned = [rotary.rotate(y, places) if on else y for y, on in ((q, turn_q), (k, turn_k), (v, turn_v))]
        got = (inner or manhattan.manhattan_attention)(*turned, gamma, (h, w))
        got = rearrange(got, "B H (h w) D -> B h w (H D)", h=h)
        near = depthwise({"v": x @ weights["v"], "x": x, "got": got, "q": x @ weights["q"]}[source], weights["lepe"])
        near = near if lepe else 0 * near
        matrix = weights["out"] if out else torch.eye(x.shape[-1])
        return got @ matrix + near if late else (got + near) @ matrix

    return attend


@wrong("")
def rotation_forgotten(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(turn_q=False, turn_k=False))


@wrong("")
def values_rotated_too(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(turn_v=True))


@wrong("")
def only_queries_rotated(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(turn_k=False))


@wrong("")
def only_keys_rotated(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(turn_q=False))


@wrong("")
def enhancement_forgotten(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(lepe=False))


@wrong("")
def enhancement_of_the_tokens(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(source="x"))


@wrong("")
def enhancement_of_the_queries(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(source="q"))


@wrong("")
def enhancement_of_the_result(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(source="got"))


@wrong("")
def enhancement_after_the_output_matrix(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(late=True))


@wrong("")
def output_matrix_forgotten(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(out=False))


@wrong("")
def plain_softmax(x, weights, gamma):
    def inner(q, k, v, gamma, grid):
        return F.scaled_dot_product_attention(q, k, v)

    return block(x, weights, gamma, changed_attention(inner=inner))


@wrong("")
def rows_then_columns(x, weights, gamma):
    return block(x, weights, gamma, changed_attention(inner=manhattan.decomposed_manhattan_attention))


@wrong("")
def gated_as_in_the_paper(x, weights, gamma):
    def inner(q, k, v, gamma, grid):
        scores = q @ k.mT / q.shape[-1] ** 0.5
        return (scores.softmax(-1) * gamma[:, None, None] ** steps_between(grid)) @ v

    return block(x, weights, gamma, changed_attention(inner=inner))


@wrong("")
def scaled_twice(x, weights, gamma):
    def inner(q, k, v, gamma, grid):
        return manhattan.manhattan_attention(q * q.shape[-1] ** -0.5, k, v, gamma, grid)

    return block(x, weights, gamma, changed_attention(inner=inner))


@wrong("")
def grid_the_other_way(x, weights, gamma):
    def inner(q, k, v, gamma, grid):
        return manhattan.manhattan_attention(q, k, v, gamma, (grid[1], grid[0]))

    return block(x, weights, gamma, changed_attention(inner=inner))


@wrong("")
def every_h_th_channel_is_a_head(x, weights, gamma):
    def attend(x, weights, gamma):
        h, w = x.shape[1:3]
        places = torch.arange(h * w)
        q, k, v = (rearrange(x @ weights[n], "B h w (D H) -> B H (h w) D", H=len(gamma)) for n in "qkv")
        out = manhattan.manhattan_attention(rotary.rotate(q, places), rotary.rotate(k, places), v, gamma, (h, w))
        out = rearrange(out, "B H (h w) D -> B h w (D H)", h=h)
        return (out + depthwise(x @ weights["v"], weights["lepe"])) @ weights["out"]

    return block(x, weights, gamma, attend)


@wrong("")
def heads_merged_the_wrong_way(x, weights, gamma):
    def attend(x, weights, gamma):
        h, w = x.shape[1:3]
        places = torch.arange(h * w)
        q, k, v = (heads_of(x @ weights[n], len(gamma)) for n in "qkv")
        out = manhattan.manhattan_attention(rotary.rotate(q, places), rotary.rotate(k, places), v, gamma, (h, w))
        out = rearrange(out, "B H (h w) D -> B h w (D H)", h=h)
        return (out + depthwise(x @ weights["v"], weights["lepe"])) @ weights["out"]

    return block(x, weights, gamma, attend)


@wrong("")
def rotated_by_the_column(x, weights, gamma):
    def inner(q, k, v, gamma, grid):
        column = torch.arange(grid[0] * grid[1]) % grid[1]
        return manhattan.manhattan_attention(rotary.rotate(q, column), rotary.rotate(k, column), v, gamma, grid)

    return block(x, weights, gamma, changed_attention(turn_q=False, turn_k=False, inner=inner))


@wrong("")
def one_head(x, weights, gamma):
    return block(x, weights, gamma[:1])


@wrong("")
def first_rate_for_all_heads(x, weights, gamma):
    return block(x, weights, gamma[:1].repeat(len(gamma)))


@wrong("")
def rates_reversed(x, weights, gamma):
    return block(x, weights, gamma.flip(0))


@wrong("")
def matrices_transposed(x, weights, gamma):
    return block(x, weights | {name: weights[name].T for name in ("q", "k", "v", "out")}, gamma)


@wrong("")
def queries_and_keys_swapped(x, weights, gamma):
    return block(x, weights | {"q": weights["k"], "k": weights["q"]}, gamma)


@wrong("")
def norm_without_weight(x, weights, gamma):
    return block(x, weights, gamma, normed=lambda x, weight: F.layer_norm(x, weight.shape, eps=1e-6))


@wrong("")
def norms_forgotten(x, weights, gamma):
    return block(x, weights, gamma, normed=lambda x, weight: x)


@wrong("")
def norm_without_the_mean(x, weights, gamma):
    return block(x, weights, gamma, normed=lambda x, weight: F.rms_norm(x, weight.shape, weight))


@wrong("")
def position_forgotten(x, weights, gamma):
    return block(x, weights | {"pos": 0 * weights["pos"]}, gamma)


@wrong("")
def position_replaces_the_tokens(x, weights, gamma):
    return block(depthwise(x, weights["pos"]), weights | {"pos": 0 * weights["pos"]}, gamma)


@wrong("")
def no_gelu(x, weights, gamma):
    def feed(x, weights):
        hidden = x @ weights["w1"]
        return (hidden + depthwise(hidden, weights["kernel"])) @ weights["w2"]

    return block(x, weights, gamma, feed=feed)


@wrong("")
def hidden_convolution_not_added(x, weights, gamma):
    def feed(x, weights):
        return depthwise(F.gelu(x @ weights["w1"]), weights["kernel"]) @ weights["w2"]

    return block(x, weights, gamma, feed=feed)


@wrong("")
def hidden_convolution_forgotten(x, weights, gamma):
    return block(x, weights, gamma, feed=lambda x, weights: F.gelu(x @ weights["w1"]) @ weights["w2"])


@wrong("")
def feed_forward_beside_attention(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    first = weights["scale1"] * attention(norm(x, weights["norm1"]), weights, gamma)
    return x + first + weights["scale2"] * feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def feed_forward_replaces(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = x + weights["scale1"] * attention(norm(x, weights["norm1"]), weights, gamma)
    return weights["scale2"] * feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def attention_replaces(x, weights, gamma):
    x = x + depthwise(x, weights["pos"])
    x = weights["scale1"] * attention(norm(x, weights["norm1"]), weights, gamma)
    return x + weights["scale2"] * feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def in_place(x, weights, gamma):
    x += depthwise(x, weights["pos"])
    x += weights["scale1"] * attention(norm(x, weights["norm1"]), weights, gamma)
    return x + weights["scale2"] * feed_forward(norm(x, weights["norm2"]), weights)


@wrong("")
def forgets_to_return(x, weights, gamma):
    block(x, weights, gamma)


@right
def in_three_steps(x, weights, gamma):
    return block(x, weights, gamma)


@right
def in_float64(x, weights, gamma):
    return block(x.double(), {name: value.double() for name, value in weights.items()}, gamma.double())


@right
def by_a_mask_and_a_softmax(x, weights, gamma):
    def inner(q, k, v, gamma, grid):
        scores = torch.einsum("bhqd,bhkd->bhqk", q, k) / q.shape[-1] ** 0.5
        weighted = scores.exp() * gamma[:, None, None] ** steps_between(grid)
        return weighted / weighted.sum(-1, keepdim=True) @ v

    return block(x, weights, gamma, changed_attention(inner=inner))


@right
def head_by_head(x, weights, gamma):
    def attend(x, weights, gamma):
        h, w = x.shape[1:3]
        size, outs = x.shape[-1] // len(gamma), []
        for i, rate in enumerate(gamma):
            part = slice(i * size, (i + 1) * size)
            q, k, v = ((x @ weights[n])[..., part].flatten(1, 2)[:, None] for n in "qkv")
            q, k = (rotary.rotate(y, torch.arange(h * w)) for y in (q, k))
            outs.append(manhattan.manhattan_attention(q, k, v, rate[None], (h, w))[:, 0].unflatten(1, (h, w)))
        return (torch.cat(outs, -1) + depthwise(x @ weights["v"], weights["lepe"])) @ weights["out"]

    return block(x, weights, gamma, attend)


@right
def by_the_reference(x, weights, gamma):
    dim, hidden = weights["w1"].shape
    layer = manhattan.ManhattanAttention(dim, len(gamma), decomposed=False)
    made = rmt.RMTBlock(dim, layer, rmt.ConvMlp(dim, hidden), layer_scale=1.0, norm_eps=1e-6)
    names = {"pos": "pos.weight", "norm1": "norm1.weight", "norm2": "norm2.weight", "lepe": "attn.lepe.weight"}
    names |= {"w1": "mlp.fc1.weight", "w2": "mlp.fc2.weight", "kernel": "mlp.conv.weight"}
    names |= {n: f"attn.{n}_proj.weight" for n in ("q", "k", "v", "out")} | {"scale1": "scale1", "scale2": "scale2"}
    square = ("q", "k", "v", "out", "w1", "w2")
    state = {names[n]: value.T if n in square else value for n, value in weights.items()}
    state = {n: state.get(n, torch.zeros_like(value)) for n, value in made.state_dict().items()}
    return torch.func.functional_call(made, state | {"attn.log_gamma": gamma.log()}, (x,))
