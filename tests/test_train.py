"""The loop, the schedule, the cache of runs."""

import itertools
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gmm_tutorial import data, results, runs, train
from gmm_tutorial.train import TrainConfig, build, evaluate, fit, learning_rate, profiles
from gmm_tutorial.train.batches import steps_an_epoch
from gmm_tutorial.train.epoch import adamw
from gmm_tutorial.train.parallel import World

TINY = {"dim": 16, "depth": 1, "num_heads": 2}


def tiny(**choices):
    scale = {"train_images": 200, "test_images": 100, "epochs": 1, "model_options": TINY, "batch_size": 64}
    return TrainConfig(**{"dataset": "shapes", **scale, **choices})


@pytest.fixture
def sets():
    return data.load("shapes", "train").subset(200, seed=0), data.load("shapes", "test").subset(100, seed=0)


def test_schedule_warms_up_and_comes_down():
    config = tiny(lr=2e-3, min_lr=1e-6, warmup=0.1)
    rates = [learning_rate(step, 100, config) for step in range(100)]
    assert math.isclose(max(rates), 2e-3) and rates.index(max(rates)) == 9
    assert all(a < b for a, b in itertools.pairwise(rates[:10]))
    assert all(a > b for a, b in itertools.pairwise(rates[9:]))
    assert math.isclose(rates[-1], 1e-6)
    assert math.isclose(rates[54], 1e-6 + (2e-3 - 1e-6) / 2), "half way down the cosine"
    assert learning_rate(0, 1, config) == 2e-3, "a run of one step"


def test_fit_learns_and_repeats(sets):
    config = tiny(epochs=12, lr=5e-3)
    outcomes = []
    for _ in range(2):
        model = build(config, sets[0])
        history = fit(model, config, *sets)
        outcomes.append((history.loss, [p.detach().clone() for p in model.parameters()]))
    assert outcomes[0][0] == outcomes[1][0], "the same configuration gives the same run, to the bit, on the CPU"
    assert all(torch.equal(a, b) for a, b in zip(outcomes[0][1], outcomes[1][1], strict=True))
    assert history.loss[-1] < history.loss[0] - 0.05
    assert [epoch for epoch, _ in history.accuracy] == list(range(1, 13))


def test_schedule_does_not_need_the_progress_bar(sets, monkeypatch):
    config = tiny(epochs=2)
    history = fit(build(config, sets[0]), config, *sets)
    monkeypatch.setenv("TQDM_DISABLE", "1")
    assert fit(build(config, sets[0]), config, *sets).loss == history.loss


def test_models_that_are_compared_start_from_the_same_weights(sets):
    plain = build(tiny(), sets[0]).state_dict()
    gmm = build(tiny(prior="gmm"), sets[0]).state_dict()
    blind = build(tiny(prior="gmm", model_options={**TINY, "pos_embed": False}), sets[0]).state_dict()
    assert all(torch.equal(plain[name], gmm[name]) for name in plain)
    assert all(torch.equal(gmm[name], blind[name]) for name in blind)


def test_training_leaves_the_notebooks_random_numbers_alone(sets):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    config = tiny(model_options={**TINY, "drop_path": 0.5})
    fit(build(config, sets[0]), config, *sets)
    assert torch.equal(torch.rand(1), expected)


def test_seed_changes_weights_and_order(sets):
    a, b = (build(tiny(seed=seed), sets[0]) for seed in (0, 1))
    assert not torch.equal(a.head.weight, b.head.weight)


def test_eval_every_keeps_the_last_epoch(sets):
    config = tiny(epochs=5, eval_every=2)
    assert [epoch for epoch, _ in fit(build(config, sets[0]), config, *sets).accuracy] == [2, 4, 5]


def test_the_training_images_are_looked_at_in_the_end(sets):
    """Plain, as the test images are: not as augmentation shows them."""
    config = tiny(epochs=2)
    model = build(config, sets[0])
    seen = []
    history = fit(model, config, *sets, on_epoch=lambda history: seen.append(history.train_accuracy))
    assert seen == [None, history.train_accuracy]
    assert history.train_accuracy == evaluate(model, sets[0])


