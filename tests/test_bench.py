"""The bench: choices and their configurations, stop and go on, what is said, code that does the same, the widget."""

import ast
import asyncio
import html
import itertools
import json
import math
import subprocess
import sys
import threading

import pytest
import torch
from made_up_receipts import receipt
from scipy import stats

from gmm_tutorial import explorers, figures, results, runs
from gmm_tutorial.analysis.looks import Look, first_and_last, look
from gmm_tutorial.analysis.maps import attention_maps
from gmm_tutorial.attention import AttentionLayer
from gmm_tutorial.explorers import workbench
from gmm_tutorial.models import SIZES, create_model
from gmm_tutorial.priors import PRIORS as ALL_PRIORS
from gmm_tutorial.priors import ManhattanDecay
from gmm_tutorial.runs import Choices, Comparison, Side, Store, compare
from gmm_tutorial.runs.bench import receipts_of
from gmm_tutorial.runs.choices import MODELS, PRIORS, WIDTH, takes_positions, takes_prior
from gmm_tutorial.runs.meter import Meter, Stopped
from gmm_tutorial.train import build, configure
from gmm_tutorial.train.probe import tiny_images

ELM = Side(prior="elm")
STOPPED = Choices(second=ELM, seeds=1, epochs=3)
FITTING = [
    Side(*each)
    for each in itertools.product(MODELS, PRIORS, (True, False))
    if (each[1] == "none" or takes_prior(each[0])) and (each[2] or takes_positions(each[0]))
]


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    """The profile `ci`, no data but `shapes`, and an empty cache."""
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")
    monkeypatch.setenv("GMM_TUTORIAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))


def run_of(trained):
    """Everything that two trainings of the same configuration must have in common, by label and seed."""
    return {
        (label, run.receipt.config.seed): (run.receipt.loss, run.receipt.accuracy, run.receipt.right)
        for label, group in trained.items()
        for run in group
    }


# ---- choices


def test_every_model_that_has_a_size_and_every_prior_can_be_chosen():
    assert set(MODELS) == set(SIZES)
    assert {offer.prior for offer in PRIORS.values()} == {None, *ALL_PRIORS}


def test_trainings_are_those_of_configure_seed_by_seed():
    choices = Choices("cifar100", Side("swin"), Side("vit", "gmm-local", False), seeds=2, epochs=3)
    second = {"prior": "gmm", "prior_options": {"init": "local"}, "model_options": {"pos_embed": False}}
    assert choices.plan() == [
        (label, configure("cifar100", model, epochs=3, seed=seed, **options))
        for seed in (0, 1)
        for label, model, options in (("Swin", "swin", {}), ("ViT, GMM, local start, no positions", "vit", second))
    ]


def test_without_a_number_of_passes_it_is_the_recipes(monkeypatch):
    for profile in ("ci", "learn", "full"):
        monkeypatch.setenv("GMM_TUTORIAL_PROFILE", profile)
        assert Choices().passes == configure("shapes").epochs


@pytest.mark.parametrize("side", FITTING, ids=lambda side: side.label)
def test_every_option_together_gives_a_model_that_can_be_looked_at(side):
    config = Choices("shapes", side, Side() if side != Side() else ELM).config(side, 0)
    images = tiny_images("shapes", 2)
    model = build(config, images).eval()
    x = images.normalize(images.images[:1])
    assert model(x).shape == (1, 10)
    found = first_and_last(model, x)
    assert bool(found) == takes_prior(side.model)
    for each in found:
        assert each.weights.ndim == 3 and each.weights.isfinite().all()
        assert all(0 <= at < size for at, size in zip(each.query, each.weights.shape[1:], strict=True))
        own = side.model == "rmt-cifar" and side.prior == "none"
        assert (each.kernel is not None) == (own or side.prior != "none")


def test_labels_tell_all_sides_apart():
    assert len({side.label for side in FITTING}) == len(FITTING) > 40


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Side("resnet"), "model is 'resnet', but it must be one of 'vit', 'convnet'"),
        (lambda: Side(prior="gaussian"), "prior is 'gaussian', but it must be one of 'none', 'temperature'"),
        (lambda: Side(prior=None), "prior is None, but it must be one of"),
        (lambda: Side("convnet", "gmm"), "prior is 'gmm', but ConvNet has no attention: it must be 'none', or choose"),
        (
            lambda: Side("swin", positions=False),
            "positions is False, but those of Swin cannot be left out: .* choose ViT",
        ),
        (lambda: Side(positions="no"), "positions is 'no', but it must be True or False"),
        (lambda: Choices("mnist"), "dataset is 'mnist', but it must be one of 'cifar10'"),
        (lambda: Choices(first=ELM, second=ELM), "both models are ViT, ELM: change the prior"),
        (lambda: Choices(seeds=0), "seeds is 0, but it must be an integer of at least 1"),
        (lambda: Choices(seeds=11), "seeds is 11, but it must be at most 10"),
        (lambda: Choices(epochs=2.5), "epochs is 2.5, but it must be an integer"),
        (lambda: Choices(epochs=301), "epochs is 301, but it must be at most 300"),
        (lambda: Comparison({"one": []}), "receipts is of 1 models, but a comparison needs two"),
        (lambda: explorers.bench(seeds=-1), "seeds is -1"),
    ],
)
def test_what_does_not_fit_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("side", FITTING, ids=lambda side: side.label)
def test_choices_come_back_from_json(side):
    choices = Choices("svhn", side, Side() if side != Side() else ELM, seeds=4, epochs=7)
    assert Choices.of(json.loads(json.dumps(choices.as_plain()))) == choices


