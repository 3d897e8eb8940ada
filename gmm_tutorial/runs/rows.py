"""What the studies are: their rows by name, in the order of their worth. A row more is a line more here."""

from dataclasses import dataclass, field
from typing import Any

from gmm_tutorial.runs.names import at_scale, kind_of
from gmm_tutorial.train import TrainConfig
from gmm_tutorial.train.profiles import PROFILES


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
        """The training of this row. scale: fields that go before the recipe's, as seed and epochs."""
        own = {"prior": self.prior, "prior_options": self.prior_options, "model_options": self.model_options}
        return at_scale(profile, recipe, dataset, self.model, **{**scale, **own, **self.choices})

    def has(self, config: TrainConfig) -> bool:
        """Whether a training is one of this row: of the same model, prior and options, whoever has asked for it."""
        if config.model != self.model or config.prior != self.prior:
            return False
        profile = config.profile if config.profile in PROFILES else "full"
        try:
            same = self.config(profile, config.recipe, config.dataset)
        except ValueError:  # the profile has no size for this model
            return False
        return kind_of(same) == kind_of(config)


@dataclass(frozen=True)
class Study:
    """A table to be. groups: rows, most worth knowing first; a group is trained seed by seed before the next begins."""

    title: str
    groups: tuple[tuple[Row, ...], ...]

    def rows(self, recipe: str) -> list[Row]:
        """All rows that are different trainings under a recipe, in the table's order: that of worth, or of kernels."""
        rows = [row for group in self.grouped(recipe) for row in group]
        return sorted(rows, key=lambda row: row.prior_options.get("kernels", 0))

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


CLASS_TOKEN = Row("ViT, class token", model_options={"pool": "cls"}, published="ViT")
MEAN = Row("ViT, mean pooling")
GMM = Row("GMM-ViT", prior="gmm", published="GMM-ViT")
NO_DECAY = {"decay_masks": False}


def kernels(count: int) -> Row:
    """GMM with so many Gaussians a head."""
    return Row(f"GMM-ViT, K = {count}", prior="gmm", prior_options={"kernels": count})


TABLES = {
    "published": Study(
        "The published comparison: the baseline pools by a class token, the masked model by the mean",
        ((CLASS_TOKEN, GMM, MEAN), (Row("RMT, sized for CIFAR", model="rmt-cifar"),)),
    ),
    "control": Study(
        "The controlled comparison: all pool by the mean, but for the first row",
        (
            (
                CLASS_TOKEN,
                MEAN,
                Row("ViT, temperature a head", prior="temperature"),
                GMM,
                Row("ELM-ViT, from 0", prior="elm"),
                Row("ELM-ViT, from 1", prior="elm", prior_options={"init": 1.0}),
                Row("ALiBi-ViT", prior="alibi"),
                Row("Manhattan-ViT", prior="manhattan"),
            ),
            (
                Row("GMM-ViT, local start", prior="gmm", prior_options={"init": "local"}),
                Row("GMM-ViT, mask without decay", prior="gmm", choices=NO_DECAY),
                Row("ELM-ViT, mask without decay", prior="elm", choices=NO_DECAY),
                # in the profile `learn`, of 64 tokens and 4 heads, as many parameters as ELM has; with the published
                # start, whose mask grows with the root of their number, it would begin ten times as large as GMM
                Row("GMM-ViT, 512, local start", prior="gmm", prior_options={"kernels": 512, "init": "local"}),
            ),
        ),
    ),
    "kernels": Study(
        "How many Gaussians a mixture needs",
        (tuple(map(kernels, (1, 2, 5, 10))), tuple(map(kernels, (3, 4, 8)))),
    ),
}
