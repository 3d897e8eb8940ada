"""How far a comparison is: one bar over all of its trainings, which can also stop them."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gmm_tutorial.train import TrainConfig
from gmm_tutorial.train.batches import steps_an_epoch
from gmm_tutorial.train.parallel import World


class Stopped(Exception):
    """Somebody has stopped the trainings. The last whole epoch of the one that ran is kept."""


@dataclass
class Progress:
    """How far a comparison is.

    trainings: how many there are; steps: of all of them; training: the number of the one that runs, from 1; label,
    seed: what it trains; done: steps; left: seconds, None as long as nothing is known.
    """

    trainings: int
    steps: int
    training: int = 0
    label: str = ""
    seed: int = 0
    done: int = 0
    left: float | None = None


class Meter:
    """The progress bar that `train.fit` moves, one for all trainings: reports each step, and raises Stopped.

    plan: the trainings with their labels; stop: whether to; report: called with the progress; clock: in seconds.
    """

    def __init__(
        self,
        plan: Sequence[tuple[str, TrainConfig]],
        stop: Callable[[], bool],
        report: Callable[[Progress], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.stop, self.report, self.clock = stop, report, clock
        self.ahead = dict.fromkeys((label for label, _ in plan), 0)  # steps of each model that are not done
        for label, config in plan:
            self.ahead[label] += steps_of(config)
        self.progress = Progress(len(plan), sum(self.ahead.values()))
        self.rates: dict[str, float] = {}  # seconds per step of each model
        self.end, self.begun, self.taken = 0, 0.0, 0

    def begin(self, label: str, config: TrainConfig) -> None:
        """A training comes next."""
        self.check()
        progress = self.progress
        progress.training, progress.label, progress.seed = progress.training + 1, label, config.seed
        self.end += steps_of(config)
        self.report(progress)

    def finish(self) -> None:
        """It is done, perhaps without a step, because it was done before."""
        self.move(self.end - self.progress.done)
        self.report(self.progress)

    def __call__(self, done: int, steps: int) -> "Meter":
        """Begin at a step of all steps of a training: not the first one where it was stopped before."""
        self.move(done)
        self.begun, self.taken = self.clock(), 0
        return self

    def __enter__(self) -> "Meter":
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def update(self) -> None:
        """One step is done."""
        self.check()
        self.taken += 1
        self.rates[self.progress.label] = (self.clock() - self.begun) / self.taken
        self.move(1)
        self.report(self.progress)

    def set_postfix_str(self, text: str) -> None:
        """What a bar would show behind itself."""

    def check(self) -> None:
        """Raise Stopped when it is time to stop."""
        if self.stop():
            raise Stopped

    def move(self, steps: int) -> None:
        """Go on by some steps, and say how long the others will take."""
        self.progress.done += steps
        self.ahead[self.progress.label] -= steps
        if self.rates:
            mean = sum(self.rates.values()) / len(self.rates)
            self.progress.left = sum(count * self.rates.get(label, mean) for label, count in self.ahead.items())


def steps_of(config: TrainConfig) -> int:
    """The number of steps of a whole training."""
    return config.epochs * steps_an_epoch(config.train_images, config.batch_size, World())
