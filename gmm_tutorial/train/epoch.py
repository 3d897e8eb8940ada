"""One pass over the training images, and one over the test images."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from gmm_tutorial.data import Images
from gmm_tutorial.priors import prior_parameters
from gmm_tutorial.train import parallel
from gmm_tutorial.train.batches import batches, steps_an_epoch
from gmm_tutorial.train.config import TrainConfig
from gmm_tutorial.train.recipe import learning_rate


def train_epoch(
    runner: nn.Module,
    optimizer: Optimizer,
    train_set: Images,
    config: TrainConfig,
    epoch: int,
    bar: Any,
    world: parallel.World,
) -> list[float]:
    """One pass over the training images; returns the loss of each step, for which alone it waits for the device.

    Raises FloatingPointError, naming step and learning rate, when a loss is no number.
    """
    where = train_set.images.device
    each = steps_an_epoch(len(train_set), config.batch_size, world)
    before, steps = each * (epoch - 1), each * config.epochs
    losses = []
    for step, (x, shares, weight) in enumerate(batches(train_set, config, epoch, world), before):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, config) * group.get("lr_scale", 1.0)
        with autocast(where, config.precision):
            logits = runner(x)
        loss = weight * F.cross_entropy(logits.float(), shares, label_smoothing=config.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        bar.update()
        if where.type == "cpu" and world.size == 1 and not math.isfinite(losses[-1]):
            break  # here it costs nothing to look at once
    values: list[float] = (parallel.total(torch.stack(losses), world) / world.size).tolist()
    for step, value in enumerate(values, before):
        if not math.isfinite(value):
            rate = learning_rate(step, steps, config)
            raise FloatingPointError(
                f"the loss is {value} at step {step + 1} of {steps}, in epoch {epoch}, at a learning rate of "
                f"{rate:.3g}: lr is {config.lr:g}, try a smaller one"
            )
    return values


def adamw(model: nn.Module, config: TrainConfig) -> AdamW:
    """AdamW on all parameters. Priors form a group of their own where their decay or their rate differs."""
    where = next(model.parameters()).device
    scale = 1.0 if config.prior_lr is None else config.prior_lr / config.lr
    apart = not config.decay_masks or scale != 1.0
    priors = set(prior_parameters(model)) if apart else set()
    rest: dict[str, Any] = {
        "params": [p for p in model.parameters() if p not in priors],
        "weight_decay": config.weight_decay,
    }
    own: dict[str, Any] = {
        "params": [p for p in model.parameters() if p in priors],
        "weight_decay": config.weight_decay if config.decay_masks else 0.0,
        "lr_scale": scale,
    }
    return AdamW([group for group in (rest, own) if group["params"]], lr=config.lr, fused=where.type == "cuda")


def autocast(where: torch.device, precision: str) -> torch.autocast:
    """The context in which a model computes in bfloat16 where that is safe, if `precision` says so."""
    return torch.autocast(where.type, torch.bfloat16, enabled=precision == "bfloat16")


@torch.no_grad()
def answered(model: nn.Module, images: Images, batch_size: int = 500, precision: str = "float32") -> Tensor:
    """Which images the model gets right, in evaluation mode: one yes or no per image, shape (N,).

    Under torchrun every process must call this, and looks at a part of the images.
    """
    where, training, world = next(model.parameters()).device, model.training, parallel.world()
    model.eval()
    part = slice(world.rank, None, world.size)
    answers = []
    for pixels in images.images[part].split(batch_size):
        with autocast(where, precision):
            answers.append(model(images.normalize(pixels.to(where))).argmax(-1))
    model.train(training)
    right = torch.zeros(len(images), dtype=torch.int64, device=where)
    right[part] = (torch.cat(answers) == images.labels[part].to(where)).long()
    return parallel.total(right, world).bool()


def evaluate(model: nn.Module, images: Images, batch_size: int = 500, precision: str = "float32") -> float:
    """The share of images that the model gets right, as `answered` says."""
    return int(answered(model, images, batch_size, precision).sum()) / len(images)
