"""Train many configurations within a time budget: those without a receipt, in order, until the time is up."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gmm_tutorial.runs.display import duration, run_shown
from gmm_tutorial.runs.names import run_name
from gmm_tutorial.runs.once import Run
from gmm_tutorial.runs.store import Store
from gmm_tutorial.train import TrainConfig, checkpoint


class BudgetUsed(Exception):
    """The time is up in the middle of a training. Its last completed epoch is kept."""


@dataclass
class Budget:
    """A number of seconds from now on; None means no limit."""

    seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        self.start = self.clock()

    @property
    def left(self) -> float:
        """Seconds that are left, 0 or less when it is used."""
        return float("inf") if self.seconds is None else self.seconds - (self.clock() - self.start)

    def check(self) -> None:
        """Raise BudgetUsed when it is."""
        if self.left <= 0:
            raise BudgetUsed


def reproduce(
    plan: list[TrainConfig],
    store: Store,
    budget: Budget,
    *,
    compiled: bool = False,
    train: Callable[..., Run] = run_shown,
    say: Callable[[str], None] = print,
) -> bool:
    """Train what has no receipt in a store, in the order of the plan, and return whether all of it is done.

    compiled: as in `train.fit`; train: called as `run_shown`.
    One that surely does not fit, judged by the last one of its model or by the epochs it has behind it, is not started.
    One that reaches the end of the budget stops after its epoch and keeps it; one whose loss is not finite is left out.
    Raises FloatingPointError in the end, naming them, when there were such.
    """
    todo = [config for config in plan if store.find(config) is None]
    say(f"{len(plan) - len(todo)} of {len(plan)} trainings are done")
    took: dict[str, float] = {}  # seconds of the last training of each model
    failed: list[str] = []
    for number, config in enumerate(todo):
        half_done = time_left(config, store)
        expected = took.get(config.model) if half_done is None else half_done
        if budget.left <= 0 or (expected or 0) > budget.left:
            next_one = f", and {run_name(config)} would take about {duration(expected)}" if expected else ""
            rest = f"{len(todo) - number} trainings were not started"
            say(f"{duration(max(0, budget.left))} of the budget are left{next_one}: {rest}")
            return False
        begun = budget.clock()
        try:
            receipt = train(config, store, compiled=compiled, stop=budget.check).receipt
        except BudgetUsed:
            say(f"the budget ran out during {run_name(config)}; its last completed epoch is kept")
            return False
        except FloatingPointError as error:
            say(f"{run_name(config)} was skipped: {error}")
            failed.append(run_name(config))
            continue
        if half_done is None:
            took[config.model] = budget.clock() - begun
        say(receipt.summary())
    if failed:
        raise FloatingPointError(
            f"not done: {', '.join(failed)}; try again with a smaller learning rate, such as --set lr=5e-4"
        )
    return True


def time_left(config: TrainConfig, store: Store) -> float | None:
    """Seconds that a training still needs by what its epochs took so far; None if none of it is done."""
    last = checkpoint.latest(store.checkpoints(config))
    if last is None:
        return None
    try:
        state = checkpoint.load_state(last)
    except ValueError:
        if last.exists():
            raise
        return None  # another process, which trains the same, has just replaced it
    done = int(state["epoch"])
    return float(state["history"]["seconds"]) / done * (config.epochs - done)
