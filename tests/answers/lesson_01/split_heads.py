"""Answers to 01.split_heads."""

import torch
from einops import rearrange
from verdicts import right, wrong


@wrong("The shape is right, but a reshape never moves an axis, so each of your")
def reshape_alone(x, heads):
    B, N, C = x.shape
    return x.reshape(B, heads, N, C // heads)


@wrong("You have (B, N, H, D): the split is right, but the axis of heads must come")
def forgets_the_transpose(x, heads):
    B, N, C = x.shape
    return x.reshape(B, N, heads, C // heads)


@wrong("You give the channels to the heads in turn, one at a time")
def channels_interleaved(x, heads):
    return rearrange(x, "B N (D H) -> B H N D", H=heads)


@wrong("raised EinopsError")
def tokens_split(x, heads):
    return rearrange(x, "B (H n) C -> B H n C", H=heads)


@wrong("The numbers are right and in the right order, but the shape is not")
def heads_into_images(x, heads):
    return rearrange(x, "B N (H D) -> (B H) N D", H=heads)


@wrong("Axes -4 and -3 have changed places")
def heads_first(x, heads):
    return rearrange(x, "B N (H D) -> H B N D", H=heads)


@wrong("You have (B, H, D, N): the heads are right, but tokens and channels are")
def tokens_last(x, heads):
    return rearrange(x, "B N (H D) -> B H D N", H=heads)


@wrong("You cut the channels into pieces of `heads` channels")
def heads_and_widths_swapped(x, heads):
    return rearrange(x, "B N (H D) -> B H N D", D=heads)


@wrong("Your result has the expected axes in another order, (-1, -3, -2)")
def transposes_one_and_three(x, heads):
    B, N, C = x.shape
    return x.reshape(B, N, heads, C // heads).transpose(1, 3)


@wrong("Read in order, your numbers are the expected ones with axes -2 and -1")
def view_of_a_transpose(x, heads):
    B, N, C = x.shape
    return x.transpose(1, 2).reshape(B, heads, N, C // heads)


@wrong("You have (B, H, D, N): the heads are right, but tokens and channels are")
def view_of_a_transpose_moved(x, heads):
    B, N, C = x.shape
    return x.transpose(1, 2).reshape(B, heads, C // heads, N)


@wrong("Only the first entry along axis -3 is right")
def first_head_for_all(x, heads):
    return x[..., None, : x.shape[-1] // heads].transpose(1, 2).expand(-1, heads, -1, -1)


@wrong("It has the shape (1, 2, 2, 2), but (1, 2, 2, 1) is expected")
def all_channels_for_all(x, heads):
    return x[:, None].expand(-1, heads, -1, -1)


@wrong("The values are in reverse order along axis -3")
def heads_in_reverse(x, heads):
    return rearrange(x, "B N (H D) -> B H N D", H=heads).flip(1)


@wrong("It returns a tuple of 2 values (a float32 tensor and a float32 tensor),")
def a_list_of_chunks(x, heads):
    return x.chunk(heads, dim=-1)


@wrong("Axes -4 and -3 have changed places")
def stacked_in_front(x, heads):
    return torch.stack(x.chunk(heads, dim=-1))


@wrong("You have (B, N, H, D): the split is right, but the axis of heads must come")
def stacked_last(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=-1).movedim(-1, 2)


@wrong("You cut the channels into pieces of `heads` channels")
def stacked_on_the_wrong_channels(x, heads):
    return torch.stack(x.split(heads, dim=-1), dim=1)


@wrong("You give the channels to the heads in turn, one at a time")
def every_second_channel(x, heads):
    return torch.stack([x[..., head::heads] for head in range(heads)], dim=1)


@wrong("You always split into two heads")
def for_two_heads(x, heads):
    half = x.shape[-1] // 2
    return torch.stack([x[..., :half], x[..., half:]], dim=1)


@wrong("Each value is the expected one multiplied by the square root of `heads` /")
def scaled_already(x, heads):
    return rearrange(x, "B N (H D) -> B H N D", H=heads) / (x.shape[-1] // heads) ** 0.5


@wrong("It has the shape (1, 3, 5, 4), but (2, 3, 5, 4) is expected")
def loses_the_images(x, heads):
    return rearrange(x[0], "N (H D) -> 1 H N D", H=heads)


@wrong("raised TypeError")
def width_as_a_fraction(x, heads):
    B, N, C = x.shape
    return x.reshape(B, N, heads, C / heads).transpose(1, 2)


@wrong("raised RuntimeError")
def one_chunk_off(x, heads):
    D = x.shape[-1] // heads
    return torch.stack([x[..., (head + 1) * D : (head + 2) * D] for head in range(heads)], dim=1)


@wrong("Only the first entry along axis -3 is right")
def shifted_by_one_channel(x, heads):
    D = x.shape[-1] // heads
    return torch.stack([x[..., head : head + D] for head in range(heads)], dim=1)


@right
def view_and_transpose(x, heads):
    B, N, C = x.shape
    return x.view(B, N, heads, C // heads).transpose(1, 2)


@right
def stacked_chunks(x, heads):
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


@right
def unflatten(x, heads):
    return x.unflatten(-1, (heads, -1)).permute(0, 2, 1, 3).contiguous()


@right
def slices(x, heads):
    D = x.shape[-1] // heads
    out = x.new_empty(x.shape[0], heads, x.shape[1], D)
    for head in range(heads):
        out[:, head] = x[:, :, head * D : (head + 1) * D]
    return out


@right
def one_hot_products(x, heads):
    eye = torch.eye(x.shape[-1]).unflatten(1, (heads, -1))
    return torch.einsum("bnc,chd->bhnd", x, eye.to(x.dtype))
