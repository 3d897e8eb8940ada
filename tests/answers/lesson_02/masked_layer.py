"""Answers to 02.masked_layer."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from einops import rearrange
from verdicts import right, wrong

from gmm_tutorial.attention import Attention


def parts(x, num_heads, weight, bias):
    """q, k and v, (B, H, N, D) each."""
    q, k, v = (x @ weight.mT + bias).chunk(3, dim=-1)
    return [each.unflatten(-1, (num_heads, -1)).transpose(1, 2) for each in (q, k, v)]


def grown(mask, n, value=1.0):
    """A mask for n tokens, those without a place in front."""
    more = n - mask.shape[-1]
    out = torch.full((mask.shape[0], n, n), value)
    out[:, more:, more:] = mask
    return out


def finish(heads, weight, bias):
    return heads.transpose(1, 2).flatten(2) @ weight.mT + bias


@right
def step_by_step(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    q, k, v = parts(x, num_heads, qkv_weight, qkv_bias)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / math.sqrt(q.shape[-1])).softmax(-1)
    return finish(weights @ v, out_weight, out_bias)


@right
def head_by_head_in_double(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    dim, more = len(qkv_weight) // 3 // num_heads, x.shape[1] - mask.shape[-1]
    x, out = x.double(), out_bias.double()
    for head in range(num_heads):
        q, k, v = (
            x @ qkv_weight[start : start + dim].double().T + qkv_bias[start : start + dim].double()
            for start in (head * dim + block * num_heads * dim for block in range(3))
        )
        scores = q @ k.mT / dim**0.5
        own = mask[head % len(mask)].double()
        pairs = torch.cat((scores[:, more:, :more], own * scores[:, more:, more:]), -1)
        weights = torch.cat((scores[:, :more], pairs), 1).softmax(-1)
        out = out + weights @ v @ out_weight[:, head * dim : (head + 1) * dim].double().T
    return out


@right
def as_an_additive_mask(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    qkv = F.linear(x, qkv_weight, qkv_bias)
    q, k, v = rearrange(qkv, "b n (t h d) -> t b h n d", t=3, h=num_heads)
    scores = torch.einsum("bhid,bhjd->bhij", q, k) / q.shape[-1] ** 0.5
    extra = (grown(mask, x.shape[1]) - 1) * scores
    seen = F.scaled_dot_product_attention(q, k, v, attn_mask=extra)
    return F.linear(rearrange(seen, "b h n d -> b n (h d)"), out_weight, out_bias)


@right
def through_the_modules(x, mask, num_heads, *weights):
    names = ("qkv.weight", "qkv.bias", "proj.weight", "proj.bias")
    dim = len(weights[0]) // 3 // num_heads
    layer = Attention(x.shape[-1], num_heads, head_dim=dim, qkv_bias=True)
    padded = grown(mask, x.shape[1])
    layer.prior = torch.nn.Identity()
    layer.prior.combine, layer.prior.forward = "scale", lambda: padded
    return torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))


def flexible(
    x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias, *, value=1.0, divide=None, mix=None, order=(0, 1, 2)
):
    """The layer, with a slip if one is passed."""
    three = parts(x, num_heads, qkv_weight, qkv_bias)
    q, k, v = (three[place] for place in order)
    scores = q @ k.mT / math.sqrt(divide(x, q) if divide else q.shape[-1])
    mask = grown(mask, x.shape[1], value)
    weights = mix(scores, mask) if mix else (mask * scores).softmax(-1)
    return finish(weights @ v, out_weight, out_bias)


from_a_partial = right(partial(flexible, value=1.0))


@wrong("You pad the mask with zeros")
def padded_with_zeros(*inputs):
    return flexible(*inputs, value=0.0)


@wrong("You pad the mask at its end, but the class token is token 0")
def padded_at_the_end(x, mask, *others):
    more = x.shape[1] - mask.shape[-1]
    return flexible(x, F.pad(mask, (0, more, 0, more), value=1.0), *others)


@wrong("raised RuntimeError")
def class_token_not_padded(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    q, k, v = parts(x, num_heads, qkv_weight, qkv_bias)
    return finish((mask * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1) @ v, out_weight, out_bias)


@wrong("You leave the class token out of attention")
def class_token_left_as_it_was(x, mask, *others):
    more = x.shape[1] - mask.shape[-1]
    return torch.cat((x[:, :more], flexible(x[:, more:], mask, *others)), 1)


@wrong("It has the shape (2, 6, 4), but (2, 7, 4) is expected")
def class_token_dropped(x, mask, *others):
    return flexible(x[:, x.shape[1] - mask.shape[-1] :], mask, *others)


@wrong("You divide the scores by the square root of C, the channels of a token")
def divided_by_all_channels(*inputs):
    return flexible(*inputs, divide=lambda x, q: x.shape[-1])


@wrong("You divide the scores by the square root of H D, the width of all heads")
def divided_by_the_width_of_all_heads(*inputs):
    return flexible(*inputs, divide=lambda x, q: q.shape[1] * q.shape[-1])


@wrong("Your scores are not divided by the square root of D")
def not_divided(*inputs):
    return flexible(*inputs, divide=lambda x, q: 1)


@wrong("You divide the scores by D. It must be its square root")
def divided_by_d(*inputs):
    return flexible(*inputs, divide=lambda x, q: q.shape[-1] ** 2)


@wrong("raised RuntimeError")
def head_width_from_the_channels(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    q, k, v = F.linear(x, qkv_weight, qkv_bias).view(*x.shape[:2], 3, num_heads, x.shape[-1] // num_heads).unbind(2)
    q, k, v = (each.transpose(1, 2) for each in (q, k, v))
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return finish(weights @ v, out_weight, out_bias)


@wrong("You split the 3 H D numbers into heads first, then into q, k and v")
def heads_before_the_three(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    qkv = F.linear(x, qkv_weight, qkv_bias)
    q, k, v = rearrange(qkv, "b n (h t d) -> t b h n d", t=3, h=num_heads)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return finish(weights @ v, out_weight, out_bias)


@wrong("You deal out the channels of q, k and v to the heads in turn")
def heads_innermost(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    qkv = F.linear(x, qkv_weight, qkv_bias)
    q, k, v = rearrange(qkv, "b n (t d h) -> t b h n d", t=3, h=num_heads)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return F.linear(rearrange(weights @ v, "b h n d -> b n (h d)"), out_weight, out_bias)


@wrong("You split the 3 H D numbers as if q, k and v of a channel were side by side")
def three_innermost(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    qkv = F.linear(x, qkv_weight, qkv_bias)
    q, k, v = rearrange(qkv, "b n (h d t) -> t b h n d", t=3, h=num_heads)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return finish(weights @ v, out_weight, out_bias)


@wrong("You make the axis of the heads by a reshape alone")
def a_view_without_a_transpose(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    three = F.linear(x, qkv_weight, qkv_bias).chunk(3, -1)
    q, k, v = (each.reshape(len(x), num_heads, x.shape[1], -1) for each in three)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return finish(weights @ v, out_weight, out_bias)


@wrong("You join heads and channels by a reshape alone")
def reshaped_at_the_end(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    q, k, v = parts(x, num_heads, qkv_weight, qkv_bias)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return (weights @ v).reshape(*x.shape[:2], -1) @ out_weight.mT + out_bias


@wrong("You join the heads channel by channel, (D H)")
def merged_in_turn(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    q, k, v = parts(x, num_heads, qkv_weight, qkv_bias)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return rearrange(weights @ v, "b h n d -> b n (d h)") @ out_weight.mT + out_bias


@wrong("The shape is right, but all values differ")
def heads_added(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    q, k, v = parts(x, num_heads, qkv_weight, qkv_bias)
    weights = (grown(mask, x.shape[1]) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)
    return (weights @ v).sum(1).repeat(1, 1, num_heads) @ out_weight.mT + out_bias


@wrong("You take the blocks in the order k, q, v")
def keys_first(*inputs):
    return flexible(*inputs, order=(1, 0, 2))


@wrong("You take the blocks in the order v, k, q")
def values_first(*inputs):
    return flexible(*inputs, order=(2, 1, 0))


@wrong("You use the mask of head 0 for all heads")
def first_mask_for_all(x, mask, *others):
    return flexible(x, mask[:1], *others)


@wrong("You use the mean of the masks for all heads")
def mean_of_the_masks(x, mask, *others):
    return flexible(x, mask.mean(0, keepdim=True), *others)


@wrong("This is the layer without a mask")
def mask_ignored(x, mask, *others):
    return flexible(x, torch.ones_like(mask), *others)


@wrong("You multiply by the mask after the softmax")
def masked_after_the_softmax(*inputs):
    return flexible(*inputs, mix=lambda s, m: m * s.softmax(-1))


@wrong("You add the mask to the scores")
def mask_added(*inputs):
    return flexible(*inputs, mix=lambda s, m: (m + s).softmax(-1))


@wrong("Your mask is transposed")
def transposed_mask(x, mask, *others):
    return flexible(x, mask.mT, *others)


@wrong("You take the softmax over the queries")
def softmax_over_queries(*inputs):
    return flexible(*inputs, mix=lambda s, m: (m * s).softmax(-2))


@wrong("The softmax is missing between the masked scores and the values")
def softmax_forgotten(*inputs):
    return flexible(*inputs, mix=lambda s, m: m * s)


@wrong("The result does not change when `out_weight` changes")
def without_the_projection(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    inner = out_weight.shape[1]
    return flexible(x, mask, num_heads, qkv_weight, qkv_bias, torch.eye(inner), torch.zeros(inner))


@wrong("This is what comes out when `qkv_bias` is all 0")
def without_qkv_bias(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    return flexible(x, mask, num_heads, qkv_weight, 0 * qkv_bias, out_weight, out_bias)


@wrong("Each value is too small by the value of `out_bias` at its place")
def without_out_bias(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    return flexible(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, 0 * out_bias)


@wrong("Each value is too large by the value of `x` at its place")
def with_a_residual(x, *others):
    return x + flexible(x, *others)


@wrong("raised RuntimeError")
def weight_not_transposed(x, mask, num_heads, qkv_weight, qkv_bias, out_weight, out_bias):
    return flexible(x, mask, num_heads, qkv_weight, qkv_bias, out_weight.mT, out_bias)


@wrong("The values are right, but no gradient reaches mask: is there a .detach(), .item()")
def mask_detached(x, mask, *others):
    return flexible(x, mask.detach(), *others)


@wrong("returned None")
def no_return(*inputs):
    flexible(*inputs)
