"""Forward pass and training step of whole backbones: ours against timm's, and RMT-T against the released way.

    python -m benchmarks.backbones            # about a minute on a CPU

Ours have the published size for 32 px, timm's the same dims, depth and heads; the answers say how many parameters each
has, and what timm has no option for. A training step is a forward pass, cross-entropy, a backward pass and a step of
AdamW. RMT-T is at 224 px, two images: ours, and the same weights with attention computed as the released code does it.
"""

import argparse
import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.bench import Measured, measure, one_thread, report
from benchmarks.released import as_released
from gmm_tutorial.models import count_parameters, create_model
from gmm_tutorial.train.profiles import device

OTHERWISE = {  # what timm has no option for, by the backbone's name
    "ViT": "nothing",
    "Swin": "timm's has no absolute positions",
    "CaiT": "timm's heads have 27 channels, not 64, because it has no option for them",
    "PiT": "timm's pools without a 1 x 1 convolution, and its q, k and v have biases",
}


def timms() -> dict[str, nn.Module]:
    """timm's backbones, by the names of ours."""
    from timm.models.cait import Cait
    from timm.models.pit import PoolingVisionTransformer
    from timm.models.swin_transformer import SwinTransformer
    from timm.models.vision_transformer import VisionTransformer

    shape: dict[str, Any] = {"img_size": 32, "num_classes": 10}
    stages: dict[str, Any] = {"patch_size": 2, "mlp_ratio": 2.0, **shape}
    vit: dict[str, Any] = {"mlp_ratio": 2.0, "qkv_bias": False, **shape}
    cait: dict[str, Any] = {"mlp_ratio": 384 / 108, "mlp_ratio_token_only": 384 / 108, "qkv_bias": False, **shape}
    swin: dict[str, Any] = {"window_size": 4, "drop_path_rate": 0.0, **stages}
    return {
        "ViT": VisionTransformer(patch_size=4, embed_dim=192, depth=9, num_heads=12, **vit),
        "Swin": SwinTransformer(embed_dim=96, depths=(2, 6, 4), num_heads=(3, 6, 12), **swin),
        "CaiT": Cait(patch_size=4, embed_dim=108, depth=24, num_heads=4, **cait),
        "PiT": PoolingVisionTransformer(stride=2, base_dims=(48, 48, 48), depth=(2, 6, 4), heads=(2, 4, 8), **stages),
    }


def contestants(names: Sequence[str], batch: int, side: int) -> dict[str, tuple[nn.Module, Tensor]]:
    """Each model with the images that it is measured on; side: of RMT-T's images, in pixels."""
    theirs = timms()
    small, large = torch.randn(batch, 3, 32, 32), torch.randn(2, 3, side, side)
    found: dict[str, tuple[nn.Module, Tensor]] = {}
    for name in names:
        ours = create_model("vit", pool="cls") if name == "ViT" else create_model(name.lower())
        found |= {f"{name}, ours": (ours, small), f"{name}, timm": (theirs[name], small)}
    rmt = create_model("rmt-t", image_size=side, num_classes=1000)
    return found | {"RMT-T, ours": (rmt, large), "RMT-T, as released": (as_released(copy.deepcopy(rmt)), large)}


def runs(model: nn.Module, images: Tensor) -> dict[str, Callable[[], None]]:
    """What is measured of a model."""
    optimizer = torch.optim.AdamW(model.parameters())
    labels = torch.arange(len(images), device=images.device) % 10

    @torch.no_grad()
    def forward() -> None:
        model.eval()(images)

    def step() -> None:
        loss = F.cross_entropy(model.train()(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return {"forward": forward, "training step": step}


def main(names: Sequence[str], batch: int, side: int) -> None:
    """Measure every backbone."""
    one_thread()
    torch.manual_seed(0)
    measured, parameters = [], {}
    for name, (model, images) in contestants(names, batch, side).items():
        parameters[name] = count_parameters(model)
        for column, run in runs(model.to(device()), images.to(device())).items():
            measured.append(measure(name, column, run))
    notes = f"{batch} images of 32 px; RMT-T: 2 images of {side} px"
    report("backbones", "How fast are whole backbones?", measured, answers(measured, names, parameters, side), notes)


def answers(measured: list[Measured], names: Sequence[str], parameters: dict[str, int], side: int) -> list[str]:
    """How ours compare with timm's, which are not quite the same, and RMT-T with the released way, with the target."""
    seconds = {(each.row, each.column): each.seconds for each in measured}

    def compared(name: str, other: str) -> str:
        forward, step = (
            seconds[f"{name}, ours", run] / seconds[f"{name}, {other}", run] for run in ("forward", "training step")
        )
        return f"forward takes {forward:.2f} times as long, a training step {step:.2f} times"

    said = [
        f"{name}, ours ({parameters[f'{name}, ours']:,} parameters) against timm's ({parameters[f'{name}, timm']:,}): "
        f"{compared(name, 'timm')}. What differs: {OTHERWISE[name]}"
        for name in names
    ]
    said.append(f"RMT-T at {side} px, ours against the released way: {compared('RMT-T', 'as released')} (target: 1)")
    return said


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"any of: {', '.join(OTHERWISE)}, beside RMT-T; all of them by default"
    )
    parser.add_argument("--batch", type=int, default=16, help="images of 32 px")
    parser.add_argument("--side", type=int, default=224, help="of RMT-T's images, in pixels")
    given = parser.parse_args()
    main(given.names or [*OTHERWISE], given.batch, given.side)