# ---- the code of a cell


def configs_of(code):
    """The trainings that the code of a cell asks for, as (name, config), without training any."""
    trained = []

    class Stop(Exception):
        pass

    def train(config):
        trained.append(config)

    tree = ast.parse(code)
    loop = next(i for i, node in enumerate(tree.body) if isinstance(node, ast.For))
    imports = [node for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))]
    assert len(imports) == len(tree.body) - 2
    scope = {"runs": type("runs", (), {"train": staticmethod(train)}), "configure": configure}
    body = [node for node in tree.body[: loop + 1] if not isinstance(node, ast.ImportFrom)]
    exec(compile(ast.Module(body, []), "cell", "exec"), scope)
    names = [name for _ in range(len(trained) // 2) for name in scope["models"]]
    return list(zip(names, trained, strict=True))


@pytest.mark.parametrize("side", FITTING, ids=lambda side: side.label)
def test_the_code_asks_for_the_same_trainings_in_lines_that_fit(side):
    choices = Choices("tiny-imagenet", side, Side() if side != Side() else ELM, seeds=2, epochs=2)
    code = choices.code()
    assert max(map(len, code.splitlines())) <= WIDTH and "'" not in code
    assert configs_of(code) == choices.plan()


def test_the_code_runs_and_gives_the_same_receipts_from_the_cache(capsys):
    choices = Choices(second=Side("convnet"), seeds=2)
    trained = compare(choices, runs.lesson_store())
    before = {path: path.stat().st_mtime_ns for path in runs.lesson_store().folder.iterdir()}
    shown = []
    scope = {"display": shown.append}
    capsys.readouterr()
    exec(choices.code(), scope)
    assert receipts_of(scope["trained"]) == receipts_of(trained), "not one second differs: none was trained again"
    assert {path: path.stat().st_mtime_ns for path in runs.lesson_store().folder.iterdir()} == before
    assert Comparison(receipts_of(trained)).verdict() in capsys.readouterr().out
    assert len(shown) == 1 and len(shown[0].axes) == 3


# ---- stop and go on


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a comparison gives that nobody stops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GMM_TUTORIAL_PROFILE", "ci")
        return compare(STOPPED, Store(tmp_path_factory.mktemp("whole"), keep="weights"))


@pytest.mark.parametrize("at", [1, 4, 8])
def test_stopped_and_resumed_gives_what_it_gives_without_a_stop(tmp_path, whole, at):
    """3 passes of 3 steps each: before the first pass is whole, after it, and in the last one."""
    choices = STOPPED
    store = Store(tmp_path / "stopped", keep="weights", cache=True)
    steps = []

    def report(progress):
        steps.append(progress.done)

    with pytest.raises(Stopped):
        compare(choices, store, stop=lambda: bool(steps) and steps[-1] >= at, report=report)
    assert not list(store.folder.glob("*.receipt.json")), "the training was not done"
    assert len(list(store.folder.glob("*/epoch-*"))) == (at // 3 > 0), "the last whole pass is kept"
    done = []
    resumed = compare(choices, store, report=lambda progress: done.append(progress.done))
    assert done[1] == at // 3 * 3 + 1, "it goes on after the last whole pass"
    assert run_of(resumed) == run_of(whole)
    for name, group in resumed.items():
        for a, b in zip(group[0].model.parameters(), whole[name][0].model.parameters(), strict=True):
            assert torch.equal(a, b)
    assert not list(store.folder.glob("*/epoch-*")), "and nothing is left of it"


def test_nothing_is_trained_when_it_is_stopped_at_once(tmp_path):
    with pytest.raises(Stopped):
        compare(Choices(), Store(tmp_path / "runs"), stop=lambda: True)
    assert not (tmp_path / "runs").exists()


def test_what_is_done_is_counted_and_reported(tmp_path):
    choices, store, seen, pairs = Choices(second=ELM, seeds=2), Store(tmp_path, cache=True), [], []
    compare(Choices(second=ELM, seeds=1), store)
    trained = compare(
        choices,
        store,
        report=lambda p: seen.append((p.training, p.label, p.seed, p.done, p.steps)),
        between=lambda so_far: pairs.append([len(group) for group in so_far.values()]),
    )
    assert pairs == [[1, 0], [1, 1], [2, 1], [2, 2]]
    assert seen[0] == (1, "ViT", 0, 0, 12) and seen[-1] == (4, "ViT, ELM", 1, 12, 12)
    assert [done for training, *_, done, _ in seen if training <= 2] == [0, 3, 3, 6], "taken from the store"
    assert [run.receipt.config.seed for run in trained["ViT, ELM"]] == [0, 1]


def test_the_time_left_is_that_of_each_models_own_steps():
    """A ViT whose steps take 1 s, and another whose steps take 3 s; half of the first training was done before."""
    choices, now, seen = Choices(second=ELM, seeds=2, epochs=2), [0.0], []
    meter = Meter(choices.plan(), lambda: False, lambda p: seen.append(p.left), lambda: now[0])

    def step(seconds):
        now[0] += seconds
        meter.update()

    plan = choices.plan()  # each of 6 steps
    meter.begin(*plan[0])
    assert seen == [None]
    meter(3, 6)
    step(1)
    assert seen[-1] == 20, "2 steps, and 3 trainings of 6, all at 1 s as long as nothing else is known"
    step(1), step(1)
    meter.finish()
    now[0] += 100  # the test images
    meter.begin(*plan[1])
    with meter(0, 6):
        step(3)
    assert seen[-1] == 5 * 3 + 6 * 1 + 6 * 3
    meter.finish()
    meter.begin(*plan[2])
    meter.finish()  # it was done before
    assert seen[-1] == 6 * 3 and meter.progress.done == 18
    meter.stop = lambda: True
    with pytest.raises(Stopped):
        meter.begin(*plan[3])


# ---- what came out


def made_up(first, second, **choices):
    """A comparison of these accuracies in percent, one per seed."""
    groups = {"ViT": ({}, first), "ELM": ({"prior": "elm"}, second)}
    return Comparison(
        {
            name: [
                receipt(configure("cifar10", seed=seed, epochs=2, **options, **choices), value / 100)
                for seed, value in enumerate(values)
            ]
            for name, (options, values) in groups.items()
        }
    )


def test_the_interval_is_that_of_paired_differences():
    comparison = made_up([50, 52, 51, 55], [51, 52.5, 53, 55.5])
    assert comparison.differences == pytest.approx({0: 1, 1: 0.5, 2: 2, 3: 0.5})
    first, second = comparison.receipts.values()
    assert comparison.interval == pytest.approx(results.paired_difference(second, first))


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            [50, 51, 52],
            [51, 52, 53.2],
            "+1.1 ± 0.3 points over 3 seeds. The interval excludes 0, a hint that ELM is better",
        ),
        (
            [51, 52, 53.2],
            [50, 51, 52],
            "-1.1 ± 0.3 points over 3 seeds. The interval excludes 0, a hint that ViT is better",
        ),
        ([50, 51], [51, 50], "+0.0 ± 12.7 points over 2 seeds. The interval contains 0: these seeds cannot tell"),
        ([50], [51], "ELM minus ViT: +1.0 points. One seed gives no interval, and so no verdict."),
        ([50], [], "No seed is done for both models yet."),
        ([], [], "No seed is done for both models yet."),
        ([50, 51, 52], [51], "ELM minus ViT: +1.0 points. One seed"),
        ([50, 51], [50, 51], "+0.0 ± 0.0 points over 2 seeds. The interval contains 0"),
    ],
)
def test_the_verdict_in_words(first, second, said):
    assert said in made_up(first, second).verdict()