def test_evaluate_counts_and_keeps_the_mode(sets):
    _, test_set = sets
    model = build(tiny(), test_set).train()
    right = sum(
        int(model.eval()(test_set.normalize(image[None])).argmax() == label)
        for image, label in zip(test_set.images, test_set.labels, strict=True)
    )
    model.train()
    assert evaluate(model, test_set, batch_size=33) == right / len(test_set)
    assert model.training


def test_loss_that_is_no_number_stops(sets):
    config = tiny(lr=1e30, epochs=3)
    with pytest.raises(FloatingPointError, match=r"the loss is nan at step 2 of 12, in epoch 1, .* rate of 9.8e\+29"):
        fit(build(config, sets[0]), config, *sets)


def test_masks_decay_as_published_or_not(sets):
    """Without a gradient, decay alone moves parameters: by 1 - lr weight_decay."""
    for decay_masks in (True, False):
        config = tiny(prior="gmm", decay_masks=decay_masks, lr=0.1, weight_decay=0.5)
        model = build(config, sets[0])
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        optimizer = adamw(model, config)
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()
        for name, p in model.named_parameters():
            mask = name.endswith(("alpha", "sigma"))
            torch.testing.assert_close(p.detach(), before[name] * (1.0 if mask and not decay_masks else 0.95))


def test_bfloat16_is_for_activations_alone(sets):
    losses = {}
    for precision in ("float32", "bfloat16"):
        config = tiny(prior="gmm", precision=precision, epochs=2)
        model = build(config, sets[0])
        losses[precision] = fit(model, config, *sets).loss
        assert {p.dtype for p in model.parameters()} == {torch.float32}
    assert losses["float32"] != losses["bfloat16"]
    assert losses["float32"] == pytest.approx(losses["bfloat16"], rel=0.01)


def test_a_last_batch_of_one_image_is_left_out(sets):
    """BatchNorm cannot take it: what has no room beside it would have no variance."""
    assert [steps_an_epoch(n, 64, World()) for n in (1, 63, 64, 65, 66, 129)] == [1, 1, 1, 1, 2, 2]
    assert [steps_an_epoch(n, 64, World(0, 4)) for n in (66, 67, 68)] == [1, 1, 2], "each process needs one"
    config = tiny(train_images=65)
    history = fit(build(config, sets[0]), config, sets[0].subset(65), sets[1])
    assert len(history.loss) == len(history.epoch_seconds) == 1


def test_every_part_of_the_recipe_matters(sets):
    """Switched on alone, each changes the run."""
    parts = [{}, {"mirror": False}, {"padding": 0}, {"auto_augment": "svhn"}, {"erase": 1.0}, {"mix": 1.0}]
    losses = [fit(build(tiny(), sets[0]), tiny(**part), *sets).loss[0] for part in parts]
    assert len(set(losses)) == len(parts)


def test_prior_options_reach_the_prior(sets):
    ones = build(tiny(prior="elm", prior_options={"init": 1.0}), sets[0])
    assert (ones.blocks[0].attn.prior.mask == 1).all()
    three = build(tiny(prior="gmm", prior_options={"kernels": 3}), sets[0])
    assert three.blocks[0].attn.prior.alpha.shape == (3, 2)


def test_wrong_configuration_is_named():
    with pytest.raises(ValueError, match="epochs is 0, but it must be at least 1"):
        tiny(epochs=0)
    with pytest.raises(TypeError):
        tiny(epoch=3)
    with pytest.raises(ValueError, match="model_options has kernels, but they are the prior's"):
        tiny(model_options={"kernels": 3})


