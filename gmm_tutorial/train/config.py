"""What decides the outcome of a training: its configuration, the recipes by name, the learning rate of each step."""

import inspect
import json
import math
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any

from gmm_tutorial.data.catalog import entry
from gmm_tutorial.models import MODELS
from gmm_tutorial.train.augmentation import POLICIES
from gmm_tutorial.train.profiles import Profile

# AutoAugment's policy for each data set, as published; for `shapes`, nobody has published one
POLICY_OF = {"svhn": "svhn", "tiny-imagenet": "imagenet"}  # and "cifar10" for all others
PRECISIONS = ("float32", "bfloat16")

# `auto_augment` here says whether to, and the data set which; options that a model does not take are left out
RECIPES: dict[str, dict[str, Any]] = {
    # of the lessons: crops and mirror images, for trainings of a few minutes
    "lesson": {"epochs": 8},
    # as published beside arXiv 2309.05375, whose 100 epochs are of three passes each; one of them between evaluations
    "paper": {
        "epochs": 300,
        "lr": 1e-3,
        "auto_augment": True,
        "erase": 0.25,
        "mix": 0.5,
        "eval_every": 3,
        "model_options": {"drop_path": 0.1},
    },
    # for a tenth of that: a higher rate, nothing that makes images harder than crops and mirrors do, half the bits;
    # chosen by benchmarks/short_recipe.py, at the size of `learn`
    "short": {
        "epochs": 30,
        "lr": 2e-3,
        "decay_masks": False,
        "precision": "bfloat16",
        "eval_every": 3,
    },
}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """All that decides the outcome of a training, except the machine."""

    dataset: str
    train_images: int | None  # a fixed subset, balanced by class: seeds share it; None is the whole split
    test_images: int | None
    epochs: int  # passes over the training images
    recipe: str = "lesson"  # the one that the values below began as
    profile: str = "custom"  # the one that chose the scale
    model: str = "vit"
    model_options: dict[str, Any] = field(default_factory=dict)
    prior: str | None = None
    prior_options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0  # of the first weights, the order of images, and the augmentation
    batch_size: int = 128  # of all processes together
    mirror: bool = True  # every other image
    padding: int = 4  # pixels by which the random crop may shift an image
    auto_augment: str | None = None  # AutoAugment's policy: "cifar10", "svhn" or "imagenet"
    erase: float = 0.0  # the chance of an image to lose a box, which is filled with raw channel means, as published
    mix: float = 0.0  # the chance of a batch to be mixed, half by CutMix, half by MixUp, by one draw, as published
    lr: float = 2e-3
    min_lr: float = 1e-6
    warmup: float = 0.1  # share of the steps; as published, 10 of 100 epochs
    weight_decay: float = 0.05
    decay_masks: bool = True  # whether priors' parameters decay too, as published
    label_smoothing: float = 0.1
    precision: str = "float32"  # or "bfloat16": of activations; weights and their moments stay in float32
    eval_every: int = 1  # epochs; the last is always evaluated

    def __post_init__(self) -> None:
        for name in ("train_images", "test_images", "epochs", "batch_size", "eval_every"):
            if (count := getattr(self, name)) is not None and count < 1:
                raise ValueError(f"{name} is {count}, but it must be at least 1")
        for name in ("erase", "mix", "warmup", "label_smoothing"):
            if not 0 <= (share := getattr(self, name)) <= 1:
                raise ValueError(f"{name} is {share}, but it must be 0 to 1")
        for name, known in (("recipe", tuple(RECIPES)), ("precision", PRECISIONS), ("auto_augment", (None, *POLICIES))):
            if (value := getattr(self, name)) not in known:
                raise ValueError(f"{name} is {value!r}, but it must be one of {', '.join(map(repr, known))}")
        if self.padding < 0:
            raise ValueError(f"padding is {self.padding}, but it must be at least 0")
        if "kernels" in self.model_options:
            raise ValueError("model_options has kernels, but they are the prior's: they belong into prior_options")

    @classmethod
    def of(
        cls, profile: Profile, *, model: str = "vit", model_options: dict[str, Any] | None = None, **choices: Any
    ) -> "TrainConfig":
        """The training that a profile affords. `choices` are fields; `model_options` are added to the profile's.

        Raises ValueError for a model to which the profile gives no size.
        """
        options = {**_sizes(profile, model), **(model_options or {})}
        scale = {name: getattr(profile, name) for name in ("train_images", "test_images", "epochs", "lr")}
        return cls(**{**scale, "profile": profile.name, "model": model, "model_options": options, **choices})

    @classmethod
    def by_recipe(
        cls,
        recipe: str,
        dataset: str,
        model: str = "vit",
        *,
        size: Profile | None = None,
        model_options: dict[str, Any] | None = None,
        **choices: Any,
    ) -> "TrainConfig":
        """A recipe on a whole data set, with the model as published, or of the size that a profile gives it.

        `choices` are fields, which go before the recipe's; so do `model_options`.
        Raises ValueError for an unknown recipe, data set or model, and for a model to which `size` gives none.
        """
        if recipe not in RECIPES:
            raise ValueError(f"recipe is {recipe!r}, but it must be one of {', '.join(map(repr, RECIPES))}")
        if model not in MODELS:
            raise ValueError(f"model is {model!r}, but it must be one of {', '.join(map(repr, MODELS))}")
        entry(dataset)  # is there one?
        values = {"train_images": None, "test_images": None, **RECIPES[recipe]}
        if values.pop("auto_augment", False):
            values["auto_augment"] = POLICY_OF.get(dataset, "cifar10")
        taken = inspect.signature(MODELS[model][0]).parameters
        options = {name: value for name, value in values.pop("model_options", {}).items() if name in taken}
        options |= ({} if size is None else _sizes(size, model)) | (model_options or {})
        own = {"recipe": recipe, "dataset": dataset, "model": model, "model_options": options}
        return cls(**{**values, **own, **choices})

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """What each field is when nobody says: for receipts that are older than the field."""
        made = {f.name: f.default_factory() for f in fields(cls) if f.default_factory is not MISSING}
        return made | {f.name: f.default for f in fields(cls) if f.default is not MISSING}

    def as_dict(self) -> dict[str, Any]:
        """The configuration as plain values, for JSON."""
        values: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # as JSON has them: lists, no tuples
        return values


def _sizes(profile: Profile, model: str) -> dict[str, Any]:
    if model not in profile.model_options:
        raise ValueError(
            f"model is {model!r}, but profile {profile.name!r} can size only {', '.join(profile.model_options)}"
        )
    return profile.model_options[model]


def learning_rate(step: int, steps: int, config: TrainConfig) -> float:
    """Linear warm-up, then a cosine down to min_lr, by step. step: 0 to steps - 1."""
    warmup = max(1, round(config.warmup * steps))
    if step < warmup:
        return config.min_lr + (config.lr - config.min_lr) * (step + 1) / warmup
    progress = (step - warmup + 1) / max(1, steps - warmup)
    return config.min_lr + (config.lr - config.min_lr) * 0.5 * (1 + math.cos(math.pi * progress))
