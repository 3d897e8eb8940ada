"""One step of fading, for `step` and `chunk_step`."""

from torch import Tensor


def faded(gamma: Tensor, state: Tensor) -> Tensor:
    """gamma (H,), state (B, H, D, Dv) -> (B, H, D, Dv), one step later."""
    return gamma[:, None, None] * state
