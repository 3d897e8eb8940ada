"""Priors of one's own beside the baselines: what is trained, what is kept, and what is said of the differences."""

import importlib.util
import math
from functools import partial

import pytest
import torch
from torch import nn

from gmm_tutorial import runs
from gmm_tutorial.grid import kernel_offsets
from gmm_tutorial.models import create_model
from gmm_tutorial.priors import ManhattanDecay, Prior
from gmm_tutorial.runs import Candidate, ContentPrior, Trial
from gmm_tutorial.runs import trials as module
from gmm_tutorial.runs.sources import source
from gmm_tutorial.train import configure

TINY = {"train_images": 32, "test_images": 20, "epochs": 1}
WRITTEN = """
from torch import nn
import torch
from gmm_tutorial.grid import kernel_offsets
from gmm_tutorial.priors import Prior
STEEP = {steep}
def helper(steps):
    return -steps * STEEP
class Mine(Prior):
    combine = "bias"
    def log_kernel(self):  {comment}
        return helper(kernel_offsets(self.grid).abs().sum(-1)).expand(self.heads, -1, -1)
    def kernel(self):
        return self.log_kernel().exp()
"""


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    """The profile `ci` with a cache of its own."""
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "ci")


def written(tmp_path, steep=1.0, comment="", name="mine"):
    """The class of a file that a learner may have written and edited."""
    path = tmp_path / f"{name}_{abs(hash((steep, comment)))}.py"
    path.write_text(WRITTEN.format(steep=steep, comment=comment))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded.Mine


class Half(ContentPrior):
    """A weight that depends on the tokens."""

    def __init__(self, dim, heads, grid, sign=1.0):
        super().__init__()
        self.heads, self.sign, self.map = heads, sign, nn.Linear(dim, heads)

    def forward(self, x):
        return self.sign * self.map(x).movedim(-1, 1)[..., None].expand(-1, -1, -1, x.shape[1])


def test_all_are_trained_alike_and_a_second_time_none(tmp_path, monkeypatch, capsys):
    mine = written(tmp_path)
    found = runs.trial({"mine": mine, "half": Half}, seeds=(0, 1), **TINY)
    assert list(found.accuracy) == ["ViT", "temperature", "GMM", "mine", "half"]
    assert all(list(seeds) == [0, 1] for seeds in found.accuracy.values())
    assert found.config.epochs == 1 and found.config.prior_lr == 0.05 and not found.config.model_options["pos_embed"]
    capsys.readouterr()
    monkeypatch.setattr("gmm_tutorial.train.loop.train_epoch", None)  # whoever trains fails
    again = runs.trial({"mine": mine, "half": Half}, seeds=(0, 1), **TINY)
    assert again.accuracy == found.accuracy
    assert "going on" not in capsys.readouterr().out
    one, other = (each.models["mine"][1].state_dict() for each in (found, again))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_prior_that_was_edited_is_trained_anew(tmp_path, monkeypatch):
    keys = [
        Candidate(written(tmp_path, **change)).key
        for change in ({}, {"name": "copy"}, {"steep": 2.0}, {"comment": "# edited"})
    ]
    assert keys[0] == keys[1] and len(set(keys)) == 3, "by what it says, and by what it uses"
    assert Candidate(Half).key != Candidate(Half, {"sign": -1.0}).key
    assert Candidate(partial(Half, sign=2)).key != Candidate(partial(Half, sign=3)).key


def test_the_source_of_what_a_prior_uses_belongs_to_it(tmp_path):
    text = source(written(tmp_path, steep=7.5))
    assert "STEEP = 7.5" in text and "def helper" in text and "combine = 'bias'" in text
    assert "def kernel_offsets" not in text, "a library's"
    assert source(ManhattanDecay) == source(ManhattanDecay)


def test_a_class_that_another_names_belongs_to_its_source(tmp_path):
    """A shuffled control names its prior: when that is edited, the control is another one too."""

    def shuffled(of):
        return type("Shuffled", (Prior,), {"of": of})

    one, same, steeper = (source(shuffled(written(tmp_path, steep))) for steep in (1.0, 1.0, 2.0))
    assert one == same != steeper


