"""How fast training is, by recipe: a plain PyTorch loop and ours, in one run, and where our time goes.

    python benchmarks/train.py            # a small ViT and 1,500 images: under two minutes on two CPU cores
    python benchmarks/train.py --full     # the ViT as published, 50,000 images: for a GPU

plain: float32, a DataLoader with workers, torchvision's augmentation image by image, CutMix and MixUp by batch. ours:
`train.train_epoch`, in the recipe's own precision. Of each the second epoch counts, for ours evaluation apart. The peak
is that of a large matrix product in the same precision, on as many threads; a training step is three forward passes.
"""

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from tqdm import tqdm

from gmm_tutorial import analysis, runs
from gmm_tutorial.data import Images
from gmm_tutorial.train import RECIPES, TrainConfig, batches, build, configure, evaluate, loop, profiles
from gmm_tutorial.train.epoch import adamw, autocast, train_epoch
from gmm_tutorial.train.parallel import World

WHERE = profiles.device()


def wait() -> None:
    """Let the device finish what it was given."""
    if WHERE.type == "cuda":
        torch.cuda.synchronize()


def timed(compute: Callable[[], Any]) -> float:
    """Seconds of the second of two calls."""
    compute()
    wait()
    start = time.perf_counter()
    compute()
    wait()
    return time.perf_counter() - start


class Plain(Dataset[tuple[Tensor, int]]):
    """Images that are augmented one at a time, as most training scripts do."""

    def __init__(self, images: Images, config: TrainConfig) -> None:
        size = images.images.shape[-1]
        steps: list[nn.Module] = [v2.RandomHorizontalFlip()] if config.mirror else []
        steps.append(v2.RandomCrop(size, padding=config.padding))
        if config.auto_augment:
            steps.append(v2.AutoAugment(v2.AutoAugmentPolicy(config.auto_augment)))
        steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize(images.mean, images.std)]
        if config.erase:
            steps.append(v2.RandomErasing(config.erase, (0.02, 0.4), (0.3, 1 / 0.3), value=list(images.mean)))
        self.images, self.transform = images, v2.Compose(steps)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image, label = self.images[index]
        return self.transform(image), int(label)


def plain_epoch(model: nn.Module, optimizer: torch.optim.Optimizer, loader: Any, config: TrainConfig, n: int) -> None:
    """One epoch of a plain loop."""
    mix = v2.RandomApply([v2.RandomChoice([v2.CutMix(num_classes=n), v2.MixUp(num_classes=n)])], p=config.mix)
    model.train()
    for x, y in loader:
        x, y = mix(x.to(WHERE), y.to(WHERE))
        loss = F.cross_entropy(model(x), y, label_smoothing=config.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


class Watch:
    """Adds up seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        wait()
        start = time.perf_counter()
        yield
        wait()
        self.seconds[name] += time.perf_counter() - start

    def around(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, timed."""

        def inner(*arguments: Any, **options: Any) -> Any:
            with self(name):
                return function(*arguments, **options)

        return inner


def parts(
    model: nn.Module, optimizer: torch.optim.Optimizer, train_set: Images, config: TrainConfig
) -> dict[str, float]:
    """Seconds of each part of an epoch, waiting for the device after each: their sum is more than an epoch takes."""
    watch, module = Watch(), batches
    kept = module.draw_epoch, module.augment_epoch
    module.draw_epoch, module.augment_epoch = watch.around("draws", kept[0]), watch.around("bytes augmented", kept[1])
    try:
        stream = module.batches(train_set, config, 1, World())
        while True:
            with watch("batches"):
                batch = next(stream, None)
            if batch is None:
                break
            x, shares, _ = batch
            with watch("forward"), autocast(WHERE, config.precision):
                logits = model(x)
            with watch("backward"):
                optimizer.zero_grad()
                F.cross_entropy(logits.float(), shares, label_smoothing=config.label_smoothing).backward()
            with watch("optimizer"):
                optimizer.step()
    finally:
        module.draw_epoch, module.augment_epoch = kept
    # what is left of making batches: to normalize, erase and mix
    watch.seconds["batches"] -= watch.seconds["draws"] + watch.seconds["bytes augmented"]
    return dict(watch.seconds)


def peak(precision: str) -> float:
    """Floating-point operations a second of a large matrix product."""
    n = 8192 if WHERE.type == "cuda" else 1024
    a = torch.randn(n, n, device=WHERE, dtype=getattr(torch, precision))

    # not by `analysis.seconds`, which computes on one thread, where training has all of them
    return 2 * n**3 / min(timed(lambda: a @ a) for _ in range(5))


def row(recipe: str, prior: str | None, images: int, full: bool, workers: int) -> None:
    """Measure one recipe, and print a line, and one of the parts."""
    profile = "full" if full else "learn"
    config = configure(
        "cifar10", recipe=recipe, profile=profile, prior=prior, train_images=images, test_images=images // 5
    )
    config, train_set, test_set = runs.chosen(config)
    classes = len(train_set.classes)
    model = build(config, train_set).to(WHERE)
    cost = 3 * 2 * analysis.macs(model, train_set.images.shape[-1])
    loader = DataLoader(
        Plain(train_set, config),
        batch_size=config.batch_size,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
        pin_memory=WHERE.type == "cuda",
    )
    plain = timed(partial(plain_epoch, model, adamw(model, config), loader, config, classes))

    train_set, test_set = loop.on(train_set, WHERE), loop.on(test_set, WHERE)
    model = build(config, train_set).to(WHERE).train()
    optimizer = adamw(model, config)
    with tqdm(disable=True) as bar:
        ours = timed(partial(train_epoch, model, optimizer, train_set, config, 1, bar, World()))
    tested = timed(partial(evaluate, model, test_set, precision=config.precision))
    share = cost * images / ours / peak(config.precision)
    print(
        f"{recipe:8} {config.precision:9} {images / plain:>9,.0f} {images / ours:>9,.0f} {plain / ours:>6.1f} "
        f"{share:>8.1%} {len(test_set) / tested:>11,.0f}"
    )
    seconds = parts(model, optimizer, train_set, config)
    print("         " + ", ".join(f"{name} {value / sum(seconds.values()):.0%}" for name, value in seconds.items()))


def main(full: bool, images: int, recipes: list[str], prior: str | None, workers: int) -> None:
    """Print two lines a recipe."""
    print(
        f"{WHERE.type}, {torch.get_num_threads()} threads, {workers} workers, torch {torch.__version__}, prior {prior}"
    )
    print("recipe   precision   plain/s    ours/s  ratio  of peak evaluated/s   (images a second)")
    for recipe in recipes:
        row(recipe, prior, images, full, workers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--images", type=int, help="1,500, with --full 50,000")
    parser.add_argument("--recipes", nargs="+", choices=[*RECIPES], default=[*RECIPES])
    parser.add_argument("--prior", default="gmm", help="none for none")
    parser.add_argument("--workers", type=int, default=min(16, os.cpu_count() or 1))
    given = parser.parse_args()
    prior = None if given.prior == "none" else given.prior
    main(given.full, given.images or (50_000 if given.full else 1_500), given.recipes, prior, given.workers)
