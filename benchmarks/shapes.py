"""What one has to know to tell the classes of `shapes` apart: a table of models that know more and more.

    python benchmarks/shapes.py            # everything; about ten minutes on two CPU cores
    python benchmarks/shapes.py linear bag # only these rows

One seed per row, a fixed number of epochs, the accuracy after the last. Chance is 10 %.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from gmm_tutorial import data
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import GaussianMixtureMask

PATCHES = "b c (h p) (w q) -> b (h w) (c p q)"


class Bag(nn.Module):
    """(B, 3, 32, 32) -> (B, 10): looks at each 4 x 4 patch by itself and counts what it has seen."""

    def __init__(self, dim: int = 128) -> None:
        super().__init__()
        self.patch = nn.Sequential(nn.Linear(48, dim), nn.GELU(), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim))
        self.head = nn.Sequential(nn.GELU(), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, 10))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.patch(rearrange(images, PATCHES, p=4, q=4)).mean(1))


def linear() -> nn.Module:
    """Every pixel has a weight of its own: absolute position, and nothing else."""
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 10))


def convnet(width: int = 16) -> nn.Module:
    """Two convolutions and a maximum over the image: what is within six pixels, whatever the place."""
    return nn.Sequential(
        *(nn.Conv2d(3, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(width, 4 * width, 5, padding=2, bias=False), nn.BatchNorm2d(4 * width), nn.ReLU()),
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(4 * width, 10)),
    )


def shuffled(images: Tensor) -> Tensor:
    """The same 4 x 4 patches, in each image in another order."""
    patches = rearrange(images, PATCHES, p=4, q=4)
    order = torch.rand(patches.shape[:2], generator=torch.Generator().manual_seed(0)).argsort(1)
    patches = patches.gather(1, order[..., None].expand_as(patches))
    return rearrange(patches, "b (h w) (c p q) -> b c (h p) (w q)", h=8, p=4, q=4)


def vit(**options: object) -> Callable[[], nn.Module]:
    """A small ViT whose tokens know where they are only if the options say so."""
    return lambda: create_model("vit", dim=96, depth=4, num_heads=4, **({"pos_embed": False} | options))


@dataclass(frozen=True)
class Row:
    """A model and how it is trained; `prepare` is done to training and test images alike."""

    title: str
    model: Callable[[], nn.Module]
    images: int
    epochs: int
    lr: float
    prepare: Callable[[Tensor], Tensor] = lambda images: images


ROWS = {
    "linear": Row("linear classifier", linear, 10_000, 6, 1e-3),
    "bag": Row("bag of 4 x 4 patches", Bag, 10_000, 8, 2e-3),
    "shuffled": Row("ConvNet, patches shuffled", convnet, 10_000, 3, 5e-3, shuffled),
    "convnet": Row("ConvNet", convnet, 10_000, 3, 5e-3),
    "vit": Row("ViT, no positions", vit(), 5_000, 12, 2e-3),
    "vit-positions": Row("ViT, learned positions", vit(pos_embed=True), 5_000, 12, 2e-3),
    "vit-gmm": Row("ViT, no positions, GMM as published", vit(prior="gmm"), 5_000, 12, 2e-3),
    "vit-gmm-local": Row(
        "ViT, no positions, GMM that starts local",
        vit(prior=lambda grid, heads: GaussianMixtureMask(grid, heads, init="local")),
        5_000,
        12,
        2e-3,
    ),
}


def train(row: Row, train_set: data.Images, test_set: data.Images, seed: int = 0) -> float:
    """The test accuracy in per cent after the last epoch; AdamW, one cycle, batches of 64, mirrored at random."""
    torch.manual_seed(seed)
    model = row.model()
    images, labels = row.prepare(train_set.images[: row.images]), train_set.labels[: row.images]
    optimizer = torch.optim.AdamW(model.parameters(), row.lr, weight_decay=0.05)
    steps = row.epochs * (len(labels) // 64)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, row.lr, total_steps=steps, pct_start=0.15)
    for _ in range(row.epochs):
        for batch in torch.randperm(len(labels))[: len(labels) // 64 * 64].split(64):
            x = images[batch].flip(3) if torch.rand(()) < 0.5 else images[batch]
            loss = cross_entropy(model(train_set.normalize(x)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        logits = torch.cat([model(test_set.normalize(x)) for x in row.prepare(test_set.images).split(500)])
    return 100 * (logits.argmax(1) == test_set.labels).float().mean().item()


def main(names: list[str]) -> None:
    """Draw the data, train each row, print the table line by line."""
    start = time.perf_counter()
    train_set, test_set = data.load("shapes", "train"), data.load("shapes", "test")
    print(f"drawn: {len(train_set):,} + {len(test_set):,} images in {time.perf_counter() - start:.1f} s")
    for name in names or ROWS:
        row, start = ROWS[name], time.perf_counter()
        accuracy = train(row, train_set, test_set)
        took = time.perf_counter() - start
        print(
            f"{row.title:42} {row.images:6,} images {row.epochs:3} epochs {accuracy:6.1f} % {took:5.0f} s", flush=True
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"any of: {', '.join(ROWS)}")
    main(parser.parse_args().rows)
