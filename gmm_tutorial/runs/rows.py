"""What the studies are: their rows by name, in the order of their worth. A row more is a line more here.

A row says all of it: the options of its prior, and of its model what is not the profile's size. So a default that
changes later changes neither what is planned nor which receipts belong to a row.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from gmm_tutorial._files import digest
from gmm_tutorial.train import TrainConfig, configure

# what of a configuration says which model is trained; all else, but for the seed, is the scale of the training
KIND = ("model", "model_options", "prior", "prior_options", "decay_masks")


@dataclass(frozen=True)
class Row:
    """One line of a table: what its trainings are, whatever their scale and seed."""

    label: str  # in tables and pictures
    model: str = "vit"
    prior: str | None = None
    prior_options: dict[str, Any] = field(default_factory=dict)
    model_options: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, Any] = field(default_factory=dict)  # other fields of the configuration
    published: str | None = None  # its name in `published.ACCURACY`

    def __hash__(self) -> int:
        return hash(self.label)

    def config(self, profile: str, recipe: str, dataset: str, **scale: Any) -> TrainConfig:
        """The training of this row. scale: fields that go before the recipe's, as seed and epochs."""
        own = {"prior": self.prior, "prior_options": self.prior_options, "model_options": self.model_options}
        return configure(dataset, self.model, recipe=recipe, profile=profile, **{**scale, **own, **self.choices})

    def has(self, config: TrainConfig) -> bool:
        """Whether a training is one of this row: of the same model, prior and options, whoever has asked for it."""
        if (config.model, config.prior) != (self.model, self.prior) or config.profile == "custom":
            return False
        return _kind(self, config.profile, config.recipe, config.dataset) == kind_of(config)


@lru_cache(maxsize=1024)
def _kind(row: Row, profile: str, recipe: str, dataset: str) -> str | None:
    try:
        return kind_of(row.config(profile, recipe, dataset))
    except ValueError:  # the profile has no size for this model
        return None


def kind_of(config: TrainConfig) -> str:
    """Model, prior and their options as one comparable text."""
    values = {name: getattr(config, name) for name in KIND}
    if config.prior is None:
        del values["decay_masks"]  # there is none
    return digest(values)


@dataclass(frozen=True)
class Study:
    """A table to be.

    groups: rows, most worth knowing first; a group is trained seed by seed before the next begins. scale: recipe,
    profile, and fields of a configuration, as it is trained unless one chooses otherwise.
    """

    title: str
    groups: tuple[tuple[Row, ...], ...]
    scale: dict[str, Any]

    def rows(self, recipe: str) -> list[Row]:
        """All rows that are different trainings under a recipe, in the table's order."""
        return [row for group in self.grouped(recipe) for row in group]

    def grouped(self, recipe: str) -> list[list[Row]]:
        """The groups, without rows that under this recipe are the same training as one before them."""
        seen: set[str] = set()
        groups: list[list[Row]] = []
        for group in self.groups:
            groups.append([])
            for row in group:
                if (kind := kind_of(row.config("full", recipe, "cifar10"))) not in seen:
                    seen.add(kind)
                    groups[-1].append(row)
        return groups

    def plan(self, profile: str, recipe: str, dataset: str, seeds: list[int], **scale: Any) -> list[TrainConfig]:
        """The trainings of the whole study, in order: group by group, in each seed by seed, in each row by row."""
        return [
            row.config(profile, recipe, dataset, seed=seed, **scale)
            for group in self.grouped(recipe)
            for seed in seeds
            for row in group
        ]