def test_the_verdict_says_what_would_be_found():
    """The difference that is found with a probability of 80 %, from the noncentral t distribution."""
    comparison = made_up([50, 51, 52, 53], [51, 51.5, 54, 53])
    differences = torch.tensor(list(comparison.differences.values()), dtype=torch.float64)
    error = float(differences.std()) / 2
    critical = stats.t.ppf(0.975, 3)
    found = float(comparison.verdict().partition("true difference of ")[2].partition(" ")[0])

    def power(difference):
        return stats.nct.sf(critical, 3, difference / error) + stats.nct.cdf(-critical, 3, difference / error)

    assert power(found - 0.06) < 0.8 < power(found + 0.06)


def test_trainings_that_are_not_alike_are_refused():
    one, other = made_up([50], [51]), made_up([50], [51], batch_size=64)
    mixed = {"ViT": one.receipts["ViT"], "ELM": other.receipts["ELM"]}
    with pytest.raises(ValueError, match="batch_size is 128 for one model and 64 for the other: train both alike"):
        Comparison(mixed)
    with pytest.raises(ValueError, match="receipts of ViT holds different trainings"):
        Comparison({"ViT": [*one.receipts["ViT"], *other.receipts["ELM"]], "ELM": []})


@pytest.mark.parametrize(("first", "second"), [([50, 51], [51, 53]), ([50], [51]), ([50, 51], [51]), ([], [])])
def test_curves_hold_what_was_measured(first, second):
    comparison = made_up(first, second)
    loss, accuracy, difference = comparison.curves().axes
    assert len(loss.lines) == len(accuracy.lines) == len(first) + len(second)
    drawn = [line.get_ydata()[-1] for line in accuracy.lines]
    assert drawn == pytest.approx([*first, *second])
    assert list(difference.lines[1].get_xdata()) == pytest.approx(list(comparison.differences.values()))


