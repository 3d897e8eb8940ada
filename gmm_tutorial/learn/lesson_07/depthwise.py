"""A depthwise convolution of tokens on a grid, for `feed_forward` and `block`."""

import torch.nn.functional as F
from torch import Tensor

from gmm_tutorial.manhattan import channels_last


def depthwise(x: Tensor, kernel: Tensor) -> Tensor:
    """x (B, h, w, C), kernel (C, 1, n, n) -> (B, h, w, C)."""
    return channels_last(lambda y: F.conv2d(y, kernel, padding=kernel.shape[-1] // 2, groups=len(kernel)), x)
