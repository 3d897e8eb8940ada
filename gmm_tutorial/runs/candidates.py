"""A prior of one's own as what a trial trains: from its class to a model, and to a name under which that is kept."""

from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor, nn

from gmm_tutorial._files import digest
from gmm_tutorial.attention import Attention
from gmm_tutorial.data import Images
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import PriorFactory
from gmm_tutorial.runs.sources import source
from gmm_tutorial.train import TrainConfig
from gmm_tutorial.train.loop import seeded


class ContentPrior(nn.Module):
    """Base class of priors that depend on the tokens: their logarithm is added to the scores.

    A subclass takes (dim, heads, grid), and its `forward` turns tokens x (B, N, dim) into (B, H, N, N). Its parameters
    are trained like those of all other layers.
    """


class WithContent(nn.Module):
    """An attention layer under a prior that depends on the tokens."""

    def __init__(self, layer: Attention, prior: ContentPrior) -> None:
        super().__init__()
        self.layer, self.content = layer, prior

    def forward(self, x: Tensor) -> Tensor:
        """Attend, tokens x (B, N, C) -> (B, N, C)."""
        return self.layer(x, bias=self.content(x))


@dataclass(frozen=True)
class Candidate:
    """A prior of one's own, with the options that its class takes beside grid and heads."""

    prior: PriorFactory | type[ContentPrior]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> bool:
        """Whether it depends on the tokens."""
        return isinstance(self.prior, type) and issubclass(self.prior, ContentPrior)

    @property
    def key(self) -> str:
        """A short name that no other source and no other options have."""
        return digest([source(self.prior), repr(sorted(self.options.items()))])[:8]

    def build(self, config: TrainConfig, train_set: Images) -> nn.Module:
        """The model of a configuration under this prior; apart from it, it starts as those without one."""
        size, classes = train_set.images.shape[-1], len(train_set.classes)
        make = None if self.content else lambda grid, heads: self.prior(grid, heads, **self.options)
        with seeded(config.seed):
            model = create_model(config.model, classes, size, make, **config.model_options)
            if self.content:
                blocks: Any = model.blocks
                for block in blocks:
                    layer, made = block.attn, cast(type[ContentPrior], self.prior)
                    block.attn = WithContent(layer, made(layer.dim, layer.num_heads, layer.grid, **self.options))
        return model


@torch.no_grad()
def start(model: nn.Module, images: Images) -> list[str]:
    """What a model starts from, to three digits: the size of each parameter, and what it says about a few images.

    The source of a prior may be the same, and what it reads from elsewhere another.
    """
    model.eval()
    found = [*(p.abs().sum() for p in model.parameters()), *model(images.normalize(images.images[:4])).flatten()]
    return [f"{each.item():.2e}" for each in found]
