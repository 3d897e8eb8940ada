"""The bench: choose two models, train both with the same seeds, stop and go on, and see what came out.

It trains, and so it stands above `runs`, unlike the other explorers. What needs no widget is in `runs.choices` and
`runs.bench`.
"""

import asyncio
import contextvars
import html
import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import traitlets

from gmm_tutorial import results
from gmm_tutorial.data import DataUnavailable
from gmm_tutorial.data.catalog import TABLE
from gmm_tutorial.explorers.explorer import Explorer, data_address
from gmm_tutorial.figures.base import Picture
from gmm_tutorial.runs.bench import Comparison, compare, looks, receipts_of
from gmm_tutorial.runs.choices import MODELS, MOST_EPOCHS, MOST_SEEDS, PRIORS, Choices, takes_positions, takes_prior
from gmm_tutorial.runs.display import duration
from gmm_tutorial.runs.meter import Progress, Stopped
from gmm_tutorial.runs.once import Run, lesson_store
from gmm_tutorial.runs.studies import GMM, MEAN

BUSY = ("training", "stopping")
EVERY = 0.25  # seconds between two reports of steps
OFFERS = {
    "datasets": {name: row.title for name, row in TABLE.items()},
    "models": MODELS,
    "priors": {name: offer.title for name, offer in PRIORS.items()},
    "takes_prior": {name: takes_prior(name) for name in MODELS},
    "takes_positions": {name: takes_positions(name) for name in MODELS},
    "most": {"epochs": MOST_EPOCHS, "seeds": MOST_SEEDS},
}
STILL = (
    "A finished comparison, from the receipts of this tutorial. In JupyterLab, with a kernel, you choose two models "
    "here and train them."
)
LOOKS = (
    "One row per model: a photo with a framed patch, how much attention this patch gives to each other patch in the "
    "first and in the last layer, and the kernels of the last layer's prior, if there is one."
)
ALONE = threading.Lock()  # one bench trains at a time


def bench(**choices: Any) -> "Bench":
    """Choose two models, train them with the same seeds, and compare them.

    choices: where it starts, fields of `runs.Choices`, such as dataset="cifar10" or first=runs.Side(prior="elm").
    Trainings are kept where those of the lessons are: what is done is not trained again, and what was stopped goes on
    after its last whole pass. They run in a thread, so that other cells can run meanwhile. One caution: a cell that
    draws from torch's global generator just when a model is built changes the model's first weights.
    Raises ValueError for choices that do not fit together.
    """
    return Bench(Choices(**choices))


