"""Attention against a naive loop, PyTorch's own, the published numbers, and the identities of the family."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from gmm_tutorial.attention import COMBINE, attention, attention_weights
from gmm_tutorial.course import golden
from gmm_tutorial.grid import distances

B, H, N, D = 2, 3, 6, 4


def draw(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, requires_grad=True)


def qkv():
    return draw(B, H, N, D), draw(B, H, N, D), draw(B, H, N, D)


def by_loop(q, k, v, prior, combine):
    """The table of the family, one query and one key at a time."""
    rows = []
    for b in range(len(q)):
        for head in range(q.shape[1]):
            prior_head = None if prior is None else prior[head % len(prior)]
            for i in range(q.shape[2]):
                weights = []
                for j in range(k.shape[2]):
                    logit = (q[b, head, i] * k[b, head, j]).sum() / math.sqrt(q.shape[3])
                    if prior is not None and combine == "scale":
                        logit = logit * prior_head[i, j]
                    if prior is not None and combine == "bias":
                        logit = logit + prior_head[i, j].log()
                    weights.append(logit.exp())
                weights = torch.stack(weights)
                weights = weights / weights.sum()
                if prior is not None and combine.startswith("gate"):
                    weights = weights * prior_head[i]
                if prior is not None and combine == "gate_normalized":
                    weights = weights / weights.sum()
                rows.append((weights[:, None] * v[b, head]).sum(0))
    return torch.stack(rows).view(*q.shape[:3], v.shape[3])


def agree(ours, theirs, inputs, tolerance=1e-12):
    cotangent = torch.randn_like(ours)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=tolerance)
    for a, b in zip(*(torch.autograd.grad((out * cotangent).sum(), inputs) for out in (ours, theirs)), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=tolerance)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("combine", COMBINE)
def test_equals_the_loop_forward_and_backward(combine, shared):
    q, k, v = qkv()
    prior = torch.rand(1 if shared else H, N, N, dtype=torch.float64).add(0.1).requires_grad_()
    agree(attention(q, k, v, prior, combine), by_loop(q, k, v, prior, combine), (q, k, v, prior))


def test_equals_pytorch_without_and_with_bias():
    q, k, v = qkv()
    agree(attention(q, k, v), F.scaled_dot_product_attention(q, k, v), (q, k, v))
    bias = draw(H, N, N)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.expand(B, H, N, N))
    agree(attention(q, k, v, bias=bias), expected, (q, k, v, bias))


def test_bias_comes_after_the_prior():
    q, k, v = qkv()
    prior, bias = torch.randn(H, N, N, dtype=torch.float64), torch.randn(B, 1, N, N, dtype=torch.float64)
    logits = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(D) * prior + bias
    torch.testing.assert_close(attention(q, k, v, prior, bias=bias), logits.softmax(-1) @ v)
    torch.testing.assert_close(attention_weights(q, k, v, prior, bias=bias), logits.softmax(-1))


@pytest.mark.parametrize("combine", ["gate", "gate_normalized", "bias"])
def test_bias_is_added_to_the_logits_whatever_the_prior_does(combine):
    q, k, v = qkv()
    prior, bias = torch.rand(H, N, N, dtype=torch.float64) + 0.1, torch.randn(B, 1, N, N, dtype=torch.float64)
    weights = (torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(D) + bias).softmax(-1) * prior
    if combine != "gate":
        weights = weights / weights.sum(-1, keepdim=True)
    torch.testing.assert_close(attention(q, k, v, prior, combine, bias), weights @ v)
    torch.testing.assert_close(attention_weights(q, k, v, prior, combine, bias), weights)


@pytest.mark.parametrize("combine", COMBINE)
def test_queries_keys_and_values_may_differ_in_size(combine):
    """4 queries, 6 keys, 5 channels of a value."""
    q, k, v = draw(B, H, 4, D), draw(B, H, 6, D), draw(B, H, 6, 5)
    prior = torch.rand(H, 4, 6, dtype=torch.float64).add(0.1).requires_grad_()
    agree(attention(q, k, v, prior, combine), by_loop(q, k, v, prior, combine), (q, k, v, prior))


@pytest.mark.parametrize("combine", COMBINE)
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05)])
def test_a_prior_of_a_wider_dtype_does_not_widen_the_output(dtype, tolerance, combine):
    q, k, v = (x.detach().to(dtype) for x in qkv())
    prior = torch.rand(H, N, N, dtype=torch.float64) + 0.1
    out = attention(q, k, v, prior, combine)
    assert out.dtype == dtype
    expected = attention(q.double(), k.double(), v.double(), prior, combine)
    torch.testing.assert_close(out.double(), expected, rtol=0, atol=tolerance)


def test_equals_the_published_code():
    known = golden.load("gmm_8x8")
    q, k, v = known["q"], known["k"], known["v"]
    torch.testing.assert_close(attention(q, k, v, known["mask"]), known["out"], rtol=0, atol=1e-5)
    torch.testing.assert_close(attention(q, k, v, known["elm"][None]), known["elm_out"], rtol=0, atol=1e-5)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000))
def test_bias_is_gate_with_normalized_rows(h, w, seed):
    generator = torch.Generator().manual_seed(seed)
    q, k, v = torch.randn(3, 1, 2, h * w, D, generator=generator, dtype=torch.float64)
    prior = (0.75 ** distances((h, w)).double()).expand(2, -1, -1)
    biased, gated = (attention(q, k, v, prior, combine) for combine in ("bias", "gate_normalized"))
    torch.testing.assert_close(biased, gated, rtol=0, atol=1e-12)


@given(st.permutations(range(N)))
def test_without_a_prior_shuffled_tokens_give_the_shuffled_output(order):
    q, k, v = (x.detach() for x in qkv())
    shuffled = attention(q[:, :, order], k[:, :, order], v[:, :, order])
    torch.testing.assert_close(shuffled, attention(q, k, v)[:, :, order], rtol=0, atol=1e-12)


@pytest.mark.parametrize("combine", COMBINE)
def test_weights_multiply_v(combine):
    q, k, v = qkv()
    prior = torch.rand(H, N, N, dtype=torch.float64) + 0.1
    weights = attention_weights(q, k, v, prior, combine)
    torch.testing.assert_close(weights @ v, attention(q, k, v, prior, combine))
    rows_sum_to_one = torch.allclose(weights.sum(-1), torch.ones(B, H, N, dtype=torch.float64))
    assert rows_sum_to_one == (combine != "gate")


@pytest.mark.parametrize("combine", ["bias", "gate_normalized"])
@pytest.mark.parametrize("entry", [0.0, -0.5, float("nan")])
def test_prior_that_is_not_positive_is_refused(combine, entry):
    q, k, v = qkv()
    prior = torch.ones(H, N, N, dtype=torch.float64)
    prior[0, 1, 2] = entry
    with pytest.raises(ValueError, match=f"prior has .* but combine='{combine}' needs a positive prior.*ELM or GMM"):
        attention(q, k, v, prior, combine)


def test_wrong_shapes_are_named():
    q, k, v = qkv()
    with pytest.raises(ValueError, match=r"q is \(2, 3, 6\), but it must be \(B, H, N, D\)"):
        attention(q[..., 0], k, v)
    with pytest.raises(ValueError, match=r"k is \(2, 3, 6, 3\), but q, \(2, 3, 6, 4\), needs \(2, 3, N, 4\)"):
        attention(q, k[..., :3], v)
    with pytest.raises(ValueError, match=r"v is \(2, 3, 5, 4\), but k, .* needs \(2, 3, 6, Dv\)"):
        attention(q, k, v[:, :, :5])
    for part in (k[:1], k[:, :1]):  # a single batch or head would broadcast
        with pytest.raises(ValueError, match=r"k is .*, but q, \(2, 3, 6, 4\), needs \(2, 3, N, 4\)"):
            attention(q, part, v)
    for part in (v[:1], v[:, :1]):
        with pytest.raises(ValueError, match=r"v is .*, but k, \(2, 3, 6, 4\), needs \(2, 3, 6, Dv\)"):
            attention(q, k, part)
    with pytest.raises(ValueError, match=r"prior is \(2, 6, 6\), but 3 heads, 6 queries and 6 keys need \(3, 6, 6\)"):
        attention(q, k, v, torch.ones(2, N, N))
    with pytest.raises(ValueError, match="combine is 'times', but it must be one of 'scale', 'gate'"):
        attention(q, k, v, torch.ones(1, N, N), "times")
