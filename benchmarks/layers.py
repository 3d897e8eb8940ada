"""Attention layers as people use them: ours, PyTorch's, timm's, vit-pytorch's and natten's, over N, in one run.

    python -m benchmarks.layers            # N from 64 to 4,096: about two minutes on a CPU

Two heads of 32 channels, projections included, one image, one thread. Each layer has the options that its library gives
it; PyTorch's returns no weights, and vit-pytorch's begins with a norm. natten's sees a window of 7 x 7 around each
token only. vit-pytorch comes with the extra `bench`; natten needs a build of its own. What is not installed is left
out. Memory is the most bytes of tensors alive at one time, without x. "both" is a forward and a backward pass.
"""

import argparse
from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor, nn

from benchmarks.bench import Measured, growth, measure, one_thread, passes, report, tokens
from gmm_tutorial.attention import Attention
from gmm_tutorial.priors import GaussianMixtureMask
from gmm_tutorial.train.profiles import device

HEADS, CHANNELS = 2, 32
DIM = HEADS * CHANNELS
Layer = Callable[[Tensor], Tensor]


class PyTorchs(nn.MultiheadAttention):
    """PyTorch's layer as self-attention."""

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, x, x, need_weights=False)[0]


class Nattens(nn.Module):
    """natten's layer, which takes a grid."""

    def __init__(self, side: int) -> None:
        from natten import NeighborhoodAttention2D

        super().__init__()
        self.side, self.layer = side, NeighborhoodAttention2D(DIM, HEADS, kernel_size=7)

    def forward(self, x: Tensor) -> Tensor:
        return rearrange(self.layer(rearrange(x, "B (h w) C -> B h w C", h=self.side)), "B h w C -> B (h w) C")


def timms(side: int) -> nn.Module:
    """timm's layer."""
    from timm.models.vision_transformer import Attention as Theirs

    return Theirs(DIM, HEADS)


def vit_pytorchs(side: int) -> nn.Module:
    """vit-pytorch's layer."""
    from vit_pytorch.vit import Attention as Theirs

    return Theirs(DIM, HEADS, CHANNELS)


OURS: dict[str, Callable[[int], nn.Module]] = {
    "ours": lambda side: Attention(DIM, HEADS),
    "ours with GMM": lambda side: Attention(DIM, HEADS, prior=GaussianMixtureMask((side, side), HEADS)),
}
THEIRS: dict[str, Callable[[int], nn.Module]] = {
    "nn.MultiheadAttention": lambda side: PyTorchs(DIM, HEADS, batch_first=True),
    "timm": timms,
    "vit-pytorch": vit_pytorchs,
    "natten": Nattens,
}


def installed() -> dict[str, Callable[[int], nn.Module]]:
    """What makes the layers of others, of the libraries that are there and can compute on this device."""
    found = {}
    for name, make in THEIRS.items():
        try:
            make(8).to(device())(torch.zeros(1, 64, DIM, device=device()))
        except (ImportError, NotImplementedError) as error:
            print(f"{name} is left out: {error}")
        else:
            found[name] = make
    return found


def main(sides: list[int]) -> None:
    """Measure every layer on every grid."""
    one_thread()
    torch.manual_seed(0)
    layers = OURS | installed()
    measured = []
    for side in sides:
        x = torch.randn(1, side * side, DIM, device=device(), requires_grad=True)
        for name, make in layers.items():
            layer = make(side).to(device())
            for kind, run in passes(layer, [x], [x, *layer.parameters()]).items():
                measured.append(measure(f"{name}, {kind}", tokens(side * side), run, memory=True))
    question = "How fast are attention layers as people use them?"
    notes = f"{HEADS} heads of {CHANNELS} channels with projections, one image"
    report("layers", question, measured, answers(measured, sides, [*layers]), notes)


def answers(measured: list[Measured], sides: list[int], names: list[str]) -> list[str]:
    """How our layers compare with each of the others on the largest grid, and the exponents."""
    size = max(sides) ** 2
    at = {each.row: each for each in measured if each.column == tokens(size)}
    said = []
    for kind in ("forward", "both"):
        for name in names:
            theirs = at[f"{name}, {kind}"]
            pairs = (
                f"{own} takes {at[f'{own}, {kind}'].seconds / theirs.seconds:.2f} times as long, with "
                f"{(at[f'{own}, {kind}'].bytes or 0) / (theirs.bytes or 1):.2f} times its memory"
                for own in OURS
            )
            if name not in OURS:
                said.append(f"{tokens(size)}, {kind}, against {name}: {'; '.join(pairs)}")
        ratio = at[f"ours with GMM, {kind}"].seconds / at[f"ours, {kind}"].seconds
        said.append(f"{tokens(size)}, {kind}: our layer takes {ratio:.2f} times as long with GMM as without a prior")
    return said + [growth(measured, f"{name}, both", [side * side for side in sides]) for name in names]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[8, 16, 32, 64], help="two or more, 8 or above")
    main(parser.parse_args().sides)
