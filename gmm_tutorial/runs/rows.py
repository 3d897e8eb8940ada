"""What a study is: rows by name, the most informative first, and their trainings at any scale and seed.

A row says all of it: the options of its prior, and of its model what is not the profile's size. So a default that
changes later changes neither what is planned nor which receipts belong to a row.
"""

from dataclasses import dataclass, field
from typing import Any

from gmm_tutorial.train import TrainConfig, configure

# what of a configuration a row says in any case; all else is its scale, but for what a row chooses too
MODEL = ("model", "model_options", "prior", "prior_options")


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

    def config(self, profile: str, recipe: str, dataset: str, **scale: Any) -> TrainConfig:
        """The training of this row. scale: fields that override the recipe's, such as seed and epochs."""
        own = {"prior": self.prior, "prior_options": self.prior_options, "model_options": self.model_options}
        return configure(dataset, self.model, recipe=recipe, profile=profile, **{**scale, **own, **self.choices})

    def has(self, config: TrainConfig) -> bool:
        """Whether a training is of this row's model, prior, options and choices, at whatever scale."""
        if (config.model, config.prior) != (self.model, self.prior) or config.profile == "custom":
            return False
        scale = {name: value for name, value in config.model_dump().items() if name not in MODEL}
        try:
            return self.config(scale.pop("profile"), scale.pop("recipe"), scale.pop("dataset"), **scale) == config
        except ValueError:  # the profile has no size for this model
            return False


@dataclass(frozen=True)
class Study:
    """A table that trainings will fill.

    groups: rows, most worth knowing first; a group is trained seed by seed before the next begins. scale: recipe,
    profile, and fields of a configuration, as it is trained unless one chooses otherwise. compared: families of rows
    that are compared with the first of each. dataset: what it is trained on unless one chooses otherwise. seeds: those
    that a plan has fixed, and then no others count, and no other data; None: any. exploratory: whether its differences
    are told without a verdict.
    """

    title: str
    groups: tuple[tuple[Row, ...], ...]
    scale: dict[str, Any]
    compared: tuple[tuple[Row, ...], ...] = ()
    dataset: str = "cifar10"
    seeds: tuple[int, ...] | None = None
    exploratory: bool = False

    @property
    def families(self) -> list[tuple[str, list[str]]]:
        """What is compared, by label: a baseline, and the rows of its family."""
        return [(first.label, [row.label for row in rows]) for first, *rows in self.compared]

    def planned(self, seeds: list[int] | None = None) -> list[int]:
        """The seeds to train: those given, if the study allows them, else its own. Raises ValueError for others."""
        if seeds is None:
            return list(self.seeds or (0, 1, 2))
        if self.seeds is not None and not set(seeds) <= set(self.seeds):
            raise ValueError(f"seeds is {seeds}, but the plan of this study has fixed {list(self.seeds)}")
        return seeds

    def data(self, dataset: str | None = None) -> str:
        """What to train on: the data set given, if the study allows it, else its own. Raises ValueError for another."""
        if self.seeds is not None and dataset not in (None, self.dataset):
            raise ValueError(f"dataset is {dataset!r}, but the plan of this study has fixed {self.dataset!r}")
        return dataset or self.dataset

    def counts(self, config: TrainConfig) -> bool:
        """Whether a training is of this study: by what it is judged on, and by all that a plan has fixed."""
        if config.test_split != self.scale.get("test_split", "test"):
            return False
        fixed = (self.dataset, self.scale["recipe"])
        return self.seeds is None or (config.seed in self.seeds and (config.dataset, config.recipe) == fixed)

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
                if (training := row.config("full", recipe, "cifar10").digest) not in seen:
                    seen.add(training)
                    groups[-1].append(row)
        return groups

    def row(self, config: TrainConfig) -> Row | None:
        """The row that a training is of, or None: of several, the one that chooses most."""
        found = [row for row in self.rows(config.recipe) if row.has(config)]
        return max(found, key=lambda row: len(row.choices), default=None)

    @property
    def chosen(self) -> set[str]:
        """The fields of a configuration that some rows choose for themselves."""
        return {name for group in self.groups for row in group for name in row.choices}

    def plan(self, profile: str, recipe: str, dataset: str, seeds: list[int], **scale: Any) -> list[TrainConfig]:
        """The trainings of the whole study, in order: group by group, in each seed by seed, in each row by row."""
        return [
            row.config(profile, recipe, dataset, seed=seed, **scale)
            for group in self.grouped(recipe)
            for seed in seeds
            for row in group
        ]
