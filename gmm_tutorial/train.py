"""Training: the configuration, the schedule, the augmentation and the loop."""

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from gmm_tutorial.data import Images
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import prior_factory
from gmm_tutorial.profiles import Profile, device


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All that decides the outcome of a training, except the machine."""

    dataset: str
    train_images: int  # a fixed subset, balanced by class: seeds share it
    test_images: int
    epochs: int
    profile: str = "custom"  # the one that chose the scale
    model: str = "vit"
    model_options: dict[str, Any] = field(default_factory=dict)
    prior: str | None = None
    prior_options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0  # of the first weights, the order of images, and the augmentation
    batch_size: int = 128
    padding: int = 4  # pixels by which the random crop may shift an image
    lr: float = 2e-3
    min_lr: float = 1e-6
    warmup: float = 0.1  # share of the steps; as published, 10 of 100 epochs
    weight_decay: float = 0.05  # on every parameter, masks too, as published
    label_smoothing: float = 0.1
    eval_every: int = 1  # epochs; the last is always evaluated

    def __post_init__(self) -> None:
        for name in ("train_images", "test_images", "epochs", "batch_size", "eval_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, but it must be at least 1")
        if "kernels" in self.model_options:
            raise ValueError("model_options has kernels, but they are the prior's: they belong into prior_options")

    @classmethod
    def of(
        cls, profile: Profile, *, model: str = "vit", model_options: dict[str, Any] | None = None, **choices: Any
    ) -> "TrainConfig":
        """The training that a profile affords. `choices` are fields; `model_options` are added to the profile's.

        Raises ValueError for a model to which the profile gives no size.
        """
        if model not in profile.model_options:
            raise ValueError(
                f"model is {model!r}, but profile {profile.name!r} can size only {', '.join(profile.model_options)}"
            )
        options = {**profile.model_options[model], **(model_options or {})}
        scale = {name: getattr(profile, name) for name in ("train_images", "test_images", "epochs", "lr")}
        return cls(**{**scale, "profile": profile.name, "model": model, "model_options": options, **choices})

    def as_dict(self) -> dict[str, Any]:
        """The configuration as plain values, for JSON."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # as JSON has them: lists, no tuples
        return values


@dataclass
class History:
    """What a training measured. accuracy: (epoch, share right on the test images); loss: the mean of each epoch."""

    accuracy: list[tuple[int, float]] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)


def build(config: TrainConfig, train_set: Images) -> nn.Module:
    """The model of a configuration, with first weights that depend on the seed alone."""
    prior = prior_factory(config.prior, **config.prior_options)
    size = train_set.images.shape[-1]
    with seeded(config.seed):
        return create_model(config.model, len(train_set.classes), size, prior, **config.model_options)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from a seed of our own, and leave the caller's random numbers as they were."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def learning_rate(step: int, steps: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine down to min_lr, by step. step: 0 to steps - 1."""
    warmup = max(1, round(config.warmup * steps))
    if step < warmup:
        return config.min_lr + (config.lr - config.min_lr) * (step + 1) / warmup
    progress = (step - warmup + 1) / max(1, steps - warmup)
    return config.min_lr + (config.lr - config.min_lr) * 0.5 * (1 + math.cos(math.pi * progress))


def augment(images: Tensor, generator: torch.Generator, padding: int) -> Tensor:
    """Shift each image by up to `padding` pixels, black coming in, and mirror every other one, by draws of its own.

    images: (B, C, S, S) -> the same shape and dtype. generator: on the CPU, so that draws are the same on any device.
    """
    batch, size, where = len(images), images.shape[-1], images.device
    top, left = torch.randint(2 * padding + 1, (2, batch), generator=generator).to(where)
    mirror = (torch.rand(batch, generator=generator) < 0.5).to(where)
    # every S x S window of the padded image, as a view: the window that lesson 03 slides, here over pixels
    windows = F.pad(images, (padding,) * 4).unfold(2, size, 1).unfold(3, size, 1)
    images = windows[torch.arange(batch, device=where), :, top, left]
    return torch.where(mirror[:, None, None, None], images.flip(-1), images)


@torch.no_grad()
def evaluate(model: nn.Module, images: Images, batch_size: int = 500) -> float:
    """The share of images that the model gets right, in evaluation mode."""
    where, training = next(model.parameters()).device, model.training
    model.eval()
    right = 0
    for x, y in zip(images.images.split(batch_size), images.labels.split(batch_size), strict=True):
        right += int((model(images.normalize(x.to(where))).argmax(-1) == y.to(where)).sum())
    model.train(training)
    return right / len(images)


def fit(model: nn.Module, config: TrainConfig, train_set: Images, test_set: Images) -> History:
    """Train `model` in place, on the device of `profiles.device()`, with a progress bar on stdout.

    train_set, test_set: the subsets to use, whole. Raises FloatingPointError when the loss is no number any more.
    """
    where = device()
    model.to(where).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=config.weight_decay)
    draws = torch.Generator().manual_seed(config.seed)
    images, labels = train_set.images.to(where), train_set.labels.to(where)
    steps = config.epochs * math.ceil(len(images) / config.batch_size)
    history = History()
    bar = tqdm(total=steps, leave=False, unit="step", ncols=100, file=sys.stdout)
    step = 0
    with bar, seeded(config.seed):  # stochastic depth draws from the global generator
        for epoch in range(1, config.epochs + 1):
            losses = []
            for batch in torch.randperm(len(images), generator=draws).to(where).split(config.batch_size):
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate(step, steps, config)
                logits = model(train_set.normalize(augment(images[batch], draws, config.padding)))
                loss = F.cross_entropy(logits, labels[batch], label_smoothing=config.label_smoothing)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.detach())
                bar.update()
                step += 1
            history.loss.append(torch.stack(losses).mean().item())
            if not math.isfinite(history.loss[-1]):
                raise FloatingPointError(f"the loss is {history.loss[-1]} after epoch {epoch}: try a smaller lr")
            if epoch % config.eval_every == 0 or epoch == config.epochs:
                history.accuracy.append((epoch, evaluate(model, test_set)))
                bar.set_postfix_str(f"loss {history.loss[-1]:.2f}, test accuracy {history.accuracy[-1][1]:.1%}")
    model.eval()
    return history