def test_a_look_is_a_row_of_the_attention_map():
    """In a model with a class token, and in one whose first layer is decomposed."""
    images = tiny_images("shapes", 1)
    x = images.normalize(images.images)
    for name, options in (("vit", {"pool": "cls"}), ("rmt-cifar", {})):
        model = create_model(name, prior=None, **{**SIZES[name]["ci"], **options}).eval()
        maps = attention_maps(model, x)
        for each, weights in zip(first_and_last(model, x), (maps[0], maps[-1]), strict=True):
            h, w = each.weights.shape[1:]
            prefix = weights.shape[-1] - h * w
            row = weights[0, :, prefix + each.query[0] * w + each.query[1], prefix:]
            torch.testing.assert_close(each.weights.flatten(1), row)
            assert each.query == (int(0.4 * h), int(0.5 * w))


def test_a_window_is_put_where_it_is():
    class Windows(AttentionLayer):
        grid, prior = (2, 2), None

    weights = torch.arange(4 * 3 * 4 * 4.0).view(4, 3, 4, 4)  # 2 x 2 windows of 2 x 2 tokens, 3 heads
    found = look(Windows(), weights, (0.3, 0.8))  # the row 1 and the column 3 of 4 x 4: window 1, its token 3
    assert found.query == (1, 3) and found.kernel is None
    expected = torch.zeros(3, 4, 4)
    expected[:, :2, 2:] = weights[1, :, 3].view(3, 2, 2)
    assert torch.equal(found.weights, expected)


def test_kernels_are_those_of_the_priors():
    images = tiny_images("shapes", 1)
    x = images.normalize(images.images)
    kernels = {}
    for name, prior in (("vit", "gmm"), ("vit", "temperature"), ("rmt-cifar", None)):
        model = create_model(name, prior=prior, **SIZES[name]["ci"]).eval()
        layers = [layer for layer in model.modules() if isinstance(layer, AttentionLayer)]
        kernels[prior] = (layers[-1], first_and_last(model, x)[-1].kernel)
    layer, kernel = kernels["gmm"]
    assert torch.equal(kernel, layer.prior.kernel())
    _, kernel = kernels["temperature"]
    assert torch.equal(kernel, torch.ones_like(kernel)) and kernel.shape[-2:] == (15, 15)
    layer, kernel = kernels[None]
    span = 6.0
    torch.testing.assert_close(kernel, ManhattanDecay(layer.grid, layer.num_heads, span=span).kernel())


