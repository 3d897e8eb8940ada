"""Answers to 08.class_token."""

import torch
from torch.nn import functional as F
from verdicts import right, wrong


@right
def by_slices(logits, mask, prefix):
    inner = logits[..., prefix:, prefix:] * mask
    right_part = torch.cat((logits[..., :prefix, prefix:], inner), dim=-2)
    return torch.cat((logits[..., :prefix], right_part), dim=-1)


@right
def by_ones(logits, mask, prefix):
    full = torch.ones(logits.shape[1:]).to(mask)
    full[:, prefix:, prefix:] = mask
    return full * logits


@right
def by_difference(logits, mask, prefix):
    return logits + logits * F.pad(mask - 1, (prefix, 0, prefix, 0))


@right
def on_a_clone(logits, mask, prefix):
    out = logits.clone()
    out[:, :, prefix:, prefix:] *= mask
    return out


@wrong("You set the logits of the class token to 0")
def padded_with_zeros(logits, mask, prefix):
    return logits * F.pad(mask, (prefix, 0, prefix, 0))


@wrong("You treat the last tokens as the class token")
def padded_at_the_end(logits, mask, prefix):
    return logits * F.pad(mask, (0, prefix, 0, prefix), value=1.0)


@wrong("raised RuntimeError")
def only_one_class_token(logits, mask, prefix):
    return logits * F.pad(mask, (1, 0, 1, 0), value=1.0)


@wrong("You add the mask")
def added(logits, mask, prefix):
    return logits + F.pad(mask, (prefix, 0, prefix, 0))


@wrong("You add the logarithm of the mask")
def log_added(logits, mask, prefix):
    return logits + F.pad(mask, (prefix, 0, prefix, 0), value=1.0).log()


@wrong("It is what is expected, with one more softmax over the last axis")
def softmaxed(logits, mask, prefix):
    return (logits * F.pad(mask, (prefix, 0, prefix, 0), value=1.0)).softmax(-1)


@wrong("You return the logits of the patches alone")
def prefix_cut_off(logits, mask, prefix):
    return logits[..., prefix:, prefix:] * mask


@wrong("Your mask is transposed")
def mask_transposed(logits, mask, prefix):
    return logits * F.pad(mask.mT, (prefix, 0, prefix, 0), value=1.0)


@wrong("You change logits in place, and the caller still needs it")
def in_place(logits, mask, prefix):
    logits[:, :, prefix:, prefix:] *= mask
    return logits


@wrong("Only the first entry along axis -3 is right")
def first_head_only(logits, mask, prefix):
    return logits * F.pad(mask[:1], (prefix, 0, prefix, 0), value=1.0)


@wrong("You free the class token as a query but not as a key")
def queries_only(logits, mask, prefix):
    out = logits.clone()
    out[:, :, prefix:, prefix:] = logits[:, :, prefix:, prefix:] * mask
    out[:, :, prefix:, :prefix] = 0
    return out


@wrong("You replace the logits of the class token by 1")
def outside_set_to_one(logits, mask, prefix):
    return F.pad(logits[..., prefix:, prefix:] * mask, (prefix, 0, prefix, 0), value=1.0)


@wrong("You set the logits of the class token to 0")
def outside_set_to_zero(logits, mask, prefix):
    return F.pad(logits[..., prefix:, prefix:] * mask, (prefix, 0, prefix, 0))


@wrong("It is `logits` itself")
def unmasked(logits, mask, prefix):
    return logits
