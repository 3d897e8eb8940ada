"""Answers to 02.gradients."""

import torch
from verdicts import right, wrong


@right
def with_einsum(upstream, scores, mask):
    return torch.einsum("bhij,zij->bhij", upstream, mask), torch.einsum("bhij,bhij->ij", upstream, scores).unsqueeze(0)


@right
def by_autograd(upstream, scores, mask):
    with torch.enable_grad():
        leaves = [each.detach().clone().requires_grad_() for each in (scores, mask)]
        return torch.autograd.grad(leaves[1] * leaves[0], leaves, upstream)


@right
def loops_and_a_list(upstream, scores, mask):
    by_mask = torch.zeros_like(mask, dtype=torch.float64)
    by_scores = torch.empty_like(scores)
    for b in range(scores.shape[0]):
        for h in range(scores.shape[1]):
            by_mask[0] += (upstream[b, h] * scores[b, h]).detach()
            by_scores[b, h] = upstream[b, h].detach() * mask[0].detach()
    return [by_scores, by_mask]


@right
def sum_to_size(upstream, scores, mask):
    return upstream * mask, (upstream * scores).sum_to_size(1, 1, *mask.shape[-2:])[0]


@wrong("Both are right, but in the other order")
def swapped(upstream, scores, mask):
    return (scores * upstream).sum((0, 1))[None], mask * upstream


@wrong("each value is the expected one divided by `upstream.shape[-4]` or `scores.shape[-4]`")
def mean_over_images(upstream, scores, mask):
    return mask * upstream, (scores * upstream).mean(0).sum(0)[None]


@wrong("each value is the expected one divided by `upstream.shape[-3]` or `scores.shape[-3]`")
def mean_over_heads(upstream, scores, mask):
    return mask * upstream, (scores * upstream).mean(1).sum(0)[None]


@wrong("Your mask's gradient is an average over images and heads, but it must be their sum")
def mean_over_both(upstream, scores, mask):
    return mask * upstream, (scores * upstream).mean((0, 1))[None]


@wrong("Your mask's gradient has the shape of the scores, but it must have that of the")
def not_summed(upstream, scores, mask):
    return mask * upstream, scores * upstream


@wrong("Your mask's gradient has one value per head")
def summed_over_images_only(upstream, scores, mask):
    return mask * upstream, (scores * upstream).sum(0)


@wrong("the numbers are right and in the right order, but the shape is not")
def first_axis_forgotten(upstream, scores, mask):
    return mask * upstream, (scores * upstream).sum((0, 1))


@wrong("The second result has the shape (1, 2), but (1, 2, 2) is expected")
def summed_over_the_wrong_axes(upstream, scores, mask):
    return mask * upstream, (scores * upstream).sum((2, 3))


@wrong("You sum the scores and the upstream gradient separately")
def sums_before_the_product(upstream, scores, mask):
    return mask * upstream, (scores.sum((0, 1)) * upstream.sum((0, 1)))[None]


@wrong("Your mask's gradient does not use the scores")
def upstream_alone_for_the_mask(upstream, scores, mask):
    return mask * upstream, upstream.sum((0, 1))[None]


@wrong("this is what comes out when `upstream` is all 1")
def scores_alone_for_the_mask(upstream, scores, mask):
    return mask * upstream, scores.sum((0, 1))[None]


@wrong("this is what comes out when `upstream` is all 1")
def mask_alone_for_the_scores(upstream, scores, mask):
    return mask.expand_as(scores), (scores * upstream).sum((0, 1))[None]


@wrong("Your gradient of the scores does not use the mask")
def upstream_alone_for_the_scores(upstream, scores, mask):
    return upstream, (scores * upstream).sum((0, 1))[None]


@wrong("These are the gradients of a matrix product, scores @ mask")
def matrix_product(upstream, scores, mask):
    return upstream @ mask.mT, (scores.mT @ upstream).sum((0, 1))[None]


@wrong("this is what comes out when `mask` is transposed (its last two axes exchanged)")
def transposed(upstream, scores, mask):
    return mask.mT * upstream, (scores * upstream).sum((0, 1)).mT[None]


@wrong("this is what comes out when `scores` is transposed (its last two axes exchanged)")
def mask_by_transposed_scores(upstream, scores, mask):
    return mask * upstream, (scores.mT * upstream).sum((0, 1))[None]


@wrong("the sign is wrong")
def minus(upstream, scores, mask):
    return -mask * upstream, -(scores * upstream).sum((0, 1))[None]


@wrong("Your mask's gradient still contains the mask")
def mask_twice(upstream, scores, mask):
    return mask * upstream, (mask * scores * upstream).sum((0, 1))[None]


@wrong("You go back through the softmax")
def through_the_softmax(upstream, scores, mask):
    weights = (mask * scores).softmax(-1)
    inner = weights * (upstream - (weights * upstream).sum(-1, keepdim=True))
    return mask * inner, (scores * inner).sum((0, 1))[None]


@wrong("Your mask's gradient comes from the first head alone")
def one_head_only(upstream, scores, mask):
    return mask * upstream, (scores * upstream)[:, 0].sum(0)[None]


@wrong("Your mask's gradient comes from the first image alone")
def one_image_only(upstream, scores, mask):
    return mask * upstream, (scores * upstream)[0].sum(0)[None]


@wrong("You sum the first gradient over images and heads")
def summed_for_the_scores_too(upstream, scores, mask):
    by_scores = (mask * upstream).sum((0, 1))
    return by_scores.expand_as(scores), (scores * upstream).sum((0, 1))[None]


@wrong("It returns a float32 tensor, but a tuple of 2 values (a float32 tensor and a")
def only_one_of_them(upstream, scores, mask):
    return mask * upstream


@wrong("It returns a float32 tensor, but a tuple of 2 values (a float32 tensor and a")
def stacked_by_broadcasting(upstream, scores, mask):
    return torch.stack((mask * upstream, (scores * upstream).sum((0, 1))[None].expand_as(scores)))


@wrong("this is what comes out when `upstream` is squared")
def upstream_squared(upstream, scores, mask):
    return mask * upstream**2, (scores * upstream**2).sum((0, 1))[None]


@wrong("You divide by the mask for the gradient of the scores")
def divided_by_the_mask(upstream, scores, mask):
    return upstream / mask, (scores * upstream).sum((0, 1))[None]


@wrong("You change upstream in place, and the caller still needs it")
def in_place(upstream, scores, mask):
    by_mask = scores.mul_(upstream).sum((0, 1))[None]
    return upstream.mul_(mask), by_mask


@wrong("returned None")
def forgot_to_return(upstream, scores, mask):
    _ = mask * upstream, (scores * upstream).sum((0, 1))[None]
