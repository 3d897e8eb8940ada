"""A trial: priors of one's own beside a ViT without a prior, with a temperature and with GMM, with several seeds.

All are trained alike. A training that is done is not repeated: those of named priors have receipts, and those of one's
own are kept in the lessons' cache under their source and options. They resume after their last whole epoch.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from torch import nn

from gmm_tutorial import results
from gmm_tutorial._checks import check_type
from gmm_tutorial._files import digest
from gmm_tutorial.analysis import inspect_prior
from gmm_tutorial.priors import PriorFactory
from gmm_tutorial.priors.named import check_factory
from gmm_tutorial.results import Source
from gmm_tutorial.runs.candidates import Candidate, ContentPrior, start
from gmm_tutorial.runs.once import chosen, lesson_store, train
from gmm_tutorial.runs.store import Store
from gmm_tutorial.runs.verdicts import Trial
from gmm_tutorial.train import History, TrainConfig, configure, fit, profiles
from gmm_tutorial.train.checkpoint import UnusableCheckpoint
from gmm_tutorial.train.loop import progress

BASELINES: dict[str, str | None] = {"ViT": None, "temperature": "temperature", "GMM": "gmm"}

# as lesson 03 trains its fast masks: without position embeddings, so that only a prior knows places
SHAPES: dict[str, Any] = {"model_options": {"pos_embed": False}, "padding": 0, "prior_lr": 0.05, "decay_masks": False}
OF_PRIORS = ("prior_lr", "decay_masks")  # what says nothing where there is no prior
# the scale of the receipts that come with the tutorial, so that the baselines are there
PHOTOS: dict[str, Any] = {"epochs": 12, "eval_every": 4, "test_images": 10_000}


def trial(
    candidates: Mapping[str, PriorFactory | type[ContentPrior] | Candidate],
    dataset: str = "shapes",
    seeds: Iterable[int] = (0, 1, 2),
    baselines: Iterable[str] = tuple(BASELINES),
    **choices: Any,
) -> Trial:
    """Train priors of one's own, and what they are compared with, and say what the differences are worth.

    Args:
        candidates: By the name that a table gives it: the class of a `Prior` or another callable (grid, heads) ->
            `Prior`; a class derived from `ContentPrior`; or a `Candidate`, which adds options.
        dataset: "shapes", "cifar10" or another one that `data.load` knows, such as a folder of your own.
        seeds: Each model is trained once with each.
        baselines: What the candidates are compared with: names of BASELINES, which are trained too, and names of
            candidates, such as a shuffled control.
        **choices: Fields of a configuration that are to differ from the trial's, for all models alike.

    Returns:
        All accuracies, with the models of one's own, and their verdicts; print it.

    Raises:
        TypeError: If a candidate cannot be called.
        ValueError: If a name is taken or unknown, a choice is out of range, or `inspect_prior` finds a problem.
        DataUnavailable: If the data set cannot be had.
    """
    check_type("candidates", candidates, Mapping, 'a dictionary, such as {"mine": MyPrior}')
    seeds = list(dict.fromkeys(check_type("seeds", seeds, Iterable, "several seeds, such as (0, 1, 2)")))
    own = {label: candidate(label, each) for label, each in candidates.items()}
    compared = checked(baselines, own)
    named = {label: BASELINES[label] for label in compared if label in BASELINES}
    for label, each in own.items():
        if problem := found_before(each):
            raise ValueError(f"{label} cannot be trained yet. {problem}")
    scale = {**(SHAPES if dataset == "shapes" else PHOTOS if profiles.current().name == "learn" else {}), **choices}
    accuracy: dict[str, dict[int, float]] = {label: {} for label in (*named, *own)}
    models: dict[str, dict[int, nn.Module]] = {label: {} for label in own}
    for seed in seeds:
        for label, prior in named.items():
            alike = {name: value for name, value in scale.items() if prior or name not in OF_PRIORS}
            accuracy[label][seed] = baseline(label, configure(dataset, prior=prior, seed=seed, **alike))
        for label, each in own.items():
            config = configure(dataset, seed=seed, **scale)
            models[label][seed], accuracy[label][seed] = trained(label, each, config)
    return Trial(accuracy, tuple(compared), configure(dataset, **scale), models)


def found_before(one: Candidate) -> str | None:
    """The first problem that can be seen without training, or None."""
    if one.content:
        return None
    findings = inspect_prior(one.prior, heads=2, **one.options).findings
    return next((finding.text for finding in findings if finding.mark == "problem"), None)


def checked(baselines: Iterable[str], own: Iterable[str]) -> list[str]:
    """The names of baselines. Raises ValueError when one is unknown."""
    names, known = list(dict.fromkeys(baselines)), [*BASELINES, *own]
    for name in names:
        if name not in known:
            raise ValueError(f"baselines has {name!r}, but it can hold {', '.join(known)}")
    return names


def candidate(label: str, given: Any) -> Candidate:
    """What was given for a label, as a candidate. Raises an error that names the label when it is none."""
    if label in BASELINES:
        raise ValueError(f"{label!r} is the name of a baseline: give your prior another one")
    if isinstance(given, Candidate):
        return given
    return Candidate(check_factory(f"candidates[{label!r}]", given))


def baseline(label: str, config: TrainConfig) -> float:
    """The accuracy of a named prior in percent: from a receipt that comes with the tutorial, else trained now."""
    config, train_set, test_set = chosen(config)
    images = Source.of(train_set, test_set)
    for folder in sorted(path for path in results.RESULTS.iterdir() if path.is_dir()):
        if receipt := Store(folder, cache=True).find(config, images):
            return 100 * receipt.last_accuracy
    show = partial(progress, name=f"{label}, seed {config.seed}")
    return 100 * train(config, show=show).receipt.last_accuracy


def trained(label: str, one: Candidate, config: TrainConfig) -> tuple[nn.Module, float]:
    """A model under a prior of one's own, trained or taken from the cache, and its accuracy in percent."""
    config, train_set, test_set = chosen(config)
    store, model = lesson_store(), one.build(config, train_set)
    origin = {"start": start(model, train_set), "data": Source.of(train_set, test_set).model_dump()}
    folder = store.folder / f"trial-{one.key}-{config.digest}-{digest(origin)[:8]}"
    now: list[History] = []  # one per epoch that is trained now
    name = f"{label}, seed {config.seed}"
    options: dict[str, Any] = {"origin": origin, "on_epoch": now.append, "show": partial(progress, name=name)}
    try:  # of two processes that train the same, `fit` lets one wait
        history = fit(model, config, train_set, test_set, folder, **options)
    except UnusableCheckpoint as error:
        print(f"{error}: starting again")
        model = one.build(config, train_set)
        history = fit(model, config, train_set, test_set, folder, resume=False, **options)
    accuracy, epochs = 100 * history.accuracy[-1][1], f"{config.epochs} epoch{'s' * (config.epochs > 1)}"
    print(f"{name}: {accuracy:.1f} % after {epochs}, {f'in {history.seconds:.0f} s' if now else 'trained before'}")
    return model.cpu(), accuracy
