"""What the bench lets one choose: data, two models with their priors, seeds, passes; and code that does the same."""

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from gmm_tutorial._checks import check_count, check_one_of
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.models import SIZES, model_defaults
from gmm_tutorial.train import TrainConfig, configure

MODELS = {
    "vit": "ViT",
    "convnet": "ConvNet",
    "rmt-cifar": "RMT",
    "swin": "Swin",
    "pit": "PiT",
    "t2t": "T2T",
    "cait": "CaiT",
}
assert set(MODELS) == set(SIZES), "those to which a profile gives a size"


class Offer(NamedTuple):
    """A prior to choose: how it is called, its name for `configure`, and options that are not the default."""

    title: str
    prior: str | None
    options: dict[str, Any]


PRIORS = {
    "none": Offer("none", None, {}),
    "temperature": Offer("one temperature per head", "temperature", {}),
    "elm": Offer("ELM", "elm", {}),
    "gmm": Offer("GMM", "gmm", {}),
    "gmm-local": Offer("GMM, local start", "gmm", {"init": "local"}),
    "alibi": Offer("ALiBi", "alibi", {}),
    "manhattan": Offer("Manhattan decay", "manhattan", {}),
    "free": Offer("free kernel", "free", {}),
    "frozen": Offer("GMM, local start, frozen", "frozen", {}),
    "shuffled": Offer("GMM, local start, frozen and shuffled", "frozen", {"shuffled": True}),
}
MOST_SEEDS, MOST_EPOCHS = 10, 300
WIDTH = 84  # characters of a line that a notebook shows


def takes_prior(model: str) -> bool:
    """Whether a model has attention, and so a place for a prior."""
    return model != "convnet"


def takes_positions(model: str) -> bool:
    """Whether the position embeddings of a model can be left out."""
    return "pos_embed" in model_defaults(model)


@dataclass(frozen=True)
class Side:
    """One of the two models that are compared.

    model: a key of MODELS; prior: a key of PRIORS, "none" for the model as it is (an RMT has a decay of its own);
    positions: whether there are position embeddings. Raises ValueError, naming what does not fit.
    """

    model: str = "vit"
    prior: str = "none"
    positions: bool = True

    def __post_init__(self) -> None:
        check_one_of("model", self.model, MODELS)
        check_one_of("prior", self.prior, PRIORS)
        check_one_of("positions", self.positions, (True, False))
        if self.prior != "none" and not takes_prior(self.model):
            raise ValueError(
                f"prior is {self.prior!r}, but {MODELS[self.model]} has no attention: it must be 'none', or choose "
                "another model"
            )
        if not self.positions and not takes_positions(self.model):
            raise ValueError(
                f"positions is False, but those of {MODELS[self.model]} cannot be left out: it must be True, or choose "
                "ViT"
            )

    @property
    def label(self) -> str:
        """What the model is, in a few words."""
        prior = "" if self.prior == "none" else f", {PRIORS[self.prior].title}"
        return f"{MODELS[self.model]}{prior}{'' if self.positions else ', no positions'}"

    @property
    def options(self) -> dict[str, Any]:
        """What `configure` needs of it."""
        _, prior, options = PRIORS[self.prior]
        named = {"model": self.model, "prior": prior, "prior_options": options}
        named["model_options"] = {} if self.positions else {"pos_embed": False}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Choices:
    """A comparison: two models on the same data, with the same seeds and number of passes, in the profile in force.

    dataset: a name of `data.load`; first: the baseline; seeds: how many, from 0 up; epochs: passes over the training
    images, None for as many as the recipe has. Raises ValueError, naming what does not fit.
    """

    dataset: str = "shapes"
    first: Side = field(default_factory=Side)
    second: Side = field(default_factory=lambda: Side(prior="gmm-local"))
    seeds: int = 3
    epochs: int | None = None

    def __post_init__(self) -> None:
        check_one_of("dataset", self.dataset, TABLE)
        if self.first == self.second:
            raise ValueError(f"both models are {self.first.label}: change the prior or another choice of one of them")
        for name, value, most in (("seeds", self.seeds, MOST_SEEDS), ("epochs", self.epochs, MOST_EPOCHS)):
            if value is not None and check_count(name, value) > most:
                raise ValueError(f"{name} is {value}, but it must be at most {most}")

    @classmethod
    def of(cls, plain: dict[str, Any]) -> "Choices":
        """The choices that `plain` holds, as `as_plain` gives them."""
        return cls(**{**plain, **{side: Side(**plain[side]) for side in ("first", "second")}})

    def as_plain(self) -> dict[str, Any]:
        """As JSON has it, with the number of passes in it."""
        return {**asdict(self), "epochs": self.passes}

    @property
    def passes(self) -> int:
        """Passes over the training images."""
        return self.config(self.first, 0).epochs

    @property
    def sides(self) -> dict[str, Side]:
        """Both models by their labels, the baseline first."""
        return {side.label: side for side in (self.first, self.second)}

    def config(self, side: Side, seed: int) -> TrainConfig:
        """One of the trainings. Raises ValueError when the profile in force has no size for the model."""
        scale: dict[str, Any] = {} if self.epochs is None else {"epochs": self.epochs}
        return configure(self.dataset, seed=seed, **scale, **side.options)

    def plan(self) -> list[tuple[str, TrainConfig]]:
        """All trainings with the label of their model, seed by seed, so that pairs are done early."""
        return [(name, self.config(side, seed)) for seed in range(self.seeds) for name, side in self.sides.items()]

    def code(self) -> str:
        """The text of a cell that makes the same comparison."""
        models = "\n".join(item(name, side.options) for name, side in self.sides.items())
        text = CODE.format(models=models, dataset=repr(self.dataset), epochs=self.passes, seeds=self.seeds)
        return text.replace("'", '"')


def item(name: str, options: dict[str, Any]) -> str:
    """A line of a dictionary of models, or several if it would be too wide to read without a scroll bar."""
    given = [f"{option}={value!r}" for option, value in options.items()]
    line = f"    {name!r}: dict({', '.join(given)}),"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"    {name!r}: dict(", *(f"        {each}," for each in given), "    ),"])


CODE = """\
from gmm_tutorial import runs
from gmm_tutorial.train import configure

models = {{
{models}
}}
trained = {{name: [] for name in models}}
for seed in range({seeds}):
    for name, options in models.items():
        config = configure({dataset}, epochs={epochs}, seed=seed, **options)
        trained[name].append(runs.train(config))

receipts = {{name: [run.receipt for run in group] for name, group in trained.items()}}
comparison = runs.Comparison(receipts)
print(comparison.verdict())
display(comparison.curves())
runs.looks(trained)"""
