"""Answers to 10.recompute."""

import torch
from verdicts import right, wrong


def parts(q, k, v, mask, grad):
    """The weights, the scores, and the gradient with respect to the weights."""
    scores = q @ k.T / q.shape[1] ** 0.5
    return (mask * scores).softmax(1), scores, grad @ v.T


def finish(by_logits, weights, q, k, v, mask, grad):
    """From the gradient with respect to the logits to all four."""
    scores = q @ k.T / q.shape[1] ** 0.5
    by_scores = by_logits * mask / q.shape[1] ** 0.5
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_logits * scores


@right
def by_autograd(q, k, v, mask, grad):
    with torch.enable_grad():
        leaves = [x.detach().clone().requires_grad_() for x in (q, k, v, mask)]
        return torch.autograd.grad(parts(*leaves, grad)[0] @ leaves[2], leaves, grad)


@right
def row_by_row(q, k, v, mask, grad):
    weights, _, by_weights = parts(q, k, v, mask, grad)
    jacobians = torch.diag_embed(weights) - weights[:, :, None] * weights[:, None]
    return finish((jacobians @ by_weights[:, :, None])[..., 0], weights, q, k, v, mask, grad)


@right
def by_the_output(q, k, v, mask, grad):
    """The sum of A * dA over a row is the output times its gradient."""
    weights, _, by_weights = parts(q, k, v, mask, grad)
    inner = ((weights @ v) * grad).sum(1, keepdim=True)
    return list(finish(weights * (by_weights - inner), weights, q, k, v, mask, grad))


@right
def with_einsum(q, k, v, mask, grad):
    weights, scores, by_weights = parts(q, k, v, mask, grad)
    by_logits = weights * by_weights - weights * torch.einsum("ab,ab->a", weights, by_weights)[:, None]
    by_scores = mask * by_logits * q.shape[1] ** -0.5
    by_q, by_k = torch.einsum("ab,bd->ad", by_scores, k), torch.einsum("ab,ad->bd", by_scores, q)
    return by_q, by_k, torch.einsum("ab,ad->bd", weights, grad), scores * by_logits


@wrong("Your softmax is not centered")
def not_centered(q, k, v, mask, grad):
    weights, _, by_weights = parts(q, k, v, mask, grad)
    return finish(weights * by_weights, weights, q, k, v, mask, grad)


@wrong("You forget the factor A in the gradient of the softmax")
def no_outer_factor(q, k, v, mask, grad):
    weights, _, by_weights = parts(q, k, v, mask, grad)
    return finish(by_weights - (weights * by_weights).sum(1, keepdim=True), weights, q, k, v, mask, grad)


@wrong("Your softmax passes its gradient on unchanged")
def through_the_softmax(q, k, v, mask, grad):
    weights, _, by_weights = parts(q, k, v, mask, grad)
    return finish(by_weights, weights, q, k, v, mask, grad)


@wrong("You subtract the sum of A * dA over the queries")
def sum_over_queries(q, k, v, mask, grad):
    weights, _, by_weights = parts(q, k, v, mask, grad)
    return finish(weights * (by_weights - (weights * by_weights).sum(0)), weights, q, k, v, mask, grad)


@wrong("You subtract the plain mean of dA")
def plain_mean(q, k, v, mask, grad):
    weights, _, by_weights = parts(q, k, v, mask, grad)
    return finish(weights * (by_weights - by_weights.mean(1, keepdim=True)), weights, q, k, v, mask, grad)


@wrong("You make the weights without dividing the scores by sqrt(D)")
def no_root_in_the_weights(q, k, v, mask, grad):
    products = q @ k.T
    weights, by_weights = (mask * products).softmax(1), grad @ v.T
    by_logits = weights * (by_weights - (weights * by_weights).sum(1, keepdim=True))
    by_scores = by_logits * mask / q.shape[1] ** 0.5
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_logits * products


def right_logits(q, k, v, mask, grad):
    weights, scores, by_weights = parts(q, k, v, mask, grad)
    return weights * (by_weights - (weights * by_weights).sum(1, keepdim=True)), weights, scores


@wrong("The factor 1 / sqrt(D) is missing in the gradients of q and k")
def no_root_at_the_end(q, k, v, mask, grad):
    by_logits, weights, scores = right_logits(q, k, v, mask, grad)
    by_scores = by_logits * mask
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_logits * scores


@wrong("The factor 1 / sqrt(D) is missing in the gradient of the mask")
def no_root_for_the_mask(q, k, v, mask, grad):
    by_logits, weights, _ = right_logits(q, k, v, mask, grad)
    by_scores = by_logits * mask / q.shape[1] ** 0.5
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_logits * (q @ k.T)


@wrong("You make the weights without the mask")
def weights_without_mask(q, k, v, mask, grad):
    weights, by_weights = (q @ k.T / q.shape[1] ** 0.5).softmax(1), grad @ v.T
    by_logits = weights * (by_weights - (weights * by_weights).sum(1, keepdim=True))
    return finish(by_logits, weights, q, k, v, mask, grad)


@wrong("The mask is missing in the gradients of q and k")
def no_mask_on_the_way_back(q, k, v, mask, grad):
    by_logits, weights, scores = right_logits(q, k, v, mask, grad)
    by_scores = by_logits / q.shape[1] ** 0.5
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_logits * scores


@wrong("Your mask's gradient is that of the logits")
def mask_without_scores(q, k, v, mask, grad):
    by_logits, weights, _ = right_logits(q, k, v, mask, grad)
    by_scores = by_logits * mask / q.shape[1] ** 0.5
    return by_scores @ k, by_scores.T @ q, weights.T @ grad, by_logits


@wrong("You exchange the gradients of k and v")
def keys_last(q, k, v, mask, grad):
    by_q, by_k, by_v, by_mask = by_autograd(q, k, v, mask, grad)
    return by_q, by_v, by_k, by_mask


@wrong("Your four gradients are right, but in another order")
def mask_before_the_others(q, k, v, mask, grad):
    *others, by_mask = by_autograd(q, k, v, mask, grad)
    return by_mask, *others


@wrong("Your sign is wrong")
def downhill(q, k, v, mask, grad):
    return tuple(-x for x in by_autograd(q, k, v, mask, grad))


@wrong("raised RuntimeError")
def not_transposed(q, k, v, mask, grad):
    by_logits, weights, scores = right_logits(q, k, v, mask, grad)
    by_scores = by_logits * mask / q.shape[1] ** 0.5
    return by_scores @ k, by_scores @ q, weights @ grad, by_logits * scores


@wrong("It returns a tuple of 3 values")
def without_the_mask(q, k, v, mask, grad):
    return by_autograd(q, k, v, mask, grad)[:3]
