"""The loop, the schedule, and the lessons' cache of trainings."""

import base64
import itertools
import math
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tqdm import tqdm

from gmm_tutorial import data, results, runs
from gmm_tutorial.runs import once
from gmm_tutorial.train import TrainConfig, build, evaluate, fit, learning_rate
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
    assert math.isclose(rates[0], 1e-6 + (2e-3 - 1e-6) / 10), "from min_lr, of which the first step is a step away"
    assert learning_rate(0, 1, config) == 2e-3, "a run of one step"
    assert math.isclose(learning_rate(0, 10, tiny(lr=1.0, min_lr=0.5, warmup=0.2)), 0.75), "not from 0"


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


def test_schedule_does_not_need_the_progress_bar(sets):
    """One that is switched off, as TQDM_DISABLE does for all of a process, counts nothing."""
    config = tiny(epochs=2)

    def switched_off(done, steps):
        return tqdm(total=steps, disable=True)

    histories = [fit(build(config, sets[0]), config, *sets, show=show) for show in (None, switched_off)]
    assert histories[0].loss == histories[1].loss


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


def test_the_history_says_which_test_images_are_right(sets):
    config = tiny(epochs=2)
    model = build(config, sets[0])
    history = fit(model, config, *sets)
    x, y = sets[1].normalize(sets[1].images), sets[1].labels
    right = (model(x).argmax(-1) == y).numpy()
    packed = np.frombuffer(base64.b64decode(history.right), dtype=np.uint8)
    assert (np.unpackbits(packed)[: len(right)] == right).all() and 0 < right.sum() < len(right)


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
    config = tiny(lr=2.0, epochs=3, warmup=0.5)
    model = build(config, sets[0])
    torch.nn.init.constant_(model.head.bias, math.nan)
    message = r"the loss is nan at step 1 of 12, in epoch 1, at a learning rate of 0\.333: lr is 2, try a smaller one"
    with pytest.raises(FloatingPointError, match=message):
        fit(model, config, *sets)


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


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", str(tmp_path))
    return tmp_path


RMT = {"dims": (8, 16), "depths": (1, 1), "num_heads": (2, 2)}


@pytest.fixture
def trained(cache, monkeypatch):
    """How many trainings have begun."""
    count = SimpleNamespace(trained=0)

    def counted(*arguments, **options):
        count.trained += 1
        return fit(*arguments, **options)

    monkeypatch.setattr(once, "fit", counted)
    return count


