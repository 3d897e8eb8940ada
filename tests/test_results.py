"""Receipts: what they hold and refuse, that every change to their files is found, and statistics over them."""

import base64
import json
import math
import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_up_receipts import configured, receipt
from scipy import stats

from gmm_tutorial import results
from gmm_tutorial._files import sealed
from gmm_tutorial.models import SIZES
from gmm_tutorial.priors import list_priors
from gmm_tutorial.results import SUFFIX, Receipt, interval, load, paired_difference, read, save
from gmm_tutorial.runs import run_name
from gmm_tutorial.train import TrainConfig, configure

# ---- on the disk


def test_a_receipt_survives_the_disk(tmp_path):
    path = tmp_path / "study" / f"run{SUFFIX}"
    made = receipt(peak_memory_bytes=3, kept={"what": "priors", "sha256": "0" * 64})
    save(made, path)
    assert load(path) == made and list(path.parent.iterdir()) == [path]
    for other in (tmp_path / "lesson_times.json", path.with_name("state.json")):  # of a checkpoint, say
        other.write_text("{}")
    save(receipt(configured(seed=1)), tmp_path / f"b{SUFFIX}")
    assert [*read(tmp_path)] == [tmp_path / f"b{SUFFIX}", path], "in the folder and in those inside it"
    assert read(tmp_path / "nowhere") == {}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("receipts") / f"one{SUFFIX}"
    save(receipt(), path)
    return path


def broken_bytes(content, chance):
    """The bytes of a file with a bit flipped, a byte taken out, or the end cut off."""
    place, how = chance.randrange(len(content)), chance.randrange(3)
    if how == 0:
        return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]
    return content[:place] + (content[place + 1 :] if how == 1 else b"")


def test_every_damage_is_found(file):
    """A changed byte is found, unless it is one of the white space between values, which means the same."""
    content, whole, chance = file.read_bytes(), load(file), random.Random(0)
    found = 0
    for _ in range(100):
        damaged = broken_bytes(content, chance)
        path = file.with_name("damaged")
        path.write_bytes(damaged)
        try:
            assert load(path) == whole
        except ValueError as error:
            found += 1
            assert str(path) in str(error) and "restore or remove this receipt" in str(error)
            assert len(str(error).splitlines()) == 1
    assert found > 80


def test_every_edit_is_found(file):
    """Of every field, however deep: removed, or another value."""
    values = json.loads(file.read_text())

    def edits(inside):
        for key in list(inside) if isinstance(inside, dict) else range(len(inside)):
            old = inside[key]
            inside[key] = "edited"
            yield
            inside[key] = old
            if isinstance(old, (dict, list)):
                yield from edits(old)
            if isinstance(inside, dict):
                del inside[key]
                yield
                inside[key] = old

    path, count = file.with_name("edited"), 0
    for _ in edits(values):
        count += 1
        path.write_text(json.dumps(values))
        with pytest.raises(ValueError, match="edited"):
            load(path)
    assert count > 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is damaged: it is not JSON"),
        ("{", "is damaged: it is not JSON"),
        ("\xff", "is damaged: it is not JSON"),
        ("[" * 100_000, "is damaged: it is not JSON"),
        ("[]", "is damaged: it has no checksum"),
        ("{}", "is damaged: it has no checksum"),
        ('{"sha256": 3}', "its checksum is wrong"),
        ('{"a": NaN, "sha256": ""}', "its checksum is wrong"),
        (sealed({}), "config is missing: Receipt must have it"),
    ],
)
def test_what_is_not_a_receipt_is_named(tmp_path, text, message):
    path = tmp_path / f"broken{SUFFIX}"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match=rf"broken\.receipt\.json.*{message}.*; restore or remove this receipt") as one:
        read(tmp_path)
    assert len(str(one.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("accuracy", [[1, 0.5], [2, 7.0]], "accuracy.1.1 is 7.0, but it must be less than or equal to 1"),
        ("accuracy", [], "accuracy is [], but it must have"),
        ("accuracy", [[1, 0.5]], "accuracy is of the epochs [1], but they must rise to 2, the last"),
        ("accuracy", [[2, 0.5], [2, 0.5]], "accuracy is of the epochs [2, 2], but they must rise to 2"),
        ("accuracy", 3, "accuracy is 3, but it must be a valid list"),
        ("accuracy", [3], "accuracy.0 is 3, but it must be"),
        ("loss", [1.0], "loss has 1 entries, but epochs is 2"),
        ("loss", [1.0, -1.0], "loss.1 is -1.0, but it must be greater than or equal to 0"),
        ("epoch_seconds", [1.0], "epoch_seconds has 1 entries, but epochs is 2"),
        ("train_accuracy", None, "train_accuracy is None, but it must be a valid number"),
        ("seconds", 0.0, "seconds is 0.0, but it must be greater than 0"),
        ("parameters", "many", "parameters is 'many', but it must be a valid integer"),
        ("macs", 1.5, "macs is 1.5, but it must be a valid integer"),
        ("macs", True, "macs is True, but it must be a valid integer"),
        ("probe", [], "probe is [], but it must"),
        ("commit", 3, "commit is 3, but it must be a valid string"),
        ("versions", {"torch": 2}, "versions.torch is 2, but it must be a valid string"),
        ("kept", {"what": "all", "sha256": "0" * 64}, "what is 'all', but it must be 'weights' or 'priors'"),
        ("kept", {"what": "priors", "sha256": "0"}, "sha256 is '0', but it must match pattern"),
        ("best", 0.9, "best is not a field of Receipt"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path, field, value, message):
    """The file, the field, what it was and what it must be."""
    path = tmp_path / f"wrong{SUFFIX}"
    path.write_text(sealed({**receipt().model_dump(mode="json"), field: value}))
    with pytest.raises(ValueError, match="restore or remove") as error:
        load(path)
    assert str(path) in str(error.value) and message in str(error.value)
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("lr", -1.0, "lr is -1.0, but it must be greater than 0"),
        ("model", "vti", "model is 'vti', but it must be one of 'vit'"),
        ("dataset", "shapes", "data.name is 'cifar10', but config.dataset is 'shapes'"),
        ("epoch", 3, "epoch is not a field of"),
    ],
)
def test_the_configuration_in_a_receipt_is_checked(tmp_path, field, value, message):
    path, values = tmp_path / f"wrong{SUFFIX}", receipt().model_dump(mode="json")
    values["config"][field] = value
    path.write_text(sealed(values))
    with pytest.raises(ValueError, match="restore or remove") as error:
        load(path)
    assert message in str(error.value)