def test_looks_draw_a_row_per_model_also_without_attention():
    trained = compare(Choices(first=Side("convnet"), second=Side("rmt-cifar"), seeds=1), runs.lesson_store())
    figure = runs.looks(trained)
    words = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert words == ["no attention", "no attention", "no kernel"]
    assert [ax.get_ylabel() for ax in figure.axes[:8:4]] == ["ConvNet", "RMT"]


def test_pictures_of_looks_hold_the_mean_of_heads_and_every_kernel():
    """Weights below 0 are gray, and said to be; three kernels are three tiles of a square of four."""
    weights = torch.tensor([[[0.25, 0.0], [1.0, 0.5]], [[0.25, 0.0], [0.0, -1.0]]])  # (heads, h, w)
    seen = Look(weights, (1, 0), torch.arange(27.0).view(3, 3, 3))
    figure = figures.paired_looks(torch.zeros(3, 8, 8, dtype=torch.uint8), {"a": [seen], "b": []})
    _, first, last, kernels = figure.axes[:4]
    for ax in (first, last):
        (drawn,) = ax.images
        expected = torch.tensor([[0.5, 0.0], [0.5**0.5, math.nan]])
        torch.testing.assert_close(torch.tensor(drawn.get_array().filled(math.nan)), expected, equal_nan=True)
        assert ax.get_xlabel() == "gray: below 0" and drawn.get_clim() == (0, 0.5**0.5)
    tiles = torch.tensor(kernels.images[0].get_array().filled(math.nan))
    assert tiles.shape == (10, 10)
    for number, (y, x) in enumerate(((0, 0), (0, 5), (5, 0))):
        assert torch.equal(tiles[y + 1 : y + 4, x + 1 : x + 4], seen.kernel[number])
    assert tiles.isfinite().sum() == 27


# ---- the widget


@pytest.fixture
def bench():
    return explorers.bench(second=ELM, seeds=1, epochs=2)


def press(bench, what, wait=True):
    """Press a button as the page does, and wait for the thread."""
    bench.asked(bench, what, [])
    if wait and bench.thread:
        bench.thread.join(60)
        assert not bench.thread.is_alive()


def test_it_trains_and_shows_what_came_out(bench):
    assert (bench.phase, bench.verdict, bench.pictures) == ("ready", "", [])
    press(bench, "train")
    assert (bench.phase, bench.said) == ("done", "All 2 trainings are done.")
    assert bench.verdict.startswith("ViT, ELM minus ViT: ") and "One seed" in bench.verdict
    assert bench.about.startswith("shapes: 2 passes over 320 images, tested on 200. ") and "CIFAR" in bench.about
    assert bench.progress == {"done": 12, "steps": 12, "text": "step 12 of 12, about 0 s left"}
    for picture in bench.pictures:
        assert picture["src"].startswith("data:image/png;base64,") and 30 <= len(picture["alt"]) <= 400
        assert 500 < picture["width"] <= 1000
    press(bench, "train")
    assert bench.phase == "done", "again, from the cache"


def test_the_bar_is_full_at_the_end_however_seldom_it_moves(bench, monkeypatch):
    """It stopped at the last but one step where the last two were close together."""
    monkeypatch.setattr(workbench, "EVERY", math.inf)
    press(bench, "train")
    assert bench.progress["done"] == bench.progress["steps"] == 12


def test_it_stops_and_goes_on(bench, monkeypatch, whole):
    """The button is pressed in the fourth step, which is in the second pass."""
    bench.state = {**bench.state, "epochs": STOPPED.epochs}
    report = bench.report

    def pressing(progress):
        report(progress)
        if progress.done == 4:
            bench.asked(bench, "stop", [])

    monkeypatch.setattr(bench, "report", pressing)
    press(bench, "train")
    assert (bench.phase, bench.said) == ("stopped", "Stopped. Go on continues after the last whole pass.")
    assert bench.verdict == ""
    monkeypatch.setattr(bench, "report", report)
    press(bench, "train")
    assert bench.phase == "done" and bench.verdict == Comparison(receipts_of(whole)).verdict()