def test_a_closure_belongs_to_its_source():
    def made(power):
        return lambda grid, heads: power * ManhattanDecay(grid, heads)

    assert source(made(2)) != source(made(3))


def test_apart_from_the_prior_models_start_alike(tmp_path):
    config, train_set, _ = module.chosen(configure("shapes", **{**module.SHAPES, **TINY}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        plain = create_model("vit", 10, 32, None, **config.model_options).state_dict()
    for candidate in (Candidate(written(tmp_path)), Candidate(Half)):
        state = {n.replace(".layer.", "."): p for n, p in candidate.build(config, train_set).state_dict().items()}
        assert all(torch.equal(plain[name], state[name]) for name in plain)


def test_a_content_prior_is_added_to_the_scores():
    config, train_set, _ = module.chosen(configure("shapes", **{**module.SHAPES, **TINY}))
    model = Candidate(Half).build(config, train_set)
    layer, x = model.blocks[0].attn, torch.randn(2, 64, config.model_options["dim"])
    torch.testing.assert_close(layer(x), layer.layer(x, bias=layer.content(x)))
    with torch.no_grad():
        layer.content.map.weight.zero_()
    torch.testing.assert_close(layer(x), layer.layer(x), msg="the same for all keys of a query: it changes nothing")


def test_a_damaged_checkpoint_is_trained_again(tmp_path, capsys):
    mine = written(tmp_path)
    first = runs.trial({"mine": mine}, seeds=(0,), baselines=(), **TINY)
    (state,) = (tmp_path / "cache").rglob("trial-*/epoch-1/state.json")
    state.write_text("{}")
    again = runs.trial({"mine": mine}, seeds=(0,), baselines=(), **TINY)
    assert "starting again" in capsys.readouterr().out and again.accuracy == first.accuracy


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="'GMM' is the name of a baseline"):
        runs.trial({"GMM": ManhattanDecay})
    with pytest.raises(ValueError, match=r"baselines has 'Swin', but it can hold ViT, temperature, GMM$"):
        runs.trial({}, baselines=("Swin",))
    with pytest.raises(TypeError, match=r"candidates\['mine'\] is a ManhattanDecay, but it must be a callable"):
        runs.trial({"mine": ManhattanDecay((8, 8), 2)})
    with pytest.raises(TypeError, match="candidates is a type, but it must be a dictionary, such as"):
        runs.trial(ManhattanDecay)
    with pytest.raises(TypeError, match=r"seeds is a int, but it must be several seeds, such as \(0, 1, 2\)"):
        runs.trial({}, seeds=3)


class Stuck(ManhattanDecay):
    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.spare = nn.Parameter(torch.ones(1))


def test_a_problem_is_said_before_training():
    with pytest.raises(ValueError, match=r"^stuck cannot be trained yet\. No gradient reaches `spare`: is it used"):
        runs.trial({"half": Half, "stuck": Stuck}, seeds=(0,))


class Leaves(Prior):
    """Positive at the start, and no longer after a step."""

    combine = "bias"

    def __init__(self, grid, heads):
        super().__init__(grid, heads)
        self.height = nn.Parameter(torch.full((heads,), 1e-4))

    def kernel(self):
        rows = kernel_offsets(self.grid).abs().sum(-1) + 1.0
        return 1e-4 + self.height[:, None, None] * rows


def test_a_prior_that_leaves_its_range_is_no_damaged_checkpoint(capsys):
    """It was: the training began again, and failed again."""
    with pytest.raises(ValueError, match="combine='bias' needs a positive prior") as error:
        runs.trial({"leaves": Leaves}, seeds=(0,), baselines=(), **{**TINY, "epochs": 20, "prior_lr": 1.0})
    assert "starting again" not in capsys.readouterr().out and error.value.__context__ is None


def test_a_candidate_can_be_a_baseline(tmp_path):
    """A shuffled control is what one's own prior is compared with, and is itself compared with nothing."""
    own = {"mine": written(tmp_path), "control": Half}
    found = runs.trial(own, seeds=(0, 1), baselines=("ViT", "control"), **TINY)
    assert found.pairs == [("mine", "ViT"), ("mine", "control")] and list(found.accuracy) == ["ViT", "mine", "control"]
    text = str(found)
    assert "mine minus control: " in text and "control minus" not in text and "for 2 comparisons" in text


def test_it_says_what_was_trained_before(tmp_path, capsys):
    mine = {"mine": written(tmp_path)}
    runs.trial(mine, seeds=(0,), baselines=(), **TINY)
    first = capsys.readouterr().out
    assert "mine, seed 0:   0%" in first, "the bar has a name"
    assert "% after 1 epoch, in " in first
    runs.trial(mine, seeds=(0,), baselines=(), **TINY)
    assert "% after 1 epoch, trained before" in capsys.readouterr().out


def trial(**accuracy):
    named = {name: dict(enumerate(values)) for name, values in accuracy.items()}
    return Trial(named, ("base", "other"), configure("shapes", profile="ci"))


@pytest.mark.parametrize(
    ("mine", "said"),
    [
        ([20.0, 21, 22], "mine minus base: +10.0 ± 0.0 (± 0.0) points: better"),
        ([0.0, 1, 2], "mine minus base: -10.0 ± 0.0 (± 0.0) points: worse"),
        ([12.0, 11, 12], "mine minus base: +0.7 ± 2.9 (± 4.1) points: undecided"),
        ([15.0, 16.5, 16], "mine minus base: +4.8 ± 1.9 (± 2.7) points: better"),
        ([11.0, 13.2, 14.0], "mine minus base: +1.7 ± 1.6 (± 2.3) points: a hint"),
        ([12.0], "mine minus base: +2.0 points with one seed, so no verdict"),
        ([], "mine minus base: not trained yet"),
    ],
)
def test_a_verdict_in_words(mine, said):
    found = trial(base=[10.0, 11, 12], other=[10.0, 11, 12], mine=mine).verdict("mine", "base")
    assert found == said


def test_the_widened_interval_is_bonferronis():
    """Two comparisons of three seeds: Student's t of 2 degrees of freedom is 6.205 at 0.9875, and 4.303 at 0.975."""
    found = trial(base=[0.0, 0, 0], other=[0.0, 0, 0], mine=[1.0, 2, 3])
    half = found.intervals["mine"][1]
    assert math.isclose(half, 4.3027 / 3**0.5, rel_tol=1e-3)
    assert f"(± {half * 6.2053 / 4.3027:.1f}) points" in found.verdict("mine", "base")


def test_seeds_are_paired():
    found = Trial({"base": {0: 1.0, 2: 5.0}, "mine": {2: 6.0, 0: 3.0, 1: 9.0}}, ("base",), configure("shapes"))
    assert found.differences("mine", "base") == [2.0, 1.0] and "(±" not in found.verdict("mine", "base")


def test_a_report_names_data_scale_and_every_row():
    text = str(trial(base=[10.0, 11], other=[], mine=[12.0, 13]))
    assert text.splitlines()[:4] == [
        "shapes (not CIFAR): 1 epoch of 320 images, 200 test images, profile ci",
        "base    10.0   11.0 % right, by seed",
        "other  not trained",
        "mine    12.0   13.0 % right, by seed",
    ]
    assert text.splitlines()[-1] == "In parentheses: corrected for 2 comparisons."
    assert "In parentheses" not in str(trial(base=[10.0], other=[11.0], mine=[12.0])), "there are none"


class Shared(Prior):
    combine = "bias"

    def forward(self):
        return torch.ones(1, self.grid[0] * self.grid[1], self.grid[0] * self.grid[1])


def test_options_reach_the_prior_and_a_plain_function_is_a_prior_too():
    found = runs.trial(
        {"steep": Candidate(ManhattanDecay, {"start": 0.3, "span": 1.0}), "function": lambda g, h: Shared(g, h)},
        seeds=(0,),
        baselines=(),
        **TINY,
    )
    assert found.models["steep"][0].blocks[0].attn.prior.gamma[0].item() == pytest.approx(1 - 2**-0.3)
    assert isinstance(found.models["function"][0].blocks[1].attn.prior, Shared)