# ---- any configuration


@st.composite
def configurations(draw):
    """Any valid configuration: a model with any sizes of its kind, a prior with any options, any recipe."""
    model = draw(st.sampled_from([*SIZES]))
    prior = draw(st.sampled_from([None, *list_priors()]))
    counts, shares = st.integers(1, 10_000), st.floats(0, 1)
    sizes = {"vit": {"dim": counts, "mlp_ratio": st.floats(0.5, 8)}, "convnet": {"dim": counts}}
    options = {"gmm": {"kernels": counts}, "elm": {"init": st.floats(-9, 9)}, "manhattan": {"span": shares}}
    fields = {
        "seed": st.integers(0, 2**32 - 1),
        "epochs": counts,
        "batch_size": counts,
        "train_images": counts,
        "lr": st.floats(1e-5, 100),
        "weight_decay": st.floats(0, 100),
        "erase": shares,
        "mix": shares,
        "warmup": shares,
        "padding": st.integers(0, 64),
        "mirror": st.booleans(),
        "auto_augment": st.sampled_from([None, "cifar10", "svhn", "imagenet"]),
        "precision": st.sampled_from(["float32", "bfloat16"]),
        "recipe": st.sampled_from(["lesson", "paper", "short"]),
        "profile": st.sampled_from(["ci", "learn", "full"]),
    }
    chosen = draw(st.fixed_dictionaries({}, optional=fields))
    chosen["model_options"] = draw(st.fixed_dictionaries({}, optional=sizes.get(model, {})))
    chosen["prior_options"] = draw(st.fixed_dictionaries({}, optional=options.get(prior, {})))
    dataset = draw(st.sampled_from(["shapes", "cifar10", "tiny-imagenet"]))
    return configure(dataset, model, prior=prior, **{"profile": "ci", "recipe": "lesson", **chosen})


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(configurations(), configurations())
def test_any_configuration_survives_and_has_a_name_of_its_own(tmp_path, config, other):
    path = tmp_path / f"one{SUFFIX}"
    made = receipt(config.but(epochs=min(config.epochs, 9)))
    save(made, path)
    assert load(path) == made
    assert TrainConfig(**json.loads(config.model_dump_json())) == config
    assert (run_name(config) == run_name(other)) == (config == other)
    assert len(run_name(config)) <= 200 and run_name(config).isascii() and "/" not in run_name(config)


# ---- in words


def test_the_last_epoch_counts_not_the_best():
    assert Receipt(**{**dict(receipt()), "accuracy": [(1, 0.9), (2, 0.4)]}).last_accuracy == 0.4


def test_summary_says_what_the_data_is_not():
    assert "cifar10 (not exact), seed 0" in receipt(exact=False).summary()
    assert "shapes (not CIFAR)" in receipt(configured("shapes")).summary()
    assert "cifar10, seed 0" in receipt().summary()
    assert "50.0% of 200 test images after 2 epochs of 320" in receipt().summary()


