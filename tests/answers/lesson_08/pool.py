"""Answers to 08.pool."""

import torch
from einops import rearrange
from torch.nn import functional as F
from verdicts import right, wrong


def image(tokens, grid):
    return tokens.transpose(1, 2).unflatten(2, tuple(grid))


@right
def by_two_convolutions(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2])
    patches = F.conv2d(patches, pointwise[:, :, None, None])
    return torch.cat((F.linear(x[:, :1], cls), patches.flatten(2).mT), 1)


@right
def by_unfold(x, grid, cls, depthwise, pointwise):
    B, _, C = x.shape
    columns = F.unfold(image(x[:, 1:], grid), 3, padding=1, stride=2).unflatten(1, (C, 9))
    kernels = depthwise.view(C, -1, 9)
    patches = torch.einsum("bckm,cek->bmce", columns, kernels).flatten(2)
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@right
def by_einsum(x, grid, cls, depthwise, pointwise):
    first = torch.einsum("bc,ec->be", x[:, 0], cls)[:, None]
    rest = F.conv2d(image(x[:, 1:], grid), depthwise, None, 2, 1, 1, x.shape[-1])
    rest = torch.einsum("bfhw,ef->bhwe", rest, pointwise)
    return torch.cat((first, rest.flatten(1, 2)), 1).double()


@wrong("raised RuntimeError")
def without_padding(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("Your grid stays as large as it was")
def without_stride(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("raised RuntimeError")
def groups_forgotten(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("You multiply by the 1 x 1 convolution's weight as it is stored, (out, in): transpose it")
def pointwise_transposed(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise), 1)


@wrong("Your class token comes last")
def class_token_last(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((patches @ pointwise.T, x[:, :1] @ cls.T), 1)


@wrong("The first entry along axis -2 is missing")
def class_token_dropped(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return patches @ pointwise.T


@wrong("The 1 x 1 convolution is missing")
def without_pointwise(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches), 1)


@wrong("Your class token goes through the 1 x 1 convolution as well")
def class_token_through_both(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T @ pointwise.T, patches @ pointwise.T), 1)


@wrong("The result does not change when `cls` changes")
def class_token_unchanged(x, grid, cls, depthwise, pointwise):
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1].repeat(1, 1, len(cls) // x.shape[2]), patches @ pointwise.T), 1)


@wrong("You reshape the patches to (B, C, h, w) directly, which mixes channels and places up")
def reshaped_instead_of_moved(x, grid, cls, depthwise, pointwise):
    patches = x[:, 1:].reshape(len(x), x.shape[2], *grid)
    patches = F.conv2d(patches, depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("You take the grid for (w, h): it has h rows of w patches")
def grid_swapped(x, grid, cls, depthwise, pointwise):
    patches = image(x[:, 1:], grid[::-1])
    patches = F.conv2d(patches, depthwise, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("This is what comes out when `depthwise` is transposed (its last two axes exchanged)")
def rows_and_columns_swapped(x, grid, cls, depthwise, pointwise):
    patches = image(x[:, 1:], grid).mT
    patches = F.conv2d(patches, depthwise, stride=2, padding=1, groups=x.shape[2]).mT.flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("Your output channels are in another order")
def mixed_group_order(x, grid, cls, depthwise, pointwise):
    C = x.shape[2]
    patches = F.conv2d(image(x[:, 1:], grid), depthwise, stride=2, padding=1, groups=C)
    patches = rearrange(patches, "B (C m) h w -> B (h w) (m C)", C=C)
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)


@wrong("This is what comes out when `depthwise` is turned by 180 degrees (both of its last axes reversed)")
def flipped_kernel(x, grid, cls, depthwise, pointwise):
    kernel = depthwise.flip(-2, -1)
    patches = F.conv2d(image(x[:, 1:], grid), kernel, stride=2, padding=1, groups=x.shape[2]).flatten(2).mT
    return torch.cat((x[:, :1] @ cls.T, patches @ pointwise.T), 1)
