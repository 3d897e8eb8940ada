"""Answers to 02.masked_weights."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from verdicts import right, wrong


@right
def in_one_line(q, k, mask):
    return F.softmax(mask * (q @ k.transpose(-1, -2)) * q.size(-1) ** -0.5, dim=-1)


@right
def einsum_with_exponentials(q, k, mask):
    logits = torch.einsum("bhad,bhcd,zac->bhac", q, k, mask) / math.sqrt(q.shape[3])
    powers = (logits - logits.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


@right
def query_by_query_in_double(q, k, mask):
    rows = []
    for a in range(q.shape[2]):
        row = (q[:, :, a : a + 1].double() @ k.double().mT).squeeze(2) / q.shape[-1] ** 0.5
        rows.append((mask[:, a].double() * row).softmax(-1))
    return torch.stack(rows, dim=2)


def with_scale(q, k, mask, scale):
    return (mask[:, None] * q.matmul(k.mT) * scale(q)).softmax(3)


from_a_partial = right(partial(with_scale, scale=lambda q: q.shape[-1] ** -0.5))


@wrong("Your scores are too large")
def without_the_root(q, k, mask):
    return (mask * (q @ k.mT)).softmax(-1)


@wrong("Your scores are too small")
def divided_by_d(q, k, mask):
    return (mask * (q @ k.mT) / q.shape[-1]).softmax(-1)


@wrong("You divide by the square root of N, the number of tokens")
def root_of_tokens(q, k, mask):
    return (mask * (q @ k.mT) / q.shape[-2] ** 0.5).softmax(-1)


@wrong("You multiply by the square root of D. Divide by it")
def multiplied_by_the_root(q, k, mask):
    return (mask * (q @ k.mT) * q.shape[-1] ** 0.5).softmax(-1)


@wrong("Your scores are too small")
def mask_divided_too(q, k, mask):
    scale = q.shape[-1] ** 0.5
    return ((mask / scale) * (q @ k.mT / scale)).softmax(-1)


@wrong("Your columns sum to 1, but the rows must")
def softmax_over_queries(q, k, mask):
    return (mask * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-2)


@wrong("Your weights sum to 1 over the heads")
def softmax_over_heads(q, k, mask):
    return (mask * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(1)


@wrong("You multiply by the mask after the softmax, so the rows no longer sum to 1")
def masked_after_the_softmax(q, k, mask):
    return mask * (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You multiply by the mask after the softmax and divide each row by its sum")
def masked_after_the_softmax_and_divided(q, k, mask):
    weights = mask * (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
    return weights / weights.sum(-1, keepdim=True)


@wrong("You add the mask to the scores")
def mask_added(q, k, mask):
    return (mask + q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You take the matrix product of mask and scores")
def matrix_product(q, k, mask):
    return (mask @ (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You take the matrix product of scores and mask")
def matrix_product_on_the_right(q, k, mask):
    return (q @ k.mT / q.shape[-1] ** 0.5 @ mask).softmax(-1)


@wrong("Your mask is transposed")
def transposed_mask(q, k, mask):
    return (mask.mT * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("This is what comes out when `q` and `k` change places")
def queries_and_keys_swapped(q, k, mask):
    return (mask * (k @ q.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("This is what comes out when `q` is used in place of `k`")
def queries_twice(q, k, mask):
    return (mask * (q @ q.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("These are the weights of attention without a mask")
def without_the_mask(q, k, mask):
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)


@wrong("These are the masked scores")
def only_the_masked_scores(q, k, mask):
    return mask * (q @ k.mT) / q.shape[-1] ** 0.5


@wrong("You forbid the pairs whose mask is 0")
def zero_forbids(q, k, mask):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return (mask * scores).masked_fill(mask == 0, -torch.inf).softmax(-1)


@wrong("You forbid the pairs whose mask is negative")
def negative_forbids(q, k, mask):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    return (mask * scores).masked_fill(mask < 0, -torch.inf).softmax(-1)


@wrong("This is what comes out when `mask` is replaced by its absolute value")
def mask_without_its_sign(q, k, mask):
    return (mask.abs() * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You take a softmax of the mask itself")
def mask_through_a_softmax(q, k, mask):
    return (mask.softmax(-1) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You multiply the scores by 1 plus the mask")
def one_plus_the_mask(q, k, mask):
    return ((1 + mask) * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("This is what comes out when `mask` is squared")
def mask_twice(q, k, mask):
    return (mask * mask * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("Only the first entry along axis -4 is right")
def first_image_alone(q, k, mask):
    return (mask * (q[:1] @ k[:1].mT) / q.shape[-1] ** 0.5).softmax(-1).expand(len(q), -1, -1, -1)


@wrong("Only the first entry along axis -3 is right")
def first_head_for_all(q, k, mask):
    return (mask * (q[:, :1] @ k[:, :1].mT) / q.shape[-1] ** 0.5).softmax(-1).expand(-1, q.shape[1], -1, -1)


@wrong("The values are right, but no gradient reaches mask: is there a .detach(), .item()")
def mask_detached(q, k, mask):
    return (mask.detach() * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("returned None")
def no_return(q, k, mask):
    (mask * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("It has the shape (1, 1, 2, 4), but (1, 1, 2, 2) is expected")
def times_the_values_too(q, k, mask):
    return (mask * (q @ k.mT) / q.shape[-1] ** 0.5).softmax(-1) @ k


@wrong("raised RuntimeError")
def old_transpose(q, k, mask):
    return (mask * (q @ k.T) / q.shape[-1] ** 0.5).softmax(-1)


@wrong("You add the logarithm of the mask, which a negative mask does not have")
def log_of_the_mask(q, k, mask):
    return (q @ k.mT / q.shape[-1] ** 0.5 + torch.log(mask)).softmax(-1)


@wrong("The shape is right, but all values differ")
def log_of_the_positive_part(q, k, mask):
    return (q @ k.mT / q.shape[-1] ** 0.5 + mask.clamp(min=1e-9).log()).softmax(-1)
