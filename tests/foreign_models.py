"""Small models of timm and torchvision, of every family that plug_in knows, on rectangular grids where they can be."""

import torch
from timm.models.cait import Cait
from timm.models.deit import VisionTransformerDistilled
from timm.models.pit import PoolingVisionTransformer
from timm.models.swin_transformer import SwinTransformer
from timm.models.vision_transformer import VisionTransformer
from torch import nn
from torchvision import models
from torchvision.models.swin_transformer import PatchMergingV2, SwinTransformerBlockV2

from gmm_tutorial.plug.layer import PluggedLayer
from gmm_tutorial.priors import Prior

VIT = {"img_size": (16, 32), "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 2, "num_classes": 5}
PIT = {"img_size": (20, 28), "patch_size": 8, "stride": 4, "base_dims": (12, 12), "depth": (1, 1), "heads": (2, 4)}
SWIN = {"img_size": (8, 16), "patch_size": 2, "window_size": (2, 4), "embed_dim": 12, "num_classes": 5}
DEPTHS = {"depths": (2, 2), "num_heads": (2, 4)}
TORCHVISION_SWIN = {"patch_size": [2, 2], "embed_dim": 12, "window_size": [2, 4], "num_classes": 5, **DEPTHS}
V2 = {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}

# name -> how to make it, with dropout if wanted; the size of its images; the grid of each of its attention layers
MODELS = {
    "vit": (lambda p: VisionTransformer(**VIT, attn_drop_rate=p, proj_drop_rate=p), (16, 32), [(2, 4)] * 2),
    "vit without class token": (
        lambda p: VisionTransformer(
            **VIT, class_token=False, global_pool="avg", dynamic_img_size=True, attn_drop_rate=p, proj_drop_rate=p
        ),
        (16, 32),
        [(2, 4)] * 2,
    ),
    "vit with registers and norms": (
        lambda p: VisionTransformer(
            **VIT, reg_tokens=3, qk_norm=True, scale_attn_norm=True, attn_drop_rate=p, proj_drop_rate=p
        ),
        (16, 32),
        [(2, 4)] * 2,
    ),
    "deit": (lambda p: VisionTransformerDistilled(**VIT, attn_drop_rate=p, proj_drop_rate=p), (16, 32), [(2, 4)] * 2),
    "cait": (lambda p: Cait(**VIT, attn_drop_rate=p, proj_drop_rate=p), (16, 32), [(2, 4)] * 2),
    "pit": (
        lambda p: PoolingVisionTransformer(**PIT, distilled=True, attn_drop_rate=p, proj_drop_rate=p),
        (20, 28),
        [(4, 6), (2, 3)],
    ),
    "swin": (
        lambda p: SwinTransformer(**SWIN, **DEPTHS, attn_drop_rate=p, proj_drop_rate=p, drop_path_rate=0.0),
        (8, 16),
        [(2, 4)] * 4,
    ),
    "torchvision vit": (
        lambda p: models.VisionTransformer(32, 8, 2, 2, 24, 48, dropout=p, attention_dropout=p, num_classes=5),
        (32, 32),
        [(4, 4)] * 2,
    ),
    "torchvision swin": (  # its maps, 9 x 18 and 5 x 9, are no multiples of the window
        lambda p: models.SwinTransformer(**TORCHVISION_SWIN, dropout=p, attention_dropout=p, stochastic_depth_prob=0.0),
        (18, 36),
        [(2, 4)] * 4,
    ),
    "torchvision swin v2": (
        lambda p: models.SwinTransformer(
            **TORCHVISION_SWIN, **V2, dropout=p, attention_dropout=p, stochastic_depth_prob=0.0
        ),
        (18, 36),
        [(2, 4)] * 4,
    ),
}


def foreign(name: str, dtype: torch.dtype = torch.float64, dropout: float = 0.0) -> tuple[nn.Module, torch.Tensor]:
    """A model in evaluation mode, all of whose weights matter, and two images for it."""
    make, size, _ = MODELS[name]
    torch.manual_seed(0)
    model = make(dropout).to(dtype).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, 0.05, 0.3)
    return model, torch.randn(2, 3, *size, dtype=dtype)


def plugged(model: nn.Module) -> list[PluggedLayer]:
    """The layers under a prior, in the order of the model."""
    return [module for module in model.modules() if isinstance(module, PluggedLayer)]


class Ones(Prior):
    """A neutral prior: one weight of 1 for each pair, all learned."""

    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.pairs = nn.Parameter(torch.ones(heads, grid[0] * grid[1], grid[0] * grid[1]))

    def forward(self):
        return self.pairs


class Compass(Prior):
    """A prior that tells every offset and every head from all others, so that no turn or flip goes unseen."""

    def kernel(self):
        h, w = 2 * self.grid[0] - 1, 2 * self.grid[1] - 1
        return (1 + torch.arange(self.heads * h * w, dtype=torch.float64).view(self.heads, h, w).sin()) / 2 + 0.1


def combined(kind, combine):
    """The same prior, applied in another way."""
    return type(kind.__name__, (kind,), {"combine": combine})