def test_new_choices_make_it_ready_again_and_change_the_code(bench):
    before = bench.code
    press(bench, "train")
    bench.state = {**bench.state, "seeds": 2}
    assert (bench.phase, bench.said) == ("ready", "Press Train.")
    assert "range(2)" in bench.code and bench.code != before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"second": {"model": "vit", "prior": "none", "positions": True}}, "both models are ViT: change the prior"),
        ({"seeds": 11}, "seeds is 11, but it must be at most 10"),
        ({"first": {"model": "convnet", "prior": "gmm", "positions": True}}, "but ConvNet has no attention"),
        ({"dataset": "mnist"}, "dataset is 'mnist'"),
    ],
)
def test_choices_that_do_not_fit_are_said_in_a_line_and_not_trained(bench, change, said):
    right = bench.state
    bench.state = {**right, **change}
    assert bench.phase == "error" and said in bench.said and "\n" not in bench.said and bench.code == ""
    press(bench, "train")
    assert bench.phase == "error" and bench.thread is None
    bench.state = right
    assert bench.phase == "ready" and bench.code


def test_missing_data_are_said_in_a_line(bench):
    bench.state = {**bench.state, "dataset": "cifar100"}
    press(bench, "train")
    assert bench.phase == "error" and "\n" not in bench.said
    assert bench.said.startswith("CIFAR-100 is not in ") and "Choose shapes" in bench.said


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            FloatingPointError("the loss is nan at step 1"),
            "the loss is nan at step 1. Copy as code, and give configure",
        ),
        (OSError(28, "No space left on device", "/x"), "[Errno 28] No space left on device"),
        (KeyError("x"), "KeyError: 'x'"),
        (MemoryError(), "MemoryError"),
    ],
)
def test_whatever_goes_wrong_is_said_in_a_line(bench, monkeypatch, capsys, error, said):
    def fails(*arguments, **options):
        raise error

    monkeypatch.setattr(workbench, "compare", fails)
    press(bench, "train")
    assert bench.phase == "error" and bench.said.startswith(said) and "\n" not in bench.said
    assert capsys.readouterr() == ("", "")
    monkeypatch.undo()


def test_a_loss_that_is_not_finite_is_said(bench, monkeypatch):
    monkeypatch.setattr(torch.nn.functional, "cross_entropy", lambda logits, *_, **__: logits.sum() * math.nan)
    press(bench, "train")
    assert bench.phase == "error" and bench.said.startswith("the loss is nan at step 1 of ")


def test_a_picture_that_cannot_be_drawn_is_said_too(bench, monkeypatch):
    monkeypatch.setattr(workbench, "looks", lambda trained: 1 / 0)
    press(bench, "train")
    assert bench.phase == "error" and bench.said == "ZeroDivisionError: division by zero"


def test_pictures_are_drawn_in_the_thread_of_cells(monkeypatch):
    """As in a kernel, where a cell runs inside of a loop and makes the bench."""
    draw, drawn = workbench.shown, []

    def shown(figure, alt):
        drawn.append(threading.current_thread())
        return draw(figure, alt)

    async def cell():
        bench = explorers.bench(second=ELM, seeds=1, epochs=1)
        bench.asked(bench, "train", [])
        while bench.phase in workbench.BUSY:
            await asyncio.sleep(0.05)
        return bench

    monkeypatch.setattr(workbench, "shown", shown)
    bench = asyncio.run(cell())
    assert bench.phase == "done" and len(bench.pictures) == 2
    assert drawn == [threading.main_thread()] * 2 and bench.thread is not threading.main_thread()


def test_a_new_bench_stops_the_one_that_trains(bench):
    """One that is no longer on the page could not be stopped by anything else."""
    bench.state = {**bench.state, "epochs": 300}
    press(bench, "train", wait=False)
    other = explorers.bench(second=ELM, seeds=1, epochs=1)
    press(other, "train")
    bench.thread.join(60)
    assert (bench.phase, other.phase) == ("stopped", "done")


def test_a_page_shows_a_finished_comparison(bench):
    text = bench.as_html()
    assert "data-explorer" not in text, "nobody trains there"
    assert "GMM-ViT minus ViT, mean pooling: " in text and "points over 3 seeds" in text and "CIFAR-10" in text
    assert f'alt="{html.escape(bench.alt)}"' in text and 30 <= len(bench.alt) <= 400
    assert len(text) < 60_000
    data, _ = bench._repr_mimebundle_()
    assert data["text/html"] == text and "bench" in data["text/plain"] and " at 0x" not in data["text/plain"]


def test_who_only_looks_does_not_load_what_trains():
    assert {"bench", "photo"} <= set(dir(explorers)), "the book's reference lists what dir() gives"
    code = (
        "import sys; from gmm_tutorial import explorers; before = 'gmm_tutorial.runs' in sys.modules; "
        "print(before, callable(explorers.bench), callable(explorers.bench))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True"]