class Bench(Explorer):
    """The widget. Its choices are `state`; all else is what Python has to say about them.

    phase: ready, training, stopping, stopped, done or error; said: a sentence about it; progress: steps done, all
    steps, and words; verdict, about, pictures: what there is so far; code: a cell that does the same.
    """

    offers = traitlets.Dict(OFFERS).tag(sync=True)
    phase = traitlets.Unicode("ready").tag(sync=True)
    said = traitlets.Unicode("Choose two models, and press Train.").tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)
    about = traitlets.Unicode().tag(sync=True)
    pictures = traitlets.List(traitlets.Dict()).tag(sync=True)
    code = traitlets.Unicode().tag(sync=True)

    latest: ClassVar["Bench | None"] = None  # of all benches, the one that began last

    def __init__(self, choices: Choices) -> None:
        self.example = finished()
        super().__init__("bench", choices.as_plain(), self.example.curves(), described(self.example))
        self.stop, self.reported = threading.Event(), 0.0
        self.thread: threading.Thread | None = None
        # pictures are drawn in the thread of cells: matplotlib's settings are those of the whole process
        self.later = in_this_thread()
        self.chosen()
        self.observe(self.chosen, "state")
        self.on_msg(self.asked)

    def as_html(self) -> str:
        """A finished comparison, where nobody can train."""
        image = f'<img alt="{html.escape(self.alt)}" width="{self.width}" src="{self.still}">'
        text = html.escape(f"{STILL} {self.example.verdict()} {self.example.about()}")
        return f'<div class="explorer">{image}<p class="explorer-note">{text}</p></div>'

    def chosen(self, change: Any = None) -> None:
        """The code follows the choices; a line says when they do not fit."""
        try:
            self.code = Choices.of(self.state).code()
        except (TypeError, ValueError) as error:
            self.code = ""
            self.fail(error)
            return
        if change is not None and self.phase not in BUSY:
            self.phase, self.said = "ready", "Press Train."

    def asked(self, _: Any, content: Any, buffers: Any) -> None:
        """The button was pressed: "train" or "stop"."""
        if content == "stop" and self.phase == "training":
            self.phase, self.said = "stopping", "Stopping after this step."
            self.stop.set()
        elif content == "train" and self.phase not in BUSY:
            try:
                choices = Choices.of(self.state)
            except (TypeError, ValueError) as error:
                self.fail(error)
                return
            self.begin(choices)

    def begin(self, choices: Choices) -> None:
        """Train in a thread of its own; what another bench trains is stopped."""
        if Bench.latest is not None:
            Bench.latest.stop.set()
        Bench.latest, self.stop = self, threading.Event()
        self.phase, self.said, self.progress = "training", "Getting ready.", {}
        # its prints belong to the message that started it, and not to a cell that happens to run
        context = contextvars.copy_context()
        self.thread = threading.Thread(target=context.run, args=(self.train, choices, self.stop), daemon=True)
        self.thread.start()

    def train(self, choices: Choices, stop: threading.Event) -> None:
        """What the thread does."""
        later = self.later

        def between(trained: dict[str, list[Run]]) -> None:
            if len({len(group) for group in trained.values()}) == 1:  # a seed is done for both
                later(self.show, {label: [*group] for label, group in trained.items()})

        with ALONE:
            try:
                compare(choices, lesson_store(), stop=stop.is_set, report=self.report, between=between)
                later(self.end, "done", f"All {2 * choices.seeds} trainings are done.")
            except Stopped:
                later(self.end, "stopped", "Stopped. Go on continues after the last whole pass.")
            except Exception as error:  # whatever it is, it is said here: nobody reads a log
                later(self.fail, error)

    def report(self, progress: Progress) -> None:
        """Say how far it is: at once when a training begins and at the end, else a few times per second."""
        said = f"Training {progress.training} of {progress.trainings}: {progress.label}, seed {progress.seed}."
        now = time.monotonic()
        if said == self.said and now - self.reported < EVERY and progress.done < progress.steps:
            return
        self.reported = now
        text = f"step {progress.done:,} of {progress.steps:,}"
        if progress.left is not None:
            text += f", about {duration(progress.left)} left"
        self.progress = {"done": progress.done, "steps": progress.steps, "text": text}
        if self.phase == "training":
            self.said = said

    def show(self, trained: dict[str, list[Run]]) -> None:
        """What came out so far."""
        try:
            comparison = Comparison(receipts_of(trained))
            self.pictures = [shown(comparison.curves(), described(comparison)), shown(looks(trained), LOOKS)]
            self.verdict, self.about = comparison.verdict(), comparison.about()
        except Exception as error:  # the kernel would write it to its log
            self.fail(error)

    def end(self, phase: str, said: str) -> None:
        """The trainings have ended."""
        if self.phase != "error":
            self.phase, self.said = phase, said

    def fail(self, error: BaseException) -> None:
        """Say in a line what went wrong."""
        self.phase, self.said = "error", one_line(error)


def in_this_thread() -> Callable[..., Any]:
    """What calls a function, with its arguments, in the thread of today's caller; outside of a kernel, at once."""
    try:
        return asyncio.get_running_loop().call_soon_threadsafe
    except RuntimeError:
        return lambda function, *arguments: function(*arguments)


def one_line(error: BaseException) -> str:
    """What went wrong, and what to do."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    if isinstance(error, DataUnavailable):
        return f"{text}. Choose shapes, which are drawn on the spot, or see lesson 00 for the data."
    if isinstance(error, FloatingPointError):
        return f"{text}. Copy as code, and give configure that rate."
    known = isinstance(error, (ValueError, OSError, RuntimeError))
    return text if known else f"{type(error).__name__}: {text}"


def finished() -> Comparison:
    """A comparison that comes with the tutorial: GMM-ViT against the ViT."""
    kept = sorted(results.read(results.RESULTS / "lessons").values(), key=lambda each: each.config.seed)
    return Comparison({row.label: [each for each in kept if row.has(each.config)] for row in (MEAN, GMM)})


def described(comparison: Comparison) -> str:
    """The picture of a comparison in words."""
    first, second = comparison.receipts
    return (
        f"Three panels for {first} and {second}, a line for each seed: the training loss by pass, the test accuracy by "
        "pass, and for each seed the second model's accuracy minus the first one's, with the mean and its interval."
    )


def shown(picture: Picture, alt: str) -> dict[str, Any]:
    """A picture as the page needs it."""
    png, size = picture.as_png()
    return {"src": data_address(png), "width": size["width"], "alt": alt}
