"""What all backbones share: the way from images to logits, stages, and how weights start."""

from collections.abc import Sequence
from typing import Any

import torch
from einops import rearrange
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_finite, check_number

__all__ = ["Backbone", "Pyramid", "check_stages", "drop_paths", "init_truncated_normal", "init_xavier_normal"]


class Backbone(nn.Module):
    """From images to logits in four steps: tokens, blocks, one vector per image, classes.

    A subclass sets the attributes, defines `embed`, and overrides `pooled` if it pools in a way of its own.

    Attributes:
        blocks: What the tokens pass through.
        norm: The last norm.
        head: The linear layer that classifies.
    """

    blocks: nn.Module
    norm: nn.Module
    head: nn.Module

    def embed(self, images: Tensor) -> Tensor:
        """Return the tokens that the first block takes, for images (B, 3, S, S)."""
        raise NotImplementedError

    def features(self, images: Tensor) -> Tensor:
        """Return the last block's tokens in raster order, shape (B, N, C), for images (B, 3, S, S).

        A class token, if there is one, comes first.
        """
        return self.blocks(self.embed(images))

    def pooled(self, tokens: Tensor) -> Tensor:
        """Return the one vector per image that is classified, shape (B, C), for the tokens of `features`."""
        return self.norm(tokens).mean(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Classify images.

        Args:
            images: Normalized images, shape (B, 3, S, S).

        Returns:
            The logits, shape (B, num_classes).

        Raises:
            TypeError: If `images` is not of the dtype of the model.
            ValueError: If `images` has another size or device than the model needs.
        """
        return self.head(self.pooled(self.features(images)))


class Pyramid(Backbone):
    """A backbone in stages: each works on half the grid of the one before.

    Attributes:
        stages: The blocks of each stage.
        downsamples: What stands between two stages.
    """

    stages: nn.ModuleList
    downsamples: nn.ModuleList

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """Return what each stage gives, the finest first, for images (B, 3, S, S)."""
        maps = [self.stages[0](self.embed(images))]
        for downsample, stage in zip(self.downsamples, self.stages[1:], strict=True):
            maps.append(stage(downsample(maps[-1])))
        return maps

    def features(self, images: Tensor) -> Tensor:
        """Return the last stage's tokens in raster order, shape (B, N, C), for images (B, 3, S, S)."""
        return rearrange(self.pyramid(images)[-1], "B h w C -> B (h w) C")


def check_stages(dims: Sequence[int], **per_stage: Sequence[Any]) -> None:
    """Raise an error that names the argument unless each has one entry per stage, and counts are positive."""
    for name, values in {"dims": dims, **per_stage}.items():  # dims first: the others are held against it
        if not isinstance(values, (tuple, list)) or not values:
            raise ValueError(f"{name} is {values!r}, but it must be a tuple with one entry per stage")
        if len(values) != len(dims):
            raise ValueError(f"{name} has {len(values)} entries, but dims has {len(dims)}: one per stage")
        for value in values:
            if name in ("dims", "depths", "num_heads"):
                check_count(name, value)
            elif name == "mlp_ratios":
                check_number(name, check_finite(name, value), least=0)


def drop_paths(last: float, depths: Sequence[int]) -> list[list[float]]:
    """Return each block's chance of being skipped, stage by stage: from 0 in the first block to `last` in the last."""
    # on the CPU, so that a model can be made on the meta device
    chances = torch.linspace(0, check_number("drop_path", last, 0, 1), sum(depths), device="cpu")
    return [stage.tolist() for stage in chances.split(tuple(depths))]


def init_xavier_normal(module: nn.Module) -> None:
    """Initialize as published for ViT, CaiT and PiT, for `Module.apply`: Xavier normal weights, biases 0.

    Args:
        module: Any module. Only linear layers and convolutions change.
    """
    if isinstance(module, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def init_truncated_normal(module: nn.Module) -> None:
    """Initialize as published for Swin, T2T and RMT, for `Module.apply`: truncated normal linear weights, biases 0.

    Args:
        module: Any module. Only linear layers change.
    """
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
