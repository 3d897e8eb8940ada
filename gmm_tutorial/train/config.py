"""The configuration of a training: everything that decides its outcome, complete, and checked when it is made."""

import json
import math
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from gmm_tutorial._checks import check_one_of
from gmm_tutorial._files import digest
from gmm_tutorial._schema import Schema
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.models import MODELS, model_defaults
from gmm_tutorial.priors import PRIORS, prior_defaults
from gmm_tutorial.train.augmentation import POLICIES

HELD_OUT = 5_000  # training images that choices are made by, so that test images have no part in them
Count = Annotated[int, Field(ge=1, le=10_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class TrainConfig(Schema):
    """All that decides the outcome of a training, except the machine.

    Nothing in it is left to be looked up: options of the model and of the prior that are not given are filled in when
    it is made. So a receipt, which holds a configuration, means the same after a default has changed.
    """

    dataset: str
    train_images: Count  # a fixed subset, balanced by class: seeds share it; all there are, unless fewer are given
    test_images: Count
    test_split: Literal["test", "held_out"] = "test"  # held_out: training images that are kept for choosing by
    epochs: Annotated[int, Field(ge=1, le=100_000)]  # passes over the training images
    recipe: Literal["lesson", "paper", "short"] = "lesson"  # the one that the values below began as
    profile: Literal["ci", "learn", "full", "custom"] = "custom"  # the one that chose the scale
    model: str = "vit"
    model_options: dict[str, Any] = Field(default_factory=dict)
    prior: str | None = None
    prior_options: dict[str, Any] = Field(default_factory=dict)
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0  # of the first weights, the order of images, and the augmentation
    batch_size: Count = 128  # of all processes together
    mirror: bool = True  # every other image
    padding: Annotated[int, Field(ge=0, le=64)] = 4  # pixels by which the random crop may shift an image
    auto_augment: str | None = None  # AutoAugment's policy: "cifar10", "svhn" or "imagenet"
    erase: Share = 0.0  # the chance of an image to lose a box, which is filled with raw channel means, as published
    mix: Share = 0.0  # the chance of a batch to be mixed, half by CutMix, half by MixUp, by one draw, as published
    lr: Annotated[float, Field(gt=0, le=100)] = 2e-3
    min_lr: Annotated[float, Field(ge=0, le=100)] = 1e-6
    warmup: Share = 0.1  # share of the steps; as published, 10 of 100 epochs
    prior_lr: Annotated[float, Field(gt=0, le=100)] | None = None  # of priors' own parameters; None: as the others'
    weight_decay: Annotated[float, Field(ge=0, le=100)] = 0.05
    decay_masks: bool = True  # whether priors' parameters decay too, as published
    label_smoothing: Share = 0.1
    precision: Literal["float32", "bfloat16"] = "float32"  # of activations; weights and moments stay in float32
    eval_every: Annotated[int, Field(ge=1, le=100_000)] = 1  # epochs; the last is always evaluated

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what depends on other fields: the numbers of images, the options of the model and of the prior."""
        dataset: Any = values.get("dataset")
        model, prior = values.get("model", "vit"), values.get("prior")
        check_one_of("dataset", dataset, TABLE)
        check_one_of("model", model, MODELS)
        check_one_of("prior", prior, (None, *PRIORS))
        check_one_of("auto_augment", values.get("auto_augment"), (None, *POLICIES))
        lengths = dict(TABLE[dataset].lengths)
        if values.get("test_split") == "held_out":
            lengths = {"train": lengths["train"] - HELD_OUT, "test": HELD_OUT}
        values = dict(values)
        for split in ("train", "test"):
            count = values.get(f"{split}_images")
            if count is None or (type(count) is int and count > lengths[split]):
                values[f"{split}_images"] = lengths[split]
        known = {"model": model_defaults(model), "prior": prior_defaults(prior) if prior else {}}
        for kind, whose in (("model", model), ("prior", prior)):
            given = values.get(f"{kind}_options") or {}
            values[f"{kind}_options"] = complete_options(f"{kind}_options", whose, given, known[kind])
        return values

    @model_validator(mode="after")
    def _consistent(self) -> "TrainConfig":
        if self.min_lr > self.lr:
            raise ValueError(f"min_lr is {self.min_lr}, but it must be at most lr, {self.lr}")
        return self

    def but(self, **changes: Any) -> "TrainConfig":
        """The same configuration with some fields changed, checked again."""
        changes = {name: getattr(self, name) for name in type(self).model_fields} | changes
        for kind in ("model", "prior"):  # another model or prior has options of its own
            if changes[kind] != getattr(self, kind) and changes[f"{kind}_options"] == getattr(self, f"{kind}_options"):
                changes[f"{kind}_options"] = {}
        return TrainConfig(**changes)

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out a field that is younger than some receipts where it says nothing, so that their digests stay."""
        values: dict[str, Any] = handler(self)
        if self.prior_lr is None:
            del values["prior_lr"]
        if self.model_options.get("pos_std") == 1:
            del values["model_options"]["pos_std"]
        return values

    @property
    def digest(self) -> str:
        """A short name that no other configuration has."""
        return digest(self.model_dump(mode="json"))[:8]


def complete_options(name: str, whose: str | None, given: Any, known: dict[str, Any]) -> dict[str, Any]:
    """Options as JSON has them, with those that are not given; each is checked against the type of its default."""
    if not isinstance(given, dict):
        raise ValueError(f"{name} is {given!r}, but it must be a dictionary of options")
    for option, value in given.items():
        if option not in known:
            raise ValueError(f"{name} has {option!r}, but {whose!r} takes {', '.join(known) or 'no options'}")
        check_kind(f"{name}.{option}", value, known[option])
    complete: dict[str, Any] = json.loads(json.dumps(known | given))  # JSON has no tuples
    return complete


def check_kind(name: str, value: Any, default: Any) -> None:
    """Raise ValueError unless a value is of the kind that its default is of; a default of None says nothing."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{name} is {value}, but it must be a finite number")
    if default is None and not isinstance(value, (dict, set)):
        return
    if isinstance(default, (tuple, list)):
        right = isinstance(value, (tuple, list)) and not any(isinstance(each, (dict, set)) for each in value)
        wanted = "a list"
    elif isinstance(default, float):
        right, wanted = type(value) in (int, float), "a number"
    elif type(default) is int:  # sizes and counts
        right, wanted = type(value) is int and 1 <= value <= 1_000_000, "an integer from 1 to 1,000,000"
    else:
        right, wanted = type(value) is type(default), f"of type {type(default).__name__}"
    if not right:
        raise ValueError(f"{name} is {value!r}, but it must be {wanted}")
