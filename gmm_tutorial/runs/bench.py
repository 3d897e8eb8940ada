"""The bench without its buttons: train two models with the same seeds, stop and go on, and say what came out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from gmm_tutorial import data, figures, results
from gmm_tutorial.analysis.looks import first_and_last
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.figures.base import Picture
from gmm_tutorial.results import Receipt
from gmm_tutorial.results.comparison import against, blocked
from gmm_tutorial.runs.choices import Choices
from gmm_tutorial.runs.meter import Meter, Progress
from gmm_tutorial.runs.once import Run, run_once
from gmm_tutorial.runs.rows import MODEL
from gmm_tutorial.runs.store import Store
from gmm_tutorial.train import TrainConfig


@dataclass(frozen=True)
class Comparison:
    """Two models that were trained with the same seeds.

    receipts: by the model's label, the baseline first, one per seed. Of a comparison that is not finished, only the
    seeds that both models have count. Raises ValueError unless there are two models, trained alike.
    """

    receipts: Mapping[str, Sequence[Receipt]]

    def __post_init__(self) -> None:
        if len(self.receipts) != 2:
            raise ValueError(f"receipts is of {len(self.receipts)} models, but a comparison needs two")
        for label, group in self.receipts.items():
            results.check_alike(f"receipts of {label}", list(group))
        scales = [scale(group[0].config) for group in self.receipts.values() if group]
        for name in scales[0] if len(scales) == 2 else ():
            one, other = (each[name] for each in scales)
            if one != other:
                raise ValueError(f"{name} is {one!r} for one model and {other!r} for the other: train both alike")

    @property
    def accuracy(self) -> dict[str, dict[int, float]]:
        """Test accuracy in percent by label and seed, for the seeds that both models have."""
        found = {
            name: {each.config.seed: 100 * each.last_accuracy for each in group}
            for name, group in self.receipts.items()
        }
        first, second = found.values()
        both = sorted(first.keys() & second.keys())
        return {name: {seed: values[seed] for seed in both} for name, values in found.items()}

    @property
    def differences(self) -> dict[int, float]:
        """The second model's accuracy minus the first one's, in points, by seed."""
        first, second = self.accuracy.values()
        return {seed: second[seed] - first[seed] for seed in first}

    @property
    def interval(self) -> tuple[float, float] | None:
        """Mean of the differences and half-width of its 95 % interval, which is nan for one seed; None for no seed."""
        return results.interval(self.differences.values()) if self.differences else None

    def verdict(self) -> str:
        """What the differences say, in plain words."""
        (first, second), differences = self.receipts, self.differences
        if self.interval is None:
            return "No seed is done for both models yet."
        mean, half = self.interval
        if len(differences) == 1:
            return f"{second} minus {first}: {mean:+z.1f} points. One seed gives no interval, and so no verdict."
        text = f"{second} minus {first}: {mean:+z.1f} ± {half:.1f} points over {len(differences)} seeds."
        if abs(mean) > half:
            better = second if mean > 0 else first
            hint = (
                f"The interval excludes 0, a hint that {better} is better here. One such interval in twenty excludes 0 "
                "by chance."
            )
        else:
            hint = "The interval contains 0: these seeds cannot tell the two models apart."
        (contrast,) = against(blocked(self.accuracy), first, [second])
        return (
            f"{text} {hint} With this spread, {len(differences)} seeds find a true difference of "
            f"{contrast.detectable:.1f} points four times out of five."
        )

    def about(self) -> str:
        """The data and the length of the trainings; empty as long as there is none."""
        one = next((each for group in self.receipts.values() for each in group), None)
        if one is None:
            return ""
        config = one.config
        return (
            f"{TABLE[config.dataset].title}: {config.epochs} passes over {config.train_images:,} images, tested on "
            f"{config.test_images:,}. {one.data.note}"
        )

    def curves(self) -> Picture:
        """Loss and accuracy of both models by pass, and the difference for each seed."""
        losses, accuracies = {}, {}
        for name, group in self.receipts.items():
            losses[name] = [(range(1, len(each.loss) + 1), each.loss) for each in group]
            accuracies[name] = [
                ([epoch for epoch, _ in each.accuracy], [100 * share for _, share in each.accuracy]) for each in group
            ]
        return cast("Picture", figures.paired_trainings(losses, accuracies, self.differences, self.interval))


def looks(trained: Mapping[str, Sequence[Run]], index: int = 0) -> Picture:
    """What one patch of a test image looks at in the first run of each model, and the kernels of their priors."""
    first = {name: group[0] for name, group in trained.items() if group}
    images = data.load(next(iter(first.values())).receipt.config.dataset, "test")
    pixels = images.images[index]
    x = images.normalize(pixels[None])
    seen = {name: first_and_last(run.model, x) for name, run in first.items()}
    return cast("Picture", figures.paired_looks(pixels, seen))


def receipts_of(trained: Mapping[str, Sequence[Run]]) -> dict[str, list[Receipt]]:
    """The receipts of runs, by the same labels."""
    return {name: [run.receipt for run in group] for name, group in trained.items()}


def scale(config: TrainConfig) -> dict[str, object]:
    """What both models of a comparison must have in common: all of a configuration but the model, prior and seed."""
    return {name: value for name, value in config.model_dump().items() if name not in {*MODEL, "seed"}}


def compare(
    choices: Choices,
    store: Store,
    *,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Progress], None] = lambda progress: None,
    between: Callable[[dict[str, list[Run]]], None] = lambda trained: None,
) -> dict[str, list[Run]]:
    """Train both models with every seed, or take from the store what is there.

    Args:
        choices: What to compare.
        store: Where trainings are kept, also those that were stopped, which go on after their last whole epoch.
        stop: Asked after each step.
        report: Called before each training and after each step, always with the same object.
        between: Called after each training with what there is so far.

    Returns:
        The runs by the labels of their models, in the order of the seeds.

    Raises:
        Stopped: When `stop` says so.
        ValueError: If the choices do not give a model, or the profile in force has no size for it.
        DataUnavailable: If the data set can be neither read nor fetched.
        FloatingPointError: If a loss is not finite.
    """
    plan = choices.plan()
    meter = Meter(plan, stop, report)
    trained: dict[str, list[Run]] = {label: [] for label in choices.sides}
    for label, config in plan:
        meter.begin(label, config)
        trained[label].append(run_once(config, store, show=meter))
        meter.finish()
        between(trained)
    return trained