def test_summary_says_which_model_it_was():
    assert receipt().summary().startswith("vit, 2,693,122 parameters: ")
    assert receipt(configured(prior="gmm")).summary().startswith("vit with gmm, 2,693,122 parameters: ")
    blind = receipt(configured(model_options={"mixer": "retention", "pos_embed": False, "dim": 64}))
    assert blind.summary().startswith("vit (pos_embed=False, mixer=retention), 2,693,122 parameters: ")
    convnet = receipt(configure("cifar10", "convnet", profile="ci", epochs=2, recipe="lesson"))
    assert convnet.summary().startswith("convnet, 2,693,122 parameters: ")


# ---- statistics


def test_interval_is_students():
    values = [48.9, 47.9, 49.1]
    mean, half = interval(values)
    low, high = stats.t.interval(0.95, 2, loc=mean, scale=stats.sem(values))
    assert math.isclose(mean - half, low) and math.isclose(mean + half, high)
    assert interval([3.0])[0] == 3 and math.isnan(interval([3.0])[1])
    with pytest.raises(ValueError, match="values is empty"):
        interval([])
    with pytest.raises(ValueError, match=r"values is \[1.0, nan\], but each must be a finite number"):
        interval([1.0, math.nan])


def seeded(accuracies, **others):
    return [receipt(configured(seed=seed), share, **others) for seed, share in accuracies.items()]


def test_paired_difference_is_by_seed():
    ours, base = seeded({1: 0.52, 0: 0.50, 2: 0.54}), seeded({0: 0.49, 1: 0.51, 2: 0.53})
    mean, half = paired_difference(ours, base)
    assert math.isclose(mean, 1.0) and math.isclose(half, 0, abs_tol=1e-9)
    message = r"receipts have the seeds \[0, 1, 2\], but they must be the baseline's, \[0\]"
    with pytest.raises(ValueError, match=message):
        paired_difference(ours, base[:1])


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (receipt(configured(seed=3, prior="gmm")), "baseline holds different trainings, but they must differ in the"),
        (receipt(configured(seed=3, lr=1e-3)), "baseline holds different trainings"),
        (receipt(configured(seed=3), exact=False), "baseline holds different trainings"),
        (receipt(configured(seed=1)), "baseline holds two trainings of one seed, but each seed counts once"),
        (receipt(configured(seed=3), probe=[2.5, 2.25, 2.0, 0.6]), "baseline holds trainings by different code"),
    ],
)
def test_what_is_compared_differs_in_the_seed_alone(odd, message):
    ours = seeded({0: 0.5, 1: 0.5, 3: 0.5})
    with pytest.raises(ValueError, match=message):
        paired_difference(ours, [*seeded({0: 0.5, 1: 0.5}), odd])


# ---- those of the repository


def test_committed_receipts_are_whole():
    found = read(results.RESULTS)
    assert found
    for path, one in found.items():
        assert one.commit and not one.commit.endswith("+"), f"{path.name}: measured with uncommitted code"
        assert f"-seed{one.config.seed}-" in path.name
        if one.kept:
            assert path.with_name(path.name.removesuffix(SUFFIX) + ".safetensors").exists()


def test_a_receipt_is_made_of_plain_values():
    """JSON gives back what was written, without a conversion that could lose something."""
    made = receipt()
    assert Receipt(**json.loads(json.dumps(made.model_dump(mode="json")))) == made


def test_a_receipt_says_which_test_images_are_right():
    right = np.arange(200) % 3 == 0
    text = base64.b64encode(np.packbits(right).tobytes()).decode()
    assert (receipt(accuracy=right.mean(), right=text).answers == right).all()
    assert receipt().answers.size == 0  # an older one
    for wrong, message in (
        ({"right": text}, r"right has 67 images, but the last accuracy is 0\.5"),
        ({"right": text[:8]}, "right has 48 answers, but test_images is 200"),
        ({"right": "not base64"}, "right is damaged, but it must be base64"),
    ):
        with pytest.raises(ValueError, match=message):
            receipt(**wrong)


def test_a_training_keeps_its_name_when_options_are_added():
    """Else everybody who has trained it would train it again: what is younger says nothing where it changes nothing."""
    for path, each in read(results.RESULTS).items():
        assert path.name == f"{run_name(each.config)}{SUFFIX}"
    blind = configure("cifar10", model_options={"pos_std": 0.02})
    assert blind.model_dump()["model_options"]["pos_std"] == 0.02 and "pos_std=0.02" in run_name(blind)
    assert configure("cifar10").model_options["pos_std"] == 1.0, "it is left out of what is written alone"