def test_profiles(monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "learn")
    config = TrainConfig.of(profiles.current(), dataset="shapes", model_options={"pos_embed": False}, seed=3)
    assert config.train_images == 5000 and config.seed == 3
    assert config.profile == "learn"
    with pytest.raises(ValueError, match="model is 'rmt-t', but profile 'learn' can size only vit, convnet, rmt-cifar"):
        TrainConfig.of(profiles.current(), dataset="shapes", model="rmt-t")
    assert config.model_options == {"dim": 96, "depth": 4, "num_heads": 4, "pos_embed": False}
    monkeypatch.delenv("GMM_TUTORIAL_PROFILE")
    assert profiles.current().name == "learn"
    monkeypatch.setenv("GMM_TUTORIAL_PROFILE", "fast")
    with pytest.raises(ValueError, match="GMM_TUTORIAL_PROFILE is 'fast', but it must be one of 'ci', 'learn', 'full'"):
        profiles.current()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "choices",
    [
        {"prior": "gmm"},
        {"model": "rmt-cifar", "model_options": {"dims": (8, 16), "depths": (1, 1), "num_heads": (2, 2)}},
    ],
    ids=["vit", "rmt"],
)
def test_run_trains_once(cache, monkeypatch, capsys, choices):
    first = runs.train(tiny(**choices))
    monkeypatch.setattr(runs, "fit", lambda *_, **__: pytest.fail("trained again"))
    second = runs.train(tiny(**choices))
    assert first.receipt == second.receipt and not second.model.training
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert capsys.readouterr().out.count("of 100 test images after 1 epochs of 200") == 2


def test_run_trains_again_when_the_configuration_or_the_code_changes(monkeypatch):
    images = data.load("shapes", "test")
    other = replace(images, exact=not images.exact)
    keys = {runs.cache_key(tiny(), images), runs.cache_key(tiny(seed=1), images), runs.cache_key(tiny(), other)}
    monkeypatch.setattr(runs, "SOURCES", ("grid.py",))
    keys.add(runs.cache_key(tiny(), images))
    assert len(keys) == 4
    monkeypatch.setattr(runs, "SOURCES", ("grid.py", "trian.py"))
    with pytest.raises(RuntimeError, match="SOURCES names 'trian.py', but there is no such file"):
        runs.cache_key(tiny(), images)


def test_the_code_that_decides_a_training_is_all_of_what_it_imports():
    """A module that models or training import belongs to the cache's key, unless it is named here."""
    command = (
        "import sys, gmm_tutorial.models, gmm_tutorial.train;"
        "print(*(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'gmm_tutorial'), sep='\\n')"
    )
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()
    package = Path(runs.__file__).parent
    covered = {file for pattern in runs.SOURCES for file in package.glob(pattern)}
    # how data are fetched and read does not change them: they are verified by checksum
    free = {package / name for name in ("__init__.py", "profiles.py", "data/__init__.py")}
    reading = "checks cifar download entries errors jpegs loading npz readers svhn tiny"
    free |= {package / "data" / f"{name}.py" for name in reading.split()}
    assert {Path(file) for file in loaded} - covered <= free


def test_interrupted_run_goes_on(cache, capsys):
    config = tiny(epochs=4)
    whole = runs.train(config, cache=False)

    def stop(history):
        if len(history.loss) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.train(config, on_epoch=stop)
    capsys.readouterr()
    run = runs.train(config)
    assert "going on after epoch 2 of 4" in capsys.readouterr().out
    assert run.receipt.loss == whole.receipt.loss and run.receipt.accuracy == whole.receipt.accuracy
    assert all(torch.equal(a, b) for a, b in zip(run.model.parameters(), whole.model.parameters(), strict=True))
    assert {path.suffix for path in (cache / "runs").iterdir()} == {".json", ".safetensors", ".lock"}
    assert len(run.receipt.epoch_seconds) == 4 and run.receipt.seconds >= sum(run.receipt.epoch_seconds) - 1e-3


def test_more_images_than_there_are_is_all_of_them(capsys):
    config, train_set, test_set = runs.chosen(tiny(train_images=None, test_images=5_000))
    assert (config.train_images, config.test_images) == (len(train_set), len(test_set)) == (10_000, 2_000)
    assert capsys.readouterr().out == "test_images is 5,000, but shapes has 2,000: all of them are used\n"


def test_broken_run_leaves_nothing_that_is_believed(cache, monkeypatch):
    monkeypatch.setattr(results, "save", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        runs.train(tiny())
    monkeypatch.undo()
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(cache))
    called = []
    monkeypatch.setattr(runs, "fit", lambda *args, **options: called.append(1) or train.fit(*args, **options))
    runs.train(tiny())
    assert called, "weights without a receipt are not a run"
