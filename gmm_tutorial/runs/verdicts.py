"""What a trial measured, and what it says: differences per seed, their intervals, and a verdict in words."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from scipy import stats
from torch import nn

from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.results.statistics import interval
from gmm_tutorial.train import TrainConfig


@dataclass(frozen=True)
class Trial:
    """What a trial measured; print it.

    Attributes:
        accuracy: Test accuracy in percent after the last epoch, by name and seed.
        baselines: The names of those that the others are compared with.
        config: One of the configurations, without its prior and seed.
        models: The trained models of one's own priors, by name and seed.
    """

    accuracy: dict[str, dict[int, float]]
    baselines: tuple[str, ...]
    config: TrainConfig
    models: dict[str, dict[int, nn.Module]] = field(default_factory=dict, repr=False)

    @property
    def values(self) -> dict[str, list[float]]:
        """The accuracies by name, in the order of the seeds."""
        return {name: list(seeds.values()) for name, seeds in self.accuracy.items() if seeds}

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Mean and half-width of the 95 % interval by name."""
        return {name: interval(values) for name, values in self.values.items()}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """What is compared: each prior of one's own with each baseline."""
        own = [name for name in self.accuracy if name not in self.baselines]
        return list(product(own, self.baselines))

    def differences(self, ours: str, base: str) -> list[float]:
        """The difference in points, one per seed: the same seed gives both the same images in the same order."""
        a, b = self.accuracy[ours], self.accuracy[base]
        return [a[seed] - b[seed] for seed in sorted(a.keys() & b.keys())]

    def verdict(self, ours: str, base: str) -> str:
        """What the seeds say about one's own prior and a baseline, in a sentence.

        The interval is that of the differences by seed. In parentheses, it is widened for all comparisons of the trial
        by Bonferroni's correction. One pooled spread, as in `contrasts`, would not do: on `shapes`, models at chance
        vary far less than others.
        """
        found = self.differences(ours, base)
        if not found:
            return f"{ours} minus {base}: not trained yet"
        mean, half = interval(found)
        if len(found) == 1:
            return f"{ours} minus {base}: {mean:+.1f} points with one seed, so no verdict"
        single, corrected = stats.t.ppf([0.975, 1 - 0.025 / len(self.pairs)], len(found) - 1)
        wide = half * corrected / single
        corrected_half = f" (± {wide:.1f})" if len(self.pairs) > 1 else ""
        said = f"{ours} minus {base}: {mean:+.1f} ± {half:.1f}{corrected_half} points"
        if abs(mean) <= half:
            return f"{said}: undecided"
        if abs(mean) <= wide:
            return f"{said}: a hint"
        return f"{said}: {'better' if mean > 0 else 'worse'}"

    def lines(self) -> Iterator[str]:
        """The report, line by line."""
        config = self.config
        name = config.dataset + (" (not CIFAR)" if TABLE[config.dataset].drawn else "")
        yield (
            f"{name}: {config.epochs} epoch{'s' * (config.epochs > 1)} of {config.train_images:,} images, "
            f"{config.test_images:,} test images, profile {config.profile}"
        )
        width = max(map(len, self.accuracy), default=0)
        for label, seeds in self.accuracy.items():
            text = "  ".join(f"{value:5.1f}" for value in seeds.values()) or "not trained"
            yield f"{label:{width}}  {text}" + (" % right, by seed" if seeds else "")
        yield from (self.verdict(*pair) for pair in self.pairs)
        if len(self.pairs) > 1 and any(len(self.differences(*pair)) > 1 for pair in self.pairs):
            yield f"In parentheses: corrected for {len(self.pairs)} comparisons."

    def __str__(self) -> str:
        return "\n".join(self.lines())