@pytest.mark.parametrize(
    "choices", [{"prior": "gmm"}, {"model": "rmt-cifar", "model_options": RMT}], ids=["vit", "rmt"]
)
def test_run_trains_once(trained, capsys, choices):
    first, second = runs.train(tiny(**choices)), runs.train(tiny(**choices))
    assert trained.trained == 1 and first.receipt == second.receipt
    assert not first.model.training and not second.model.training
    for a, b in zip(first.model.state_dict().values(), second.model.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert capsys.readouterr().out.count("of 100 test images after 1 epoch of 200") == 2


def test_weights_that_are_damaged_or_gone_are_trained_again(trained, cache, capsys):
    first = runs.train(tiny())
    (file,) = (cache / "runs").glob("*.safetensors")
    content = file.read_bytes()
    for count, damaged in enumerate((content[:-1] + bytes([content[-1] ^ 1]), content[:100], None), 2):
        file.unlink() if damaged is None else file.write_bytes(damaged)
        capsys.readouterr()
        again = runs.train(tiny())
        said = capsys.readouterr().out
        assert trained.trained == count and file.name in said and "training again" in said
        assert again.receipt.loss == first.receipt.loss and file.read_bytes() == content


def test_a_receipt_that_is_damaged_is_trained_again(trained, cache, capsys):
    runs.train(tiny())
    (file,) = (cache / "runs").glob("*.receipt.json")
    file.write_text(file.read_text().replace('"cifar', '"x').replace('"seconds": ', '"seconds": 1'))
    runs.train(tiny())
    assert trained.trained == 2 and "its checksum is wrong" in capsys.readouterr().out


def test_other_images_or_other_code_are_trained_again(trained, monkeypatch, capsys):
    runs.train(tiny())
    load = data.load

    def brighter(name, split):
        images = load(name, split)
        return replace(images, images=images.images ^ 1, source="elsewhere") if split == "train" else images

    monkeypatch.setattr(data, "load", brighter)
    runs.train(tiny())
    assert trained.trained == 2
    assert "was trained on other images: drawn" in (said := capsys.readouterr().out) and "training again" in said
    monkeypatch.setattr("torch.nn.init.xavier_normal_", torch.nn.init.xavier_uniform_)
    monkeypatch.setattr("gmm_tutorial.runs.store.probe", fresh_probe)
    monkeypatch.setattr("gmm_tutorial.runs.once.probe", fresh_probe)
    runs.train(tiny())
    assert trained.trained == 3 and "was trained by other code: its first losses are [" in capsys.readouterr().out


def fresh_probe(config):
    """Of the code as it is at this moment."""
    module = sys.modules["gmm_tutorial.train.probe"]
    module._probe.cache_clear()
    try:
        return module.probe(config)
    finally:
        module._probe.cache_clear()


def stop_after(epochs):
    def stop(history):
        if len(history.loss) == epochs:
            raise KeyboardInterrupt

    return stop


def test_interrupted_run_goes_on(cache, capsys):
    config = tiny(epochs=3)
    whole = runs.run_once(config, runs.Store(cache / "other"))
    with pytest.raises(KeyboardInterrupt):
        runs.train(config, on_epoch=stop_after(2))
    capsys.readouterr()
    run = runs.train(config)
    assert "going on after epoch 2 of 3" in capsys.readouterr().out
    assert run.receipt.loss == whole.receipt.loss and run.receipt.accuracy == whole.receipt.accuracy
    assert all(torch.equal(a, b) for a, b in zip(run.model.parameters(), whole.model.parameters(), strict=True))
    assert sorted(path.suffix for path in (cache / "runs").iterdir()) == [".json", ".safetensors"]
    assert len(run.receipt.epoch_seconds) == 3 and run.receipt.seconds >= sum(run.receipt.epoch_seconds) - 1e-3


def test_images_that_change_in_the_middle_are_found(cache, monkeypatch, capsys):
    """An error where results are kept; in a cache, a reason to start again."""
    config, store = tiny(epochs=2), runs.Store(cache / "kept")
    for where in (store, runs.lesson_store()):
        with pytest.raises(KeyboardInterrupt):
            runs.run_once(config, where, on_epoch=stop_after(1))
    load = data.load
    monkeypatch.setattr(
        data, "load", lambda name, split: replace(load(name, split), images=load(name, split).images ^ 1)
    )
    with pytest.raises(
        ValueError, match="data is .*, but the checkpoint .*epoch-1 has .*: continue with that value, or train"
    ):
        runs.run_once(config, store)
    capsys.readouterr()
    assert len(runs.train(config).receipt.loss) == 2
    assert "starting again" in (said := capsys.readouterr().out) and "going on" not in said


def test_fresh_begins_anew_and_keeps_no_old_receipt_meanwhile(trained, cache, capsys):
    config, store = tiny(epochs=2), runs.Store(cache, keep="weights")
    runs.run_once(config, store)
    with pytest.raises(KeyboardInterrupt):
        runs.run_once(config, store, fresh=True, on_epoch=stop_after(1))
    assert store.find(config) is None and not list(cache.glob("*.json"))
    capsys.readouterr()
    runs.run_once(config, store, fresh=True)
    assert "going on" not in capsys.readouterr().out and trained.trained == 3


def test_seeds_are_compared_on_the_same_images():
    (_, one, test_one), (_, two, test_two) = (once.chosen(tiny(seed=seed))[:3] for seed in (0, 1))
    assert one.fingerprint == two.fingerprint and test_one.fingerprint == test_two.fingerprint
    assert len(one) == 200 and len(test_one) == 100


def test_images_per_second_are_of_training_alone(cache):
    receipt = runs.run_once(tiny(epochs=3), runs.Store(cache)).receipt
    assert receipt.images_per_second == pytest.approx(200 / sorted(receipt.epoch_seconds)[1], rel=1e-3)


def test_the_cache_may_be_at_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GMM_TUTORIAL_CACHE", "~/x")
    assert runs.lesson_store().folder == tmp_path / "x" / "runs"


def test_a_broken_run_leaves_nothing_that_is_believed(trained, monkeypatch):
    def full(*_):
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(results, "save", full)
        with pytest.raises(OSError, match="disk full"):
            runs.train(tiny())
    runs.train(tiny())
    assert trained.trained == 2, "weights without a receipt are not a run"
